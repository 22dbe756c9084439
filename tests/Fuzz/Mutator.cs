namespace HealthChain.Fuzz;

/// <summary>Makes new inputs from good ones; the same seed makes the same inputs.</summary>
public sealed class Mutator(int seed, FuzzTarget target)
{
    private const int MaxLength = 4096;
    private static readonly byte[] Punctuation = [.. "\"\\{}[]<>&:,|$()'0-9eE.+@%~ \n"u8];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        byte[] input = Pick(target.Seeds);
        for (int changes = 1 + _random.Next(4); changes > 0; changes--)
        {
            input = Change(input);
        }

        return input.Length > MaxLength ? input[..MaxLength] : input;
    }

    private byte[] Change(byte[] input) => _random.Next(9) switch
    {
        0 => FlipBit(input),
        1 => Overwrite(input, (byte)_random.Next(256)),
        2 => Replace(input, Span(input), []),
        3 => Replace(input, At(input), input[Span(input)]),
        4 => Replace(input, At(input), Pick(target.Dictionary)),
        5 => Replace(input, Span(input), Pick(target.Dictionary)),
        6 => Splice(input, Pick(target.Seeds)),
        7 => Replace(input, At(input), Repeated()),
        _ => Overwrite(input, Punctuation[_random.Next(Punctuation.Length)]),
    };

    private byte[] Pick(IReadOnlyList<byte[]> list) => list[_random.Next(list.Count)];

    private Range At(byte[] input)
    {
        int at = _random.Next(input.Length + 1);
        return at..at;
    }

    private Range Span(byte[] input)
    {
        int start = _random.Next(input.Length + 1);
        int length = _random.Next(Math.Min(32, input.Length - start) + 1);
        return start..(start + length);
    }

    private byte[] FlipBit(byte[] input) =>
        input.Length == 0 ? input : Overwritten(input, at => (byte)(input[at] ^ (1 << _random.Next(8))));

    private byte[] Overwrite(byte[] input, byte value) => input.Length == 0 ? input : Overwritten(input, _ => value);

    private byte[] Overwritten(byte[] input, Func<int, byte> value)
    {
        byte[] copy = [.. input];
        int at = _random.Next(copy.Length);
        copy[at] = value(at);
        return copy;
    }

    // Long runs of one piece find quadratic time and deep recursion.
    private byte[] Repeated()
    {
        byte[] piece = Pick(target.Dictionary);
        int times = 1 << _random.Next(10);
        return [.. Enumerable.Repeat(piece, times).SelectMany(bytes => bytes)];
    }

    private byte[] Splice(byte[] input, byte[] other) =>
        [.. input.AsSpan(0, _random.Next(input.Length + 1)), .. other.AsSpan(_random.Next(other.Length + 1))];

    private static byte[] Replace(byte[] input, Range range, byte[] with)
    {
        (int offset, int length) = range.GetOffsetAndLength(input.Length);
        return [.. input.AsSpan(0, offset), .. with, .. input.AsSpan(offset + length)];
    }
}
