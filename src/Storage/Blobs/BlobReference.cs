using System.Buffers.Binary;

namespace HealthChain.Storage.Blobs;

/// <summary>What a version keeps of a blob. Belongs into its sealed part: the digest of the content and the salt are not for others.</summary>
/// <param name="Address">Where the sealed bytes lie.</param>
/// <param name="Bytes">Length of the content.</param>
/// <param name="Content">SHA-256 of the content, as the ledger commits to it.</param>
/// <param name="Salt">What the blob's own key is derived with; not in the blob, so that no other file can stand in for it.</param>
public readonly record struct BlobReference(BlobAddress Address, long Bytes, Digest Content, UInt128 Salt)
{
    public const int EncodedBytes = 8 + Digest.Bytes + Digest.Bytes + 16;

    public static BlobReference Read(ReadOnlySpan<byte> bytes) => new(
        new BlobAddress(Digest.Read(bytes[8..])),
        BinaryPrimitives.ReadInt64BigEndian(bytes),
        Digest.Read(bytes[40..]),
        BinaryPrimitives.ReadUInt128BigEndian(bytes[72..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, Bytes);
        Address.Sealed.Write(destination[8..]);
        Content.Write(destination[40..]);
        BinaryPrimitives.WriteUInt128BigEndian(destination[72..], Salt);
    }
}
