using System.Security.Cryptography;
using HealthChain.Fhir.Schema;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite.Index;
using HealthChain.Storage.Sqlite.Native;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>A version whose content is what its hash says.</summary>
/// <param name="Leaf">Null when it has none.</param>
internal sealed record CheckedVersion(StoredVersion Stored, byte[] Hash, VersionLeaf? Leaf);

// Opening versions, and the transaction that a reader holds while it looks.
internal sealed partial class Snapshot
{
    private const int CachedSubjects = 256;

    // Direct-mapped: the results of one search are mostly of few subjects. A number is never given to another subject.
    private readonly KnownSubject?[] _subjects = new KnownSubject?[CachedSubjects];

    /// <summary>No time of the cache of heads: it is not used.</summary>
    private const long Closed = -1;

    private bool _isOpen;
    private long _changes;

    /// <summary>Starts to show the newest state, or goes on when nothing of it changed; to be ended by <see cref="End"/>.</summary>
    /// <param name="changes">How often more than records was committed, read before this.</param>
    /// <param name="withRecords">Whether records are asked for too.</param>
    /// <remarks>
    /// A set of generations that stood before the snapshot was taken and still stands after it holds every row that the snapshot's tables
    /// lack: none was flushed and dropped, and none begun, in between.
    /// </remarks>
    public void Begin(GenerationSource source, long changes, bool withRecords)
    {
        if (_isOpen && !withRecords && changes == _changes && source.Current == _generations && (_heads is null || _heads.Time == _time))
        {
            return;
        }

        _changes = changes;
        GenerationSet before;
        long time;
        do
        {
            End();
            before = source.Current;
            time = _heads?.Time ?? Closed;
            _sql.Begin.Run();
            _isOpen = true;

            // The first read decides which commit is shown.
            Newest = First(_sql.Newest);
        }
        while (source.Current != before);
        _generations = before;

        // When heads were rewritten while the snapshot was taken, nobody knows which it shows.
        _time = _heads is not null && HeadCache.IsOpenAt(time) && time == _heads.Time ? time : Closed;
    }

    /// <summary>Lets go of the state, so that the log can be cut behind it.</summary>
    public void End()
    {
        if (_isOpen)
        {
            _isOpen = false;
            _sql.End.Run();
        }
    }

    /// <summary>For the writer's own view: what it has written up to now.</summary>
    public void Advance(long newest, GenerationSet generations) => (Newest, _generations) = (newest, generations);

    /// <summary>Opens a version; null when it was erased.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public StoredVersion? Open(long sequence)
    {
        Statement select = _sql.Body;
        select.Bind(1, sequence);
        VersionRow row;
        byte[]? plain;
        try
        {
            if (!select.Step() || select.IsNull(7))
            {
                return null;
            }

            row = VersionAt(select);
            plain = Unsealed(row, select.Blob(7));
        }
        finally
        {
            select.Reset();
        }

        return plain is null ? null : row.Stored(plain, PatientsOf(row, plain));
    }

    /// <summary>Opens a version and compares it with its hash; null when it was erased.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public CheckedVersion? OpenChecked(long sequence)
    {
        Statement select = _sql.Body;
        select.Bind(1, sequence);
        VersionRow row;
        byte[]? plain;
        byte[] hash;
        VersionLeaf? leaf;
        try
        {
            if (!select.Step() || select.IsNull(7))
            {
                return null;
            }

            row = VersionAt(select);
            plain = Unsealed(row, select.Blob(7));
            hash = plain is null ? [] : SHA256.HashData(plain);
            if (plain is not null && !hash.AsSpan().SequenceEqual(select.Blob(8)))
            {
                throw new StoreException($"Version {sequence} is not what was committed: its hash is another.");
            }

            leaf = select.Blob(9) is { Length: VersionLeaf.Bytes } bytes ? VersionLeaf.Read(bytes) : null;
        }
        finally
        {
            select.Reset();
        }

        return plain is null ? null : new CheckedVersion(row.Stored(plain, PatientsOf(row, plain)), hash, leaf);
    }

    /// <summary>Whether resources of a type can be of patients.</summary>
    public bool MayHavePatients(TypeSchema type) => _contentPatients.MayHave(type);

    /// <summary>The patients of a resource's newest version, as <see cref="StoredVersion.Patients"/> says.</summary>
    public IReadOnlyList<long> PatientsOf(Head head) => head.Subject != 0 ? FindSubject(head.Subject)?.Patients ?? []
        : MayHavePatients(head.Type) ? Open(head.Newest)?.Patients ?? []
        : [];

    private IReadOnlyList<long> PatientsOf(in VersionRow row, ReadOnlyMemory<byte> content)
    {
        if (row.Subject != 0)
        {
            return FindSubject(row.Subject)?.Patients ?? [];
        }

        if (!MayHavePatients(row.Type))
        {
            return [];
        }

        return !row.IsDeletion ? _contentPatients.Of(content)
            : FindVersion(row.Rid, row.Version - 1) is { IsDeletion: false } ended ? Open(ended.Sequence)?.Patients ?? []
            : [];
    }

    private VersionRow VersionAt(Statement row) => new(
        row.Int64(0), row.Int64(1), row.Int64(2), row.Int64(3), row.Int32(4), _numbers.TypeOf(row.Int64(5)), row.Int64(6));

    private byte[]? Unsealed(in VersionRow row, ReadOnlySpan<byte> sealedBytes) => Unsealed(row.Sequence, row.Subject, row.Seal, sealedBytes);

    private byte[]? Unsealed(long sequence, long number, in SealedVersion seal, ReadOnlySpan<byte> sealedBytes)
    {
        byte[] plain = GC.AllocateUninitializedArray<byte>(Math.Max(0, sealedBytes.Length - ResourceSealer.Overhead));
        SealStatus status = SubjectIdOf(number) is { } subject
            ? _sealer.Open(subject, seal, sealedBytes, plain)
            : SealStatus.ErasedSubject;
        return status switch
        {
            SealStatus.Ok => plain,

            // Its secret is destroyed already, its rows will be in a moment.
            SealStatus.ErasedSubject => null,
            _ => throw new StoreException(
                $"Version {sequence} cannot be opened: {status}. Run the integrity check, and restore the database and its keys from one backup."),
        };
    }

    /// <summary>The random id of a subject by its number; null when it was erased.</summary>
    public SubjectId? SubjectIdOf(long number) => number == 0 ? SubjectId.NoPerson : FindSubject(number)?.Id;

    private KnownSubject? FindSubject(long number)
    {
        ref KnownSubject? cached = ref _subjects[number % CachedSubjects];
        if (cached?.Number != number)
        {
            _sql.SubjectId.Bind(1, number);
            KnownSubject? found = _sql.SubjectId.Step() ? new KnownSubject(number, SubjectId.Read(_sql.SubjectId.Blob(0)), [_sql.SubjectId.Int64(1)]) : null;
            _sql.SubjectId.Reset();
            if (found is null)
            {
                return null;
            }

            cached = found;
        }

        return cached;
    }
}

/// <summary>A subject by its number.</summary>
/// <param name="Patients">Hash of <c>Patient/id</c>: what the versions of this patient alone share.</param>
internal sealed record KnownSubject(long Number, SubjectId Id, IReadOnlyList<long> Patients);
