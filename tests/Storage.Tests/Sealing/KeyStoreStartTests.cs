using HealthChain.Files;
using HealthChain.Storage.Sealing;
using Xunit;
using static HealthChain.Storage.Tests.Seals;

namespace HealthChain.Storage.Tests.Sealing;

/// <summary>When the key store refuses to start, and what it says.</summary>
public sealed class KeyStoreStartTests : IDisposable
{
    private readonly Folders _folders = new();

    public KeyStoreStartTests()
    {
        using KeyStore keys = _folders.OpenKeys();
        keys.Ensure(Subject(1));
        keys.Flush();
        keys.Ensure(Subject(2));
        keys.Flush();
    }

    public void Dispose() => _folders.Dispose();

    [Fact]
    public void Everything_is_created_for_the_owner_alone()
    {
        SkipOnWindows();
        Assert.Equal(PrivateFolder.FolderMode, Mode(_folders.Keys));
        Assert.Equal(PrivateFolder.FolderMode, Mode(_folders.TenantKeys));
        Assert.Equal(PrivateFolder.FileMode, Mode(_folders.KeyFile));
        Assert.Equal(PrivateFolder.FileMode, Mode(_folders.TenantKeyFile));
    }

    [Theory]
    [InlineData("file", UnixFileMode.GroupRead, "0640", "0600")]
    [InlineData("file", UnixFileMode.OtherWrite, "0602", "0600")]
    [InlineData("tenant file", UnixFileMode.OtherRead, "0604", "0600")]
    [InlineData("folder", UnixFileMode.GroupExecute, "0710", "0700")]
    [InlineData("tenant folder", UnixFileMode.OtherRead | UnixFileMode.OtherExecute, "0705", "0700")]
    public void Wider_permissions_refuse_the_start(string what, UnixFileMode added, string mode, string demanded)
    {
        SkipOnWindows();
        string path = what switch
        {
            "file" => _folders.KeyFile,
            "tenant file" => _folders.TenantKeyFile,
            "folder" => _folders.Keys,
            _ => _folders.TenantKeys,
        };
        SetMode(path, Mode(path) | added);
        string message = Assert.Throws<KeyStoreException>(() => _folders.OpenKeys()).Message;
        Assert.Contains(path + " has mode " + mode, message, StringComparison.Ordinal);
        Assert.Contains(demanded, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stricter_permissions_are_fine()
    {
        SkipOnWindows();
        SetMode(_folders.TenantKeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using KeyStore keys = _folders.OpenKeys();
        Assert.Equal(2, keys.Count);
    }

    [Fact]
    public void A_missing_tenant_key_refuses_the_start()
    {
        string path = _folders.TenantKeyFile;
        File.Delete(path);
        Assert.Contains(path + " is missing", Refusal(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(30)]
    [InlineData(59)]
    public void An_altered_tenant_key_refuses_the_start(int at)
    {
        Alter(_folders.TenantKeyFile, at);
        Assert.Contains("damaged", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_tenant_key_of_another_tenant_refuses_the_start()
    {
        string path = _folders.TenantKeyFile;
        using (var others = new Folders())
        {
            others.OpenKeys().Dispose();
            byte[] key = File.ReadAllBytes(others.TenantKeyFile);
            byte[] id = File.ReadAllBytes(path)[8..24];
            id.CopyTo(key, 8);
            BitConverter.TryWriteBytes(key.AsSpan(56), Crc32C.Of(key.AsSpan(0, 56)));
            File.WriteAllBytes(path, key);
        }

        Assert.Contains("another's", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_altered_byte_of_the_header_refuses_the_start()
    {
        byte[] whole = File.ReadAllBytes(_folders.KeyFile);

        // What follows the tag is reserved.
        for (int at = 0; at < 92; at++)
        {
            Alter(_folders.KeyFile, at);
            Refusal();
            File.WriteAllBytes(_folders.KeyFile, whole);
        }
    }

    [Fact]
    public void Any_altered_byte_of_a_record_before_the_last_flush_refuses_the_start()
    {
        byte[] whole = File.ReadAllBytes(_folders.KeyFile);
        for (int at = 128; at < 256; at++)
        {
            Alter(_folders.KeyFile, at);
            Assert.Contains("Record 0", Refusal(), StringComparison.Ordinal);
            File.WriteAllBytes(_folders.KeyFile, whole);
        }
    }

    [Fact]
    public void Damage_right_after_a_rotation_is_not_taken_for_a_torn_end()
    {
        using (KeyStore keys = _folders.OpenKeys())
        {
            keys.RotateTenantKey();
        }

        Alter(_folders.KeyFile, 300);
        Assert.Contains("Record 1", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_in_another_place_refuses_the_start()
    {
        using (KeyStore keys = _folders.OpenKeys())
        {
            keys.Ensure(Subject(3));
            keys.Flush();
        }

        byte[] file = File.ReadAllBytes(_folders.KeyFile);
        byte[] swapped = [.. file[..128], .. file[256..384], .. file[128..256], .. file[384..]];
        File.WriteAllBytes(_folders.KeyFile, swapped);
        Assert.Contains("Record 0", Refusal(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_altered_while_in_use_is_reported()
    {
        byte[] file = File.ReadAllBytes(_folders.KeyFile);
        var disk = new FaultyDisk(int.MaxValue);
        using KeyStore keys = _folders.OpenKeys(disk);
        disk.KeyFile!.Write([(byte)~file[170]], 170);
        Assert.Throws<KeyStoreException>(() => keys.Seal(Subject(1), "one"u8));
        keys.Seal(Subject(2), "two"u8);
    }

    private string Refusal() => Assert.Throws<KeyStoreException>(() => _folders.OpenKeys()).Message;

    private static void Alter(string path, int at)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[at] ^= 0x10;
        File.WriteAllBytes(path, bytes);
    }

    private static void SkipOnWindows() => Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such permissions.");

    private static UnixFileMode Mode(string path) => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }
}
