using FsCheck;
using FsCheck.Fluent;
using HealthChain.Storage.Sealing;
using HealthChain.TestKit;
using Xunit;
using static HealthChain.Storage.Tests.Seals;

namespace HealthChain.Storage.Tests.Sealing;

/// <summary>What is left when the machine stops in the middle of a write, and when the disk refuses one.</summary>
public sealed class KeyStoreCrashTests : IDisposable
{
    private const int SectorBytes = 512;

    private readonly Folders _folders = new();

    public void Dispose() => _folders.Dispose();

    [Fact]
    public void A_flush_torn_at_any_byte_loses_no_flushed_secret()
    {
        (byte[][] flushed, byte[] before, byte[] after) = TwoFlushes(flushed: 3, torn: 3);
        for (int length = before.Length; length < after.Length; length++)
        {
            AssertReopens(after[..length], flushed, durableRecords: 3, onDisk: (length - 128 + 127) / 128);
        }
    }

    [Fact]
    public void Whatever_sectors_of_a_flush_reached_the_disk_no_flushed_secret_is_lost()
    {
        (byte[][] flushed, byte[] before, byte[] after) = TwoFlushes(flushed: 5, torn: 20);
        int sectors = (after.Length / SectorBytes) + 1;
        Gen<bool[]> written = Gen.Elements(true, false).ArrayOf(sectors);
        Prop.ForAll(written.ToArbitrary(), reached =>
        {
            byte[] image = [.. after.Index().Select(item =>
                item.Index < before.Length || reached[item.Index / SectorBytes] ? item.Item : (byte)0)];
            AssertReopens(image, flushed, durableRecords: 5, onDisk: 25);
        }).Check(RandomCases.Of(100));
    }

    [Fact]
    public void A_destruction_interrupted_before_the_overwriting_is_finished_at_the_next_start()
    {
        byte[] bytes;
        byte[] before;
        using (KeyStore keys = _folders.OpenKeys())
        {
            bytes = keys.Seal(Subject(1), "one"u8);
            keys.Ensure(Subject(2));
            keys.Flush();
        }

        before = File.ReadAllBytes(_folders.KeyFile);
        using (KeyStore keys = _folders.OpenKeys())
        {
            keys.Destroy(Subject(1));
        }

        byte[] after = File.ReadAllBytes(_folders.KeyFile);

        // Each number of bytes that the overwriting may have got to; the tombstone is there.
        for (int overwritten = 0; overwritten <= 128; overwritten++)
        {
            byte[] image = [.. after];
            before.AsSpan(128 + overwritten, 128 - overwritten).CopyTo(image.AsSpan(128 + overwritten));
            File.WriteAllBytes(_folders.KeyFile, image);
            using (KeyStore keys = _folders.OpenKeys())
            {
                Assert.Equal("ErasedSubject", keys.Opened(Subject(1), bytes));
                Assert.Equal(KeyState.Present, keys.StateOf(Subject(2)));
            }

            Assert.Equal(after, File.ReadAllBytes(_folders.KeyFile));
        }
    }

    [Fact]
    public void A_store_goes_on_after_a_torn_flush()
    {
        (byte[][] flushed, _, byte[] after) = TwoFlushes(flushed: 2, torn: 3);

        // The whole checksum: of its last byte alone, one in 256 is the zero that is read where nothing is.
        File.WriteAllBytes(_folders.KeyFile, after[..^4]);
        byte[] later;
        using (KeyStore keys = _folders.OpenKeys())
        {
            Assert.Equal(1, keys.DroppedRecords);
            later = keys.Seal(Subject(900), "later"u8);
            keys.Flush();
        }

        using KeyStore reopened = _folders.OpenKeys();
        Assert.Equal(0, reopened.DroppedRecords);
        Assert.Equal("later", reopened.Opened(Subject(900), later));
        Assert.Equal("content", reopened.Opened(Subject(1), flushed[1]));
    }

    // What a failed flush had written is none of the records that a later destruction knows and overwrites.
    [Fact]
    public void A_failed_flush_leaves_no_secret_behind_in_the_file()
    {
        var disk = new FaultyDisk(int.MaxValue);
        using (KeyStore keys = _folders.OpenKeys(disk))
        {
            keys.Ensure(Subject(1));
            keys.Ensure(Subject(2));
            disk.FailNext = (null, "synchronise");
            Assert.Throws<IOException>(keys.Flush);
            keys.Destroy(Subject(2));
        }

        byte[] file = File.ReadAllBytes(_folders.KeyFile);
        Assert.Equal(2 * 128, file.Length);
        Assert.Equal(KeyRecordKind.Tombstone, KeyRecord.Kind(file.AsSpan(128)));
    }

    // The new file could lose its name, and with it all that is appended.
    [Fact]
    public void After_a_rotation_whose_name_may_not_last_a_flush_makes_it_durable_first()
    {
        var disk = new FaultyDisk(int.MaxValue);
        using KeyStore keys = _folders.OpenKeys(disk);
        disk.FailNext = ("rename", "folder");
        Assert.Throws<IOException>(keys.RotateTenantKey);
        disk.Operations.Clear();
        keys.Ensure(Subject(1));
        keys.Flush();
        Assert.Equal(["folder", "write", "synchronise"], disk.Operations);
    }

