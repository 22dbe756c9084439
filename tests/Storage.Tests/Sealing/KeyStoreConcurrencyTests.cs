using System.Collections.Concurrent;
using HealthChain.Storage.Sealing;
using Xunit;
using static HealthChain.Storage.Tests.Seals;

namespace HealthChain.Storage.Tests.Sealing;

public sealed class KeyStoreConcurrencyTests : IDisposable
{
    private readonly Folders _folders = new();

    public void Dispose() => _folders.Dispose();

    [Fact]
    public void One_subject_is_sealed_and_opened_by_many_threads_at_once()
    {
        using KeyStore keys = _folders.OpenKeys();
        Parallel.For(0, 8, thread =>
        {
            for (int i = 0; i < 2000; i++)
            {
                string content = $"thread {thread}, round {i}";
                byte[] bytes = keys.Seal(SubjectId.NoPerson, System.Text.Encoding.UTF8.GetBytes(content));
                Assert.Equal(content, keys.Opened(SubjectId.NoPerson, bytes));
            }
        });
    }

    [Fact]
    public void Threads_that_create_one_subject_at_once_get_one_secret()
    {
        using KeyStore keys = _folders.OpenKeys();
        var derived = new ConcurrentBag<string>();
        for (int round = 0; round < 200; round++)
        {
            derived.Clear();
            Parallel.For(0, 8, _ =>
            {
                Assert.True(keys.Ensure(Subject(round)));
                var key = new byte[32];
                keys.GetCommitmentSaltKey(Subject(round), key);
                derived.Add(Convert.ToHexString(key));
            });
            Assert.Single(derived.Distinct());
        }
    }

    // A writer flushes, another thread rotates, readers go on, with a cache far too small.
    [Fact]
    public async Task Reading_goes_on_while_the_file_changes()
    {
        using KeyStore keys = _folders.OpenKeys(maxCached: 3);
        var known = new ConcurrentDictionary<int, byte[]>();
        known[0] = keys.Seal(Subject(0), "content"u8);
        keys.Flush();
        using var end = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                foreach ((int subject, byte[] bytes) in known)
                {
                    Assert.Equal("content", keys.Opened(Subject(subject), bytes));
                }
            }
        }, TestContext.Current.CancellationToken))];
        Task rotations = Task.Run(() =>
        {
            for (int i = 0; i < 10; i++)
            {
                keys.RotateTenantKey();
            }
        }, TestContext.Current.CancellationToken);
        for (int i = 1; i < 200; i++)
        {
            byte[] bytes = keys.Seal(Subject(i), "content"u8);
            keys.Flush();
            known[i] = bytes;
        }

        await rotations;
        await end.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal(200, keys.Count);
    }

    // Each reader may finish what it had begun; none may begin and succeed after the destruction returned.
    [Fact]
    public async Task Nothing_opens_once_a_destruction_has_returned()
    {
        using KeyStore keys = _folders.OpenKeys(maxCached: 2);
        for (int round = 0; round < 50; round++)
        {
            SubjectId subject = Subject(round);
            byte[] bytes = keys.Seal(subject, "content"u8);
            keys.Flush();
            bool isDestroyed = false;
            Task[] readers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
            {
                string opened;
                do
                {
                    bool mustFail = Volatile.Read(ref isDestroyed);
                    opened = keys.Opened(subject, bytes);
                    Assert.True(opened == "ErasedSubject" || (opened == "content" && !mustFail), opened);
                }
                while (opened == "content");
            }, TestContext.Current.CancellationToken))];
            keys.Destroy(subject);
            Volatile.Write(ref isDestroyed, true);
            await Task.WhenAll(readers);
        }
    }
}
