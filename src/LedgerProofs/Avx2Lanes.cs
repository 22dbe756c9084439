using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HealthChain.LedgerProofs;

/// <summary>8 messages at once, for processors without AVX-512.</summary>
internal readonly struct Avx2Lanes : ILanes<Vector256<uint>>
{
    private const int RowWords = 8;

    public static bool IsSupported => Avx2.IsSupported;

    public static int Count => Vector256<uint>.Count;

    private static Vector256<byte> SwapBytes =>
        Vector256.Create(Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Broadcast(uint word) => Vector256.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Add(Vector256<uint> x, Vector256<uint> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Choose(Vector256<uint> x, Vector256<uint> y, Vector256<uint> z) => z ^ (x & (y ^ z));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Majority(Vector256<uint> x, Vector256<uint> y, Vector256<uint> z) => (x & y) | (z & (x | y));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> BigSigma0(Vector256<uint> x) => RotateRight(x, 2) ^ RotateRight(x, 13) ^ RotateRight(x, 22);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> BigSigma1(Vector256<uint> x) => RotateRight(x, 6) ^ RotateRight(x, 11) ^ RotateRight(x, 25);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> SmallSigma0(Vector256<uint> x) => RotateRight(x, 7) ^ RotateRight(x, 18) ^ (x >>> 3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> SmallSigma1(Vector256<uint> x) => RotateRight(x, 17) ^ RotateRight(x, 19) ^ (x >>> 10);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Join(Vector256<uint> before, Vector256<uint> word) => (before << 24) | (word >>> 8);

    public static void Read(ReadOnlySpan<byte> rows, Span<Vector256<uint>> words) =>
        Read(MemoryMarshal.Cast<byte, uint>(rows), RowWords, words);

    public static void ReadPairs(ReadOnlySpan<byte> rows, Span<Vector256<uint>> words)
    {
        var source = MemoryMarshal.Cast<byte, uint>(rows);
        Read(source, 2 * RowWords, words);
        Read(source[RowWords..], 2 * RowWords, words[RowWords..]);
    }

    public static void Write(ReadOnlySpan<Vector256<uint>> words, Span<byte> rows)
    {
        var target = MemoryMarshal.Cast<byte, uint>(rows);
        StoreColumns(
            target,
            0,
            Avx2.Permute2x128(words[0], words[4], 0x20),
            Avx2.Permute2x128(words[1], words[5], 0x20),
            Avx2.Permute2x128(words[2], words[6], 0x20),
            Avx2.Permute2x128(words[3], words[7], 0x20));
        StoreColumns(
            target,
            4,
            Avx2.Permute2x128(words[0], words[4], 0x31),
            Avx2.Permute2x128(words[1], words[5], 0x31),
            Avx2.Permute2x128(words[2], words[6], 0x31),
            Avx2.Permute2x128(words[3], words[7], 0x31));
    }

    /// <param name="stride">Words from one row to the next.</param>
    private static void Read(ReadOnlySpan<uint> source, int stride, Span<Vector256<uint>> words)
    {
        var (x0, x1, x2, x3) = Transpose4(Load(source, 0), Load(source, stride), Load(source, 2 * stride), Load(source, 3 * stride));
        var (y0, y1, y2, y3) = Transpose4(
            Load(source, 4 * stride), Load(source, 5 * stride), Load(source, 6 * stride), Load(source, 7 * stride));
        (words[0], words[4]) = (Avx2.Permute2x128(x0, y0, 0x20), Avx2.Permute2x128(x0, y0, 0x31));
        (words[1], words[5]) = (Avx2.Permute2x128(x1, y1, 0x20), Avx2.Permute2x128(x1, y1, 0x31));
        (words[2], words[6]) = (Avx2.Permute2x128(x2, y2, 0x20), Avx2.Permute2x128(x2, y2, 0x31));
        (words[3], words[7]) = (Avx2.Permute2x128(x3, y3, 0x20), Avx2.Permute2x128(x3, y3, 0x31));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> RotateRight(Vector256<uint> x, int bits) => (x >>> bits) | (x << (32 - bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Load(ReadOnlySpan<uint> source, int word) =>
        Avx2.Shuffle(Vector256.Create(source.Slice(word, RowWords)).AsByte(), SwapBytes).AsUInt32();

    /// <summary>Turns columns into rows within each part of the vectors, and stores them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreColumns(
        Span<uint> target, int firstRow, Vector256<uint> w0, Vector256<uint> w1, Vector256<uint> w2, Vector256<uint> w3)
    {
        var (r0, r1, r2, r3) = Transpose4(w0, w1, w2, w3);
        Store(r0, target, firstRow);
        Store(r1, target, firstRow + 1);
        Store(r2, target, firstRow + 2);
        Store(r3, target, firstRow + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<uint> row, Span<uint> target, int index) =>
        Avx2.Shuffle(row.AsByte(), SwapBytes).AsUInt32().CopyTo(target.Slice(index * RowWords, RowWords));

    /// <summary>Turns rows into columns within each half of the vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<uint> W0, Vector256<uint> W1, Vector256<uint> W2, Vector256<uint> W3) Transpose4(
        Vector256<uint> r0, Vector256<uint> r1, Vector256<uint> r2, Vector256<uint> r3)
    {
        var low01 = Avx2.UnpackLow(r0, r1).AsUInt64();
        var high01 = Avx2.UnpackHigh(r0, r1).AsUInt64();
        var low23 = Avx2.UnpackLow(r2, r3).AsUInt64();
        var high23 = Avx2.UnpackHigh(r2, r3).AsUInt64();
        return (
            Avx2.UnpackLow(low01, low23).AsUInt32(),
            Avx2.UnpackHigh(low01, low23).AsUInt32(),
            Avx2.UnpackLow(high01, high23).AsUInt32(),
            Avx2.UnpackHigh(high01, high23).AsUInt32());
    }
}
