using System.Buffers.Binary;

namespace HealthChain.Storage.Blobs;

/// <summary>A SHA-256 digest, comparable and without a heap object.</summary>
public readonly record struct Digest(UInt128 High, UInt128 Low)
{
    public const int Bytes = 32;

    public static Digest Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt128BigEndian(destination, High);
        BinaryPrimitives.WriteUInt128BigEndian(destination[16..], Low);
    }
}

/// <summary>A SHA-1 digest: what FHIR's <c>Attachment.hash</c> is; it detects changes and protects nothing.</summary>
public readonly record struct Sha1Digest(UInt128 High, uint Low)
{
    public const int Bytes = 20;

    public static Sha1Digest Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt128BigEndian(destination, High);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], Low);
    }
}
