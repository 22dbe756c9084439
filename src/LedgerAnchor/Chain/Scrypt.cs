using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>The key derivation of RFC 7914, which takes memory on purpose so that guessing passwords is dear.</summary>
internal static class Scrypt
{
    private const int SalsaWords = 16;

    /// <summary>Of 128·N·r bytes. Ethereum's usual N = 2^18, r = 8 takes half of this.</summary>
    private const long MaxMemory = 512L << 20;

    /// <exception cref="FormatException">The parameters are none of RFC 7914's, or ask for more memory or time than we give.</exception>
    public static byte[] Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int cost, int blockSize, int parallel, int length)
    {
        if (cost < 2 || !BitOperations.IsPow2(cost) || blockSize < 1 || parallel < 1 || (Int128)128 * cost * blockSize * parallel > MaxMemory)
        {
            throw new FormatException("The parameters of scrypt are out of range.");
        }

        int blockWords = 2 * SalsaWords * blockSize;
        byte[] bytes = Rfc2898DeriveBytes.Pbkdf2(password, salt, 1, HashAlgorithmName.SHA256, blockWords * sizeof(uint) * parallel);
        uint[] words = new uint[blockWords * parallel];
        uint[] memory = GC.AllocateUninitializedArray<uint>(blockWords * cost);
        try
        {
            Convert(bytes, words);
            for (int i = 0; i < parallel; i++)
            {
                Mix(words.AsSpan(i * blockWords, blockWords), memory, cost);
            }

            Convert(words, bytes);
            return Rfc2898DeriveBytes.Pbkdf2(password, bytes, 1, HashAlgorithmName.SHA256, length);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(words.AsSpan()));
            CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(memory.AsSpan()));
        }
    }

    // RFC 7914 §5, scryptROMix.
    private static void Mix(Span<uint> block, Span<uint> memory, int cost)
    {
        Span<uint> other = new uint[block.Length];
        for (int i = 0; i < cost; i += 2)
        {
            block.CopyTo(memory[(i * block.Length)..]);
            MixBlock(block, other);
            other.CopyTo(memory[((i + 1) * block.Length)..]);
            MixBlock(other, block);
        }

        for (int i = 0; i < cost; i += 2)
        {
            Xor(block, At(memory, block, cost));
            MixBlock(block, other);
            Xor(other, At(memory, other, cost));
            MixBlock(other, block);
        }
    }

    private static Span<uint> At(Span<uint> memory, Span<uint> block, int cost) =>
        memory.Slice((int)(block[^SalsaWords] & (uint)(cost - 1)) * block.Length, block.Length);

    // RFC 7914 §4, scryptBlockMix: results with even numbers go to the first half.
    private static void MixBlock(ReadOnlySpan<uint> input, Span<uint> output)
    {
        Span<uint> x = stackalloc uint[SalsaWords];
        input[^SalsaWords..].CopyTo(x);
        int count = input.Length / SalsaWords;
        for (int i = 0; i < count; i++)
        {
            Xor(x, input.Slice(i * SalsaWords, SalsaWords));
            Salsa(x);
            x.CopyTo(output[(((i >> 1) + ((i & 1) * count / 2)) * SalsaWords)..]);
        }
    }

    // Salsa20/8 on the diagonals of the matrix: each row of four quarter rounds is then one operation on vectors.
    private static void Salsa(Span<uint> x)
    {
        var a = Vector128.Create(x[0], x[5], x[10], x[15]);
        var b = Vector128.Create(x[4], x[9], x[14], x[3]);
        var c = Vector128.Create(x[8], x[13], x[2], x[7]);
        var d = Vector128.Create(x[12], x[1], x[6], x[11]);
        var (a0, b0, c0, d0) = (a, b, c, d);
        for (int round = 0; round < 4; round++)
        {
            QuarterRounds(ref a, ref b, ref c, ref d);
            Transpose(ref b, ref c, ref d);
            QuarterRounds(ref a, ref b, ref c, ref d);
            Transpose(ref b, ref c, ref d);
        }

        (a, b, c, d) = (a + a0, b + b0, c + c0, d + d0);
        (x[0], x[5], x[10], x[15]) = (a[0], a[1], a[2], a[3]);
        (x[4], x[9], x[14], x[3]) = (b[0], b[1], b[2], b[3]);
        (x[8], x[13], x[2], x[7]) = (c[0], c[1], c[2], c[3]);
        (x[12], x[1], x[6], x[11]) = (d[0], d[1], d[2], d[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void QuarterRounds(ref Vector128<uint> a, ref Vector128<uint> b, ref Vector128<uint> c, ref Vector128<uint> d)
    {
        b ^= Rotate(a + d, 7);
        c ^= Rotate(b + a, 9);
        d ^= Rotate(c + b, 13);
        a ^= Rotate(d + c, 18);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Rotate(Vector128<uint> value, int by) => (value << by) | (value >>> (32 - by));

    // From columns to rows, and the same way back.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(ref Vector128<uint> b, ref Vector128<uint> c, ref Vector128<uint> d)
    {
        var turned = Vector128.Shuffle(d, Vector128.Create(1u, 2, 3, 0));
        c = Vector128.Shuffle(c, Vector128.Create(2u, 3, 0, 1));
        d = Vector128.Shuffle(b, Vector128.Create(3u, 0, 1, 2));
        b = turned;
    }

    private static void Xor(Span<uint> into, ReadOnlySpan<uint> words)
    {
        for (int i = 0; i < words.Length; i += Vector128<uint>.Count)
        {
            (Vector128.Create(into[i..]) ^ Vector128.Create(words[i..])).CopyTo(into[i..]);
        }
    }

    private static void Convert(ReadOnlySpan<byte> bytes, Span<uint> words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(i * sizeof(uint))..]);
        }
    }

    private static void Convert(ReadOnlySpan<uint> words, Span<byte> bytes)
    {
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[(i * sizeof(uint))..], words[i]);
        }
    }
}
