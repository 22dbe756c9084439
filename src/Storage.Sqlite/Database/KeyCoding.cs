using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace HealthChain.Storage.Sqlite.Database;

/// <summary>
/// The index keys of a resource as they lie beside it: from them come the index rows to remove when it changes, the rows that a crash took
/// from memory, and what searches and scopes decide by.
/// </summary>
/// <remarks>
/// Version 1, then keys in groups by parameter: difference of the parameter's number to the last one (zigzag varint), bytes of the keys (varint), so that
/// a search can skip to the parameter it asks for; for each key: kind, with bit 0x80 when a hash follows (8 bytes), 0x40 when a range
/// follows (low in 8 bytes, high - low as varint).
/// </remarks>
internal static class KeyCoding
{
    private const byte Version = 1;
    private const byte HasHash = 0x80;
    private const byte HasRange = 0x40;
    private const byte KindMask = 0x3F;
    private const int MaxKey = 1 + 8 + 8 + Varint.MostBytes + (2 * Varint.MostBytes);

    /// <summary>A length that the coding of that many keys never exceeds.</summary>
    public static int MaxLength(int keys) => 1 + (keys * MaxKey);

    /// <summary>Writes keys, sorted by parameter, and returns how many bytes they take.</summary>
    public static int Write(ReadOnlySpan<IndexKey> keys, Numbers numbers, Span<byte> destination)
    {
        destination[0] = Version;
        int at = 1;
        int last = 0;
        while (!keys.IsEmpty)
        {
            int count = 1;
            while (count < keys.Length && keys[count].Parameter == keys[0].Parameter)
            {
                count++;
            }

            int number = numbers.OfParameter(keys[0].Parameter);
            int step = number - last;
            last = number;
            at += Varint.Write(destination[at..], (uint)((step << 1) ^ (step >> 31)));
            int length = 0;
            foreach (ref readonly IndexKey key in keys[..count])
            {
                length += LengthOf(key);
            }

            at += Varint.Write(destination[at..], (uint)length);
            foreach (ref readonly IndexKey key in keys[..count])
            {
                at += WriteKey(destination[at..], key);
            }

            keys = keys[count..];
        }

        return at;
    }

    /// <summary>Replaces what is in the list by the keys, sorted, with the ids of today's parameters; keys of others are left out.</summary>
    /// <exception cref="StoreException">The bytes are damaged.</exception>
    public static void Read(ReadOnlySpan<byte> bytes, Numbers numbers, List<IndexKey> keys)
    {
        ReadAll(bytes, numbers, keys);
        if (!numbers.KeepsOrder)
        {
            keys.Sort();
        }
    }

    /// <summary>Replaces what is in the list by the keys with the database's numbers in place of ids, those of parameters that are no longer known too.</summary>
    /// <exception cref="StoreException">The bytes are damaged.</exception>
    public static void ReadNumbered(ReadOnlySpan<byte> bytes, List<IndexKey> keys) => ReadAll(bytes, null, keys);

    /// <summary>Replaces what is in the list by the keys of one parameter, sorted.</summary>
    /// <param name="number">The database's number of the parameter.</param>
    /// <exception cref="StoreException">The bytes are damaged.</exception>
    public static void ReadOf(ReadOnlySpan<byte> bytes, int number, ushort parameter, List<IndexKey> keys)
    {
        keys.Clear();
        int next = 0;
        for (int at = StartOf(bytes); at < bytes.Length;)
        {
            ReadOnlySpan<byte> group = ReadGroup(bytes, ref at, ref next);
            if (next == number)
            {
                CollectionsMarshal.SetCount(keys, group.Length);
                CollectionsMarshal.SetCount(keys, ReadKeys(group, parameter, CollectionsMarshal.AsSpan(keys)));
                return;
            }
        }
    }

    private static void ReadAll(ReadOnlySpan<byte> bytes, Numbers? numbers, List<IndexKey> keys)
    {
        // No key takes less than a byte.
        CollectionsMarshal.SetCount(keys, bytes.Length);
        Span<IndexKey> all = CollectionsMarshal.AsSpan(keys);
        int found = 0;
        int number = 0;
        for (int at = StartOf(bytes); at < bytes.Length;)
        {
            ReadOnlySpan<byte> group = ReadGroup(bytes, ref at, ref number);
            ushort parameter = numbers?.ParameterOf(number) ?? (ushort)number;
            if (numbers is null || parameter != Numbers.None)
            {
                found += ReadKeys(group, parameter, all[found..]);
            }
        }

        CollectionsMarshal.SetCount(keys, found);
    }

    private static int StartOf(ReadOnlySpan<byte> bytes) => !bytes.IsEmpty && bytes[0] == Version ? 1 : throw Damaged();

    private static ReadOnlySpan<byte> ReadGroup(ReadOnlySpan<byte> bytes, ref int at, ref int number)
    {
        uint step = (uint)ReadVarint(bytes, ref at);
        number += (int)(step >> 1) ^ -(int)(step & 1);
        ulong length = ReadVarint(bytes, ref at);
        if (length > (ulong)(bytes.Length - at))
        {
            throw Damaged();
        }

        ReadOnlySpan<byte> group = bytes.Slice(at, (int)length);
        at += (int)length;
        return group;
    }

    private static int ReadKeys(ReadOnlySpan<byte> group, ushort parameter, Span<IndexKey> keys)
    {
        int found = 0;
        for (int at = 0; at < group.Length; found++)
        {
            byte kind = group[at++];
            long hash = (kind & HasHash) != 0 ? ReadInt64(group, ref at) : 0;
            long low = 0;
            long high = 0;
            if ((kind & HasRange) != 0)
            {
                low = ReadInt64(group, ref at);
                high = low + (long)ReadVarint(group, ref at);
            }

            keys[found] = new IndexKey(parameter, (IndexKeyKind)(kind & KindMask), hash, low, high);
        }

        return found;
    }

    private static int LengthOf(in IndexKey key)
    {
        int length = key.Hash != 0 ? 1 + sizeof(long) : 1;
        if (key.Low != 0 || key.High != 0)
        {
            length += sizeof(long) + 1;
            for (ulong rest = (ulong)(key.High - key.Low) >> 7; rest != 0; rest >>= 7)
            {
                length++;
            }
        }

        return length;
    }

    private static int WriteKey(Span<byte> destination, in IndexKey key)
    {
        bool hasHash = key.Hash != 0;
        bool hasRange = key.Low != 0 || key.High != 0;
        destination[0] = (byte)((byte)key.Kind | (hasHash ? HasHash : 0) | (hasRange ? HasRange : 0));
        int at = 1;
        if (hasHash)
        {
            BinaryPrimitives.WriteInt64LittleEndian(destination[at..], key.Hash);
            at += 8;
        }

        if (hasRange)
        {
            BinaryPrimitives.WriteInt64LittleEndian(destination[at..], key.Low);
            at += 8;
            at += Varint.Write(destination[at..], (ulong)(key.High - key.Low));
        }

        return at;
    }

    private static long ReadInt64(ReadOnlySpan<byte> bytes, ref int at)
    {
        if (bytes.Length - at < sizeof(long))
        {
            throw Damaged();
        }

        long value = BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);
        at += sizeof(long);
        return value;
    }

    private static ulong ReadVarint(ReadOnlySpan<byte> bytes, ref int at) =>
        Varint.TryRead(bytes, ref at, out ulong value) ? value : throw Damaged();

    private static StoreException Damaged() => new("The index keys of a resource are damaged. Run the integrity check, and restore the database from its backup.");
}
