using System.Numerics;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>What we are willing to pay, in wei for a unit of gas.</summary>
public sealed record FeePolicy
{
    private const long Gwei = 1_000_000_000;

    /// <summary>Never more than this, tip included: the anchors then wait until the chain is cheaper.</summary>
    public BigInteger MaxFeePerGas { get; init; } = 200 * (BigInteger)Gwei;

    /// <summary>Never more than this for the block's proposer.</summary>
    public BigInteger MaxTipPerGas { get; init; } = 5 * (BigInteger)Gwei;

    /// <summary>How long a transaction waits for a block before it is replaced by one that pays a quarter more.</summary>
    public TimeSpan ReplaceAfter { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>The fee for a chain with EIP-1559: twice the present base fee, which rises by an eighth with each full block.</summary>
    /// <returns>Null when the base fee alone is beyond the cap.</returns>
    public GasFee? Quote(BigInteger baseFee, BigInteger tip)
    {
        tip = BigInteger.Min(BigInteger.Min(tip, MaxTipPerGas), MaxFeePerGas);
        BigInteger max = BigInteger.Min(2 * baseFee + tip, MaxFeePerGas);
        return max >= baseFee ? new GasFee(max, tip) : null;
    }

    /// <summary>The fee for a chain without EIP-1559: its price.</summary>
    /// <returns>Null when the price is beyond the cap.</returns>
    public GasFee? QuoteLegacy(BigInteger price) => price <= MaxFeePerGas ? new GasFee(price, null) : null;

    /// <summary>The fee of a replacement: a quarter more, or what the chain asks for now. Nodes refuse less than a tenth more of both parts.</summary>
    /// <returns>Null when the cap leaves no room for it.</returns>
    public GasFee? Bump(GasFee previous, GasFee market)
    {
        BigInteger max = BigInteger.Min(BigInteger.Max(More(previous.Max, 4), market.Max), MaxFeePerGas);
        if (max < More(previous.Max, 10))
        {
            return null;
        }

        if (previous.Tip is not { } tip)
        {
            return new GasFee(max, null);
        }

        BigInteger bumped = BigInteger.Min(BigInteger.Max(More(tip, 4), market.Tip ?? 0), BigInteger.Min(max, BigInteger.Max(MaxTipPerGas, More(tip, 10))));
        return new GasFee(max, bumped);
    }

    // Rounded up, so that a fee of zero grows as well.
    private static BigInteger More(BigInteger fee, int part) => fee + fee / part + 1;
}
