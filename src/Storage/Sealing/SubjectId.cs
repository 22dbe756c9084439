using System.Buffers.Binary;
using System.Security.Cryptography;

namespace HealthChain.Storage.Sealing;

/// <summary>
/// Whose secret seals a resource: a patient's compartment, a practitioner, or no person. Random, so that it says nothing about
/// the person or the time of admission.
/// </summary>
public readonly record struct SubjectId(ulong High, ulong Low)
{
    public const int Bytes = 16;

    /// <summary>The subject of resources that belong to no person: organisations, terminology.</summary>
    public static SubjectId NoPerson => default;

    public static SubjectId NewRandom()
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        RandomNumberGenerator.Fill(bytes);
        return Read(bytes);
    }

    public static SubjectId Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], Low);
    }
}
