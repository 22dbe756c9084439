using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;
using Statement = HealthChain.Storage.Sqlite.Native.Statement;

namespace HealthChain.Storage.Sqlite.Reading;

// What only the ledger needs: records and leaves.
internal sealed partial class Snapshot
{
    public RecordRow? FindRecord(long sequence)
    {
        _sql.Record.Bind(1, sequence);
        try
        {
            return _sql.Record.Step() ? RecordRow.Read(_sql.Record) : null;
        }
        finally
        {
            _sql.Record.Reset();
        }
    }

    /// <summary>Records before a sequence number, newest first; erased ones are no more.</summary>
    public IEnumerable<RecordRow> RecordsDown(long before)
    {
        _sql.RecordsDown.Bind(1, before);
        try
        {
            while (_sql.RecordsDown.Step())
            {
                yield return RecordRow.Read(_sql.RecordsDown);
            }
        }
        finally
        {
            _sql.RecordsDown.Reset();
        }
    }

    /// <summary>Hash of the reference to the patient with that subject; 0 when there is none any more.</summary>
    public long PatientOf(long subject) => First(_sql.Patient, subject);

    /// <summary>Opens a record; null when there is none, or it was erased.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public RecordContent? OpenRecord(long sequence, out RecordRow? row)
    {
        row = null;
        _sql.Record.Bind(1, sequence);
        try
        {
            if (!_sql.Record.Step())
            {
                return null;
            }

            row = RecordRow.Read(_sql.Record);
            return _sql.Record.IsNull(6) || Unsealed(sequence, row.Subject, row.Seal, _sql.Record.Blob(6)) is not { } plain ? null
                : RecordContent.Read(plain) ?? throw new StoreException($"Record {sequence} has a form that this program does not know.");
        }
        finally
        {
            _sql.Record.Reset();
        }
    }

    /// <summary>Opens a version with its leaf, of which its statement is made; null when it was erased.</summary>
    public LeafOpening? OpenLeaf(in VersionRow row, ResourceKey key, string origin) =>
        OpenChecked(row.Sequence) is { Leaf: { } leaf } version && version.Stored.Key == key && SubjectIdOf(row.Subject) is { } subject
            ? LeafMaker.Open(
                _sealer.Keys, subject, VersionLeaf.StatementOf(origin, row, key, version.Hash, leaf.PreviousOfPatient, leaf.PreviousOfResource))
            : null;

    public LeafOpening? OpenRecordLeaf(long sequence, string origin) =>
        OpenRecord(sequence, out RecordRow? row) is { } content && SubjectIdOf(row!.Subject) is { } subject
            ? LeafMaker.Open(_sealer.Keys, subject, content.StatementOf(origin, sequence, row.Kind, row.Instant, row.Previous))
            : null;

    /// <summary>The entries after a sequence number in order, as many as there are and is room for.</summary>
    /// <exception cref="StoreException">One is missing.</exception>
    public int ReadLeaves(long after, Span<byte> commitments)
    {
        int room = commitments.Length / Hash256.Bytes;
        _sql.VersionLeaves.Bind(1, after);
        _sql.RecordLeaves.Bind(1, after);
        try
        {
            bool isVersion = _sql.VersionLeaves.Step();
            bool isRecord = _sql.RecordLeaves.Step();
            int count = 0;
            for (; count < room && (isVersion || isRecord); count++)
            {
                bool takesVersion = isVersion && (!isRecord || _sql.VersionLeaves.Int64(0) < _sql.RecordLeaves.Int64(0));
                Statement row = takesVersion ? _sql.VersionLeaves : _sql.RecordLeaves;
                ReadOnlySpan<byte> leaf = row.Blob(1);
                if (row.Int64(0) != after + count + 1 || leaf.Length < Hash256.Bytes)
                {
                    throw new StoreException($"The ledger has no leaf {after + count + 1}. Run the integrity check.");
                }

                leaf[..Hash256.Bytes].CopyTo(commitments[(count * Hash256.Bytes)..]);
                isVersion = takesVersion ? _sql.VersionLeaves.Step() : isVersion;
                isRecord = takesVersion ? isRecord : _sql.RecordLeaves.Step();
            }

            return count;
        }
        finally
        {
            _sql.VersionLeaves.Reset();
            _sql.RecordLeaves.Reset();
        }
    }
}
