using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using HealthChain.Files;

namespace HealthChain.Storage.Sealing;

/// <summary>
/// The key that wraps all secrets of a tenant. A file of its own, named by a random id which the key file refers to.
/// Not thread-safe: neither is <see cref="AesGcm"/>.
/// </summary>
/// <remarks>The file: "HCTENKEY" 8 | id 16 | key 32 | CRC-32C 4.</remarks>
internal sealed class TenantKey : IDisposable
{
    public const int TagBytes = 16;
    public const int OwnerBytes = 32;

    private const int KeyBytes = 32;
    private const int IdAt = 8;
    private const int KeyAt = 24;
    private const int ChecksumAt = KeyAt + KeyBytes;
    private const int FileBytes = ChecksumAt + 4;

    private TenantKey(UInt128 id, ReadOnlySpan<byte> key)
    {
        Id = id;
        Cipher = new AesGcm(key, TagBytes);
    }

    private static ReadOnlySpan<byte> Magic => "HCTENKEY"u8;

    public UInt128 Id { get; }

    public AesGcm Cipher { get; }

    /// <summary>Makes a new key and its file, durable.</summary>
    public static TenantKey Create(IDisk disk, string folder)
    {
        Span<byte> file = stackalloc byte[FileBytes];
        Magic.CopyTo(file);
        RandomNumberGenerator.Fill(file[IdAt..ChecksumAt]);
        BinaryPrimitives.WriteUInt32LittleEndian(file[ChecksumAt..], Crc32C.Of(file[..ChecksumAt]));
        UInt128 id = BinaryPrimitives.ReadUInt128BigEndian(file[IdAt..]);
        using (IDiskFile opened = disk.Open(PathOf(folder, id), FileMode.CreateNew))
        {
            opened.Write(file, 0);
            opened.Sync();
        }

        disk.SyncFolder(folder);
        var key = new TenantKey(id, file[KeyAt..ChecksumAt]);
        CryptographicOperations.ZeroMemory(file);
        return key;
    }

    public static TenantKey Load(IDisk disk, string folder, UInt128 id)
    {
        string path = PathOf(folder, id);
        if (!File.Exists(path))
        {
            throw new KeyStoreException($"The tenant key {path} is missing. Without it nothing sealed can be opened; restore it from its backup.");
        }

        PrivateFiles.CheckFile(path);
        Span<byte> file = stackalloc byte[FileBytes];
        using IDiskFile opened = disk.Open(path, FileMode.Open);
        bool isWhole = opened.Length == FileBytes
            && opened.Read(file, 0) == FileBytes
            && file.StartsWith(Magic)
            && BinaryPrimitives.ReadUInt128BigEndian(file[IdAt..]) == id
            && BinaryPrimitives.ReadUInt32LittleEndian(file[ChecksumAt..]) == Crc32C.Of(file[..ChecksumAt]);
        if (!isWhole)
        {
            throw new KeyStoreException($"The tenant key {path} is damaged. Restore it from its backup.");
        }

        var key = new TenantKey(id, file[KeyAt..ChecksumAt]);
        CryptographicOperations.ZeroMemory(file);
        return key;
    }

    /// <summary>Overwrites and removes the file of a key that nothing is wrapped by any more.</summary>
    public static void Remove(IDisk disk, string folder, UInt128 id)
    {
        string path = PathOf(folder, id);
        if (!File.Exists(path))
        {
            return;
        }

        using (IDiskFile opened = disk.Open(path, FileMode.Open))
        {
            opened.Write(new byte[FileBytes], 0);
            opened.Sync();
        }

        disk.Delete(path);
        disk.SyncFolder(folder);
    }

    /// <summary>What a wrapped secret is bound to, so that none can be moved to another subject or tenant.</summary>
    public static void WriteOwner(Span<byte> destination, UInt128 tenant, SubjectId subject)
    {
        BinaryPrimitives.WriteUInt128BigEndian(destination, tenant);
        subject.Write(destination[16..]);
    }

    public static string PathOf(string folder, UInt128 id) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"tenant-{id:x32}.key"));

    public void Dispose() => Cipher.Dispose();
}