    // Every operation of the scenario fails once: whatever was acknowledged holds, in the running store and after a restart.
    [Fact]
    public void Any_failing_disk_operation_is_reported_and_loses_nothing()
    {
        int failures = 0;
        bool hasFailed = true;
        for (int failing = 0; hasFailed; failing++)
        {
            using var folders = new Folders();
            var disk = new FaultyDisk(failing);
            var acknowledged = new Dictionary<int, byte[]>();
            bool isDestroyed = false;
            KeyStore? keys = null;
            Retry(() => keys = folders.OpenKeys(disk));
            using (keys)
            {
                Assert.NotNull(keys);
                byte[] first = keys.Seal(Subject(1), "content"u8);
                byte[] second = keys.Seal(Subject(2), "content"u8);
                Retry(keys.Flush);
                acknowledged[2] = second;
                Assert.Equal("content", keys.Opened(Subject(1), first));
                Retry(() => keys.Destroy(Subject(1)));
                isDestroyed = true;
                acknowledged[3] = keys.Seal(Subject(3), "content"u8);
                Retry(keys.RotateTenantKey);
                Retry(keys.Flush);
                acknowledged[4] = keys.Seal(Subject(4), "content"u8);
                Retry(keys.Flush);
                Check(keys);

                void Check(KeyStore store)
                {
                    Assert.Equal(isDestroyed ? "ErasedSubject" : "content", store.Opened(Subject(1), first));
                    Assert.All(acknowledged, item => Assert.Equal("content", store.Opened(Subject(item.Key), item.Value)));
                }

                keys.Dispose();
                using KeyStore reopened = folders.OpenKeys();
                Check(reopened);
            }

            hasFailed = disk.HasFailed;
            failures += hasFailed ? 1 : 0;
        }

        // Creating 6, flushing 2, destroying 4, rotating about 12, flushing twice 4.
        Assert.InRange(failures, 25, 60);
    }

    // The process ends at the failure instead of trying again.
    [Fact]
    public void A_stop_at_any_disk_operation_keeps_what_was_acknowledged()
    {
        bool hasFailed = true;
        for (int failing = 0; hasFailed; failing++)
        {
            using var folders = new Folders();
            folders.OpenKeys().Dispose();
            var disk = new FaultyDisk(failing);
            var acknowledged = new Dictionary<int, byte[]>();
            byte[]? destroyed = null;
            try
            {
                using KeyStore keys = folders.OpenKeys(disk);
                byte[] first = keys.Seal(Subject(1), "content"u8);
                byte[] second = keys.Seal(Subject(2), "content"u8);
                keys.Flush();
                acknowledged[2] = second;
                keys.Destroy(Subject(1));
                destroyed = first;
                keys.RotateTenantKey();
                byte[] third = keys.Seal(Subject(3), "content"u8);
                keys.Flush();
                acknowledged[3] = third;
            }
            catch (IOException)
            {
                Assert.True(disk.HasFailed);
            }

            using KeyStore reopened = folders.OpenKeys();
            Assert.All(acknowledged, item => Assert.Equal("content", reopened.Opened(Subject(item.Key), item.Value)));
            if (destroyed is not null)
            {
                Assert.Equal("ErasedSubject", reopened.Opened(Subject(1), destroyed));
            }

            hasFailed = disk.HasFailed;
        }
    }

    // The disk fails once only, so the second attempt must succeed.
    private static void Retry(Action action)
    {
        try
        {
            action();
        }
        catch (IOException failure)
        {
            Assert.Contains("No space left", failure.Message, StringComparison.Ordinal);
            action();
        }
    }

    private (byte[][] Flushed, byte[] Before, byte[] After) TwoFlushes(int flushed, int torn)
    {
        byte[][] sealedBytes;
        using (KeyStore keys = _folders.OpenKeys())
        {
            sealedBytes = [.. Enumerable.Range(0, flushed).Select(i => keys.Seal(Subject(i), "content"u8))];
            keys.Flush();
        }

        byte[] before = File.ReadAllBytes(_folders.KeyFile);
        using (KeyStore keys = _folders.OpenKeys())
        {
            for (int i = 0; i < torn; i++)
            {
                keys.Ensure(Subject(100 + i));
            }

            keys.Flush();
        }

        return (sealedBytes, before, File.ReadAllBytes(_folders.KeyFile));
    }

    private void AssertReopens(byte[] image, byte[][] flushed, int durableRecords, int onDisk)
    {
        File.WriteAllBytes(_folders.KeyFile, image);
        using (KeyStore keys = _folders.OpenKeys())
        {
            Assert.All(flushed.Index(), item => Assert.Equal("content", keys.Opened(Subject(item.Index), item.Item)));
            Assert.InRange(keys.Count, durableRecords, onDisk);
            Assert.Equal(onDisk, keys.Count + keys.DroppedRecords);
        }

        using KeyStore again = _folders.OpenKeys();
        Assert.Equal(0, again.DroppedRecords);
    }
}
