using HealthChain.Files;
using HealthChain.Storage.Sealing;
using Xunit;
using static HealthChain.Storage.Tests.Seals;

namespace HealthChain.Storage.Tests.Sealing;

public sealed class KeyStoreTests : IDisposable
{
    private readonly Folders _folders = new();

    public void Dispose() => _folders.Dispose();

    [Fact]
    public void A_flushed_secret_is_there_after_a_restart()
    {
        byte[] bytes;
        using (KeyStore keys = _folders.OpenKeys())
        {
            Assert.True(keys.IsNew);
            bytes = keys.Seal(Subject(1), "one"u8);
            keys.Flush();
        }

        using KeyStore reopened = _folders.OpenKeys();
        Assert.False(reopened.IsNew);
        Assert.Equal(0, reopened.DroppedRecords);
        Assert.Equal("one", reopened.Opened(Subject(1), bytes));
    }

    [Fact]
    public void A_secret_that_was_not_flushed_is_gone_after_a_restart()
    {
        byte[] bytes;
        using (KeyStore keys = _folders.OpenKeys())
        {
            bytes = keys.Seal(Subject(1), "one"u8);
            Assert.Equal("one", keys.Opened(Subject(1), bytes));
        }

        using KeyStore reopened = _folders.OpenKeys();
        Assert.Equal(KeyState.Unknown, reopened.StateOf(Subject(1)));
        Assert.Equal("UnknownSubject", reopened.Opened(Subject(1), bytes));
    }

    [Fact]
    public void Many_new_secrets_take_one_synchronisation()
    {
        var disk = new FaultyDisk(int.MaxValue);
        using KeyStore keys = _folders.OpenKeys(disk);
        int before = disk.Synchronisations;
        for (int i = 0; i < 1000; i++)
        {
            Assert.True(keys.Ensure(Subject(i)));
        }

        keys.Flush();
        keys.Flush();
        Assert.Equal(before + 1, disk.Synchronisations);
        Assert.Equal(1000, keys.Count);
    }

    [Fact]
    public void A_destroyed_secret_opens_nothing_and_never_comes_back()
    {
        byte[] bytes;
        using (KeyStore keys = _folders.OpenKeys())
        {
            bytes = keys.Seal(Subject(1), "one"u8);
            keys.Flush();
            keys.Destroy(Subject(1));
            AssertDestroyed(keys, bytes);
            keys.RotateTenantKey();
            AssertDestroyed(keys, bytes);
        }

        using KeyStore reopened = _folders.OpenKeys();
        AssertDestroyed(reopened, bytes);
    }

    [Fact]
    public void A_destroyed_secret_is_overwritten_on_disk()
    {
        using (KeyStore keys = _folders.OpenKeys())
        {
            keys.Ensure(Subject(1));
            keys.Ensure(Subject(2));
            keys.Flush();
            keys.Destroy(Subject(1));
        }

        byte[] file = File.ReadAllBytes(_folders.KeyFile);
        Assert.All(file[128..256], value => Assert.Equal(0, value));
        Assert.Contains(file[256..384], value => value != 0);
    }

    [Fact]
    public void A_secret_destroyed_before_its_flush_never_comes_back()
    {
        byte[] bytes;
        using (KeyStore keys = _folders.OpenKeys())
        {
            bytes = keys.Seal(Subject(1), "one"u8);
            keys.Ensure(Subject(2));
            keys.Destroy(Subject(1));
            keys.Flush();
            AssertDestroyed(keys, bytes);
        }

        using KeyStore reopened = _folders.OpenKeys();
        AssertDestroyed(reopened, bytes);
        Assert.Equal(KeyState.Present, reopened.StateOf(Subject(2)));
    }

    [Fact]
    public void Rotation_replaces_the_tenant_key_and_keeps_what_was_sealed()
    {
        var sealedBytes = new List<byte[]>();
        string oldKey;
        using (KeyStore keys = _folders.OpenKeys(maxCached: 4))
        {
            oldKey = _folders.TenantKeyFile;
            for (int i = 0; i < 3000; i++)
            {
                sealedBytes.Add(keys.Seal(Subject(i), "content"u8));
            }

            keys.Flush();
            byte[] unflushed = keys.Seal(Subject(3000), "content"u8);
            keys.RotateTenantKey();
            Assert.Equal("content", keys.Opened(Subject(2999), sealedBytes[2999]));
            Assert.Equal("content", keys.Opened(Subject(3000), unflushed));
            keys.Flush();
            sealedBytes.Add(unflushed);
        }

        Assert.False(File.Exists(oldKey));
        using KeyStore reopened = _folders.OpenKeys(maxCached: 4);
        Assert.All(sealedBytes.Index(), item => Assert.Equal("content", reopened.Opened(Subject(item.Index), item.Item)));
    }

    [Fact]
    public void A_restart_removes_the_tenant_key_that_a_rotation_left_behind()
    {
        using (KeyStore keys = _folders.OpenKeys())
        {
            keys.Ensure(Subject(1));
            keys.Flush();
            string oldKey = _folders.TenantKeyFile;
            byte[] left = File.ReadAllBytes(oldKey);
            keys.RotateTenantKey();
            File.WriteAllBytes(oldKey, left);
        }

        Assert.Equal(2, Directory.GetFiles(_folders.TenantKeys).Length);
        using KeyStore reopened = _folders.OpenKeys();
        Assert.Single(Directory.GetFiles(_folders.TenantKeys));
        Assert.Equal(KeyState.Present, reopened.StateOf(Subject(1)));
    }

