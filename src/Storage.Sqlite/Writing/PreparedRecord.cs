using System.Text;
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
    /// <exception cref="ArgumentException">The record breaks the contract.</exception>
    public static PreparedRecord Of(LedgerRecord record, IndexHasher hasher)
    {
        if (record.Kind is not (StatementKind.Access or StatementKind.Event) || record.Consent < 0)
        {
            throw new ArgumentException("A record tells of an access or an event.", nameof(record));
        }

        if (record.Patients.Count > AccessStatement.MostPatients)
        {
            throw new ArgumentException($"A record concerns {AccessStatement.MostPatients} patients at most.", nameof(record));
        }

        return Of(record.Kind, Identities(record.Patients, hasher), Ascending(record.Accessed), record.Consent, record.Body.Span);
    }

    public static PreparedRecord Of(StatementKind kind, long[] patients, ReadOnlySpan<long> mentioned, long consent, ReadOnlySpan<byte> body) => new(
        kind,
        patients,
        SequenceSet.Of(mentioned),
        Math.Max(consent, mentioned.IsEmpty ? 0 : mentioned[^1]),
        consent,
        Hash256.Of(body),
        RecordContent.Write(consent, mentioned, body));

    // Almost all concern one patient, or none.
    private static long[] Identities(IReadOnlyList<ResourceKey> patients, IndexHasher hasher) => patients.Count switch
    {
        0 => [],
        1 => [IdentityOf(patients[0], hasher)],
        _ => [.. patients.Distinct().Select(patient => IdentityOf(patient, hasher))],
    };

    private static long IdentityOf(ResourceKey patient, IndexHasher hasher) => patient.Type == "Patient"
        ? hasher.Reference("Patient"u8, Encoding.UTF8.GetBytes(patient.Id))
        : throw new ArgumentException("A record concerns patients.", nameof(patient));

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

    public override void Apply(Committer committer) => _result = committer.Append(record);

    public override void Complete() => _done.TrySetResult(_result);

    public override void Refuse(FhirError error) => _done.TrySetResult(error);

    public override void Fail(Exception exception) => _done.TrySetException(exception);
}
