using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace HealthChain.Storage.Sqlite.Database;

/// <summary>
/// The index keys of a resource as they lie beside it: from them come the index rows to remove when it changes, the rows that a crash took
/// from memory, and what searches and scopes decide by.
/// </summary>
/// <remarks>
/// Version 1, then keys in groups by parameter: difference of the parameter's number to the last one (zigzag varint), number of keys (varint); for each key: kind, with bit
/// 0x80 when a hash follows (8 bytes), 0x40 when a range follows (low in 8 bytes, high - low as varint).
/// </remarks>
internal static class KeyCoding
{
    private const byte Version = 1;
    private const byte HasHash = 0x80;
    private const byte HasRange = 0x40;
    private const byte KindMask = 0x3F;
    private const int MaxVarint = 10;
    private const int MaxKey = 1 + 8 + 8 + MaxVarint + (2 * MaxVarint);

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
            at += WriteVarint(destination[at..], (uint)((step << 1) ^ (step >> 31)));
            at += WriteVarint(destination[at..], (uint)count);
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

    // Searches decode the keys of every candidate, so this is one loop over the bytes.
    private static void ReadAll(ReadOnlySpan<byte> bytes, Numbers? numbers, List<IndexKey> keys)
    {
        if (bytes.IsEmpty || bytes[0] != Version)
        {
            throw Damaged();
        }

        // No key takes less than a byte.
        CollectionsMarshal.SetCount(keys, bytes.Length);
        Span<IndexKey> all = CollectionsMarshal.AsSpan(keys);
        int found = 0;
        int number = 0;
        for (int at = 1; at < bytes.Length;)
        {
            uint step = (uint)ReadVarint(bytes, ref at);
            number += (int)(step >> 1) ^ -(int)(step & 1);
            ulong count = ReadVarint(bytes, ref at);
            ushort parameter = numbers?.ParameterOf(number) ?? (ushort)number;
            int first = found;
            for (; count > 0; count--)
            {
                if (at >= bytes.Length)
                {
                    throw Damaged();
                }

                byte kind = bytes[at++];
                long hash = (kind & HasHash) != 0 ? ReadInt64(bytes, ref at) : 0;
                long low = 0;
                long high = 0;
                if ((kind & HasRange) != 0)
                {
                    low = ReadInt64(bytes, ref at);
                    high = low + (long)ReadVarint(bytes, ref at);
                }

                all[found++] = new IndexKey(parameter, (IndexKeyKind)(kind & KindMask), hash, low, high);
            }

            found = numbers is not null && parameter == Numbers.None ? first : found;
        }

        CollectionsMarshal.SetCount(keys, found);
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
            at += WriteVarint(destination[at..], (ulong)(key.High - key.Low));
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

    private static int WriteVarint(Span<byte> destination, ulong value)
    {
        int at = 0;
        for (; value >= 0x80; value >>= 7)
        {
            destination[at++] = (byte)(value | 0x80);
        }

        destination[at++] = (byte)value;
        return at;
    }

    private static ulong ReadVarint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; at < bytes.Length && shift < 7 * MaxVarint; shift += 7)
        {
            byte next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Damaged();
    }

    private static StoreException Damaged() => new("The index keys of a resource are damaged. Run the integrity check, and restore the database from its backup.");
}