    [Fact]
    public void Subjects_purposes_and_tenants_have_keys_of_their_own()
    {
        using var otherFolders = new Folders();
        using KeyStore keys = _folders.OpenKeys();
        using KeyStore others = otherFolders.OpenKeys();
        var found = new HashSet<string>();
        foreach (KeyStore store in new[] { keys, others })
        {
            foreach (SubjectId subject in new[] { Subject(1), Subject(2), SubjectId.NoPerson })
            {
                store.Ensure(subject);
                var key = new byte[32];
                Assert.Equal(KeyState.Present, store.GetDateOffsetKey(subject, key));
                Assert.True(found.Add(Convert.ToHexString(key)));
                Assert.Equal(KeyState.Present, store.GetCommitmentSaltKey(subject, key));
                Assert.True(found.Add(Convert.ToHexString(key)));
            }
        }

        Assert.NotEqual(keys.Tenant, others.Tenant);
        Assert.Equal(12, found.Count);
    }

    [Fact]
    public void Derived_keys_stay_the_same_and_end_with_the_secret()
    {
        var first = new byte[32];
        var again = new byte[32];
        using (KeyStore keys = _folders.OpenKeys())
        {
            Assert.Equal(KeyState.Unknown, keys.GetDateOffsetKey(Subject(1), first));
            keys.Ensure(Subject(1));
            keys.GetDateOffsetKey(Subject(1), first);
            keys.Flush();
        }

        using KeyStore reopened = _folders.OpenKeys();
        reopened.RotateTenantKey();
        reopened.GetDateOffsetKey(Subject(1), again);
        Assert.Equal(first, again);
        reopened.Destroy(Subject(1));
        Assert.Equal(KeyState.Destroyed, reopened.GetDateOffsetKey(Subject(1), again));
    }

    [Fact]
    public void A_small_cache_changes_nothing_but_the_time()
    {
        using KeyStore keys = _folders.OpenKeys(maxCached: 1);
        byte[][] sealedBytes = [.. Enumerable.Range(0, 50).Select(i => keys.Seal(Subject(i), "content"u8))];
        Assert.All(sealedBytes.Index(), item => Assert.Equal("content", keys.Opened(Subject(item.Index), item.Item)));
        keys.Flush();
        Assert.All(sealedBytes.Index(), item => Assert.Equal("content", keys.Opened(Subject(item.Index), item.Item)));
    }

    [Fact]
    public void A_copy_opens_what_was_flushed_before_it()
    {
        using var restored = new Folders();
        byte[] bytes;
        using (KeyStore keys = _folders.OpenKeys())
        {
            bytes = keys.Seal(Subject(1), "one"u8);
            keys.Flush();
            keys.Ensure(Subject(2));
            PrivateFiles.EnsureFolder(RealDisk.Instance, restored.Keys);
            PrivateFiles.EnsureFolder(RealDisk.Instance, restored.TenantKeys);
            keys.CopyTo(restored.KeyFile);
            File.Copy(keys.TenantKeyPath, Path.Combine(restored.TenantKeys, Path.GetFileName(keys.TenantKeyPath)));
            keys.Flush();
            Assert.Throws<IOException>(() => keys.CopyTo(restored.KeyFile));
        }

        using KeyStore copy = restored.OpenKeys();
        Assert.Equal("one", copy.Opened(Subject(1), bytes));
        Assert.Equal(KeyState.Unknown, copy.StateOf(Subject(2)));
    }

    // The check value that is published with CRC-32C, and lengths that are no multiple of eight.
    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xE3069283u)]
    public void The_checksum_is_CRC_32C(string text, uint expected) =>
        Assert.Equal(expected, Crc32C.Of(System.Text.Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void A_second_process_cannot_open_the_file()
    {
        using KeyStore keys = _folders.OpenKeys();
        Assert.Throws<IOException>(() => _folders.OpenKeys());
    }

    private static void AssertDestroyed(KeyStore keys, byte[] bytes)
    {
        Assert.Equal(KeyState.Destroyed, keys.StateOf(Subject(1)));
        Assert.False(keys.Ensure(Subject(1)));
        Assert.Equal("ErasedSubject", keys.Opened(Subject(1), bytes));
        Assert.Equal(SealStatus.ErasedSubject, new ResourceSealer(keys).Seal(Subject(1), Seals.Version, default, new byte[ResourceSealer.Overhead]));
    }

    [Fact]
    public void The_salt_of_a_commitment_is_the_beginning_of_a_mac_over_its_sequence_number()
    {
        using var folders = new Folders();
        using KeyStore keys = folders.OpenKeys();
        SubjectId subject = SubjectId.NewRandom();
        byte[] salt = new byte[16];
        Assert.Equal(KeyState.Unknown, keys.GetCommitmentSalt(subject, 1, salt));
        Assert.True(keys.Ensure(subject));
        byte[] key = new byte[32];
        Assert.Equal(KeyState.Present, keys.GetCommitmentSaltKey(subject, key));
        foreach (long sequence in new[] { 1L, 2, 1, long.MaxValue })
        {
            byte[] counter = new byte[8];
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(counter, sequence);
            Assert.Equal(KeyState.Present, keys.GetCommitmentSalt(subject, sequence, salt));
            Assert.Equal(System.Security.Cryptography.HMACSHA256.HashData(key, counter)[..16], salt);
        }

        keys.Destroy(subject);
        Assert.Equal(KeyState.Destroyed, keys.GetCommitmentSalt(subject, 1, salt));
    }
}
