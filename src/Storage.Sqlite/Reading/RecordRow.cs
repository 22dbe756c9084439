using HealthChain.LedgerProofs;
using HealthChain.Storage.Sealing;
using Statement = HealthChain.Storage.Sqlite.Native.Statement;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>A record of the ledger without its content.</summary>
/// <param name="Instant">When it was committed, in milliseconds of Unix time.</param>
/// <param name="Subjects">Those whom it concerns; 0 for one of whom the store did not know. None or zeroes when it was erased.</param>
/// <param name="Previous">Where the ledger spoke of each of them before.</param>
/// <param name="Sealed">Its content; null when it was erased, empty when it is not wanted.</param>
internal sealed record RecordRow(long Sequence, StatementKind Kind, long Instant, long[] Subjects, Hash256 Commitment, long[] Previous, byte[]? Sealed)
{
    public const string Columns = "seq, n, kind, ts, subs, leaf, body";

    /// <summary>In place of a kind: the row holds a <see cref="RecordBlock"/>.</summary>
    public const int BlockKind = 0;

    /// <summary>Under which it is sealed; 0 for no person. What concerns one patient is that patient's; only an erasure outlives whom it concerns.</summary>
    public long Subject => Kind != StatementKind.Erasure && Subjects is [var only] ? only : 0;

    public bool IsErased => Sealed is null;

    /// <summary>What its sealed bytes are bound to.</summary>
    public SealedVersion Seal => SealOf(Sequence);

    public static SealedVersion SealOf(long sequence) => new("record", 0, sequence);

    /// <summary>Reads the records of a row, in order.</summary>
    /// <param name="row">A row with the <see cref="Columns"/>.</param>
    /// <param name="withContent">Whether their sealed content is wanted: it is most of what they have.</param>
    /// <exception cref="StoreException">It is damaged.</exception>
    public static void ReadAll(Statement row, List<RecordRow> records, bool withContent = true)
    {
        records.Clear();
        long first = row.Int64(0);
        if (row.Int64(2) != BlockKind)
        {
            records.Add(ReadSingle(row, first, withContent));
            return;
        }

        var block = new RecordBlock(row.Blob(6), first);
        while (block.MoveNext())
        {
            records.Add(block.Current(row.Int64(3), withContent));
        }

        if (!block.IsWhole || records.Count != row.Int64(1))
        {
            throw Damaged(first);
        }
    }

    /// <summary>The record with that sequence number in a row; null when it is not there.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public static RecordRow? Find(Statement row, long sequence, bool withContent = true)
    {
        long first = row.Int64(0);
        if (row.Int64(2) != BlockKind)
        {
            return first == sequence ? ReadSingle(row, first, withContent) : null;
        }

        var block = new RecordBlock(row.Blob(6), first);
        while (block.MoveNext())
        {
            if (block.Sequence == sequence)
            {
                return block.Current(row.Int64(3), withContent);
            }
        }

        return block.IsWhole ? null : throw Damaged(first);
    }

    /// <summary>What the ledger has of the one record of a row: its entry, and the numbers before it.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public static ReadOnlySpan<byte> LeafOf(Statement row) =>
        row.Blob(5) is { Length: >= Hash256.Bytes } leaf ? leaf : throw new StoreException($"Record {row.Int64(0)} has no leaf of the ledger.");

    private static RecordRow ReadSingle(Statement row, long sequence, bool withContent)
    {
        ReadOnlySpan<byte> leaf = LeafOf(row);
        return new RecordRow(
            sequence,
            (StatementKind)row.Int64(2),
            row.Int64(3),
            RecordBlock.Numbers(row.Blob(4)),
            new Hash256(leaf[..Hash256.Bytes]),
            RecordBlock.Numbers(leaf[Hash256.Bytes..]),
            row.IsNull(6) ? null : withContent ? row.Blob(6).ToArray() : []);
    }

    public static StoreException Damaged(long first) => new($"The records from {first} on are damaged. Run the integrity check.");
}
