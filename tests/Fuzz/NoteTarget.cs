using HealthChain.LedgerProofs;

namespace HealthChain.Fuzz;

/// <summary>Signed notes and the checkpoints in them: what reads is written the same way again, and only the signed text is trusted.</summary>
public sealed class NoteTarget : FuzzTarget
{
    public override string Name => "note";

    public override IReadOnlyList<byte[]> Seeds { get; } = [LedgerSample.Note.ToBytes(), "text\n\n\u2014 name AAAAAAA=\n"u8.ToArray()];

    public override IReadOnlyList<byte[]> Dictionary => LedgerSample.Words;

    public override void Run(byte[] input)
    {
        if (!SignedNote.TryRead(input, out var note, out var problem))
        {
            Promise(problem.Length > 0, "a refused note has a reason");
            return;
        }

        Promise(note.ToBytes().AsSpan().SequenceEqual(input), "a note is written as it was read");
        if (Checkpoint.TryRead(note.Text, out var checkpoint, out problem))
        {
            Promise(checkpoint.Text == note.Text, "a checkpoint has one text");
        }
        else
        {
            Promise(problem.Length > 0, "a refused checkpoint has a reason");
        }

        if (LedgerSample.Policy.TryTrust(note, out var trusted, out _))
        {
            Promise(trusted.Checkpoint.Head == LedgerSample.Head, "nothing is trusted but what was signed");
        }
    }
}
