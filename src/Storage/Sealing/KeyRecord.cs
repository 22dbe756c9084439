using System.Buffers.Binary;
using System.Security.Cryptography;
using HealthChain.Files;

namespace HealthChain.Storage.Sealing;

internal enum KeyRecordKind : byte
{
    /// <summary>The wrapped secret of a subject.</summary>
    Secret = 1,

    /// <summary>The secret of a subject was destroyed and must never be made again.</summary>
    Tombstone = 2,
}

/// <summary>
/// One record of the key file. Its size divides a disk sector, so that overwriting one in place cannot tear on common hardware.
/// </summary>
/// <remarks>
/// kind 1 | zero 3 | durable before 4 | subject 16 | nonce 12 | wrapped secret 32 | tag 16 | zero 40 | CRC-32C of all before and of the
/// place 4. A tombstone has, where the nonce would be, the place of the record that it destroys. Numbers are little-endian.
/// </remarks>
internal static class KeyRecord
{
    public const int Bytes = 128;

    /// <summary>In a tombstone: the secret never reached the file.</summary>
    public const int NoRecord = -1;

    private const int DurableAt = 4;
    private const int SubjectAt = 8;
    private const int NonceAt = 24;
    private const int WrappedAt = 36;
    private const int TagAt = 68;
    private const int ChecksumAt = 124;

    /// <param name="place">Number of the record in the file.</param>
    /// <param name="durableBefore">
    /// How many records were known to be on disk when this one was written. A damaged record below that number was durable once, so it is
    /// damage; one above was being written when the machine stopped.
    /// </param>
    public static void WriteSecret(
        Span<byte> record, int place, int durableBefore, SubjectId subject, ReadOnlySpan<byte> secret, TenantKey tenantKey, UInt128 tenant)
    {
        Begin(record, KeyRecordKind.Secret, durableBefore, subject);
        Span<byte> nonce = record.Slice(NonceAt, AesGcm.NonceByteSizes.MaxSize);
        RandomNumberGenerator.Fill(nonce);
        Span<byte> owner = stackalloc byte[TenantKey.OwnerBytes];
        TenantKey.WriteOwner(owner, tenant, subject);
        tenantKey.Cipher.Encrypt(
            nonce, secret, record.Slice(WrappedAt, SubjectKeys.SecretBytes), record.Slice(TagAt, TenantKey.TagBytes), owner);
        End(record, place);
    }

    public static void WriteTombstone(Span<byte> record, int place, int durableBefore, SubjectId subject, int destroyed)
    {
        Begin(record, KeyRecordKind.Tombstone, durableBefore, subject);
        BinaryPrimitives.WriteInt32LittleEndian(record[NonceAt..], destroyed);
        End(record, place);
    }

    /// <summary>Whether the record is whole and stands where it was written.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> record, int place) =>
        Kind(record) is KeyRecordKind.Secret or KeyRecordKind.Tombstone
        && BinaryPrimitives.ReadUInt32LittleEndian(record[ChecksumAt..]) == Checksum(record, place);

    public static KeyRecordKind Kind(ReadOnlySpan<byte> record) => (KeyRecordKind)record[0];

    public static int DurableBefore(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt32LittleEndian(record[DurableAt..]);

    public static SubjectId Subject(ReadOnlySpan<byte> record) => SubjectId.Read(record[SubjectAt..]);

    public static int DestroyedRecord(ReadOnlySpan<byte> tombstone) => BinaryPrimitives.ReadInt32LittleEndian(tombstone[NonceAt..]);

    /// <summary>Unwraps the secret; false when the record was altered or wrapped by another key.</summary>
    public static bool TryUnwrap(ReadOnlySpan<byte> record, TenantKey tenantKey, UInt128 tenant, Span<byte> secret)
    {
        Span<byte> owner = stackalloc byte[TenantKey.OwnerBytes];
        TenantKey.WriteOwner(owner, tenant, Subject(record));
        try
        {
            tenantKey.Cipher.Decrypt(
                record.Slice(NonceAt, AesGcm.NonceByteSizes.MaxSize),
                record.Slice(WrappedAt, SubjectKeys.SecretBytes),
                record.Slice(TagAt, TenantKey.TagBytes),
                secret,
                owner);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    private static void Begin(Span<byte> record, KeyRecordKind kind, int durableBefore, SubjectId subject)
    {
        record.Clear();
        record[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(record[DurableAt..], durableBefore);
        subject.Write(record[SubjectAt..]);
    }

    private static void End(Span<byte> record, int place) =>
        BinaryPrimitives.WriteUInt32LittleEndian(record[ChecksumAt..], Checksum(record, place));

    private static uint Checksum(ReadOnlySpan<byte> record, int place) => Crc32C.Of(record[..ChecksumAt], (uint)place);
}
