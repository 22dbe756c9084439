using System.Runtime.InteropServices;
using HealthChain.Fhir.Schema;
using HealthChain.Storage.Sqlite.Database;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>
/// What stands beside a resource and is known without opening it. An object that is filled again and again by
/// <see cref="Snapshot.TryGetHead"/>; spans of its keys live until the next time.
/// </summary>
internal sealed class Head
{
    private readonly List<IndexKey> _keys = [];
    private readonly List<IndexKey> _group = [];
    private byte[] _own = new byte[1024];
    private byte[] _coded = [];
    private int _codedLength;
    private bool _isDecoded;
    private Numbers? _numbers;

    public long Rid { get; private set; }

    public TypeSchema Type { get; private set; } = null!;

    /// <summary>Sequence number of its first version.</summary>
    public long First { get; private set; }

    /// <summary>Sequence number of its newest version.</summary>
    public long Newest { get; private set; }

    public long Version { get; private set; }

    /// <summary>When the newest version was committed, in milliseconds of Unix time.</summary>
    public long Instant { get; private set; }

    public bool IsDeleted { get; private set; }

    /// <summary>Subject under which the newest version is sealed; 0 for no person.</summary>
    public long Subject { get; private set; }

    /// <summary>Subject of the one patient in whose compartment it is; 0 for none or several.</summary>
    public long Patient { get; private set; }

    /// <summary>Hash of <c>Type/id</c>.</summary>
    public long Identity { get; private set; }

    /// <summary>Keys of the newest version, sorted; of a deletion those of the version that it ended.</summary>
    public ReadOnlySpan<IndexKey> Keys
    {
        get
        {
            if (!_isDecoded)
            {
                KeyCoding.Read(Coded, _numbers!, _keys);
                _isDecoded = true;
            }

            return CollectionsMarshal.AsSpan(_keys);
        }
    }

    /// <summary>Those of one parameter; the span lives until the next call.</summary>
    public ReadOnlySpan<IndexKey> KeysOf(ushort parameter)
    {
        if (_isDecoded)
        {
            return ((ReadOnlySpan<IndexKey>)CollectionsMarshal.AsSpan(_keys)).Of(parameter);
        }

        KeyCoding.ReadOf(Coded, _numbers!.OfParameter(parameter), parameter, _group);
        return CollectionsMarshal.AsSpan(_group);
    }

    public ResourceFacts Facts => new(Type.Name, Identity, Keys);

    /// <summary>The keys as they are coded.</summary>
    public ReadOnlySpan<byte> Coded => _coded.AsSpan(0, _codedLength);

    public bool IsSeenBy(AccessScope scope) => scope.SeesEverything || (scope.MaySee(Type.Name) && scope.Sees(Facts));

    /// <param name="row">A row of <c>res</c>: rid, type, first, vid, v, ts, op, sub, pat, h, keys.</param>
    public void Fill(Native.Statement row, Numbers numbers)
    {
        _numbers = numbers;
        Rid = row.Int64(0);
        Type = numbers.TypeOf(row.Int64(1));
        First = row.Int64(2);
        Newest = row.Int64(3);
        Version = row.Int64(4);
        Instant = row.Int64(5);
        IsDeleted = Operation.IsDeletion(row.Int32(6));
        Subject = row.Int64(7);
        Patient = row.Int64(8);
        Identity = row.Int64(9);
        ReadOnlySpan<byte> coded = row.Blob(10);
        if (_own.Length < coded.Length)
        {
            _own = new byte[coded.Length * 2];
        }

        coded.CopyTo(_own);
        _coded = _own;
        _codedLength = coded.Length;
        _isDecoded = false;
    }

    /// <summary>Shows what was read before, without a copy.</summary>
    public void Fill(HeadRow row, Numbers numbers)
    {
        _numbers = numbers;
        (Rid, Type, First, Newest) = (row.Rid, row.Type, row.First, row.Newest);
        (Version, Instant, IsDeleted) = (row.Version, row.Instant, row.IsDeleted);
        (Subject, Patient, Identity) = (row.Subject, row.Patient, row.Identity);
        _coded = row.Coded;
        _codedLength = row.Coded.Length;
        _isDecoded = false;
    }

    public HeadRow ToRow() =>
        new(Rid, Type, First, Newest, Version, Instant, IsDeleted, Subject, Patient, Identity, Coded.ToArray());
}
