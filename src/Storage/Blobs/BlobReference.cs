using System.Buffers.Binary;
using System.Security.Cryptography;

namespace HealthChain.Storage.Blobs;

/// <summary>
/// What a version keeps of a blob. It stands in the version's sealed part and nowhere else: who has it can open the blob, and who cannot open the
/// version, because its subject was erased, cannot open the blob either.
/// </summary>
/// <param name="Address">Where the sealed bytes lie.</param>
/// <param name="Bytes">Length of the content.</param>
/// <param name="Content">SHA-256 of the content, as the ledger commits to it.</param>
/// <param name="Key">Opens this blob and no other.</param>
public readonly record struct BlobReference(BlobAddress Address, long Bytes, Digest Content, BlobKey Key)
{
    public const int EncodedBytes = 8 + Digest.Bytes + Digest.Bytes + BlobKey.Bytes;

    public static BlobReference Read(ReadOnlySpan<byte> bytes) => new(
        new BlobAddress(Digest.Read(bytes[8..])),
        BinaryPrimitives.ReadInt64BigEndian(bytes),
        Digest.Read(bytes[40..]),
        BlobKey.Read(bytes[72..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, Bytes);
        Address.Sealed.Write(destination[8..]);
        Content.Write(destination[40..]);
        Key.Write(destination[72..]);
    }
}

/// <summary>The key of one blob: random, made when it is written, before anybody knows to whom the content belongs.</summary>
public readonly record struct BlobKey(UInt128 High, UInt128 Low)
{
    public const int Bytes = 32;

    public static BlobKey NewRandom()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        RandomNumberGenerator.Fill(bytes);
        return Read(bytes);
    }

    public static BlobKey Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt128BigEndian(destination, High);
        BinaryPrimitives.WriteUInt128BigEndian(destination[16..], Low);
    }

    /// <summary>Says nothing: a key must not get into a log by way of a record that holds it.</summary>
    public override string ToString() => "a key";
}
