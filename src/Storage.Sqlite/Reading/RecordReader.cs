using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sqlite.Index;
using HealthChain.Storage.Sqlite.Writing;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>Records as one scope sees them.</summary>
internal sealed class RecordReader(Snapshot snapshot, AccessScope scope, ChainSource chains, GenerationSource generations)
{
    private const int MostOnStack = 16;

    private readonly Dictionary<long, long> _hashes = [];
    private readonly Dictionary<long, ResourceKey?> _patients = [];

    public StoredRecord? Read(long sequence) => snapshot.FindRecord(sequence) is { IsErased: false } row && Sees(row) ? Open(row) : null;

    public bool Sees(long sequence) => scope.SeesEverything || (snapshot.FindRecord(sequence, withContent: false) is { IsErased: false } row && Sees(row));

    /// <param name="patient">Hash of the reference to the patient who is asked for; null for all records.</param>
    public RecordPage Page(RecordQuery query, long? patient, CancellationToken cancellationToken)
    {
        var page = new List<StoredRecord>(Math.Min(query.Count, 1000));
        foreach (RecordRow row in Rows(query, patient, withContent: true, cancellationToken))
        {
            if (page.Count == query.Count)
            {
                return new RecordPage(page, page.Count > 0 ? page[^1].Sequence : null);
            }

            if (Open(row) is { } record)
            {
                page.Add(record);
            }
        }

        return new RecordPage(page, null);
    }

    /// <summary>How many a query finds and the scope sees, at most as many as it wants.</summary>
    /// <param name="patient">Hash of the reference to the patient who is asked for; null for all records.</param>
    public int Count(RecordQuery query, long? patient, CancellationToken cancellationToken) =>
        Rows(query, patient, withContent: false, cancellationToken).Take(query.Count).Count();

    private IEnumerable<RecordRow> Rows(RecordQuery query, long? patient, bool withContent, CancellationToken cancellationToken)
    {
        long from = query.From is { } first ? Ceiling(first) : long.MinValue;
        long before = Math.Min(query.Before ?? long.MaxValue, query.Until is { } until ? snapshot.FirstRecordSince(Ceiling(until)) : long.MaxValue);
        foreach (RecordRow row in patient is { } hash ? OfPatient(hash, before, withContent) : snapshot.RecordsDown(before, withContent))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (row.Instant < from)
            {
                yield break;
            }

            if ((query.Kind is not { } kind || row.Kind == kind) && !row.IsErased && Sees(row))
            {
                yield return row;
            }
        }
    }

    /// <summary>The records that concern a patient, newest first, along the patient's chain: it leads through versions too.</summary>
    private IEnumerable<RecordRow> OfPatient(long patient, long before, bool withContent)
    {
        long subject = snapshot.SubjectOf(patient);
        if (subject == 0)
        {
            yield break;
        }

        // The page after another begins in the middle of the chain, where its record still tells the way.
        long sequence = before != long.MaxValue && snapshot.FindRecord(before, withContent: false) is { IsErased: false } at && at.Subjects.Contains(subject)
            ? PreviousOf(at, subject)
            : snapshot.EndOfChain(subject, chains, generations);
        while (sequence != 0)
        {
            RecordRow? record = snapshot.FindRecord(sequence, withContent);
            if (record is not null && sequence < before)
            {
                yield return record;
            }

            long previous = record is null ? snapshot.PreviousOfPatient(sequence) : PreviousOf(record, subject);
            sequence = previous < sequence ? previous : throw Broken(sequence);
        }
    }

    private static long PreviousOf(RecordRow record, long subject) =>
        Array.IndexOf(record.Subjects, subject) is var place and >= 0 ? record.Previous[place] : throw Broken(record.Sequence);

    private static StoreException Broken(long sequence) => new($"The chain of a patient is broken at {sequence}. Run the integrity check.");

    private static long Ceiling(DateTimeOffset instant)
    {
        long floor = instant.ToUnixTimeMilliseconds();
        return DateTimeOffset.FromUnixTimeMilliseconds(floor) < instant ? floor + 1 : floor;
    }

    private bool Sees(RecordRow row)
    {
        if (scope.SeesEverything)
        {
            return true;
        }

        Span<long> patients = row.Subjects.Length <= MostOnStack ? stackalloc long[MostOnStack] : new long[row.Subjects.Length];
        int count = 0;
        foreach (long subject in row.Subjects)
        {
            if (HashOf(subject) is var hash and not 0)
            {
                patients[count++] = hash;
            }
        }

        return scope.SeesRecord(new RecordFacts(row.Kind, patients[..count]));
    }

    /// <summary>0 for a patient who was erased.</summary>
    private long HashOf(long subject)
    {
        if (!_hashes.TryGetValue(subject, out long hash))
        {
            hash = subject == 0 ? 0 : snapshot.PatientOf(subject);
            _hashes.Add(subject, hash);
        }

        return hash;
    }

    private StoredRecord? Open(RecordRow row) => snapshot.Open(row) is { } content
        ? new StoredRecord(row.Kind, row.Sequence, DateTimeOffset.FromUnixTimeMilliseconds(row.Instant), content.Mentioned, content.Consent, content.Body)
        {
            Patients = [.. row.Subjects.Select(KeyOf).OfType<ResourceKey>()],
        }
        : null;

    /// <summary>The patient with that subject; null when there never was a resource of that patient, or it was erased.</summary>
    private ResourceKey? KeyOf(long subject)
    {
        if (!_patients.TryGetValue(subject, out ResourceKey? key))
        {
            long rid = HashOf(subject) is var hash and not 0 ? snapshot.FindIdentity(hash) : 0;
            key = rid != 0 ? snapshot.Open(snapshot.NewestOf(rid))?.Key : null;
            _patients.Add(subject, key);
        }

        return key;
    }
}
