using FsCheck;
using FsCheck.Fluent;
using HealthChain.Storage.Sealing;
using HealthChain.TestKit;
using Xunit;
using static HealthChain.Storage.Tests.Seals;

namespace HealthChain.Storage.Tests.Sealing;

/// <summary>Random sequences of what can be done to a key store, against what it should remember.</summary>
public class KeyStoreProperties
{
    private enum Step
    {
        Create,
        Flush,
        Destroy,
        Rotate,
        Reopen,
    }

    [Fact]
    public void The_store_remembers_what_was_flushed_and_what_was_destroyed()
    {
        Gen<(Step, int)[]> sequences = (
            from step in Gen.Frequency(
                (8, Gen.Constant(Step.Create)),
                (4, Gen.Constant(Step.Flush)),
                (2, Gen.Constant(Step.Destroy)),
                (1, Gen.Constant(Step.Rotate)),
                (2, Gen.Constant(Step.Reopen)))
            from subject in Gen.Choose(0, 9)
            select (step, subject)).ArrayOf(40);
        Prop.ForAll(sequences.ToArbitrary(), Holds).Check(RandomCases.Of(40));
    }

    private static void Holds((Step Step, int Subject)[] sequence)
    {
        using var folders = new Folders();
        var pending = new Dictionary<int, byte[]>();
        var flushed = new Dictionary<int, byte[]>();
        var destroyed = new Dictionary<int, byte[]>();
        KeyStore keys = folders.OpenKeys(maxCached: 2);
        try
        {
            foreach ((Step step, int subject) in sequence)
            {
                switch (step)
                {
                    case Step.Create when !destroyed.ContainsKey(subject):
                        byte[] bytes = keys.Seal(Subject(subject), "content"u8);
                        (flushed.ContainsKey(subject) ? flushed : pending)[subject] = bytes;
                        break;
                    case Step.Flush:
                        keys.Flush();
                        pending.ToList().ForEach(item => flushed[item.Key] = item.Value);
                        pending.Clear();
                        break;
                    case Step.Destroy:
                        byte[] last = flushed.GetValueOrDefault(subject) ?? pending.GetValueOrDefault(subject) ?? destroyed.GetValueOrDefault(subject)
                            ?? new byte[ResourceSealer.Overhead];
                        last[0] = 1;
                        keys.Destroy(Subject(subject));
                        flushed.Remove(subject);
                        pending.Remove(subject);
                        destroyed[subject] = last;
                        break;
                    case Step.Rotate:
                        keys.RotateTenantKey();
                        break;
                    case Step.Reopen:
                        keys.Dispose();
                        keys = folders.OpenKeys(maxCached: 2);
                        pending.Clear();
                        break;
                }

                Assert.All(flushed.Concat(pending), item => Assert.Equal("content", keys.Opened(Subject(item.Key), item.Value)));
                Assert.All(destroyed, item => Assert.Equal("ErasedSubject", keys.Opened(Subject(item.Key), item.Value)));
                Assert.Equal(flushed.Count + destroyed.Count, keys.Count);
            }
        }
        finally
        {
            keys.Dispose();
        }
    }
}
