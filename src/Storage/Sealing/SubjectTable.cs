namespace HealthChain.Storage.Sealing;

/// <summary>
/// Which record of the key file belongs to which subject: open addressing over record numbers, 30 to 35 bytes per subject where a
/// dictionary takes 36 to 72. Not thread-safe.
/// </summary>
internal sealed class SubjectTable
{
    /// <summary>In place of a record number: the subject's secret was destroyed.</summary>
    public const int Destroyed = -1;

    private const int BlockEntries = 4096;

    // Entries in order of arrival, in blocks so that growing copies nothing; buckets hold entry number + 1.
    private readonly List<Entry[]> _blocks = [];
    private int[] _buckets = new int[1024];

    public int Count { get; private set; }

    /// <summary>The record of a subject, or <see cref="Destroyed"/>; false when it was never there.</summary>
    public bool TryGet(SubjectId subject, out int record)
    {
        int entry = _buckets[Bucket(subject)];
        record = entry == 0 ? 0 : At(entry - 1).Record;
        return entry != 0;
    }

    /// <summary>Adds a subject or gives it another record.</summary>
    public void Set(SubjectId subject, int record)
    {
        int bucket = Bucket(subject);
        if (_buckets[bucket] == 0)
        {
            // At most 3/4 full: longer chains of neighbours cost more than the memory is worth.
            if (Count + 1 > _buckets.Length / 4 * 3)
            {
                Grow();
                bucket = Bucket(subject);
            }

            if (Count == _blocks.Count * BlockEntries)
            {
                _blocks.Add(new Entry[BlockEntries]);
            }

            _buckets[bucket] = ++Count;
        }

        At(_buckets[bucket] - 1) = new Entry(subject, record);
    }

    /// <summary>All subjects in order of arrival.</summary>
    public IEnumerable<KeyValuePair<SubjectId, int>> All()
    {
        for (int i = 0; i < Count; i++)
        {
            Entry entry = At(i);
            yield return new(entry.Subject, entry.Record);
        }
    }

    private ref Entry At(int entry) => ref _blocks[entry / BlockEntries][entry % BlockEntries];

    private int Bucket(SubjectId subject)
    {
        int mask = _buckets.Length - 1;
        // The ids are random: their bits are their hash.
        int bucket = (int)subject.Low & mask;
        while (_buckets[bucket] is var entry and not 0 && At(entry - 1).Subject != subject)
        {
            bucket = (bucket + 1) & mask;
        }

        return bucket;
    }

    private void Grow()
    {
        _buckets = new int[_buckets.Length * 2];
        for (int i = 0; i < Count; i++)
        {
            _buckets[Bucket(At(i).Subject)] = i + 1;
        }
    }

    private readonly record struct Entry(SubjectId Subject, int Record);
}
