namespace HealthChain.LedgerProofs;

/// <summary>How many messages are hashed side by side.</summary>
internal enum HashWidth
{
    /// <summary>One after the other, by the base library.</summary>
    Scalar = 1,

    Avx2 = 8,

    Avx512 = 16,
}
