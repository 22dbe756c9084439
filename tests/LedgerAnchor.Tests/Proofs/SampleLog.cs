using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Tests.Proofs;

/// <summary>A small log with everything that a receipt needs: statements, salts, a key, witnesses and anchors.</summary>
internal sealed class SampleLog
{
    public const string Origin = "clinic.example/ledger";

    private readonly byte[][] _statements;
    private readonly PlainTree _tree;

    public SampleLog(int size, int seed = 0)
    {
        Log = new NoteSigner(Origin, Seed(seed));
        Witnesses = [.. Enumerable.Range(1, 3).Select(i => new Cosigner($"witness{i}.example", Seed(seed + i)))];
        _statements = [.. Enumerable.Range(0, size).Select(index => StatementAt(index).ToArray())];
        _tree = new PlainTree([.. _statements.Select((statement, index) =>
            MerkleProof.LeafHash(Commitment.Of(statement, SaltAt(index)).ToArray()))]);
    }

    public NoteSigner Log { get; }

    public Cosigner[] Witnesses { get; }

    public TrustPolicy Policy(int quorum) => TrustPolicy.Of([Log.Verifier], [.. Witnesses.Select(witness => witness.Verifier)], quorum);

    public TreeHead Head(long size) => _tree.Head(size);

    public static Statement StatementAt(int index) => (index % 4) switch
    {
        0 => new VersionStatement(
            Origin, index + 1, 1_760_000_000_000 + index, "Patient", $"p{index}", 1, VersionOperation.Create, Hash256.Of([(byte)index]), 0, 0),
        1 => new VersionStatement(
            Origin, index + 1, 1_760_000_000_000 + index, "Observation", $"o{index}", 2, VersionOperation.Update, Hash256.Of([(byte)index, 1]), index, index),
        2 => new AccessStatement(
            Origin, index + 1, 1_760_000_000_000 + index, Hash256.Of("who and why"u8), SequenceSet.Of([index - 1, index]), index, new SequenceList([index])),
        _ => new ErasureStatement(Origin, index + 1, 1_760_000_000_000 + index, Hash256.Of("on request"u8), SequenceSet.Of([index - 1]), index),
    };

    public static byte[] SaltAt(int index) => Hash256.Of([1, 2, (byte)(index >> 8), (byte)index]).ToArray()[..Commitment.SaltBytes];

    public SignedNote Note(long size, int cosignatures = 0)
    {
        var checkpoint = new Checkpoint(Origin, Head(size));
        var note = checkpoint.Sign(Log);
        for (var i = 0; i < cosignatures; i++)
        {
            note = note.With(Witnesses[i].Sign(checkpoint.Text, DateTimeOffset.FromUnixTimeSeconds(1_760_000_100 + i)));
        }

        return note;
    }

    public Receipt Receipt(int index, long size, int cosignatures = 0, params long[] anchoredSizes) => new(
        index,
        [.. _tree.Inclusion(index, size)],
        Note(size, cosignatures),
        _statements[index],
        SaltAt(index),
        [.. anchoredSizes.Select(anchored => Anchor(anchored, size))]);

    /// <summary>A receipt of a log that is like this one but says something else at that index.</summary>
    public Receipt ReceiptOf(byte[] statement, int index)
    {
        Hash256[] leaves = [.. Enumerable.Range(0, _tree.Size).Select(i => _tree.Leaf(i))];
        leaves[index] = MerkleProof.LeafHash(Commitment.Of(statement, SaltAt(index)).ToArray());
        var tree = new PlainTree(leaves);
        var note = new Checkpoint(Origin, tree.Head(tree.Size)).Sign(Log);
        return new Receipt(index, [.. tree.Inclusion(index, tree.Size)], note, statement, SaltAt(index), []);
    }

    public ReceiptAnchor Anchor(long anchored, long size) => new(
        "eip155:31337",
        "0x5FbDB2315678afecb367f032d93F642f64180aa3",
        "0x" + Hash256.Of([(byte)anchored, 9]),
        anchored,
        "0x" + Hash256.Of([(byte)anchored, 10]),
        Head(anchored),
        anchored == size ? [] : [.. _tree.Consistency(Math.Min(anchored, size), Math.Max(anchored, size))]);

    private static byte[] Seed(int seed) => Hash256.Of([7, (byte)(seed >> 8), (byte)seed]).ToArray();
}
