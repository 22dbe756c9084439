using System.Diagnostics.CodeAnalysis;

namespace HealthChain.LedgerProofs;

/// <summary>What a log's signed note says: whose log, how large, which root. See https://c2sp.org/tlog-checkpoint.</summary>
/// <remarks>
/// Extension lines are refused: the specification advises against them, our logs have none, and nobody could audit what they say.
/// </remarks>
public sealed record Checkpoint(string Origin, TreeHead Head)
{
    /// <summary>The text to be signed.</summary>
    public string Text => $"{Origin}\n{Head.Size}\n{StrictText.Write(Head.Root)}\n";

    /// <summary>Reads the text of a note whose signatures the caller has checked or is going to check.</summary>
    public static bool TryRead(string text, [NotNullWhen(true)] out Checkpoint? checkpoint, [NotNullWhen(false)] out string? problem)
    {
        checkpoint = null;
        var lines = text.Length > SignedNote.MaxBytes ? [] : text.Split('\n', 5);
        if (lines.Length != 4 || lines[3].Length != 0 || lines[0].Length == 0)
        {
            problem = "the checkpoint is not of the three lines origin, size and root";
        }
        else if (!StrictText.TryReadNumber(lines[1], out var size))
        {
            problem = "the checkpoint's size is no number";
        }
        else if (!StrictText.TryReadHash(lines[2], out var root))
        {
            problem = "the checkpoint's root is no hash of 32 bytes";
        }
        else if (size == 0 && root != TreeHead.Empty.Root)
        {
            problem = "the checkpoint is of an empty log but its root is not that of one";
        }
        else
        {
            checkpoint = new Checkpoint(lines[0], new TreeHead(size, root));
            problem = null;
        }

        return checkpoint is not null;
    }

    /// <summary>Reads a note and trusts it if the log's key signed it and its origin is that key's name.</summary>
    public static bool TryOpen(
        ReadOnlySpan<byte> utf8,
        NoteVerifier log,
        [NotNullWhen(true)] out SignedNote? note,
        [NotNullWhen(true)] out Checkpoint? checkpoint,
        [NotNullWhen(false)] out string? problem)
    {
        checkpoint = null;
        if (!SignedNote.TryRead(utf8, out note, out problem))
        {
            return false;
        }

        if (log.Check(note) is { IsValid: false } check)
        {
            problem = check.State == SignatureState.Absent ? "the log's key has not signed the checkpoint" : "the log's signature is wrong";
            return false;
        }

        if (!TryRead(note.Text, out checkpoint, out problem))
        {
            return false;
        }

        if (checkpoint.Origin != log.Name)
        {
            problem = "the checkpoint is of another log";
            checkpoint = null;
            return false;
        }

        return true;
    }

    public SignedNote Sign(NoteSigner signer) => SignedNote.Create(Text, signer.Sign(Text));
}
