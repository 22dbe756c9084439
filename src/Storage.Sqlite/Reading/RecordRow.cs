using System.Buffers.Binary;
using HealthChain.LedgerProofs;
using HealthChain.Storage.Sealing;
using Statement = HealthChain.Storage.Sqlite.Native.Statement;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>A record of the ledger without its content.</summary>
/// <param name="Instant">When it was committed, in milliseconds of Unix time.</param>
/// <param name="Subject">Under which it is sealed; 0 for no person.</param>
/// <param name="Subjects">Those whom it concerns; 0 for one of whom the store did not know. None when it was erased.</param>
/// <param name="Previous">Where the ledger spoke of each of them before.</param>
internal sealed record RecordRow(long Sequence, StatementKind Kind, long Instant, long Subject, long[] Subjects, Hash256 Commitment, long[] Previous)
{
    public const string Columns = "seq, kind, ts, sub, subs, leaf";

    /// <summary>What its sealed bytes are bound to.</summary>
    public SealedVersion Seal => SealOf(Sequence);

    public static SealedVersion SealOf(long sequence) => new("record", 0, sequence);

    /// <param name="row">A row with the <see cref="Columns"/>.</param>
    /// <exception cref="StoreException">It is damaged.</exception>
    public static RecordRow Read(Statement row)
    {
        ReadOnlySpan<byte> leaf = row.Blob(5);
        return leaf.Length >= Hash256.Bytes
            ? new RecordRow(
                row.Int64(0),
                (StatementKind)row.Int64(1),
                row.Int64(2),
                row.Int64(3),
                Numbers(row.Blob(4)),
                new Hash256(leaf[..Hash256.Bytes]),
                Numbers(leaf[Hash256.Bytes..]))
            : throw new StoreException($"Record {row.Int64(0)} has no leaf of the ledger.");
    }

    public static void Write(ReadOnlySpan<long> numbers, Span<byte> destination)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt64BigEndian(destination[(i * sizeof(long))..], numbers[i]);
        }
    }

    private static long[] Numbers(ReadOnlySpan<byte> bytes)
    {
        long[] numbers = new long[bytes.Length / sizeof(long)];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = BinaryPrimitives.ReadInt64BigEndian(bytes[(i * sizeof(long))..]);
        }

        return numbers;
    }
}
