using HealthChain.Storage.Ledger;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>Records as one scope sees them.</summary>
internal sealed class RecordReader(Snapshot snapshot, AccessScope scope)
{
    private readonly Dictionary<long, ResourceKey?> _patients = [];

    public StoredRecord? Read(long sequence) => snapshot.FindRecord(sequence) is { } row && Sees(row) ? Open(row) : null;

    public bool Sees(long sequence) => scope.SeesEverything || (snapshot.FindRecord(sequence) is { } row && Sees(row));

    /// <param name="patient">Hash of the reference to the patient who is asked for; null for all records.</param>
    public RecordPage Page(RecordQuery query, long? patient, CancellationToken cancellationToken)
    {
        long subject = patient is { } hash ? snapshot.SubjectOf(hash) : 0;
        var page = new List<StoredRecord>();
        if (patient is not null && subject == 0)
        {
            return new RecordPage(page, null);
        }

        foreach (RecordRow row in snapshot.RecordsDown(query.Before ?? long.MaxValue))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (IsAsked(row, query, subject) && Sees(row) && Open(row) is { } record)
            {
                if (page.Count == query.Count)
                {
                    return new RecordPage(page, page.Count > 0 ? page[^1].Sequence : null);
                }

                page.Add(record);
            }
        }

        return new RecordPage(page, null);
    }

    private static bool IsAsked(RecordRow row, RecordQuery query, long subject) =>
        (subject == 0 || row.Subjects.Contains(subject))
        && (query.Kind is not { } kind || row.Kind == kind)
        && (query.From is not { } from || DateTimeOffset.FromUnixTimeMilliseconds(row.Instant) >= from)
        && (query.Until is not { } until || DateTimeOffset.FromUnixTimeMilliseconds(row.Instant) < until);

    private bool Sees(RecordRow row)
    {
        if (scope.SeesEverything)
        {
            return true;
        }

        long[] patients = [.. row.Subjects.Select(snapshot.PatientOf).Where(patient => patient != 0)];
        return scope.SeesRecord(new RecordFacts(row.Kind, patients));
    }

    private StoredRecord? Open(RecordRow row) => snapshot.OpenRecord(row.Sequence, out _) is { } content
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
            long rid = snapshot.PatientOf(subject) is var hash and not 0 ? snapshot.FindIdentity(hash) : 0;
            key = rid != 0 ? snapshot.Open(snapshot.NewestOf(rid))?.Key : null;
            _patients.Add(subject, key);
        }

        return key;
    }
}
