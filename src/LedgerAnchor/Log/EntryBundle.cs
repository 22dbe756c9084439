using System.Buffers.Binary;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Log;

/// <summary>The entries below a tile of level 0, each one after its length in two bytes: what <c>tile/entries/…</c> serves.</summary>
public static class EntryBundle
{
    private const int LengthBytes = sizeof(ushort);

    /// <param name="entries">Of 32 bytes each, as our logs have them.</param>
    public static byte[] Write(ReadOnlySpan<byte> entries)
    {
        var count = entries.Length / Hash256.Bytes;
        var bundle = new byte[count * (LengthBytes + Hash256.Bytes)];
        var rest = bundle.AsSpan();
        for (var i = 0; i < count; i++, rest = rest[(LengthBytes + Hash256.Bytes)..])
        {
            BinaryPrimitives.WriteUInt16BigEndian(rest, Hash256.Bytes);
            entries.Slice(i * Hash256.Bytes, Hash256.Bytes).CopyTo(rest[LengthBytes..]);
        }

        return bundle;
    }

    /// <summary>The entries of a bundle, of whatever lengths; null when it does not hold just so many.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>>? Read(ReadOnlyMemory<byte> bundle, int width)
    {
        var entries = new List<ReadOnlyMemory<byte>>(width);
        while (entries.Count < width && bundle.Length >= LengthBytes)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(bundle.Span);
            if (bundle.Length < LengthBytes + length)
            {
                return null;
            }

            entries.Add(bundle.Slice(LengthBytes, length));
            bundle = bundle[(LengthBytes + length)..];
        }

        return entries.Count == width && bundle.IsEmpty ? entries : null;
    }
}
