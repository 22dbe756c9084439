using HealthChain.Files;
using HealthChain.Storage.Sealing;

namespace HealthChain.Storage.Tests;

/// <summary>A temporary folder with a place for keys, one for the tenant key and one for blobs; gone at the end.</summary>
internal sealed class Folders : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("healthchain-");

    public string Keys => Path.Combine(_root.FullName, "keys");
    public string TenantKeys => Path.Combine(_root.FullName, "tenant");
    public string Blobs => Path.Combine(_root.FullName, "blobs");
    public string KeyFile => Path.Combine(Keys, "subjects.keys");
    public string TenantKeyFile => Directory.GetFiles(TenantKeys).Single();

    public KeyStore OpenKeys(IDisk? disk = null, int maxCached = 8192) =>
        new(new KeyStoreOptions { Folder = Keys, TenantKeyFolder = TenantKeys, MaxCachedSubjects = maxCached }, disk ?? RealDisk.Instance);

    public void Dispose() => _root.Delete(recursive: true);
}

/// <summary>Sealing and opening in one line.</summary>
internal static class Seals
{
    public static readonly SealedVersion Version = new("Patient", 7, 1);

    public static SubjectId Subject(int number) => new(0xABCD, (ulong)number * 0x9E3779B97F4A7C15);

    public static byte[] Seal(this KeyStore keys, SubjectId subject, ReadOnlySpan<byte> plain, SealedVersion? version = null)
    {
        var bytes = new byte[plain.Length + ResourceSealer.Overhead];
        SealStatus status = new ResourceSealer(keys).Seal(subject, version ?? Version, plain, bytes);
        return status == SealStatus.Ok ? bytes : throw new InvalidOperationException(status.ToString());
    }

    public static SealStatus TryOpen(this KeyStore keys, SubjectId subject, byte[] sealedBytes, out byte[] plain, SealedVersion? version = null)
    {
        plain = new byte[Math.Max(0, sealedBytes.Length - ResourceSealer.Overhead)];
        return new ResourceSealer(keys).Open(subject, version ?? Version, sealedBytes, plain);
    }

    /// <summary>What came out, or the reason why nothing did.</summary>
    public static string Opened(this KeyStore keys, SubjectId subject, byte[] sealedBytes) =>
        keys.TryOpen(subject, sealedBytes, out byte[] plain) is var status and not SealStatus.Ok
            ? status.ToString()
            : System.Text.Encoding.UTF8.GetString(plain);
}
