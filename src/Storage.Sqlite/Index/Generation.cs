using System.Numerics;
using System.Runtime.InteropServices;

namespace HealthChain.Storage.Sqlite.Index;

/// <summary>
/// The index rows of the newest versions, kept in memory: found by value through hash chains, flushed to the B-trees later in their
/// order. One thread (the writer) adds and removes; any number of readers look rows up at the same time, without locks.
/// </summary>
/// <remarks>
/// A row carries the sequence number of the commit that made it and of the one that removed it, so that a reader whose snapshot of the
/// database is older sees what was true then. Rows of a commit are added before it is durable: no snapshot has their sequence yet.
/// Numbers of resources and patients, and sequence numbers counted from where the generation begins, are kept in 32 bits: memory is what
/// bounds a generation.
/// </remarks>
internal sealed class Generation
{
    private const uint Forever = uint.MaxValue;
    private const int ParameterBuckets = 1024;
    private const int ValueColumns = 4;
    private const int RangeColumns = 5;

    private readonly RowList<ValueEntry> _values = new();
    private readonly RowList<RangeEntry> _ranges = new();

    // Heads of the chains: the number of an entry plus one, 0 for none.
    private readonly int[] _byValue;
    private readonly int[] _byPatient;
    private readonly int[] _byRange;
    private readonly int[] _byParameter = new int[ParameterBuckets];
    private readonly long _after;

