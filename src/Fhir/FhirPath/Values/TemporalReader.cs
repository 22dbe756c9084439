namespace HealthChain.Fhir.FhirPath;

/// <summary>Reads the parts of dates and times from UTF-8.</summary>
internal ref struct TemporalReader(ReadOnlySpan<byte> text)
{
    /// <summary>Longer texts are no dates; R4 allows any number of digits in a fraction, which are cut off after the seventh.</summary>
    public const int LongestText = 64;

    private readonly ReadOnlySpan<byte> _text = text;
    private int _at;

    public readonly bool AtEnd => _at == _text.Length;

    public static bool TryNarrow(ReadOnlySpan<char> text, Span<byte> utf8, out int length)
    {
        length = text.Length;
        if (length > utf8.Length)
        {
            return false;
        }

        for (int i = 0; i < length; i++)
        {
            if (text[i] > '~')
            {
                return false;
            }

            utf8[i] = (byte)text[i];
        }

        return true;
    }

    public bool Take(byte expected)
    {
        if (_at < _text.Length && _text[_at] == expected)
        {
            _at++;
            return true;
        }

        return false;
    }

    public bool TryDate(out DateTime date, out TemporalPrecision precision)
    {
        date = default;
        precision = TemporalPrecision.Year;
        (int month, int day) = (1, 1);
        if (!TryDigits(4, out int year) || year == 0)
        {
            return false;
        }

        if (Take((byte)'-'))
        {
            precision = TemporalPrecision.Month;
            if (!TryDigits(2, out month) || month is 0 or > 12)
            {
                return false;
            }

            if (Take((byte)'-'))
            {
                precision = TemporalPrecision.Day;
                if (!TryDigits(2, out day) || day == 0 || day > DateTime.DaysInMonth(year, month))
                {
                    return false;
                }
            }
        }

        date = new DateTime(year, month, day);
        return true;
    }

    public bool TryTime(out long ticks, out TemporalPrecision precision, out int fractionDigits)
    {
        (ticks, precision, fractionDigits) = (0, TemporalPrecision.Hour, 0);
        if (!TryDigits(2, out int hour) || hour > 23)
        {
            return false;
        }

        ticks = hour * TimeSpan.TicksPerHour;
        if (!Take((byte)':'))
        {
            return true;
        }

        precision = TemporalPrecision.Minute;
        if (!TryDigits(2, out int minute) || minute > 59)
        {
            return false;
        }

        ticks += minute * TimeSpan.TicksPerMinute;
        if (!Take((byte)':'))
        {
            return true;
        }

        // R4 allows 60 for leap seconds; the clock of this library has none, so it is the second after.
        precision = TemporalPrecision.Second;
        if (!TryDigits(2, out int second) || second > 60)
        {
            return false;
        }

        ticks += second * TimeSpan.TicksPerSecond;
        return !Take((byte)'.') || TryFraction(ref ticks, out fractionDigits);
    }

    public bool TryOffset(short none, out short minutes)
    {
        minutes = none;
        if (AtEnd)
        {
            return true;
        }

        if (Take((byte)'Z'))
        {
            minutes = 0;
            return true;
        }

        bool west = Take((byte)'-');
        if ((!west && !Take((byte)'+')) || !TryDigits(2, out int hours) || !Take((byte)':') || !TryDigits(2, out int rest)
            || hours > 14 || rest > 59)
        {
            return false;
        }

        int total = (hours * 60) + rest;
        minutes = (short)(west ? -total : total);
        return true;
    }

    private bool TryFraction(ref long ticks, out int digits)
    {
        long unit = TimeSpan.TicksPerSecond;
        int start = _at;
        while (_at < _text.Length && char.IsAsciiDigit((char)_text[_at]))
        {
            unit /= 10;
            ticks += unit * (_text[_at++] - '0');
        }

        digits = Math.Min(_at - start, 7);
        return digits > 0;
    }

    private bool TryDigits(int count, out int number)
    {
        number = 0;
        if (_at + count > _text.Length)
        {
            return false;
        }

        for (int end = _at + count; _at < end; _at++)
        {
            if (!char.IsAsciiDigit((char)_text[_at]))
            {
                return false;
            }

            number = (number * 10) + (_text[_at] - '0');
        }

        return true;
    }
}
