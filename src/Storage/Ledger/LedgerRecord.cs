using HealthChain.LedgerProofs;

namespace HealthChain.Storage.Ledger;

/// <summary>Something besides versions that the ledger keeps: an access, or an event of the log itself. Erasures write theirs themselves.</summary>
/// <param name="Body">What happened, in bytes that the store does not read; the ledger commits to them, and they are sealed.</param>
public sealed record LedgerRecord(ReadOnlyMemory<byte> Body)
{
    /// <summary>Most patients that one record may concern: what tells of more is told by several.</summary>
    public const int MostPatients = AccessStatement.MostPatients;

    /// <summary><see cref="StatementKind.Access"/> or <see cref="StatementKind.Event"/>.</summary>
    public StatementKind Kind { get; init; } = StatementKind.Access;

    /// <summary>
    /// The patients whom it concerns: hashes of <c>Patient/id</c>, as <see cref="IndexHasher.Reference(ResourceKey)"/> makes them. What concerns one alone is sealed under that patient's secret and is erased with the patient; what
    /// concerns several stays, so its body should name nobody. One of whom the store never heard is passed over.
    /// </summary>
    public IReadOnlyList<long> Patients { get; init; } = [];

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
    StatementKind Kind, long Sequence, DateTimeOffset Instant, IReadOnlyList<long> Accessed, long Consent, ReadOnlyMemory<byte> Body)
{
    /// <summary>The patients whom it concerns and of whom there is, or was, a resource here. Not those who were erased.</summary>
    public IReadOnlyList<ResourceKey> Patients { get; init; } = [];
}

/// <summary>Which records are wanted.</summary>
public sealed record RecordQuery
{
    /// <summary>Only those that concern this patient; null for all.</summary>
    public ResourceKey? Patient { get; init; }

    /// <summary>Only those before this sequence number: where a page before ended.</summary>
    public long? Before { get; init; }

    /// <summary>Only those committed at this instant or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Only those committed before this instant.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only those of this kind; null for all.</summary>
    public StatementKind? Kind { get; init; }

    /// <summary>Most records on the page.</summary>
    public required int Count { get; init; }
}

/// <summary>Records, newest first.</summary>
/// <param name="Next">To be asked for as <see cref="RecordQuery.Before"/> for the rest; null when there is none.</param>
public sealed record RecordPage(IReadOnlyList<StoredRecord> Records, long? Next);

/// <summary>What a sequence number stands for.</summary>
public readonly record struct VersionIdentity(long Sequence, ResourceKey Key, long Version);

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
