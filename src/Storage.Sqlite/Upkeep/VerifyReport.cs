namespace HealthChain.Storage.Sqlite;

/// <summary>How much a check looks at.</summary>
public enum VerifyLevel
{
    /// <summary>The file's structure, the sequence of versions, counts, and that heads and versions agree: seconds.</summary>
    Quick,

    /// <summary>Besides, every version is opened and compared with its hash, and the index with what its resource says: about a minute for a million.</summary>
    Full,
}

/// <summary>What a check found.</summary>
/// <param name="Versions">How many versions there are, erased ones included.</param>
/// <param name="Resources">How many resources there are, deleted ones included.</param>
/// <param name="IndexRows">How many index rows were compared; 0 for a quick check.</param>
/// <param name="Faults">What is wrong, without data of a resource; at most <see cref="MaxFaults"/>.</param>
public sealed record VerifyReport(long Versions, long Resources, long IndexRows, IReadOnlyList<string> Faults)
{
    public const int MaxFaults = 100;

    /// <summary>How many records the ledger has besides the versions.</summary>
    public long Records { get; init; }

    public bool IsSound => Faults.Count == 0;
}
