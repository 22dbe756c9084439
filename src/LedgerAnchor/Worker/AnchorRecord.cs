using System.Buffers.Binary;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Worker;

/// <summary>An anchor on its way or at its goal, as journals keep it.</summary>
internal static class AnchorRecord
{
    public const int Bytes = (2 * HeadBytes) + Hash256.Bytes + (3 * sizeof(long)) + 1 + Hash256.Bytes + 16;

    public const int HeadBytes = sizeof(long) + Hash256.Bytes;

    public static void Write(Span<byte> to, AnchorStatus anchor)
    {
        WriteHead(to, anchor.Submission.Previous);
        WriteHead(to[HeadBytes..], anchor.Submission.Next);
        to = to[(2 * HeadBytes)..];
        ParseHash(anchor.Submission.Transaction).Write(to);
        to = to[Hash256.Bytes..];
        BinaryPrimitives.WriteInt64BigEndian(to, anchor.Submission.Nonce);
        BinaryPrimitives.WriteInt64BigEndian(to[8..], anchor.Submission.SubmittedAt.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteInt64BigEndian(to[16..], anchor.BlockNumber);
        to[24] = (byte)anchor.State;
        ParseHash(anchor.BlockHash).Write(to[25..]);
        BinaryPrimitives.WriteUInt128BigEndian(to[57..], anchor.Fee);
    }

    public static AnchorStatus Read(ReadOnlySpan<byte> from)
    {
        TreeHead previous = ReadHead(from);
        TreeHead next = ReadHead(from[HeadBytes..]);
        from = from[(2 * HeadBytes)..];
        var transaction = new Hash256(from[..Hash256.Bytes]);
        from = from[Hash256.Bytes..];
        var submission = new AnchorSubmission(
            previous,
            next,
            Hex(transaction) ?? "",
            BinaryPrimitives.ReadInt64BigEndian(from),
            DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(from[8..])));
        return new AnchorStatus(
            (AnchorState)from[24],
            submission,
            BinaryPrimitives.ReadInt64BigEndian(from[16..]),
            Hex(new Hash256(from[25..57])),
            BinaryPrimitives.ReadUInt128BigEndian(from[57..]));
    }

    public static void WriteHead(Span<byte> to, TreeHead head)
    {
        BinaryPrimitives.WriteInt64BigEndian(to, head.Size);
        head.Root.Write(to[8..]);
    }

    public static TreeHead ReadHead(ReadOnlySpan<byte> from) => new(BinaryPrimitives.ReadInt64BigEndian(from), new Hash256(from[8..HeadBytes]));

    private static Hash256 ParseHash(string? text) => string.IsNullOrEmpty(text) ? default : new Hash256(Convert.FromHexString(text.AsSpan(2)));

    private static string? Hex(Hash256 hash) => hash.IsZero ? null : "0x" + hash;
}
