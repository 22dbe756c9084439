using System.Buffers.Binary;
using HealthChain.LedgerProofs;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>
/// The records of one row, one after the other: what a group commit appended, as much as fits half a page. A row for each would cost as much as all
/// else that is done for a record.
/// </summary>
/// <remarks>
/// The bytes, big-endian: format 1 = 1 | records. A record: length of the rest 2 | sequence number less that of the row 4 | kind 1 | number of
/// patients 1 | their subjects 8 each | entry of the ledger 32 | previous of each patient 8 | sealed content. An erased one keeps entry and
/// previous; its subjects are 0, and it has no content.
/// </remarks>
internal ref struct RecordBlock(ReadOnlySpan<byte> bytes, long first)
{
    /// <summary>Most that a block holds: two rows to a page.</summary>
    public const int MostBytes = 4000;

    /// <summary>Most patients of a record in a block; one of more has a row of its own.</summary>
    public const int MostPatients = 32;

    public const byte Format = 1;

    private const int FixedBytes = 4 + 1 + 1 + Hash256.Bytes;

    private ReadOnlySpan<byte> _rest = bytes is [Format, ..] ? bytes[1..] : [];
    private ReadOnlySpan<byte> _record;

    /// <summary>Whether the bytes so far are of the form that they should have.</summary>
    public bool IsWhole { get; private set; } = bytes is [Format, ..];

    public readonly long Sequence => first + BinaryPrimitives.ReadUInt32BigEndian(_record);

    /// <summary>The entry of the ledger.</summary>
    public readonly ReadOnlySpan<byte> Commitment => _record.Slice(6 + (sizeof(long) * Patients), Hash256.Bytes);

    private readonly int Patients => _record[5];

    /// <summary>Bytes that a record takes in a block.</summary>
    public static int BytesOf(int patients, int sealedBytes) => 2 + FixedBytes + (2 * sizeof(long) * patients) + sealedBytes;

    /// <summary>Goes to the next record; false at the end, and where what follows is damaged.</summary>
    public bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        int length = _rest.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(_rest) : 0;
        if (length < FixedBytes || length > _rest.Length - 2 || length < FixedBytes + (2 * sizeof(long) * _rest[2 + 5]))
        {
            IsWhole = false;
            return false;
        }

        _record = _rest.Slice(2, length);
        _rest = _rest[(2 + length)..];
        return true;
    }

    /// <param name="instant">Of the row.</param>
    public readonly RecordRow Current(long instant, bool withContent = true)
    {
        int links = sizeof(long) * Patients;
        ReadOnlySpan<byte> leaf = _record[(6 + links)..];
        ReadOnlySpan<byte> content = leaf[(Hash256.Bytes + links)..];
        return new RecordRow(
            Sequence,
            (StatementKind)_record[4],
            instant,
            Numbers(_record.Slice(6, links)),
            new Hash256(leaf[..Hash256.Bytes]),
            Numbers(leaf.Slice(Hash256.Bytes, links)),
            content.IsEmpty ? null : withContent ? content.ToArray() : []);
    }

    /// <summary>Writes one record and says how many bytes that were.</summary>
    /// <param name="sequence">Less that of the row.</param>
    public static int Write(
        Span<byte> destination, uint sequence, StatementKind kind, ReadOnlySpan<long> subjects, ReadOnlySpan<byte> commitment, ReadOnlySpan<long> previous, ReadOnlySpan<byte> content)
    {
        int length = BytesOf(subjects.Length, content.Length);
        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)(length - 2));
        BinaryPrimitives.WriteUInt32BigEndian(destination[2..], sequence);
        destination[6] = (byte)kind;
        destination[7] = (byte)subjects.Length;
        int at = 8 + WriteNumbers(subjects, destination[8..]);
        commitment.CopyTo(destination[at..]);
        at += Hash256.Bytes;
        at += WriteNumbers(previous, destination[at..]);
        content.CopyTo(destination[at..]);
        return length;
    }

    /// <summary>The block without the records that are sealed under a subject; null when there is none of them.</summary>
    /// <param name="emptied">Takes their sequence numbers.</param>
    public static byte[]? Without(ReadOnlySpan<byte> bytes, long first, long subject, List<long> emptied)
    {
        byte[]? rest = null;
        int written = 1;
        Span<byte> commitment = stackalloc byte[Hash256.Bytes];
        var block = new RecordBlock(bytes, first);
        while (block.MoveNext())
        {
            bool isErased = block.IsSealedUnder(subject);
            if (isErased && rest is null)
            {
                rest = new byte[bytes.Length];
                written = bytes.Length - block._rest.Length - block._record.Length - 2;
                bytes[..written].CopyTo(rest);
            }

            if (rest is null)
            {
                continue;
            }

            if (!isErased)
            {
                BinaryPrimitives.WriteUInt16BigEndian(rest.AsSpan(written), (ushort)block._record.Length);
                block._record.CopyTo(rest.AsSpan(written + 2));
                written += 2 + block._record.Length;
                continue;
            }

            RecordRow record = block.Current(0);
            record.Commitment.Write(commitment);
            written += Write(rest.AsSpan(written), (uint)(record.Sequence - first), record.Kind, [0], commitment, record.Previous, []);
            emptied.Add(record.Sequence);
        }

        return rest?[..written];
    }

    private readonly bool IsSealedUnder(long subject) =>
        Patients == 1
        && (StatementKind)_record[4] != StatementKind.Erasure
        && _record.Length > FixedBytes + (2 * sizeof(long))
        && BinaryPrimitives.ReadInt64BigEndian(_record[6..]) == subject;

    public static int WriteNumbers(ReadOnlySpan<long> numbers, Span<byte> destination)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt64BigEndian(destination[(i * sizeof(long))..], numbers[i]);
        }

        return numbers.Length * sizeof(long);
    }

    public static long[] Numbers(ReadOnlySpan<byte> bytes)
    {
        long[] numbers = bytes.Length == 0 ? [] : new long[bytes.Length / sizeof(long)];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = BinaryPrimitives.ReadInt64BigEndian(bytes[(i * sizeof(long))..]);
        }

        return numbers;
    }
}
