using System.Runtime.InteropServices;
using HealthChain.Fhir.Schema;
using HealthChain.Storage.Sqlite.Database;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>What stands beside a resource, as <see cref="Head"/> names it.</summary>
/// <param name="Type">Id of the type.</param>
internal readonly record struct HeadRow(
    long Rid, ushort Type, long First, long Newest, long Version, long Instant, bool IsDeleted, long Subject, long Patient, long Identity);

/// <summary>
/// What stands beside a resource and is known without opening it. An object that is filled again and again by
/// <see cref="Snapshot.TryGetHead"/>; spans of its keys live until the next time.
/// </summary>
internal sealed class Head
{
    private readonly List<IndexKey> _keys = [];
    private readonly List<IndexKey> _group = [];
    private byte[] _coded = [];
    private int _codedLength;
    private bool _isDecoded;
    private HeadRow _row;
    private Numbers? _numbers;

    public HeadRow Row => _row;

    public long Rid => _row.Rid;

    public TypeSchema Type => FhirSchema.R4.Types[_row.Type];

    /// <summary>Sequence number of its first version.</summary>
    public long First => _row.First;

    /// <summary>Sequence number of its newest version.</summary>
    public long Newest => _row.Newest;

    public long Version => _row.Version;

    /// <summary>When the newest version was committed, in milliseconds of Unix time.</summary>
    public long Instant => _row.Instant;

    public bool IsDeleted => _row.IsDeleted;

    /// <summary>Subject under which the newest version is sealed; 0 for no person.</summary>
    public long Subject => _row.Subject;

    /// <summary>Subject of the one patient in whose compartment it is; 0 for none or several.</summary>
    public long Patient => _row.Patient;

    /// <summary>Hash of <c>Type/id</c>.</summary>
    public long Identity => _row.Identity;

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
    public void Fill(Native.Statement row, Numbers numbers) => Fill(
        new HeadRow(
            row.Int64(0),
            numbers.TypeOf(row.Int64(1)).Id,
            row.Int64(2),
            row.Int64(3),
            row.Int64(4),
            row.Int64(5),
            Operation.IsDeletion(row.Int32(6)),
            row.Int64(7),
            row.Int64(8),
            row.Int64(9)),
        row.Blob(10),
        numbers);

    /// <param name="coded">The keys as they are coded; copied.</param>
    public void Fill(in HeadRow row, ReadOnlySpan<byte> coded, Numbers numbers)
    {
        _numbers = numbers;
        _row = row;
        if (_coded.Length < coded.Length)
        {
            _coded = new byte[Math.Max(1024, coded.Length * 2)];
        }

        coded.CopyTo(_coded);
        _codedLength = coded.Length;
        _isDecoded = false;
    }
}
