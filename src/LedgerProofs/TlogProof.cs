using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace HealthChain.LedgerProofs;

/// <summary>That a log has an entry, as one text which verifies offline: https://c2sp.org/tlog-proof.</summary>
/// <param name="Index">Of the entry, from 0.</param>
/// <param name="Hashes">The inclusion proof.</param>
/// <param name="Note">The checkpoint with its signatures.</param>
/// <param name="Extra">What the application adds; nothing proves it. Empty when there is none.</param>
public sealed record TlogProof(long Index, IReadOnlyList<Hash256> Hashes, SignedNote Note, ReadOnlyMemory<byte> Extra)
{
    /// <summary>An access record that concerns 65,535 patients has half a million bytes, and base64 of base64 of that almost a million.</summary>
    public const int MaxBytes = 1024 * 1024;

    private const string FirstLine = "c2sp.org/tlog-proof@v1";
    private const string ExtraMark = "extra ";
    private const string IndexMark = "index ";

    public static bool TryRead(
        ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out TlogProof? proof, [NotNullWhen(false)] out string? problem)
    {
        proof = null;
        if (utf8.Length > MaxBytes)
        {
            problem = $"the proof is longer than {MaxBytes} bytes";
            return false;
        }

        var end = utf8.IndexOf("\n\n"u8);
        if (end < 0 || !Ascii.IsValid(utf8[..end]))
        {
            problem = "the proof is not of lines of ASCII, an empty line, and a checkpoint";
            return false;
        }

        var lines = new LineReader(Encoding.ASCII.GetString(utf8[..end]));
        if (!lines.Next.SequenceEqual(FirstLine))
        {
            problem = $"the first line is not {FirstLine}";
            return false;
        }

        lines.Advance();
        byte[]? extra = [];
        if (lines.Next.StartsWith(ExtraMark))
        {
            if (!StrictText.TryReadBase64(lines.Next[ExtraMark.Length..], out extra))
            {
                problem = "the extra line is not base64";
                return false;
            }

            lines.Advance();
        }

        if (!lines.Next.StartsWith(IndexMark) || !StrictText.TryReadNumber(lines.Next[IndexMark.Length..], out var index))
        {
            problem = "there is no line with the index where it belongs";
            return false;
        }

        lines.Advance();
        var hashes = new List<Hash256>();
        for (; !lines.IsAtEnd; lines.Advance())
        {
            if (hashes.Count == MerkleProof.MaxHashes || !StrictText.TryReadHash(lines.Next, out var hash))
            {
                problem = hashes.Count == MerkleProof.MaxHashes ? "the proof has more hashes than any" : "a line of the proof is no hash of 32 bytes";
                return false;
            }

            hashes.Add(hash);
        }

        if (!SignedNote.TryRead(utf8[(end + 2)..], out var note, out problem))
        {
            return false;
        }

        proof = new TlogProof(index, hashes, note, extra);
        return true;
    }

    /// <summary>Whether the entry stands at the index in the tree of the head. Whose head that is, signatures say.</summary>
    public bool Includes(ReadOnlySpan<byte> entry, TreeHead head) =>
        MerkleProof.VerifyInclusion(Index, MerkleProof.LeafHash(entry), [.. Hashes], head);

    public byte[] ToBytes() => StrictText.Utf8.GetBytes(ToString());

    public override string ToString()
    {
        var text = new StringBuilder(FirstLine).Append('\n');
        if (!Extra.IsEmpty)
        {
            text.Append(ExtraMark).Append(Convert.ToBase64String(Extra.Span)).Append('\n');
        }

        text.Append(IndexMark).Append(Index).Append('\n');
        foreach (var hash in Hashes)
        {
            text.Append(StrictText.Write(hash)).Append('\n');
        }

        return text.Append('\n').Append(Note).ToString();
    }

    private ref struct LineReader(ReadOnlySpan<char> text)
    {
        private ReadOnlySpan<char> _rest = text;

        public bool IsAtEnd { get; private set; }

        /// <summary>Empty at the end.</summary>
        public readonly ReadOnlySpan<char> Next => _rest.IndexOf('\n') is var end and >= 0 ? _rest[..end] : _rest;

        public void Advance()
        {
            var length = Next.Length;
            IsAtEnd = length == _rest.Length;
            _rest = IsAtEnd ? [] : _rest[(length + 1)..];
        }
    }
}
