using HealthChain.LedgerProofs;

namespace HealthChain.Fuzz;

/// <summary>The extra line of receipts, without the base64 that would hide it from mutations; the rest of the receipt is good.</summary>
public sealed class ReceiptExtraTarget : FuzzTarget
{
    private static readonly ReceiptVerifier Verifier = new(LedgerSample.Policy);

    public override string Name => "receipt-extra";

    public override IReadOnlyList<byte[]> Seeds { get; } =
        [TlogProof.TryRead(LedgerSample.Receipt, out var proof, out _) ? proof.Extra.ToArray() : []];

    public override IReadOnlyList<byte[]> Dictionary => LedgerSample.Words;

    public override void Run(byte[] input)
    {
        TlogProof.TryRead(LedgerSample.Receipt, out var proof, out _);
        var text = (proof! with { Extra = input }).ToBytes();
        if (Verifier.TryVerify(text, out var proven, out var problem))
        {
            Promise(proven.Statement is VersionStatement { Id: "p1" }, "a receipt proves what the log says");
            Promise(Receipt.TryRead(text, out var receipt, out _) && Receipt.TryRead(receipt.ToBytes(), out _, out _), "a receipt that reads is written as one");
        }
        else
        {
            Promise(problem.Length > 0, "a refused receipt has a reason");
        }
    }
}
