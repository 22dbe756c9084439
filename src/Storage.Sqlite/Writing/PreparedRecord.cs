using HealthChain.Fhir;
using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>A record with all done that needs no knowledge of the state.</summary>
/// <param name="Patients">Hashes of the references of those whom it concerns.</param>
/// <param name="Newest">The highest sequence number that it names.</param>
/// <param name="Content">What is sealed, as <see cref="RecordContent"/> writes it: the body is its end.</param>
internal sealed record PreparedRecord(StatementKind Kind, long[] Patients, SequenceSet Mentioned, long Newest, long Consent, byte[] Content, int BodyBytes)
{
    public ReadOnlySpan<byte> Body => Content.AsSpan(Content.Length - BodyBytes);

    /// <summary>Of its commitment.</summary>
    public ReadOnlySpan<byte> Salt => RecordContent.SaltIn(Content);

    /// <summary>Why a record cannot be kept; null when it can.</summary>
    /// <exception cref="ArgumentException">It breaks the contract.</exception>
    public static FhirError? Refusal(LedgerRecord? record) => record switch
    {
        null => null,
        { Kind: not (StatementKind.Access or StatementKind.Event) } or { Consent: < 0 } => throw new ArgumentException("A record tells of an access or an event.", nameof(record)),
        { Patients.Count: > LedgerRecord.MostPatients } when Distinct(record.Patients).Length > LedgerRecord.MostPatients => TooManyPatients,
        _ => null,
    };

    public static FhirError TooManyPatients =>
        FhirError.Of(ErrorKind.Invalid, IssueType.TooLong, $"What concerns more than {LedgerRecord.MostPatients} patients cannot be told by one record.");

    /// <summary>A record that was not refused.</summary>
    public static PreparedRecord Of(LedgerRecord record) =>
        Of(record.Kind, Distinct(record.Patients), Ascending(record.Accessed), record.Consent, record.Body.Span);

    public static PreparedRecord Of(StatementKind kind, long[] patients, ReadOnlySpan<long> mentioned, long consent, ReadOnlySpan<byte> body) => new(
        kind,
        patients,
        SequenceSet.Of(mentioned),
        Math.Max(consent, mentioned.IsEmpty ? 0 : mentioned[^1]),
        consent,
        RecordContent.Write(consent, mentioned, body),
        body.Length);

    // Almost all concern one patient, or none.
    private static long[] Distinct(IReadOnlyList<long> patients) => patients.Count switch
    {
        0 => [],
        1 => [patients[0]],
        _ => [.. patients.Distinct()],
    };

    private static long[] Ascending(IReadOnlyList<long> sequences) => sequences.Count switch
    {
        0 => [],
        1 => [sequences[0]],
        _ => [.. sequences.Distinct().Order()],
    };
}

/// <summary>A record that waits for the writer.</summary>
internal sealed class RecordRequest(PreparedRecord record, CancellationToken cancellationToken) : GroupRequest<long>(cancellationToken)
{
    public override int Weight => 1;

    protected override Result<long> Outcome(Committer committer) => committer.TryAppend(record);
}
