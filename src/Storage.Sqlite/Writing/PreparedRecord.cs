using HealthChain.Fhir;
using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>A record with all done that needs no knowledge of the state.</summary>
/// <param name="Patients">Hashes of the references of those whom it concerns.</param>
/// <param name="Newest">The highest sequence number that it names.</param>
/// <param name="Body">Hash of its body.</param>
/// <param name="Content">What is sealed, as <see cref="RecordContent"/> writes it.</param>
internal sealed record PreparedRecord(StatementKind Kind, long[] Patients, SequenceSet Mentioned, long Newest, long Consent, Hash256 Body, byte[] Content)
{
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
        Hash256.Of(body),
        RecordContent.Write(consent, mentioned, body));

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
internal sealed class RecordRequest(PreparedRecord record, CancellationToken cancellationToken) : GroupRequest
{
    private readonly TaskCompletionSource<Result<long>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Result<long> _result;

    public override int Weight => 1;

    public Task<Result<long>> Done => _done.Task;

    public override bool IsCancelled => cancellationToken.IsCancellationRequested && _done.TrySetCanceled(cancellationToken);

    public override void Apply(Committer committer) => _result = committer.TryAppend(record);

    public override void Complete() => _done.TrySetResult(_result);

    public override void Refuse(FhirError error) => _done.TrySetResult(error);

    public override void Fail(Exception exception) => _done.TrySetException(exception);
}
