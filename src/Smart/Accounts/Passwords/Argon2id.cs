using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace HealthChain.Smart.Accounts.Passwords;

/// <summary>What a hash costs, by which it can be repeated.</summary>
/// <param name="KibiBytes">Memory.</param>
/// <param name="Passes">How often all of it is gone over.</param>
/// <param name="Lanes">Into how many parts it is divided; we fill them one after the other.</param>
internal readonly record struct Argon2Cost(int KibiBytes, int Passes, int Lanes)
{
    public bool IsSound => Lanes is >= 1 and <= 16 && Passes is >= 1 and <= 64 && KibiBytes >= 8 * Lanes && KibiBytes <= 1 << 20;
}

/// <summary>Argon2id of RFC 9106, version 0x13: a hash of passwords that takes memory on purpose, so that guessing is dear on any hardware.</summary>
internal static class Argon2id
{
    private const int BlockWords = 128;
    private const int BlockBytes = BlockWords * sizeof(ulong);
    private const int Slices = 4;
    private const int Version = 0x13;
    private const int Type = 2;

    /// <summary>Words of memory for a cost; the caller may keep them from one hash to the next.</summary>
    public static int WordsFor(Argon2Cost cost) => cost.KibiBytes / (Slices * cost.Lanes) * (Slices * cost.Lanes) * BlockWords;

