using System.Numerics;

namespace HealthChain.FhirServer.Generation;

/// <summary>
/// Numbers that depend on nothing but a seed and the number of a stream, on every machine and with every version of the platform:
/// xoshiro256** filled by splitmix64 (https://prng.di.unimi.it).
/// </summary>
internal sealed class RandomSource
{
    private ulong _a;
    private ulong _b;
    private ulong _c;
    private ulong _d;

    /// <param name="seed">What the user chose.</param>
    /// <param name="stream">Streams of one seed have nothing in common, so that patient 7 is the same among 10 and among 1,000,000.</param>
    public RandomSource(ulong seed, ulong stream)
    {
        var state = seed;
        state = SplitMix(ref state) ^ (stream * 0xD1342543DE82EF95);
        _a = SplitMix(ref state);
        _b = SplitMix(ref state);
        _c = SplitMix(ref state);
        _d = SplitMix(ref state);
    }

    public ulong Next()
    {
        var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        var shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A number from <paramref name="first"/> to <paramref name="last"/>, both included.</summary>
    public int Between(int first, int last) =>
        first + (int)Math.BigMul(Next(), (ulong)(last - first) + 1, out _);

    public bool Chance(int percent) => Between(1, 100) <= percent;

    public T Pick<T>(T[] choices) => choices[Between(0, choices.Length - 1)];

    /// <summary>About normally distributed, never further than three deviations from the mean: a sum of twelve uniform numbers, clipped.</summary>
    public double Normal(double mean, double deviation)
    {
        var sum = 0L;
        for (var i = 0; i < 3; i++)
        {
            var bits = Next();
            sum += (long)(bits & 0xFFFF) + (long)(bits >> 16 & 0xFFFF) + (long)(bits >> 32 & 0xFFFF) + (long)(bits >> 48);
        }

        // Exact in binary, so that no machine rounds it differently.
        return mean + (deviation * Math.Clamp((sum / 65536.0) - 6, -3, 3));
    }

    /// <summary>A UUID of version 4 (RFC 9562, section 5.4).</summary>
    public Guid Uuid()
    {
        var high = (Next() & 0xFFFFFFFFFFFF0FFF) | 0x4000;
        var low = (Next() & 0x3FFFFFFFFFFFFFFF) | 0x8000000000000000;
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, high);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], low);
        return new Guid(bytes, bigEndian: true);
    }

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var mixed = state;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
