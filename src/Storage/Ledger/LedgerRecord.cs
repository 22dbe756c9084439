using HealthChain.LedgerProofs;

namespace HealthChain.Storage.Ledger;

/// <summary>Something besides versions that the ledger keeps: an access, or an event of the log itself. Erasures write theirs themselves.</summary>
/// <param name="Body">What happened, in bytes that the store does not read; the ledger commits to them, and they are sealed.</param>
public sealed record LedgerRecord(ReadOnlyMemory<byte> Body)
{
    /// <summary><see cref="StatementKind.Access"/> or <see cref="StatementKind.Event"/>.</summary>
    public StatementKind Kind { get; init; } = StatementKind.Access;

    /// <summary>
    /// The patients whom it concerns. What concerns one alone is sealed under that patient's secret and is erased with the patient; what
    /// concerns several stays, so its body should name nobody. One of whom the store never heard is passed over.
    /// </summary>
    public IReadOnlyList<ResourceKey> Patients { get; init; } = [];

    /// <summary>The sequence numbers of the versions that were accessed, in whatever order.</summary>
    public IReadOnlyList<long> Accessed { get; init; } = [];

    /// <summary>Sequence number of the version of the Consent that decided; 0 when none did.</summary>
    public long Consent { get; init; }
}

/// <summary>A record as it is kept.</summary>
/// <param name="Sequence">Place in the one order of versions and records.</param>
/// <param name="Instant">When it was committed, to the millisecond.</param>
/// <param name="Accessed">The sequence numbers that it names, ascending: what was accessed or erased.</param>
public sealed record StoredRecord(
    StatementKind Kind, long Sequence, DateTimeOffset Instant, IReadOnlyList<long> Accessed, long Consent, ReadOnlyMemory<byte> Body);

/// <summary>What an engine knows of a record without opening it, and what scopes decide by.</summary>
/// <param name="kind">What it is.</param>
/// <param name="patients">
/// Whom it concerns: hashes of <c>Patient/id</c>, as <see cref="IndexHasher.Reference(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/> makes them.
/// </param>
public readonly ref struct RecordFacts(StatementKind kind, ReadOnlySpan<long> patients)
{
    public StatementKind Kind { get; } = kind;
    public ReadOnlySpan<long> Patients { get; } = patients;
}
