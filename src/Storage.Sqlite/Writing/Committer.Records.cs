using HealthChain.Fhir;
using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;

namespace HealthChain.Storage.Sqlite.Writing;

// Records of the ledger.
internal sealed partial class Committer
{
    private readonly RecordBatch _records = new(sql, parts);
    private readonly List<long> _written = [];
    private readonly OrderedDictionary<long, bool> _concerned = [];

    // The record of the transaction that is being applied.
    private LedgerRecord? _told;

    private static FhirError NothingYet => FhirError.Of(ErrorKind.Invalid, IssueType.Value, "A record names a sequence number that nothing has yet.");

    /// <summary>Appends a record and gives its sequence number; it is durable when the database transaction is.</summary>
    public Result<long> TryAppend(PreparedRecord record) => record.Newest > state.Sequence ? NothingYet : Append(record);

    private long Append(PreparedRecord record)
    {
        long sequence = state.NextSequence();
        int count = record.Patients.Length;
        long[] subjects = new long[count];
        long[] previous = new long[count];
        Subject sealing = Subject.NoPerson;
        for (int i = 0; i < count; i++)
        {
            // Nothing is sealed for those of whom nothing is written, so there is no chain to go on.
            if (_subjects.Find(record.Patients[i]) is { } subject)
            {
                subjects[i] = subject.Number;
                previous[i] = chains.Advance(subject.Number, sequence);
                sealing = count == 1 ? subject : sealing;
            }
        }

        _records.Add(new PlacedRecord(sequence, record, sealing, subjects, previous));
        return sequence;
    }

    /// <summary>Writes the records of the group, at its end.</summary>
    public void WriteRecords() => _records.Write(state.Now());

    /// <summary>Why the record of a transaction cannot be kept; null when it can.</summary>
    private FhirError? Refusal(LedgerRecord record, IReadOnlyList<PreparedWrite> writes)
    {
        if (Math.Max(record.Consent, record.Accessed.DefaultIfEmpty().Max()) > state.Sequence)
        {
            return NothingYet;
        }

        // Those of old versions are looked at for the few resources that may be of several patients.
        long patients = record.Patients.Count;
        foreach (PreparedWrite write in writes)
        {
            var put = write as PreparedPut;
            patients += put?.Patients.Length ?? 0;
            if (put is not { IsOnePatientsAlone: true } && write.Type is { } type && view.MayHavePatients(type) && TryFind(write.Identity))
            {
                patients += view.PatientsOf(_head).Count;
            }
        }

        return patients > LedgerRecord.MostPatients ? PreparedRecord.TooManyPatients : null;
    }

    private void BeginTelling(LedgerRecord? record)
    {
        _told = record;
        _written.Clear();
        _concerned.Clear();
        if (record is not null)
        {
            _written.AddRange(record.Accessed);
            Concern(record.Patients);
        }
    }

    private void Tell(long sequence, IReadOnlyList<long> patients, IReadOnlyList<long> old)
    {
        if (_told is not null)
        {
            _written.Add(sequence);
            Concern(patients);
            Concern(old);
        }
    }

    private void Concern(IReadOnlyList<long> patients)
    {
        for (int i = 0; i < patients.Count; i++)
        {
            _concerned.TryAdd(patients[i], true);
        }
    }

    private PreparedRecord Told(LedgerRecord record) =>
        PreparedRecord.Of(record with { Patients = [.. _concerned.Keys], Accessed = [.. _written] });

    /// <summary>Appends the record of an erasure, which outlives what it is about: it is sealed for no person.</summary>
    /// <param name="erased">Sequence numbers of what nobody can open any more, ascending.</param>
    /// <param name="previous">Where the ledger last spoke of the patient.</param>
    public void AppendErasure(long subject, ReadOnlySpan<long> erased, long previous, ReadOnlySpan<byte> body) =>
        _records.Add(new PlacedRecord(
            state.NextSequence(), PreparedRecord.Of(StatementKind.Erasure, [], erased, 0, body), Subject.NoPerson, [subject], [previous]));
}
