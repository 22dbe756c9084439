using System.Buffers;
using System.Buffers.Binary;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Validation;

namespace HealthChain.Storage.Blobs;

/// <summary>What a blob holds of a base64 value.</summary>
public enum BlobForm : byte
{
    /// <summary>The data; its base64 text is the one and only that RFC 4648 gives.</summary>
    Data = 1,

    /// <summary>The base64 text as it was sent, with line breaks or whatever else is lost in decoding.</summary>
    Base64 = 2,
}

/// <summary>
/// What stands in a resource as a value of type base64Binary while the data lies in a blob. It is legal base64 itself, so whoever handles
/// the resource takes it for short data: readers, the validator, patches, XML. It is put in while a request is read and taken out while a response is
/// written; a client never sees one, and a request that mentions one is refused.
/// </summary>
/// <remarks>
/// Letters and digits alone, which no writer of JSON or XML escapes: a fixed word, then in hexadecimal: form 1 | reference 104 | length of
/// the data 8 | SHA-1 of the data 20.
/// </remarks>
/// <param name="DataBytes">Length of the data, whatever the form of the blob.</param>
/// <param name="DataHash">Its SHA-1: what <c>Attachment.hash</c> is compared with.</param>
public readonly record struct BlobStandIn(BlobForm Form, BlobReference Blob, long DataBytes, Sha1Digest DataHash)
{
    /// <summary>Length of the text.</summary>
    public const int Length = 26 + (2 * EncodedBytes);

    private const int EncodedBytes = 1 + BlobReference.EncodedBytes + 8 + Sha1Digest.Bytes;

    /// <summary>With what the text begins; no other text holds it by chance.</summary>
    public static ReadOnlySpan<byte> Marker => "HealthChainBlob1x7Qm2Tz9Kd"u8;

    /// <summary>Reads the text at the beginning of a longer one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out BlobStandIn standIn)
    {
        standIn = default;
        Span<byte> bytes = stackalloc byte[EncodedBytes];
        if (text.Length < Length || !text.StartsWith(Marker) || !TryReadHex(text[Marker.Length..Length], bytes))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = bytes[(1 + BlobReference.EncodedBytes)..];
        standIn = new BlobStandIn(
            (BlobForm)bytes[0], BlobReference.Read(bytes[1..]), BinaryPrimitives.ReadInt64BigEndian(rest), Sha1Digest.Read(rest[8..]));
        return true;
    }

    /// <summary>Writes the text, <see cref="Length"/> bytes.</summary>
    public void Write(Span<byte> destination)
    {
        Span<byte> bytes = stackalloc byte[EncodedBytes];
        bytes[0] = (byte)Form;
        Blob.Write(bytes[1..]);
        Span<byte> rest = bytes[(1 + BlobReference.EncodedBytes)..];
        BinaryPrimitives.WriteInt64BigEndian(rest, DataBytes);
        DataHash.Write(rest[8..]);
        Marker.CopyTo(destination);
        Convert.TryToHexStringLower(bytes, destination[Marker.Length..], out _);
    }

    /// <summary>Those of a resource, wherever they stand in it.</summary>
    public static IReadOnlyList<BlobStandIn> In(Element resource)
    {
        List<BlobStandIn>? found = null;
        Collect(resource, ref found);
        return found is null ? [] : found;
    }

    /// <summary>The blobs to which a resource refers, each once.</summary>
    public static IReadOnlyList<BlobAddress> AddressesIn(Element resource) =>
        In(resource) is { Count: > 0 } found ? [.. found.Select(standIn => standIn.Blob.Address).Distinct()] : [];

    /// <summary>What the validator asks of data that lies elsewhere; null for data that stands in the resource.</summary>
    public static DataFacts? FactsOf(Element data)
    {
        if (!IsStandIn(data) || !TryRead(data.RawValue, out BlobStandIn standIn))
        {
            return null;
        }

        var hash = new byte[Sha1Digest.Bytes];
        standIn.DataHash.Write(hash);
        return new DataFacts(standIn.DataBytes, hash);
    }

    // Recursion is bounded by the depth that the readers allow.
    private static void Collect(Element element, ref List<BlobStandIn>? found)
    {
        foreach (Element child in element.Children)
        {
            if (IsStandIn(child) && TryRead(child.RawValue, out BlobStandIn standIn))
            {
                (found ??= []).Add(standIn);
            }

            if (child.HasChildren)
            {
                Collect(child, ref found);
            }
        }
    }

    private static bool IsStandIn(Element element) =>
        element.Type.Primitive == PrimitiveKind.Base64Binary && element.RawValue.Length == Length && element.RawValue.StartsWith(Marker);

    private static bool TryReadHex(ReadOnlySpan<byte> text, Span<byte> bytes) =>
        Convert.FromHexString(text, bytes, out _, out int written) == OperationStatus.Done && written == bytes.Length;
}
