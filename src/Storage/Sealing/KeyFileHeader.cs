using System.Buffers.Binary;
using System.Security.Cryptography;

namespace HealthChain.Storage.Sealing;

/// <summary>The first bytes of the key file, authenticated by the tenant key.</summary>
/// <param name="Tenant">Random id of the tenant.</param>
/// <param name="TenantKey">Which key wraps the secrets of this file.</param>
/// <param name="RetiredKey">The key before it, to be removed if that has not happened yet; 0 for none.</param>
/// <param name="Whole">How many records the file began with; they were durable before it got its name.</param>
/// <remarks>"HCSUBKEY" 8 | version 4 | whole 4 | tenant 16 | tenant key 16 | retired key 16 | nonce 12 | tag 16 | zero 36.</remarks>
internal readonly record struct KeyFileHeader(UInt128 Tenant, UInt128 TenantKey, UInt128 RetiredKey, int Whole)
{
    public const int Bytes = KeyRecord.Bytes;

    private const int Version = 1;
    private const int VersionAt = 8;
    private const int WholeAt = 12;
    private const int TenantAt = 16;
    private const int TenantKeyAt = 32;
    private const int RetiredKeyAt = 48;
    private const int NonceAt = 64;
    private const int TagAt = 76;

    private static ReadOnlySpan<byte> Magic => "HCSUBKEY"u8;

    public void Write(Span<byte> destination, TenantKey key)
    {
        destination[..Bytes].Clear();
        Magic.CopyTo(destination);
        BinaryPrimitives.WriteInt32LittleEndian(destination[VersionAt..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(destination[WholeAt..], Whole);
        BinaryPrimitives.WriteUInt128BigEndian(destination[TenantAt..], Tenant);
        BinaryPrimitives.WriteUInt128BigEndian(destination[TenantKeyAt..], TenantKey);
        BinaryPrimitives.WriteUInt128BigEndian(destination[RetiredKeyAt..], RetiredKey);
        Span<byte> nonce = destination[NonceAt..TagAt];
        RandomNumberGenerator.Fill(nonce);
        key.Cipher.Encrypt(nonce, default, default, destination.Slice(TagAt, Sealing.TenantKey.TagBytes), destination[..NonceAt]);
    }

    /// <summary>Reads the fields without checking that they are authentic: the key that can is named by them.</summary>
    public static KeyFileHeader Read(ReadOnlySpan<byte> bytes, string path)
    {
        if (bytes.Length < Bytes || !bytes.StartsWith(Magic))
        {
            throw new KeyStoreException($"{path} is not a key file, or its beginning is damaged. Restore it from its backup.");
        }

        int version = BinaryPrimitives.ReadInt32LittleEndian(bytes[VersionAt..]);
        if (version != Version)
        {
            throw new KeyStoreException($"{path} has format {version}; this program reads format {Version}.");
        }

        return new KeyFileHeader(
            BinaryPrimitives.ReadUInt128BigEndian(bytes[TenantAt..]),
            BinaryPrimitives.ReadUInt128BigEndian(bytes[TenantKeyAt..]),
            BinaryPrimitives.ReadUInt128BigEndian(bytes[RetiredKeyAt..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[WholeAt..]));
    }

    public static void Verify(ReadOnlySpan<byte> bytes, TenantKey key, string path)
    {
        try
        {
            key.Cipher.Decrypt(bytes[NonceAt..TagAt], default, bytes.Slice(TagAt, Sealing.TenantKey.TagBytes), default, bytes[..NonceAt]);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new KeyStoreException($"{path} was altered, or its tenant key is another's. Restore both from one backup.");
        }
    }
}
