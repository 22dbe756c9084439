using HealthChain.LedgerProofs;
using Statement = HealthChain.Storage.Sqlite.Native.Statement;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>
/// Goes through the entries of records in the ledger in their order, as <see cref="RecordsUp"/> does through records, but without making any: the ledger
/// takes each entry once, soon after every access.
/// </summary>
/// <param name="rows">Gives rows with <see cref="RecordRow.Columns"/> in the order of their numbers, beginning with the one that holds what is first wanted.</param>
/// <param name="after">Those up to this sequence number are passed over.</param>
internal ref struct RecordLeavesUp(Statement rows, long after)
{
    private RecordBlock _block;
    private bool _isInBlock;

    public long Sequence { get; private set; }

    /// <summary>Until the next turn.</summary>
    public ReadOnlySpan<byte> Commitment { get; private set; }

    /// <exception cref="StoreException">They are damaged.</exception>
    public bool MoveNext()
    {
        do
        {
            if (!MoveToNext())
            {
                return false;
            }
        }
        while (Sequence <= after);
        return true;
    }

    private bool MoveToNext()
    {
        while (true)
        {
            if (_isInBlock && _block.MoveNext())
            {
                Sequence = _block.Sequence;
                Commitment = _block.Commitment;
                return true;
            }

            if (_isInBlock && !_block.IsWhole)
            {
                throw RecordRow.Damaged(rows.Int64(0));
            }

            _isInBlock = false;
            if (!rows.Step())
            {
                return false;
            }

            if (rows.Int64(2) != RecordRow.BlockKind)
            {
                Sequence = rows.Int64(0);
                Commitment = RecordRow.LeafOf(rows)[..Hash256.Bytes];
                return true;
            }

            _block = new RecordBlock(rows.Blob(6), rows.Int64(0));
            _isInBlock = true;
        }
    }
}
