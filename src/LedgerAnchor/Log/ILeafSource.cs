namespace HealthChain.LedgerAnchor.Log;

/// <summary>Where the entries of the log are kept, in order and without gaps: rows of a store, or a list in tests.</summary>
public interface ILeafSource
{
    /// <summary>How many entries are durable.</summary>
    long Count { get; }

    /// <summary>Fills in entries of 32 bytes each.</summary>
    /// <param name="first">Index of the first one; the log's first entry has index 0.</param>
    /// <param name="entries">Room for a whole number of entries.</param>
    /// <returns>How many were filled in; fewer than there is room for only at the end.</returns>
    ValueTask<int> ReadAsync(long first, Memory<byte> entries, CancellationToken cancellationToken);

    /// <summary>Completes when there are more entries than that.</summary>
    ValueTask WaitForMoreAsync(long count, CancellationToken cancellationToken);
}
