namespace HealthChain.Storage.Sqlite.Index;

/// <summary>
/// The index rows of the newest versions, kept in memory: found by value through hash chains, flushed to the B-trees later in their
/// order. One thread (the writer) adds and removes; any number of readers look rows up at the same time, without locks.
/// </summary>
/// <remarks>
/// A row carries the sequence number of the commit that made it and of the one that removed it, so that a reader whose snapshot of the
/// database is older sees what was true then. Rows of a commit are added before it is durable: no snapshot has their sequence yet.
/// </remarks>
internal sealed class Generation
{
    private const int ChunkBits = 12;
    private const int ChunkSize = 1 << ChunkBits;
    private const int ChunkMask = ChunkSize - 1;
    private const long Forever = long.MaxValue;

    private readonly int[] _byValue;
    private readonly int[] _byPatient;
    private readonly int _mask;
    private Entry[]?[] _chunks;
    private int _count;

    /// <param name="expectedRows">About how many rows it will hold; more are taken, but found more slowly.</param>
    public Generation(int expectedRows)
    {
        int buckets = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, expectedRows));
        _mask = buckets - 1;
        _byValue = new int[buckets];
        _byPatient = new int[buckets];
        _chunks = new Entry[]?[Math.Max(1, expectedRows >> ChunkBits)];
    }

    /// <summary>Rows added so far, removed ones included.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Adds a row that is true from that commit on.</summary>
    public void Add(in IndexRow row, long sequence)
    {
        int index = _count;
        Entry[] chunk = ChunkFor(index);
        ref Entry entry = ref chunk[index & ChunkMask];
        entry.Row = row;
        entry.From = sequence;
        entry.To = Forever;

        // The entry is complete before it can be reached; heads hold the index plus one, 0 is the end of a chain.
        ref int head = ref _byValue[Bucket(row)];
        entry.NextByValue = head;
        ref int patientHead = ref _byPatient[PatientBucket(row)];
        entry.NextByPatient = patientHead;
        Volatile.Write(ref head, index + 1);
        if (row.Patient != 0)
        {
            Volatile.Write(ref patientHead, index + 1);
        }

        Volatile.Write(ref _count, index + 1);
    }

    /// <summary>Ends a row with that commit; false when it is not here.</summary>
    public bool Remove(in IndexRow row, long sequence)
    {
        for (int next = _byValue[Bucket(row)]; next != 0;)
        {
            ref Entry entry = ref At(next - 1);
            if (entry.To == Forever && entry.Row == row)
            {
                Volatile.Write(ref entry.To, sequence);
                return true;
            }

            next = entry.NextByValue;
        }

        return false;
    }

    /// <summary>Takes back everything that a commit did which did not become durable.</summary>
    public void Undo(long sequence)
    {
        for (int index = _count - 1; index >= 0; index--)
        {
            ref Entry entry = ref At(index);
            if (entry.From >= sequence)
            {
                entry.To = entry.From;
            }
            else if (entry.To >= sequence && entry.To != Forever)
            {
                entry.To = Forever;
            }
        }
    }

    /// <summary>Collects the resources with that value that a snapshot of that commit shows.</summary>
    public void FindValue(ushort parameter, long hash, long snapshot, List<long> rids)
    {
        IndexRow key = IndexRow.Value(parameter, hash, 0, 0);
        for (int next = Volatile.Read(ref _byValue[Bucket(key)]); next != 0;)
        {
            ref Entry entry = ref At(next - 1);
            if (entry.IsIn(snapshot) && entry.Row.Table == IndexTable.Value && entry.Row.Hash == hash && entry.Row.Parameter == parameter)
            {
                rids.Add(entry.Row.Rid);
            }

            next = entry.NextByValue;
        }
    }

    /// <summary>The same within one patient's compartment.</summary>
    public void FindValue(ushort parameter, long hash, long patient, long snapshot, List<long> rids)
    {
        IndexRow key = IndexRow.Value(parameter, hash, patient, 0);
        for (int next = Volatile.Read(ref _byPatient[PatientBucket(key)]); next != 0;)
        {
            ref Entry entry = ref At(next - 1);
            if (entry.IsIn(snapshot) && entry.Row.Table == IndexTable.Value && entry.Row.Patient == patient
                && entry.Row.Hash == hash && entry.Row.Parameter == parameter)
            {
                rids.Add(entry.Row.Rid);
            }

            next = entry.NextByPatient;
        }
    }

    /// <summary>Collects the resources with such a range that a snapshot shows.</summary>
    public void FindRange(ushort parameter, in RangeQuery query, long snapshot, List<long> rids)
    {
        IndexRow key = IndexRow.Range(parameter, 0, 0, 0, 0);
        for (int next = Volatile.Read(ref _byValue[Bucket(key)]); next != 0;)
        {
            ref Entry entry = ref At(next - 1);
            if (entry.IsIn(snapshot)
                && entry.Row.Table == IndexTable.Range
                && entry.Row.Parameter == parameter
                && query.Includes(entry.Row.Low, entry.Row.High, entry.Row.Hash))
            {
                rids.Add(entry.Row.Rid);
            }

            next = entry.NextByValue;
        }
    }

    /// <summary>Whether a snapshot shows the row.</summary>
    public bool Contains(in IndexRow row, long snapshot)
    {
        for (int next = Volatile.Read(ref _byValue[Bucket(row)]); next != 0;)
        {
            ref Entry entry = ref At(next - 1);
            if (entry.IsIn(snapshot) && entry.Row == row)
            {
                return true;
            }

            next = entry.NextByValue;
        }

        return false;
    }

    /// <summary>All rows that a snapshot shows.</summary>
    public IEnumerable<IndexRow> Rows(long snapshot)
    {
        int count = Count;
        for (int index = 0; index < count; index++)
        {
            if (At(index).IsIn(snapshot))
            {
                yield return At(index).Row;
            }
        }
    }

    /// <summary>The rows in the order of the B-trees, by their numbers; for flushing, when nothing is added any more.</summary>
    public int[] InOrder()
    {
        int[] order = new int[_count];
        var keys = new IndexRow[_count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
            keys[i] = At(i).Row;
        }

        Array.Sort(keys, order);
        return order;
    }

    /// <summary>A row by its number, and whether it still stands.</summary>
    public bool TryGet(int index, out IndexRow row)
    {
        ref Entry entry = ref At(index);
        row = entry.Row;
        return entry.To == Forever;
    }

    // All ranges of a parameter share one chain: they are searched by comparison, not by value.
    private int Bucket(in IndexRow row) =>
        (int)Mix(((ulong)row.Parameter << 8) | (ulong)row.Table, row.Table == IndexTable.Value ? (ulong)row.Hash : 0) & _mask;

    private int PatientBucket(in IndexRow row) => (int)Mix((ulong)row.Hash ^ row.Parameter, (ulong)row.Patient) & _mask;

    private static ulong Mix(ulong a, ulong b)
    {
        ulong mixed = (a * 0x9E3779B97F4A7C15) ^ (b + 0x7F4A7C15);
        mixed = (mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93;
        return mixed ^ (mixed >> 32);
    }

    private ref Entry At(int index) => ref Volatile.Read(ref _chunks)[index >> ChunkBits]![index & ChunkMask];

    private Entry[] ChunkFor(int index)
    {
        int chunk = index >> ChunkBits;
        if (chunk == _chunks.Length)
        {
            var longer = new Entry[]?[_chunks.Length * 2];
            _chunks.CopyTo(longer, 0);
            Volatile.Write(ref _chunks, longer);
        }

        return _chunks[chunk] ??= new Entry[ChunkSize];
    }

    private struct Entry
    {
        public IndexRow Row;
        public long From;
        public long To;
        public int NextByValue;
        public int NextByPatient;

        public readonly bool IsIn(long snapshot) => From <= snapshot && snapshot < To;
    }
}
