using System.Security.Cryptography;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.Micro;

/// <summary>What the chain client computes, per second of the processor, beside the base library's ECDSA on the same curve.</summary>
internal static class Signing
{
    private const int Rounds = 11;
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(300);

    public static void Run()
    {
        using LocalSigner signer = LocalSigner.Create();
        using ECDsa platform = ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10"));
        var anchor = new AbiFunction("anchor(uint64,bytes32,uint64,bytes32)");
        byte[] call = anchor.Encode(1_000_000, Hash256.Of([1]), 1_000_512, Hash256.Of([2]));
        var transaction = new EthereumTransaction(31337, 7, new GasFee(2_000_000_000, 1_000_000_000), 80_000, signer.Address, 0, call);
        SignedTransaction signed = signer.Sign(transaction);
        byte[] raw = signed.Raw.ToArray();
        byte[] hash = signed.Hash.ToArray();
        (string What, Action Work)[] works =
        [
            ("ECDsa.SignHash of the base library", () => platform.SignHash(hash)),
            ("build and sign an EIP-1559 transaction", () => signer.Sign(transaction with { Nonce = transaction.Nonce + 1 })),
            ("sign a hash", () => signer.SignMessage(hash)),
            ("recover a signer", () => EthereumSignature.Recover(signed.Transaction.SigningHash(), signed.Signature)),
            ("read a transaction and its sender", () => SignedTransaction.Decode(raw)),
            ("Keccak-256 of 132 bytes", () => Keccak256.Of(call)),
            ("encode a call of four words", () => anchor.Encode(1_000_000, Hash256.Of([1]), 1_000_512, Hash256.Of([2]))),
            ("decode it", () => anchor.DecodeInput(call)),
        ];
        double[][] rates = [.. works.Select(static _ => new double[Rounds])];
        for (int round = -2; round < Rounds; round++)
        {
            for (int i = 0; i < works.Length; i++)
            {
                double rate = PerSecond(works[i].Work);
                if (round >= 0)
                {
                    rates[i][round] = rate;
                }
            }
        }

        for (int i = 0; i < works.Length; i++)
        {
            double[] sorted = [.. rates[i].Order()];
            Console.WriteLine($"chain   {works[i].What,-40} {sorted[Rounds / 2],10:F0}/s per CPU second ({sorted[0]:F0} to {sorted[^1]:F0})");
        }
    }

    private static double PerSecond(Action work)
    {
        TimeSpan start = ThreadTime.Now;
        long count = 0;
        TimeSpan used;
        do
        {
            for (int i = 0; i < 16; i++)
            {
                work();
            }

            count += 16;
            used = ThreadTime.Now - start;
        }
        while (used < Slice);

        return count / used.TotalSeconds;
    }
}
