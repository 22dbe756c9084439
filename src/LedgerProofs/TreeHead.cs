namespace HealthChain.LedgerProofs;

/// <summary>The state of a log: how many leaves it has and the RFC 6962 hash over them.</summary>
/// <remarks>Two heads of one size and different roots prove a fork.</remarks>
public readonly record struct TreeHead(long Size, Hash256 Root)
{
    /// <summary>The head of a log without leaves: RFC 6962 §2.1 defines its root as the hash of the empty string.</summary>
    public static TreeHead Empty { get; } = new(0, Hash256.Of([]));

    public override string ToString() => $"{Size}:{Root}";
}
