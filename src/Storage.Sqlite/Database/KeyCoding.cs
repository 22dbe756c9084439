using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace HealthChain.Storage.Sqlite.Database;

/// <summary>
/// The index keys of a resource as they lie beside it: from them come the index rows to remove when it changes, the rows that a crash took
/// from memory, and what searches and scopes decide by.
/// </summary>
/// <remarks>
/// Version 2, then keys in groups by parameter: difference of the parameter's number to the last one (zigzag varint), bytes of the keys (varint), so that
/// a search can skip to the parameter it asks for; for each key: kind, with bit 0x80 when a hash follows (8 bytes), 0x40 when a range
/// follows (low in 8 bytes, high - low as varint). One value often stands under several parameters: with bit 0x20 the first of these 8 bytes are those
/// at a place before the group, which follows instead (varint, counted from the beginning). Version 1 had no such keys.
/// </remarks>
internal static class KeyCoding
{
    private const byte Version = 2;
    private const byte VersionBefore = 1;
    private const byte HasHash = 0x80;
    private const byte HasRange = 0x40;
    private const byte StandsBefore = 0x20;
    private const byte KindMask = 0x1F;
    private const int MaxKey = 1 + 8 + 8 + Varint.MostBytes + (2 * Varint.MostBytes);

    /// <summary>A length that the coding of that many keys never exceeds.</summary>
    public static int MaxLength(int keys) => 1 + (keys * MaxKey);

    /// <summary>Writes keys, sorted by parameter, and returns how many bytes they take.</summary>
    public static int Write(ReadOnlySpan<IndexKey> keys, Numbers numbers, Span<byte> destination)
    {
        int size = Places.SizeFor(keys.Length);
        int[]? rented = size > Places.MostOnStack ? ArrayPool<int>.Shared.Rent(size) : null;
        Span<int> table = rented is null ? stackalloc int[Places.MostOnStack] : rented;
        try
        {
            return Write(keys, numbers, destination, new Places(table[..size], destination));
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<int>.Shared.Return(rented);
            }
        }
    }

    private static int Write(ReadOnlySpan<IndexKey> keys, Numbers numbers, Span<byte> destination, Places places)
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

            // Most groups are so short that their length takes a byte; others are moved on.
            int end = at + 1;
            foreach (ref readonly IndexKey key in keys[..count])
            {
                end += WriteKey(destination[end..], key, places);
            }

            uint length = (uint)(end - at - 1);
            int start = at + Varint.LengthOf(length);
            if (start > at + 1)
            {
                destination[(at + 1)..end].CopyTo(destination[start..]);
            }

            Varint.Write(destination[at..], length);
            at = start + (int)length;
            Remember(destination[..at], start, places);
            keys = keys[count..];
        }

        return at;
    }

    /// <summary>What a group wrote out can be pointed at by those behind it.</summary>
    private static void Remember(ReadOnlySpan<byte> bytes, int at, Places places)
    {
        while (at < bytes.Length)
        {
            byte kind = bytes[at++];
            if ((kind & StandsBefore) != 0)
            {
                ReadVarint(bytes, ref at);
            }
            else if ((kind & (HasHash | HasRange)) != 0)
            {
                places.Add(at);
                at += sizeof(long);
            }

            if ((kind & HasRange) != 0)
            {
                at += (kind & HasHash) != 0 ? sizeof(long) : 0;
                ReadVarint(bytes, ref at);
            }
        }
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
                CollectionsMarshal.SetCount(keys, ReadKeys(bytes, group, parameter, CollectionsMarshal.AsSpan(keys)));
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
                found += ReadKeys(bytes, group, parameter, all[found..]);
            }
        }

        CollectionsMarshal.SetCount(keys, found);
    }

    private static int StartOf(ReadOnlySpan<byte> bytes) => !bytes.IsEmpty && bytes[0] is Version or VersionBefore ? 1 : throw Damaged();

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

    /// <param name="bytes">The whole list, for what stands in other groups.</param>
    private static int ReadKeys(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> group, ushort parameter, Span<IndexKey> keys)
    {
        int found = 0;
        for (int at = 0; at < group.Length; found++)
        {
            byte kind = group[at++];
            long first = (kind & (HasHash | HasRange)) == 0 ? 0
                : (kind & StandsBefore) == 0 ? ReadInt64(group, ref at)
                : ReadAt(bytes, ReadVarint(group, ref at));
            long hash = (kind & HasHash) != 0 ? first : 0;
            long low = 0;
            long high = 0;
            if ((kind & HasRange) != 0)
            {
                low = (kind & HasHash) != 0 ? ReadInt64(group, ref at) : first;
                high = low + (long)ReadVarint(group, ref at);
            }

            keys[found] = new IndexKey(parameter, (IndexKeyKind)(kind & KindMask), hash, low, high);
        }

        return found;
    }

    private static int WriteKey(Span<byte> destination, in IndexKey key, Places places)
    {
        (bool hasHash, bool hasRange) = (key.Hash != 0, key.Low != 0 || key.High != 0);
        int place = hasHash || hasRange ? places.Find(hasHash ? key.Hash : key.Low) : 0;
        destination[0] = (byte)((byte)key.Kind | (hasHash ? HasHash : 0) | (hasRange ? HasRange : 0) | (place != 0 ? StandsBefore : 0));
        int at = 1;
        if (place != 0)
        {
            at += Varint.Write(destination[at..], (uint)place);
        }

        if (hasHash && place == 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(destination[at..], key.Hash);
            at += sizeof(long);
        }

        if (hasRange)
        {
            if (hasHash || place == 0)
            {
                BinaryPrimitives.WriteInt64LittleEndian(destination[at..], key.Low);
                at += sizeof(long);
            }

            at += Varint.Write(destination[at..], (ulong)(key.High - key.Low));
        }

        return at;
    }

    private static long ReadAt(ReadOnlySpan<byte> bytes, ulong place)
    {
        if (place > (ulong)bytes.Length)
        {
            throw Damaged();
        }

        int at = (int)place;
        return ReadInt64(bytes, ref at);
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

    /// <summary>Where in the list each number of 8 bytes stands that was written out, by its value: an open table with room for twice as many.</summary>
    private readonly ref struct Places
    {
        public const int MostOnStack = 512;

        private readonly Span<int> _table;
        private readonly ReadOnlySpan<byte> _bytes;

        public Places(Span<int> table, ReadOnlySpan<byte> bytes)
        {
            _table = table;
            _bytes = bytes;
            table.Clear();
        }

        public static int SizeFor(int keys) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, 2 * keys));

        /// <summary>The place of a number; 0 when it stands nowhere.</summary>
        public int Find(long number) => _table[SlotOf(number)];

        public void Add(int place) => _table[SlotOf(BinaryPrimitives.ReadInt64LittleEndian(_bytes[place..]))] = place;

        private int SlotOf(long number)
        {
            int slot = (int)(((ulong)number * 0x9E37_79B9_7F4A_7C15) >> 40) & (_table.Length - 1);
            while (_table[slot] != 0 && BinaryPrimitives.ReadInt64LittleEndian(_bytes[_table[slot]..]) != number)
            {
                slot = (slot + 1) & (_table.Length - 1);
            }

            return slot;
        }
    }
}
