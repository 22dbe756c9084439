using System.Text;

namespace HealthChain.Load.Http;

/// <summary>
/// Bytes with numbers in them: every run of '#' in the text is a place for a decimal number of that width. All numbers having their fixed
/// width, the length is known before, and writing is a copy and a few digits.
/// </summary>
internal sealed class Template
{
    private readonly byte[] _bytes;
    private readonly Slot[] _slots;

    public Template(string text)
    {
        _bytes = Encoding.UTF8.GetBytes(text);
        var slots = new List<Slot>();
        for (var i = 0; i < _bytes.Length; i++)
        {
            if (_bytes[i] == (byte)'#')
            {
                var width = _bytes.AsSpan(i).IndexOfAnyExcept((byte)'#') is >= 0 and var end ? end : _bytes.Length - i;
                slots.Add(new Slot(i, width));
                i += width;
            }
        }

        _slots = [.. slots];
    }

    public int Length => _bytes.Length;

    /// <summary>Writes the text with the numbers in the order of their places.</summary>
    /// <returns>How many bytes were written.</returns>
    public int Write(Span<byte> target, params ReadOnlySpan<long> numbers)
    {
        if (numbers.Length != _slots.Length)
        {
            throw new ArgumentException($"{_slots.Length} numbers are needed, not {numbers.Length}.", nameof(numbers));
        }

        _bytes.CopyTo(target);
        for (var i = 0; i < _slots.Length; i++)
        {
            var rest = numbers[i];
            var digits = target.Slice(_slots[i].Start, _slots[i].Width);
            for (var d = digits.Length - 1; d >= 0; d--)
            {
                (rest, var digit) = Math.DivRem(rest, 10);
                digits[d] = (byte)('0' + digit);
            }

            if (rest != 0)
            {
                throw new ArgumentOutOfRangeException(nameof(numbers), $"number {i} does not fit in {digits.Length} digits.");
            }
        }

        return _bytes.Length;
    }

    private readonly record struct Slot(int Start, int Width);
}
