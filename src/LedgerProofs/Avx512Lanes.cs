using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HealthChain.LedgerProofs;

/// <summary>16 messages at once, with rotations and functions of three values in one instruction each.</summary>
internal readonly struct Avx512Lanes : ILanes<Vector512<uint>>
{
    // Truth tables of the functions of three values, as the instruction takes them.
    private const byte Xor3 = 0x96;
    private const byte Chosen = 0xca;
    private const byte MostOf3 = 0xe8;

    private const int RowWords = 16;

    public static bool IsSupported => Avx512BW.IsSupported;

    public static int Count => Vector512<uint>.Count;

    private static Vector512<byte> SwapBytes => Vector512.Create(
        Vector256.Create(Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Broadcast(uint word) => Vector512.Create(word);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Add(Vector512<uint> x, Vector512<uint> y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Choose(Vector512<uint> x, Vector512<uint> y, Vector512<uint> z) => Avx512F.TernaryLogic(x, y, z, Chosen);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Majority(Vector512<uint> x, Vector512<uint> y, Vector512<uint> z) => Avx512F.TernaryLogic(x, y, z, MostOf3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> BigSigma0(Vector512<uint> x) =>
        Avx512F.TernaryLogic(Avx512F.RotateRight(x, 2), Avx512F.RotateRight(x, 13), Avx512F.RotateRight(x, 22), Xor3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> BigSigma1(Vector512<uint> x) =>
        Avx512F.TernaryLogic(Avx512F.RotateRight(x, 6), Avx512F.RotateRight(x, 11), Avx512F.RotateRight(x, 25), Xor3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> SmallSigma0(Vector512<uint> x) =>
        Avx512F.TernaryLogic(Avx512F.RotateRight(x, 7), Avx512F.RotateRight(x, 18), x >>> 3, Xor3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> SmallSigma1(Vector512<uint> x) =>
        Avx512F.TernaryLogic(Avx512F.RotateRight(x, 17), Avx512F.RotateRight(x, 19), x >>> 10, Xor3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Join(Vector512<uint> before, Vector512<uint> word) => (before << 24) | (word >>> 8);

    /// <summary>
    /// Two rows stand in one vector, so the lanes hold the rows in the order 0 2 4 6 1 3 5 7 8 10 12 14 9 11 13 15; <see cref="Write"/> undoes it.
    /// </summary>
    public static void Read(ReadOnlySpan<byte> rows, Span<Vector512<uint>> words)
    {
        var source = MemoryMarshal.Cast<byte, uint>(rows);
        var (x0, x1, x2, x3) = Transpose4(Load(source, 0), Load(source, 1), Load(source, 2), Load(source, 3));
        var (y0, y1, y2, y3) = Transpose4(Load(source, 4), Load(source, 5), Load(source, 6), Load(source, 7));
        (words[0], words[4]) = (Avx512F.Shuffle4x128(x0, y0, 0x88), Avx512F.Shuffle4x128(x0, y0, 0xdd));
        (words[1], words[5]) = (Avx512F.Shuffle4x128(x1, y1, 0x88), Avx512F.Shuffle4x128(x1, y1, 0xdd));
        (words[2], words[6]) = (Avx512F.Shuffle4x128(x2, y2, 0x88), Avx512F.Shuffle4x128(x2, y2, 0xdd));
        (words[3], words[7]) = (Avx512F.Shuffle4x128(x3, y3, 0x88), Avx512F.Shuffle4x128(x3, y3, 0xdd));
    }

    public static void ReadPairs(ReadOnlySpan<byte> rows, Span<Vector512<uint>> words)
    {
        var source = MemoryMarshal.Cast<byte, uint>(rows);
        // In the same order of rows: what Write undoes is one order.
        for (var quarter = 0; quarter < 4; quarter++)
        {
            var first = (quarter / 2 * 8) + (quarter % 2);
            var (x0, x1, x2, x3) = Transpose4(Load(source, first), Load(source, first + 2), Load(source, first + 4), Load(source, first + 6));
            (words[quarter * 4], words[(quarter * 4) + 1], words[(quarter * 4) + 2], words[(quarter * 4) + 3]) = (x0, x1, x2, x3);
        }

        for (var word = 0; word < 4; word++)
        {
            var (low01, low23) = (words[word], words[4 + word]);
            var (high01, high23) = (words[8 + word], words[12 + word]);
            var (even, odd) = (Avx512F.Shuffle4x128(low01, low23, 0x88), Avx512F.Shuffle4x128(low01, low23, 0xdd));
            var (evenHigh, oddHigh) = (Avx512F.Shuffle4x128(high01, high23, 0x88), Avx512F.Shuffle4x128(high01, high23, 0xdd));
            words[word] = Avx512F.Shuffle4x128(even, evenHigh, 0x88);
            words[4 + word] = Avx512F.Shuffle4x128(odd, oddHigh, 0x88);
            words[8 + word] = Avx512F.Shuffle4x128(even, evenHigh, 0xdd);
            words[12 + word] = Avx512F.Shuffle4x128(odd, oddHigh, 0xdd);
        }
    }

    public static void Write(ReadOnlySpan<Vector512<uint>> words, Span<byte> rows)
    {
        var target = MemoryMarshal.Cast<byte, uint>(rows);
        StoreColumns(
            target,
            0,
            Avx512F.Shuffle4x128(words[0], words[4], 0x44),
            Avx512F.Shuffle4x128(words[1], words[5], 0x44),
            Avx512F.Shuffle4x128(words[2], words[6], 0x44),
            Avx512F.Shuffle4x128(words[3], words[7], 0x44));
        StoreColumns(
            target,
            4,
            Avx512F.Shuffle4x128(words[0], words[4], 0xee),
            Avx512F.Shuffle4x128(words[1], words[5], 0xee),
            Avx512F.Shuffle4x128(words[2], words[6], 0xee),
            Avx512F.Shuffle4x128(words[3], words[7], 0xee));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Load(ReadOnlySpan<uint> source, int row) =>
        Avx512BW.Shuffle(Vector512.Create(source.Slice(row * RowWords, RowWords)).AsByte(), SwapBytes).AsUInt32();

    /// <summary>Turns columns into rows within each part of the vectors, and stores them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreColumns(
        Span<uint> target, int firstRow, Vector512<uint> w0, Vector512<uint> w1, Vector512<uint> w2, Vector512<uint> w3)
    {
        var (r0, r1, r2, r3) = Transpose4(w0, w1, w2, w3);
        Store(r0, target, firstRow);
        Store(r1, target, firstRow + 1);
        Store(r2, target, firstRow + 2);
        Store(r3, target, firstRow + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<uint> halves, Span<uint> target, int row) =>
        Avx512BW.Shuffle(Avx512F.Shuffle4x128(halves, halves, 0xd8).AsByte(), SwapBytes).AsUInt32().CopyTo(target.Slice(row * RowWords, RowWords));

    /// <summary>Turns rows into columns within each quarter of the vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<uint> W0, Vector512<uint> W1, Vector512<uint> W2, Vector512<uint> W3) Transpose4(
        Vector512<uint> r0, Vector512<uint> r1, Vector512<uint> r2, Vector512<uint> r3)
    {
        var low01 = Avx512F.UnpackLow(r0, r1).AsUInt64();
        var high01 = Avx512F.UnpackHigh(r0, r1).AsUInt64();
        var low23 = Avx512F.UnpackLow(r2, r3).AsUInt64();
        var high23 = Avx512F.UnpackHigh(r2, r3).AsUInt64();
        return (
            Avx512F.UnpackLow(low01, low23).AsUInt32(),
            Avx512F.UnpackHigh(low01, low23).AsUInt32(),
            Avx512F.UnpackLow(high01, high23).AsUInt32(),
            Avx512F.UnpackHigh(high01, high23).AsUInt32());
    }
}
