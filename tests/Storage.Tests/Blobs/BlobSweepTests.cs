using HealthChain.Storage.Blobs;
using Xunit;

namespace HealthChain.Storage.Tests.Blobs;

public sealed class BlobSweepTests : IDisposable
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Folders _folders = new();
    private readonly BlobStore _blobs;

    public BlobSweepTests()
    {
        _blobs = new BlobStore(new BlobOptions { Folder = _folders.Blobs }, TimeProvider.System);
    }

    public void Dispose() => _folders.Dispose();

    [Fact]
    public async Task What_nothing_refers_to_goes_when_it_is_old_enough()
    {
        BlobAddress referenced = await WriteOld();
        BlobAddress orphan = await WriteOld();
        BlobAddress young = await Write();
        BlobSweep sweep = Sweep(referenced.Equals);
        Assert.True(Exists(referenced));
        Assert.False(Exists(orphan));
        Assert.True(Exists(young));
        Assert.Equal(new BlobSweep(Kept: 2, Removed: 1, RemovedIncoming: 0, RemovedBytes: 3 + 2 + 16), sweep);
    }

    [Fact]
    public void Remains_of_broken_writes_go_when_they_are_old_enough()
    {
        string old = Path.Combine(_folders.Blobs, "incoming", new string('a', 32));
        string young = Path.Combine(_folders.Blobs, "incoming", new string('b', 32));
        File.WriteAllBytes(old, [1, 2, 3]);
        File.WriteAllBytes(young, [1, 2, 3]);
        File.SetLastWriteTimeUtc(old, Long());
        Assert.Equal(new BlobSweep(Kept: 0, Removed: 0, RemovedIncoming: 1, RemovedBytes: 3), Sweep(_ => false));
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
    }

    // The source stalls: its file looks old, but its writer is at work.
    [Fact]
    public async Task A_write_that_takes_long_is_left_alone()
    {
        using var content = new SweepingStream(this);
        BlobReference reference = (await _blobs.WriteAsync(content, TestContext.Current.CancellationToken)).Value;
        Assert.True(content.HasSwept);
        Assert.True(Exists(reference.Address));
    }

    [Fact]
    public void Foreign_files_are_left_alone()
    {
        Directory.CreateDirectory(Path.Combine(_folders.Blobs, "zz"));
        string[] foreign =
        [
            Path.Combine(_folders.Blobs, "notes.txt"),
            Path.Combine(_folders.Blobs, "zz", "notes.txt"),

            // An address, but in another folder than its own.
            Path.Combine(_folders.Blobs, "zz", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
        ];
        foreach (string path in foreign)
        {
            File.WriteAllText(path, "mine");
            File.SetLastWriteTimeUtc(path, Long());
        }

        Sweep(_ => false);
        Assert.All(foreign, path => Assert.True(File.Exists(path)));
    }

    [Fact]
    public void An_age_that_would_race_with_commits_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _blobs.Sweep(_ => false, TimeSpan.FromSeconds(59), TestContext.Current.CancellationToken));

    [Fact]
    public async Task Writers_and_sweeps_do_not_disturb_each_other()
    {
        using var end = new CancellationTokenSource();
        Task sweeps = Task.Run(
            () =>
            {
                while (!end.IsCancellationRequested)
                {
                    Sweep(_ => false);
                }
            },
            TestContext.Current.CancellationToken);
        BlobAddress[] addresses = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            BlobAddress last = default;
            for (int i = 0; i < 40; i++)
            {
                last = await Write();
                Assert.True(Exists(last));
            }

            return last;
        }));
        await end.CancelAsync();
        await sweeps;
        Assert.All(addresses, address => Assert.True(Exists(address)));
    }

    private BlobSweep Sweep(Func<BlobAddress, bool> isReferenced) => _blobs.Sweep(isReferenced, Hour, TestContext.Current.CancellationToken);

    private bool Exists(BlobAddress address) => File.Exists(_blobs.PathOf(address));

    private async Task<BlobAddress> Write() =>
        (await _blobs.WriteAsync(new MemoryStream([1, 2, 3]), TestContext.Current.CancellationToken)).Value.Address;

    private async Task<BlobAddress> WriteOld()
    {
        BlobAddress address = await Write();
        File.SetLastWriteTimeUtc(_blobs.PathOf(address), Long());
        return address;
    }

    private static DateTime Long() => TimeProvider.System.GetUtcNow().UtcDateTime - (2 * Hour);

    /// <summary>Content that makes the unfinished file look old and sweeps before it ends.</summary>
    private sealed class SweepingStream(BlobSweepTests tests) : MemoryStream([1, 2, 3])
    {
        public bool HasSwept { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!HasSwept)
            {
                string unfinished = Directory.GetFiles(Path.Combine(tests._folders.Blobs, "incoming")).Single();
                SetOld(unfinished);
                Assert.Equal(0, tests.Sweep(_ => false).RemovedIncoming);
                HasSwept = true;
            }

            return base.ReadAsync(buffer, cancellationToken);
        }

        // By a call that opens nothing: the writer holds the file alone.
        private static void SetOld(string path) => File.SetLastWriteTimeUtc(path, Long());
    }
}
