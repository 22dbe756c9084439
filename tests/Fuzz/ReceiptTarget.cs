using HealthChain.LedgerProofs;

namespace HealthChain.Fuzz;

/// <summary>Receipts, as whole texts: whatever they look like, they prove what the log says or nothing.</summary>
public sealed class ReceiptTarget : FuzzTarget
{
    private static readonly ReceiptVerifier Verifier = new(LedgerSample.Policy);

    public override string Name => "receipt";

    public override IReadOnlyList<byte[]> Seeds { get; } = [LedgerSample.Receipt];

    public override IReadOnlyList<byte[]> Dictionary => LedgerSample.Words;

    public override void Run(byte[] input)
    {
        if (TlogProof.TryRead(input, out var proof, out var problem))
        {
            Promise(proof.ToBytes().AsSpan().SequenceEqual(input), "a proof is written as it was read");
        }
        else
        {
            Promise(problem.Length > 0, "a refused proof has a reason");
        }

        if (Verifier.TryVerify(input, out var proven, out problem))
        {
            Promise(proven is { Index: 0, Statement: VersionStatement { Id: "p1" } }, "a receipt proves what the log says");
            Promise(proven.Anchors.All(anchor => anchor.Head == LedgerSample.Head), "an anchor is of this log");
            Promise(ReceiptReport.Lines(proven).All(line => !line.Any(char.IsControl)), "what is reported cannot steer a screen");
        }
        else
        {
            Promise(problem.Length > 0, "a refused receipt has a reason");
        }
    }
}