    /// <param name="expectedRows">About how many rows it will hold; more are taken, but found more slowly.</param>
    /// <param name="after">All its sequence numbers are greater.</param>
    public Generation(int expectedRows, long after = 0)
    {
        int buckets = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, expectedRows / 2));
        _byValue = new int[buckets];
        _byPatient = new int[buckets];
        _byRange = new int[Math.Max(16, buckets / 4)];
        _after = after;
    }

    /// <summary>Rows added so far, removed ones included.</summary>
    public int Count => _values.Count + _ranges.Count;

    /// <summary>Adds a row that is true from that commit on.</summary>
    public void Add(in IndexRow row, long sequence)
    {
        // An entry is complete before a chain leads to it.
        if (row.Table == IndexTable.Value)
        {
            int number = _values.Count + 1;
            ref int head = ref _byValue[Bucket(row.Parameter, row.Hash, _byValue.Length)];
            ref int patientHead = ref _byPatient[PatientBucket(row.Parameter, row.Hash, row.Patient)];
            _values.Next() = new ValueEntry
            {
                Hash = row.Hash,
                Patient = checked((uint)row.Patient),
                Rid = checked((uint)row.Rid),
                Parameter = row.Parameter,
                From = Offset(sequence),
                To = Forever,
                NextByValue = head,
                NextByPatient = patientHead,
            };
            _values.Add();
            Volatile.Write(ref head, number);
            if (row.Patient != 0)
            {
                Volatile.Write(ref patientHead, number);
            }
        }
        else
        {
            int number = _ranges.Count + 1;
            ref int head = ref _byRange[RangeBucket(row)];
            ref int parameterHead = ref _byParameter[row.Parameter % ParameterBuckets];
            _ranges.Next() = new RangeEntry
            {
                Low = row.Low,
                High = row.High,
                Hash = row.Hash,
                Rid = checked((uint)row.Rid),
                Parameter = row.Parameter,
                From = Offset(sequence),
                To = Forever,
                NextByRange = head,
                NextByParameter = parameterHead,
            };
            _ranges.Add();
            Volatile.Write(ref head, number);
            Volatile.Write(ref parameterHead, number);
        }
    }

    /// <summary>Ends a row with that commit; false when it is not here.</summary>
    public bool Remove(in IndexRow row, long sequence)
    {
        uint newest = Forever - 1;
        if (row.Table == IndexTable.Value && FindValue(row, newest) is var value and >= 0)
        {
            Volatile.Write(ref _values[value].To, Offset(sequence));
            return true;
        }

        if (row.Table == IndexTable.Range && FindRange(row, newest) is var range and >= 0)
        {
            Volatile.Write(ref _ranges[range].To, Offset(sequence));
            return true;
        }

        return false;
    }

    /// <summary>Collects the resources with that value that a snapshot of that commit shows.</summary>
    public void FindValue(ushort parameter, long hash, long snapshot, List<long> rids)
    {
        uint at = SnapshotOffset(snapshot);
        for (int next = Volatile.Read(ref _byValue[Bucket(parameter, hash, _byValue.Length)]); next != 0;)
        {
            ref ValueEntry entry = ref _values[next - 1];
            if (entry.Hash == hash && entry.Parameter == parameter && entry.IsIn(at))
            {
                rids.Add(entry.Rid);
            }

            next = entry.NextByValue;
        }
    }

    /// <summary>The same within one patient's compartment.</summary>
    public void FindValue(ushort parameter, long hash, long patient, long snapshot, List<long> rids)
    {
        if (patient == 0)
        {
            FindOfNoPatient(parameter, hash, snapshot, rids);
            return;
        }

        uint at = SnapshotOffset(snapshot);
        for (int next = Volatile.Read(ref _byPatient[PatientBucket(parameter, hash, patient)]); next != 0;)
        {
            ref ValueEntry entry = ref _values[next - 1];
            if (entry.Hash == hash && entry.Patient == patient && entry.Parameter == parameter && entry.IsIn(at))
            {
                rids.Add(entry.Rid);
            }

            next = entry.NextByPatient;
        }
    }

    /// <summary>Collects the resources with such a range that a snapshot shows.</summary>
    public void FindRange(ushort parameter, in RangeQuery query, long snapshot, List<long> rids)
    {
        uint at = SnapshotOffset(snapshot);
        for (int next = Volatile.Read(ref _byParameter[parameter % ParameterBuckets]); next != 0;)
        {
            ref RangeEntry entry = ref _ranges[next - 1];
            if (entry.Parameter == parameter && query.Includes(entry.Low, entry.High, entry.Hash) && entry.IsIn(at))
            {
                rids.Add(entry.Rid);
            }

            next = entry.NextByParameter;
        }
    }

    /// <summary>Whether a snapshot shows the row.</summary>
    public bool Contains(in IndexRow row, long snapshot) =>
        (row.Table == IndexTable.Value ? FindValue(row, SnapshotOffset(snapshot)) : FindRange(row, SnapshotOffset(snapshot))) >= 0;

    /// <summary>All rows that a snapshot shows.</summary>
    public IEnumerable<IndexRow> Rows(long snapshot)
    {
        uint at = SnapshotOffset(snapshot);
        int values = _values.Count;
        for (int i = 0; i < values; i++)
        {
            if (_values[i].IsIn(at))
            {
                yield return _values[i].Row;
            }
        }

        int ranges = _ranges.Count;
        for (int i = 0; i < ranges; i++)
        {
            if (_ranges[i].IsIn(at))
            {
                yield return _ranges[i].Row;
            }
        }
    }

    /// <summary>The rows in the order of the B-trees, by their numbers; for flushing, when nothing is added any more.</summary>
    /// <remarks>
    /// As <see cref="IndexRow.CompareTo"/> has it, but sorted column by column, each only among rows that are equal so far: comparing plain
    /// integers takes a third of the time of comparing rows.
    /// </remarks>
    public int[] InOrder()
    {
        int values = _values.Count;
        int[] order = new int[Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        long[] column = new long[order.Length];
        Sort(order.AsSpan(0, values), column.AsSpan(0, values), 0, ValueColumns, ValueColumn);
        Sort(order.AsSpan(values), column.AsSpan(values), 0, RangeColumns, RangeColumn);
        return order;
    }

    /// <summary>A row by its number, and whether it still stands.</summary>
    public bool TryGet(int number, out IndexRow row)
    {
        row = RowAt(number);
        return (number < _values.Count ? _values[number].To : _ranges[number - _values.Count].To) == Forever;
    }

    private IndexRow RowAt(int number) => number < _values.Count ? _values[number].Row : _ranges[number - _values.Count].Row;

    private static void Sort(Span<int> rows, Span<long> keys, int column, int columns, Func<int, int, long> keyOf)
    {
        for (int i = 0; i < rows.Length; i++)
        {
            keys[i] = keyOf(rows[i], column);
        }

        keys.Sort(rows);
        if (++column == columns)
        {
            return;
        }

        for (int start = 0; start < rows.Length;)
        {
            int end = start + 1;
            while (end < rows.Length && keys[end] == keys[start])
            {
                end++;
            }

            if (end - start > 1)
            {
                Sort(rows[start..end], keys[start..end], column, columns, keyOf);
            }

            start = end;
        }
    }

    private long ValueColumn(int number, int column)
    {
        ref readonly ValueEntry entry = ref _values[number];
        return column switch
        {
            0 => entry.Parameter,
            1 => entry.Hash,
            2 => entry.Patient,
            _ => entry.Rid,
        };
    }

    private long RangeColumn(int number, int column)
    {
        ref readonly RangeEntry entry = ref _ranges[number - _values.Count];
        return column switch
        {
            0 => (entry.Parameter * RangeWidth.Classes) + RangeWidth.ClassOf(entry.Low, entry.High),
            1 => entry.Low,
            2 => entry.High,
            3 => entry.Hash,
            _ => entry.Rid,
        };
    }

    private void FindOfNoPatient(ushort parameter, long hash, long snapshot, List<long> rids)
    {
        uint at = SnapshotOffset(snapshot);
        for (int next = Volatile.Read(ref _byValue[Bucket(parameter, hash, _byValue.Length)]); next != 0;)
        {
            ref ValueEntry entry = ref _values[next - 1];
            if (entry.Hash == hash && entry.Patient == 0 && entry.Parameter == parameter && entry.IsIn(at))
            {
                rids.Add(entry.Rid);
            }

            next = entry.NextByValue;
        }
    }

    /// <summary>Position of exactly that row, or -1. Rows of a value that many share are told apart by patient, which shortens the chain.</summary>
    private int FindValue(in IndexRow row, uint at)
    {
        bool hasPatient = row.Patient != 0;
        int next = hasPatient
            ? Volatile.Read(ref _byPatient[PatientBucket(row.Parameter, row.Hash, row.Patient)])
            : Volatile.Read(ref _byValue[Bucket(row.Parameter, row.Hash, _byValue.Length)]);
        while (next != 0)
        {
            ref ValueEntry entry = ref _values[next - 1];
            if (entry.Rid == row.Rid && entry.Hash == row.Hash && entry.Patient == row.Patient && entry.Parameter == row.Parameter && entry.IsIn(at))
            {
                return next - 1;
            }

            next = hasPatient ? entry.NextByPatient : entry.NextByValue;
        }

        return -1;
    }

    private int FindRange(in IndexRow row, uint at)
    {
        for (int next = Volatile.Read(ref _byRange[RangeBucket(row)]); next != 0;)
        {
            ref RangeEntry entry = ref _ranges[next - 1];
            if (entry.Rid == row.Rid && entry.Low == row.Low && entry.High == row.High && entry.Hash == row.Hash
                && entry.Parameter == row.Parameter && entry.IsIn(at))
            {
                return next - 1;
            }

            next = entry.NextByRange;
        }

        return -1;
    }

    private uint Offset(long sequence) => checked((uint)(sequence - _after));

    private uint SnapshotOffset(long snapshot) => (uint)Math.Clamp(snapshot - _after, 0, Forever - 1);

    private static int Bucket(ushort parameter, long hash, int buckets) => (int)Mix(parameter, (ulong)hash) & (buckets - 1);

    private int PatientBucket(ushort parameter, long hash, long patient) => Bucket(parameter, hash ^ (patient << 20), _byPatient.Length);

    private int RangeBucket(in IndexRow row) => Bucket(row.Parameter, row.Low ^ (row.High << 7) ^ (row.Rid << 32), _byRange.Length);

    private static ulong Mix(ulong a, ulong b)
    {
        ulong mixed = (a * 0x9E3779B97F4A7C15) ^ (b + 0x7F4A7C15);
        mixed = (mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93;
        return mixed ^ (mixed >> 32);
    }

    // Without the filling between entries that 8-byte alignment would take.
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct ValueEntry
    {
        public long Hash;
        public uint Patient;
        public uint Rid;
        public uint From;
        public uint To;
        public int NextByValue;
        public int NextByPatient;
        public ushort Parameter;

        public readonly IndexRow Row => IndexRow.Value(Parameter, Hash, Patient, Rid);

        public readonly bool IsIn(uint snapshot) => From <= snapshot && snapshot < To;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct RangeEntry
    {
        public long Low;
        public long High;
        public long Hash;
        public uint Rid;
        public uint From;
        public uint To;
        public int NextByRange;
        public int NextByParameter;
        public ushort Parameter;

        public readonly IndexRow Row => IndexRow.Range(Parameter, Low, High, Hash, Rid);

        public readonly bool IsIn(uint snapshot) => From <= snapshot && snapshot < To;
    }
}
