using HealthChain.Storage.Sealing;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>Whose secret seals a resource: its number in the database and its random id in the key store.</summary>
internal readonly record struct Subject(long Number, SubjectId Id)
{
    public static Subject NoPerson { get; } = new(0, SubjectId.NoPerson);
}

/// <summary>The subjects of patients, made when a patient is first mentioned, by its own resource or by another one's reference.</summary>
internal sealed class SubjectDirectory(WriteStatements sql, WriterState state)
{
    // Bounds the memory; bulk loads come back to the same few patients.
    private const int MostCached = 4096;

    private readonly Dictionary<long, Subject> _cache = [];

    /// <param name="patient">Hash of <c>Patient/id</c>.</param>
    public Subject Of(long patient) => Find(patient) ?? Keep(patient, Create(patient));

    /// <summary>The subject of a patient who was mentioned before; null when nobody mentioned one.</summary>
    public Subject? Find(long patient) =>
        _cache.TryGetValue(patient, out Subject subject) ? subject
        : Stored(patient) is { } stored ? Keep(patient, stored)
        : null;

    public void Forget() => _cache.Clear();

    private Subject Keep(long patient, Subject subject)
    {
        if (_cache.Count == MostCached)
        {
            _cache.Clear();
        }

        _cache.Add(patient, subject);
        return subject;
    }

    private Subject? Stored(long patient)
    {
        sql.FindSubject.Bind(1, patient);
        Subject? found = sql.FindSubject.Step() ? new Subject(sql.FindSubject.Int64(0), SubjectId.Read(sql.FindSubject.Blob(1))) : null;
        sql.FindSubject.Reset();
        return found;
    }

    private Subject Create(long patient)
    {
        var subject = new Subject(state.NextSubject(), SubjectId.NewRandom());
        Span<byte> id = stackalloc byte[SubjectId.Bytes];
        subject.Id.Write(id);
        sql.InsertSubject.Bind(1, subject.Number);
        sql.InsertSubject.Bind(2, patient);
        sql.InsertSubject.Bind(3, id);
        sql.InsertSubject.Run();
        return subject;
    }
}
