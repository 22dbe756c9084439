using System.Diagnostics.CodeAnalysis;
using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Witness;

/// <summary>What a log sends to a witness: https://c2sp.org/tlog-witness#add-checkpoint.</summary>
/// <param name="OldSize">The size that the log believes the witness to have cosigned last.</param>
/// <param name="Proof">That the tree of that size is the beginning of the new one.</param>
internal sealed record AddCheckpointRequest(long OldSize, IReadOnlyList<Hash256> Proof, SignedNote Note)
{
    public const int MaxBytes = SignedNote.MaxBytes + 4096;

    // "The client MUST NOT send more than 63 consistency proof lines."
    private const int MaxProofLines = 63;
    private const string OldSizeWord = "old ";

    public static bool TryRead(ReadOnlySpan<byte> body, [NotNullWhen(true)] out AddCheckpointRequest? request, [NotNullWhen(false)] out string? problem)
    {
        request = null;
        int blank = body.IndexOf("\n\n"u8);
        if (blank < 0 || body.Length > MaxBytes)
        {
            problem = "the request has no empty line before the checkpoint, or is too long";
            return false;
        }

        string[] lines = Encoding.Latin1.GetString(body[..blank]).Split('\n', MaxProofLines + 2);
        if (!lines[0].StartsWith(OldSizeWord, StringComparison.Ordinal) || !StrictText.TryReadNumber(lines[0].AsSpan(OldSizeWord.Length), out long oldSize))
        {
            problem = "the request does not begin with the old size";
            return false;
        }

        var proof = new List<Hash256>();
        foreach (string line in lines.AsSpan(1))
        {
            if (proof.Count == MaxProofLines || !StrictText.TryReadHash(line, out Hash256 hash))
            {
                problem = "the proof has a line that is no hash, or too many lines";
                return false;
            }

            proof.Add(hash);
        }

        if (!SignedNote.TryRead(body[(blank + 2)..], out SignedNote? note, out problem))
        {
            return false;
        }

        request = new AddCheckpointRequest(oldSize, proof, note);
        return true;
    }

    public byte[] ToBytes()
    {
        var text = new StringBuilder(OldSizeWord).Append(OldSize).Append('\n');
        foreach (Hash256 hash in Proof)
        {
            text.Append(StrictText.Write(hash)).Append('\n');
        }

        return StrictText.Utf8.GetBytes(text.Append('\n').Append(Note).ToString());
    }
}
