using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Writing;

/// <summary>A record that has its place in the order.</summary>
/// <param name="Sealing">Whose secret seals it.</param>
/// <param name="Subjects">Those whom it concerns; 0 for one of whom the store does not know.</param>
/// <param name="Previous">Where the ledger spoke of each of them before.</param>
internal readonly record struct PlacedRecord(long Sequence, PreparedRecord Record, Subject Sealing, long[] Subjects, long[] Previous);

/// <summary>
/// The records of one group commit. They are hashed, sealed and written at its end, many in one row (<see cref="RecordBlock"/>): nothing within a group
/// reads them.
/// </summary>
internal sealed class RecordBatch(WriteStatements sql, EngineParts parts)
{
    private readonly List<PlacedRecord> _records = [];
    private readonly Sha256Batch _hashes = new();
    private readonly byte[] _block = new byte[RecordBlock.MostBytes];
    private byte[] _sealed = new byte[4096];
    private readonly byte[] _noCommitment = new byte[Hash256.Bytes];
    private readonly List<Statement> _statements = [];
    private byte[] _statementHashes = [];
    private byte[] _links = [];
    private int _length;
    private int _count;
    private long _first;
    private long _last;

    public void Add(in PlacedRecord record) => _records.Add(record);

    /// <summary>Writes what was added, in the caller's transaction.</summary>
    /// <param name="instant">When all of it is committed, in milliseconds of Unix time.</param>
    public void Write(long instant)
    {
        if (_records.Count == 0)
        {
            return;
        }

        MakeCommitments(instant);
        for (int i = 0; i < _records.Count; i++)
        {
            PlacedRecord placed = _records[i];
            ReadOnlySpan<byte> commitment = parts.LedgerOrigin is null ? _noCommitment : _hashes[i];
            ReadOnlySpan<byte> content = Sealed(placed);
            int length = RecordBlock.BytesOf(placed.Subjects.Length, content.Length);
            if (placed.Subjects.Length > RecordBlock.MostPatients || length + 1 > RecordBlock.MostBytes)
            {
                WriteBlock(instant);
                WriteAlone(placed.Sequence, placed.Record.Kind, instant, placed.Sealing.Number, placed.Subjects, commitment, placed.Previous, content);
                continue;
            }

            if (_length + length > RecordBlock.MostBytes)
            {
                WriteBlock(instant);
            }

            if (_count == 0)
            {
                _first = placed.Sequence;
                _block[0] = RecordBlock.Format;
                _length = 1;
            }

            _length += RecordBlock.Write(
                _block.AsSpan(_length), (uint)(placed.Sequence - _first), placed.Record.Kind, placed.Subjects, commitment, placed.Previous, content);
            _last = placed.Sequence;
            _count++;
        }

        WriteBlock(instant);
        _records.Clear();
    }

    /// <summary>The commitment of each record, from its body's hash by that of its statement, all of them at once. There are none where there is no ledger.</summary>
    private void MakeCommitments(long instant)
    {
        if (parts.LedgerOrigin is not { } origin)
        {
            return;
        }

        _hashes.Clear();
        foreach (PlacedRecord placed in _records)
        {
            ReadOnlySpan<byte> body = placed.Record.Body;
            body.CopyTo(_hashes.Add(body.Length));
        }

        _hashes.Run();
        _statements.Clear();
        for (int i = 0; i < _records.Count; i++)
        {
            PlacedRecord placed = _records[i];
            PreparedRecord record = placed.Record;
            _statements.Add(RecordContent.StatementOf(
                origin, placed.Sequence, record.Kind, instant, new Hash256(_hashes[i]), record.Mentioned, record.Consent, placed.Previous));
        }

        _hashes.Clear();
        foreach (Statement statement in _statements)
        {
            statement.Write(_hashes.Add(statement.Length));
        }

        _hashes.Run();
        Span<byte> statements = _statementHashes.Length >= _records.Count * Hash256.Bytes
            ? _statementHashes
            : _statementHashes = new byte[2 * _records.Count * Hash256.Bytes];
        for (int i = 0; i < _records.Count; i++)
        {
            _hashes[i].CopyTo(statements[(i * Hash256.Bytes)..]);
        }

        _hashes.Clear();
        for (int i = 0; i < _records.Count; i++)
        {
            Commitment.WriteOpened(statements.Slice(i * Hash256.Bytes, Hash256.Bytes), _records[i].Record.Salt, _hashes.Add(Commitment.OpenedBytes));
        }

        _hashes.Run();
    }

    private ReadOnlySpan<byte> Sealed(in PlacedRecord placed)
    {
        byte[] plain = placed.Record.Content;
        int length = plain.Length + ResourceSealer.Overhead;
        if (_sealed.Length < length)
        {
            _sealed = new byte[length * 2];
        }

        Span<byte> sealedBytes = _sealed.AsSpan(0, length);
        SealStatus status = parts.Sealer.Seal(placed.Sealing.Id, RecordRow.SealOf(placed.Sequence), plain, sealedBytes);

        // The rows of an erased subject are gone, so nothing leads to it.
        return status == SealStatus.Ok ? sealedBytes : throw new StoreException($"A record could not be sealed: {status}.");
    }

    private void WriteBlock(long instant)
    {
        if (_count > 0)
        {
            Insert(_first, _last, _count, RecordRow.BlockKind, instant, 0, [], [], _block.AsSpan(0, _length));
        }

        (_count, _length) = (0, 0);
    }

    /// <summary>Writes a record that is there already to a row of its own.</summary>
    public void WriteAlone(RecordRow record)
    {
        Span<byte> commitment = stackalloc byte[Hash256.Bytes];
        record.Commitment.Write(commitment);
        WriteAlone(record.Sequence, record.Kind, record.Instant, record.Subject, record.Subjects, commitment, record.Previous, record.Sealed);
    }

    private void WriteAlone(
        long sequence, StatementKind kind, long instant, long sealing, long[] subjects, ReadOnlySpan<byte> commitment, long[] previous, ReadOnlySpan<byte> content)
    {
        int links = subjects.Length * sizeof(long);
        if (_links.Length < Hash256.Bytes + (2 * links))
        {
            _links = new byte[Hash256.Bytes + (2 * links)];
        }

        Span<byte> concerned = _links.AsSpan(0, links);
        Span<byte> leaf = _links.AsSpan(links, Hash256.Bytes + links);
        RecordBlock.WriteNumbers(subjects, concerned);
        commitment.CopyTo(leaf);
        RecordBlock.WriteNumbers(previous, leaf[Hash256.Bytes..]);
        Insert(sequence, sequence, 1, (long)kind, instant, sealing, concerned, leaf, content);
    }

    private void Insert(
        long first, long last, int count, long kind, long instant, long subject, ReadOnlySpan<byte> subjects, ReadOnlySpan<byte> leaf, ReadOnlySpan<byte> body)
    {
        sql.InsertRecord.Bind(1, first);
        sql.InsertRecord.Bind(2, last);
        sql.InsertRecord.Bind(3, count);
        sql.InsertRecord.Bind(4, kind);
        sql.InsertRecord.Bind(5, instant);
        sql.InsertRecord.Bind(6, subject);
        sql.InsertRecord.Bind(7, subjects);
        sql.InsertRecord.Bind(8, leaf);
        if (body.IsEmpty)
        {
            // Of an erased one.
            sql.InsertRecord.BindNull(9);
        }
        else
        {
            sql.InsertRecord.Bind(9, body);
        }

        sql.InsertRecord.Run();
    }
}
