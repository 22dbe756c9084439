using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Index;
using HealthChain.Storage.Sqlite.Writing;

namespace HealthChain.Storage.Sqlite.Reading;

// What only the ledger needs: records and leaves.
internal sealed partial class Snapshot
{
    /// <summary>The record with that sequence number, an erased one too.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public RecordRow? FindRecord(long sequence, bool withContent = true)
    {
        _sql.Record.Bind(1, sequence);
        try
        {
            return _sql.Record.Step() ? RecordRow.Find(_sql.Record, sequence, withContent) : null;
        }
        finally
        {
            _sql.Record.Reset();
        }
    }

    /// <summary>Records before a sequence number, newest first, erased ones too.</summary>
    public IEnumerable<RecordRow> RecordsDown(long before, bool withContent = true)
    {
        var records = new List<RecordRow>();
        _sql.RecordsDown.Bind(1, before);
        try
        {
            while (_sql.RecordsDown.Step())
            {
                RecordRow.ReadAll(_sql.RecordsDown, records, withContent);
                for (int i = records.Count - 1; i >= 0; i--)
                {
                    if (records[i].Sequence < before)
                    {
                        yield return records[i];
                    }
                }
            }
        }
        finally
        {
            _sql.RecordsDown.Reset();
        }
    }

    /// <summary>The number of the first row of records that was committed at an instant (milliseconds of Unix time) or later.</summary>
    /// <remarks>Instants never go back from one record to the next, so halving finds it; those of one row share theirs.</remarks>
    public long FirstRecordSince(long instant)
    {
        long low = 1;
        long high = First(_sql.LastRecord) + 1;
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            _sql.RecordFrom.Bind(1, middle);
            bool isBefore = _sql.RecordFrom.Step() && _sql.RecordFrom.Int64(1) < instant;
            long row = isBefore ? _sql.RecordFrom.Int64(0) : 0;
            _sql.RecordFrom.Reset();
            (low, high) = isBefore ? (row + 1, high) : (low, middle);
        }

        long first = First(_sql.RecordFrom, low);
        return first != 0 ? first : long.MaxValue;
    }

    /// <summary>Where the ledger last spoke of a patient; 0 for never. Shows a newer state when that is needed to tell.</summary>
    /// <param name="chains">What the table lacks.</param>
    public long EndOfChain(long subject, ChainSource chains, GenerationSource source)
    {
        // Ends: what was committed before a state began is in it, so each turn needs a commit in between.
        while (true)
        {
            long completeTo = 0;
            long end = chains.Current?.RecentEnd(subject, out completeTo) ?? 0;
            if (end == 0 ? First(_sql.Meta, (long)Meta.ChainsWatermark) >= completeTo : end <= Math.Max(Newest, First(_sql.LastRecord)))
            {
                return end != 0 ? end : First(_sql.ChainEnd, subject);
            }

            Begin(source, _changes, withRecords: true);
        }
    }

    /// <summary>Where the ledger spoke of the patient before a version.</summary>
    /// <exception cref="StoreException">There is no such version.</exception>
    public long PreviousOfPatient(long version)
    {
        _sql.Leaf.Bind(1, version);
        try
        {
            return _sql.Leaf.Step() && _sql.Leaf.Blob(0) is { Length: VersionLeaf.Bytes } leaf
                ? VersionLeaf.Read(leaf).PreviousOfPatient
                : throw new StoreException($"The chain of a patient leads to {version}, which is not there. Run the integrity check.");
        }
        finally
        {
            _sql.Leaf.Reset();
        }
    }

    /// <summary>Hash of the reference to the patient with that subject; 0 when there is none any more.</summary>
    public long PatientOf(long subject) => First(_sql.Patient, subject);

    /// <summary>Opens a record; null when it was erased.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public RecordContent? Open(RecordRow record) =>
        record.Sealed is not { } content || Unsealed(record.Sequence, record.Subject, record.Seal, content) is not { } plain ? null
        : RecordContent.Read(plain) ?? throw new StoreException($"Record {record.Sequence} has a form that this program does not know.");

    /// <summary>Opens a version with its leaf, of which its statement is made; null when it was erased.</summary>
    public LeafOpening? OpenLeaf(in VersionRow row, ResourceKey key, string origin) =>
        OpenChecked(row.Sequence) is { Leaf: { } leaf } version && version.Stored.Key == key && SubjectIdOf(row.Subject) is { } subject
            ? LeafMaker.Open(
                _sealer.Keys, subject, VersionLeaf.StatementOf(origin, row, key, version.Hash, leaf.PreviousOfPatient, leaf.PreviousOfResource))
            : null;

    public LeafOpening? OpenRecordLeaf(long sequence, string origin)
    {
        if (FindRecord(sequence) is not { } record || Open(record) is not { } content || SubjectIdOf(record.Subject) is not { } subject)
        {
            return null;
        }

        LedgerProofs.Statement statement = content.StatementOf(origin, sequence, record.Kind, record.Instant, record.Previous);
        return content.Salt is { } salt ? new LeafOpening(sequence, statement.ToArray(), salt) : LeafMaker.Open(_sealer.Keys, subject, statement);
    }

    /// <summary>The entries after a sequence number in order, as many as there are and is room for.</summary>
    /// <exception cref="StoreException">One is missing.</exception>
    public int ReadLeaves(long after, Span<byte> commitments)
    {
        int room = commitments.Length / Hash256.Bytes;
        _sql.VersionLeaves.Bind(1, after);
        _sql.RecordLeaves.Bind(1, FirstOfRow(after + 1));
        try
        {
            var records = new RecordLeavesUp(_sql.RecordLeaves, after);
            bool isVersion = _sql.VersionLeaves.Step();
            bool isRecord = records.MoveNext();
            int count = 0;
            for (; count < room && (isVersion || isRecord); count++)
            {
                bool takesVersion = isVersion && (!isRecord || _sql.VersionLeaves.Int64(0) < records.Sequence);
                Span<byte> place = commitments.Slice(count * Hash256.Bytes, Hash256.Bytes);
                if ((takesVersion ? _sql.VersionLeaves.Int64(0) : records.Sequence) != after + count + 1
                    || !TryCopyEntry(takesVersion ? _sql.VersionLeaves.Blob(1) : records.Commitment, place))
                {
                    throw new StoreException($"The ledger has no leaf {after + count + 1}. Run the integrity check.");
                }

                isVersion = takesVersion ? _sql.VersionLeaves.Step() : isVersion;
                isRecord = takesVersion ? isRecord : records.MoveNext();
            }

            return count;
        }
        finally
        {
            _sql.VersionLeaves.Reset();
            _sql.RecordLeaves.Reset();
        }
    }

    /// <summary>Copies an entry from the beginning of a leaf; false when there is none.</summary>
    private static bool TryCopyEntry(ReadOnlySpan<byte> leaf, Span<byte> place) => leaf.Length >= Hash256.Bytes && leaf[..Hash256.Bytes].TryCopyTo(place);

    /// <summary>The number of the row in which a record would be.</summary>
    private long FirstOfRow(long sequence)
    {
        _sql.Record.Bind(1, sequence);
        long first = _sql.Record.Step() ? _sql.Record.Int64(0) : 0;
        _sql.Record.Reset();
        return first;
    }
}
