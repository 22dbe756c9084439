using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace HealthChain.LedgerProofs;

/// <summary>
/// The hash of Ethereum: Keccak as it was handed in to the competition, which differs from SHA3-256 (FIPS 202) in the first byte of the padding,
/// so that the base library's cannot be used.
/// </summary>
public static class Keccak256
{
    private const int Lanes = 25;
    private const int RateBytes = 136;
    private const byte Padding = 0x01;

    // FIPS 202 §3.2.5: the constants of the step iota.
    private static ReadOnlySpan<ulong> RoundConstants =>
    [
        0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B, 0x0000000080000001,
        0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
        0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
        0x000000000000800A, 0x800000008000000A, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    ];

    public static Hash256 Of(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Hash256.Bytes];
        Sponge(data, Padding, hash);
        return new Hash256(hash);
    }

    /// <summary>Absorbs everything and squeezes one hash. With the padding 0x06 it is SHA3-256, which tests compare with the base library's.</summary>
    internal static void Sponge(ReadOnlySpan<byte> data, byte padding, Span<byte> hash)
    {
        Span<ulong> state = stackalloc ulong[Lanes];
        Span<ulong> other = stackalloc ulong[Lanes];
        state.Clear();
        while (data.Length >= RateBytes)
        {
            Absorb(state, other, data[..RateBytes]);
            data = data[RateBytes..];
        }

        Span<byte> last = stackalloc byte[RateBytes];
        last.Clear();
        data.CopyTo(last);
        last[data.Length] = padding;
        last[^1] |= 0x80;
        Absorb(state, other, last);
        for (int lane = 0; lane < Hash256.Bytes / sizeof(ulong); lane++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(hash[(lane * sizeof(ulong))..], state[lane]);
        }
    }

    private static void Absorb(Span<ulong> state, Span<ulong> other, ReadOnlySpan<byte> block)
    {
        for (int lane = 0; lane < RateBytes / sizeof(ulong); lane++)
        {
            state[lane] ^= BinaryPrimitives.ReadUInt64LittleEndian(block[(lane * sizeof(ulong))..]);
        }

        ReadOnlySpan<ulong> constants = RoundConstants;
        for (int round = 0; round < constants.Length; round += 2)
        {
            Round(state, other, constants[round]);
            Round(other, state, constants[round + 1]);
        }
    }

    // All five steps at once. Lane (x, y) stands at 5y + x; each row of the result needs one diagonal of the state (step pi).
    private static void Round(ReadOnlySpan<ulong> a, Span<ulong> e, ulong constant)
    {
        ulong last = a[24];
        e[24] = 0;
        ulong c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20];
        ulong c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
        ulong c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22];
        ulong c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
        ulong c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ last;
        ulong d0 = c4 ^ BitOperations.RotateLeft(c1, 1);
        ulong d1 = c0 ^ BitOperations.RotateLeft(c2, 1);
        ulong d2 = c1 ^ BitOperations.RotateLeft(c3, 1);
        ulong d3 = c2 ^ BitOperations.RotateLeft(c4, 1);
        ulong d4 = c3 ^ BitOperations.RotateLeft(c0, 1);

        Chi(e[..5], a[0] ^ d0, Turn(a[6] ^ d1, 44), Turn(a[12] ^ d2, 43), Turn(a[18] ^ d3, 21), Turn(last ^ d4, 14));
        e[0] ^= constant;
        Chi(e[5..10], Turn(a[3] ^ d3, 28), Turn(a[9] ^ d4, 20), Turn(a[10] ^ d0, 3), Turn(a[16] ^ d1, 45), Turn(a[22] ^ d2, 61));
        Chi(e[10..15], Turn(a[1] ^ d1, 1), Turn(a[7] ^ d2, 6), Turn(a[13] ^ d3, 25), Turn(a[19] ^ d4, 8), Turn(a[20] ^ d0, 18));
        Chi(e[15..20], Turn(a[4] ^ d4, 27), Turn(a[5] ^ d0, 36), Turn(a[11] ^ d1, 10), Turn(a[17] ^ d2, 15), Turn(a[23] ^ d3, 56));
        Chi(e[20..25], Turn(a[2] ^ d2, 62), Turn(a[8] ^ d3, 55), Turn(a[14] ^ d4, 39), Turn(a[15] ^ d0, 41), Turn(a[21] ^ d1, 2));
    }

    private static ulong Turn(ulong lane, int by) => BitOperations.RotateLeft(lane, by);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Chi(Span<ulong> row, ulong b0, ulong b1, ulong b2, ulong b3, ulong b4)
    {
        row[4] = b4 ^ (~b0 & b1);
        row[0] = b0 ^ (~b1 & b2);
        row[1] = b1 ^ (~b2 & b3);
        row[2] = b2 ^ (~b3 & b4);
        row[3] = b3 ^ (~b4 & b0);
    }
}