    /// <summary>Fills <paramref name="hash"/>. Nothing of the password is left in <paramref name="memory"/>.</summary>
    public static void Hash(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, Argon2Cost cost, Span<ulong> memory, Span<byte> hash, ReadOnlySpan<byte> secret = default, ReadOnlySpan<byte> associated = default)
    {
        if (!cost.IsSound || memory.Length < WordsFor(cost))
        {
            throw new ArgumentException("The memory is too small, or the cost out of range.", nameof(memory));
        }

        memory = memory[..WordsFor(cost)];
        try
        {
            var run = new Run(memory, cost);
            FillStarts(run, password, salt, hash.Length, secret, associated);
            for (int pass = 0; pass < cost.Passes; pass++)
            {
                for (int slice = 0; slice < Slices; slice++)
                {
                    for (int lane = 0; lane < cost.Lanes; lane++)
                    {
                        FillSegment(run, pass, slice, lane);
                    }
                }
            }

            Span<ulong> last = stackalloc ulong[BlockWords];
            last.Clear();
            for (int lane = 0; lane < cost.Lanes; lane++)
            {
                Xor(last, run.Block(lane, run.LaneBlocks - 1));
            }

            LongHash(MemoryMarshal.AsBytes(last), hash);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(memory));
        }
    }

    // RFC 9106 §3.2, steps 1 to 4.
    private static void FillStarts(in Run run, ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int hashBytes, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> associated)
    {
        byte[] message = new byte[(10 * sizeof(int)) + password.Length + salt.Length + secret.Length + associated.Length];
        Span<byte> rest = message;
        Append(ref rest, run.Cost.Lanes);
        Append(ref rest, hashBytes);
        Append(ref rest, run.Cost.KibiBytes);
        Append(ref rest, run.Cost.Passes);
        Append(ref rest, Version);
        Append(ref rest, Type);
        AppendText(ref rest, password);
        AppendText(ref rest, salt);
        AppendText(ref rest, secret);
        AppendText(ref rest, associated);

        Span<byte> seed = stackalloc byte[Blake2b.MaxHashBytes + (2 * sizeof(int))];
        Blake2b.Hash(message, seed[..Blake2b.MaxHashBytes]);
        CryptographicOperations.ZeroMemory(message);
        for (int lane = 0; lane < run.Cost.Lanes; lane++)
        {
            for (int column = 0; column < 2; column++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(seed[Blake2b.MaxHashBytes..], column);
                BinaryPrimitives.WriteInt32LittleEndian(seed[(Blake2b.MaxHashBytes + sizeof(int))..], lane);
                LongHash(seed, MemoryMarshal.AsBytes(run.Block(lane, column)));
            }
        }
    }

    private static void FillSegment(in Run run, int pass, int slice, int lane)
    {
        // §3.4.1.3: the first half of the first pass does not depend on the password, so that it tells nothing to who watches the memory.
        bool isIndependent = pass == 0 && slice < Slices / 2;
        Span<ulong> addresses = stackalloc ulong[BlockWords];
        Span<ulong> counter = stackalloc ulong[BlockWords];
        counter.Clear();
        addresses.Clear();
        if (isIndependent)
        {
            counter[0] = (ulong)pass;
            counter[1] = (ulong)lane;
            counter[2] = (ulong)slice;
            counter[3] = (ulong)(run.LaneBlocks * run.Cost.Lanes);
            counter[4] = (ulong)run.Cost.Passes;
            counter[5] = Type;
        }

        int first = pass == 0 && slice == 0 ? 2 : 0;
        for (int index = 0; index < run.SegmentBlocks; index++)
        {
            if (isIndependent && index % BlockWords == 0)
            {
                NextAddresses(counter, addresses);
            }

            if (index < first)
            {
                continue;
            }

            int column = (slice * run.SegmentBlocks) + index;
            ReadOnlySpan<ulong> previous = run.Block(lane, column == 0 ? run.LaneBlocks - 1 : column - 1);
            ulong chosen = isIndependent ? addresses[index % BlockWords] : previous[0];
            int otherLane = pass == 0 && slice == 0 ? lane : (int)((chosen >> 32) % (ulong)run.Cost.Lanes);
            int other = run.Reference(pass, slice, index, (uint)chosen, otherLane == lane);
            Compress(previous, run.Block(otherLane, other), run.Block(lane, column), addsToOld: pass > 0);
        }
    }

    private static void NextAddresses(Span<ulong> counter, Span<ulong> addresses)
    {
        Span<ulong> zero = stackalloc ulong[BlockWords];
        zero.Clear();
        counter[6]++;
        Compress(zero, counter, addresses, addsToOld: false);
        Compress(zero, addresses, addresses, addsToOld: false);
    }

    // RFC 9106 §3.5: rows of sixteen words, then columns of eight pairs.
    private static void Compress(ReadOnlySpan<ulong> x, ReadOnlySpan<ulong> y, Span<ulong> result, bool addsToOld)
    {
        Span<ulong> r = stackalloc ulong[BlockWords];
        Span<ulong> kept = stackalloc ulong[BlockWords];
        x.CopyTo(r);
        Xor(r, y);
        r.CopyTo(kept);
        if (addsToOld)
        {
            Xor(kept, result);
        }

        ref ulong words = ref MemoryMarshal.GetReference(r);
        for (int row = 0; row < 8; row++)
        {
            ref ulong start = ref Unsafe.Add(ref words, row * 16);
            var a = Vector256.LoadUnsafe(ref start);
            var b = Vector256.LoadUnsafe(ref start, 4);
            var c = Vector256.LoadUnsafe(ref start, 8);
            var d = Vector256.LoadUnsafe(ref start, 12);
            Permute(ref a, ref b, ref c, ref d);
            a.StoreUnsafe(ref start);
            b.StoreUnsafe(ref start, 4);
            c.StoreUnsafe(ref start, 8);
            d.StoreUnsafe(ref start, 12);
        }

        for (int column = 0; column < 8; column++)
        {
            ref ulong start = ref Unsafe.Add(ref words, column * 2);
            Vector256<ulong> a = LoadPairs(ref start, 0);
            Vector256<ulong> b = LoadPairs(ref start, 32);
            Vector256<ulong> c = LoadPairs(ref start, 64);
            Vector256<ulong> d = LoadPairs(ref start, 96);
            Permute(ref a, ref b, ref c, ref d);
            StorePairs(a, ref start, 0);
            StorePairs(b, ref start, 32);
            StorePairs(c, ref start, 64);
            StorePairs(d, ref start, 96);
        }

        Xor(kept, r);
        kept.CopyTo(result);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> LoadPairs(ref ulong start, nuint offset) =>
        Vector256.Create(Vector128.LoadUnsafe(ref start, offset), Vector128.LoadUnsafe(ref start, offset + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePairs(Vector256<ulong> pairs, ref ulong start, nuint offset)
    {
        pairs.GetLower().StoreUnsafe(ref start, offset);
        pairs.GetUpper().StoreUnsafe(ref start, offset + 16);
    }

    // §3.6, the permutation P: on columns, then on diagonals, which are columns after turning the rows.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Permute(ref Vector256<ulong> a, ref Vector256<ulong> b, ref Vector256<ulong> c, ref Vector256<ulong> d)
    {
        Mix(ref a, ref b, ref c, ref d);
        b = Vector256.Shuffle(b, Vector256.Create(1ul, 2, 3, 0));
        c = Vector256.Shuffle(c, Vector256.Create(2ul, 3, 0, 1));
        d = Vector256.Shuffle(d, Vector256.Create(3ul, 0, 1, 2));
        Mix(ref a, ref b, ref c, ref d);
        b = Vector256.Shuffle(b, Vector256.Create(3ul, 0, 1, 2));
        c = Vector256.Shuffle(c, Vector256.Create(2ul, 3, 0, 1));
        d = Vector256.Shuffle(d, Vector256.Create(1ul, 2, 3, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref Vector256<ulong> a, ref Vector256<ulong> b, ref Vector256<ulong> c, ref Vector256<ulong> d)
    {
        a = AddAndMultiply(a, b);
        d = RotateRight(d ^ a, 32);
        c = AddAndMultiply(c, d);
        b = RotateRight(b ^ c, 24);
        a = AddAndMultiply(a, b);
        d = RotateRight(d ^ a, 16);
        c = AddAndMultiply(c, d);
        b = RotateRight(b ^ c, 63);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> AddAndMultiply(Vector256<ulong> x, Vector256<ulong> y)
    {
        var low = Vector256.Create(0xFFFFFFFFul);
        Vector256<ulong> product = Avx2.IsSupported ? Avx2.Multiply(x.AsUInt32(), y.AsUInt32()) : (x & low) * (y & low);
        return x + y + product + product;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> RotateRight(Vector256<ulong> x, int by) => (x >>> by) | (x << (64 - by));

    // §3.3, the hash of variable length H'.
    private static void LongHash(ReadOnlySpan<byte> message, Span<byte> hash)
    {
        byte[] input = new byte[sizeof(int) + message.Length];
        BinaryPrimitives.WriteInt32LittleEndian(input, hash.Length);
        message.CopyTo(input.AsSpan(sizeof(int)));
        if (hash.Length <= Blake2b.MaxHashBytes)
        {
            Blake2b.Hash(input, hash);
            return;
        }

        const int Half = Blake2b.MaxHashBytes / 2;
        Span<byte> part = stackalloc byte[Blake2b.MaxHashBytes];
        Span<byte> next = stackalloc byte[Blake2b.MaxHashBytes];
        Blake2b.Hash(input, part);
        part[..Half].CopyTo(hash);
        hash = hash[Half..];
        while (hash.Length > Blake2b.MaxHashBytes)
        {
            Blake2b.Hash(part, next);
            next.CopyTo(part);
            part[..Half].CopyTo(hash);
            hash = hash[Half..];
        }

        Blake2b.Hash(part, hash);
    }

    private static void Xor(Span<ulong> into, ReadOnlySpan<ulong> words)
    {
        for (int i = 0; i < BlockWords; i += Vector256<ulong>.Count)
        {
            (Vector256.Create(into[i..]) ^ Vector256.Create(words[i..])).CopyTo(into[i..]);
        }
    }

    private static void Append(ref Span<byte> rest, int number)
    {
        BinaryPrimitives.WriteInt32LittleEndian(rest, number);
        rest = rest[sizeof(int)..];
    }

    private static void AppendText(ref Span<byte> rest, ReadOnlySpan<byte> text)
    {
        Append(ref rest, text.Length);
        text.CopyTo(rest);
        rest = rest[text.Length..];
    }

    /// <summary>The memory as lanes of blocks.</summary>
    private readonly ref struct Run(Span<ulong> memory, Argon2Cost cost)
    {
        private readonly Span<ulong> _memory = memory;

        public Argon2Cost Cost { get; } = cost;

        public int LaneBlocks { get; } = memory.Length / BlockWords / cost.Lanes;

        public int SegmentBlocks => LaneBlocks / Slices;

        public Span<ulong> Block(int lane, int column) => _memory.Slice(((lane * LaneBlocks) + column) * BlockWords, BlockWords);

        // RFC 9106 §3.4.2: which of the blocks that are already there, later ones more often.
        public int Reference(int pass, int slice, int index, uint chosen, bool isSameLane)
        {
            int ready = pass == 0 ? slice * SegmentBlocks : LaneBlocks - SegmentBlocks;
            int area = isSameLane ? ready + index - 1 : index == 0 ? ready - 1 : ready;
            ulong square = ((ulong)chosen * chosen) >> 32;
            int relative = area - 1 - (int)(((ulong)area * square) >> 32);
            int start = pass == 0 || slice == Slices - 1 ? 0 : (slice + 1) * SegmentBlocks;
            return (start + relative) % LaneBlocks;
        }
    }
}
