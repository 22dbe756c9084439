namespace HealthChain.Fhir.Search;

/// <summary>
/// A stretch of time from <paramref name="Start"/> up to, not including, <paramref name="End"/>, in ticks of 100 ns UTC since 0001-01-01.
/// An open end is <see cref="long.MinValue"/> or <see cref="long.MaxValue"/>.
/// </summary>
/// <remarks>
/// A date, dateTime or instant is the range of its precision: 2013 is the whole year, 10:00:00 the whole second. Where no time zone
/// is given, UTC is meant: R4 leaves it to the server, and a server that used its own zone would find other resources after a move.
/// </remarks>
public readonly record struct DateRange(long Start, long End)
{
    private const int MaxFractionDigits = 7;

    /// <summary>All of time.</summary>
    public static DateRange Always { get; } = new(long.MinValue, long.MaxValue);

    public bool Contains(DateRange other) => Start <= other.Start && other.End <= End;

    public bool Overlaps(DateRange other) => Start < other.End && other.Start < End;

    /// <summary>The shortest range that holds both.</summary>
    public DateRange Union(DateRange other) => new(Math.Min(Start, other.Start), Math.Max(End, other.End));

    /// <summary>
    /// Reads YYYY, YYYY-MM, YYYY-MM-DD or any of YYYY-MM-DDThh:mm, :ss, .fff with or without Z or ±hh:mm. Queries may leave out
    /// seconds and zone (R4, "date" parameters); resources may not, which their reader has checked.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out DateRange range)
    {
        range = default;
        var at = new Cursor(text);
        if (!at.Digits(4, out int year) || year == 0)
        {
            return false;
        }

        if (at.IsAtEnd)
        {
            range = new DateRange(Day(year, 1, 1), year == 9999 ? DateTime.MaxValue.Ticks + 1 : Day(year + 1, 1, 1));
            return true;
        }

        if (!at.Take('-') || !at.Digits(2, out int month) || month is < 1 or > 12)
        {
            return false;
        }

        if (at.IsAtEnd)
        {
            long first = Day(year, month, 1);
            range = new DateRange(first, first + (DateTime.DaysInMonth(year, month) * TimeSpan.TicksPerDay));
            return true;
        }

        if (!at.Take('-') || !at.Digits(2, out int day) || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        long midnight = Day(year, month, day);
        if (at.IsAtEnd)
        {
            range = new DateRange(midnight, midnight + TimeSpan.TicksPerDay);
            return true;
        }

        return at.Take('T') && TryTime(ref at, midnight, out range);
    }

    private static bool TryTime(ref Cursor at, long midnight, out DateRange range)
    {
        range = default;
        if (!at.Digits(2, out int hour) || hour > 23 || !at.Take(':') || !at.Digits(2, out int minute) || minute > 59)
        {
            return false;
        }

        long start = midnight + (hour * TimeSpan.TicksPerHour) + (minute * TimeSpan.TicksPerMinute);
        long length = TimeSpan.TicksPerMinute;
        if (at.Take(':'))
        {
            // A leap second (60) is the first second of the next minute.
            if (!at.Digits(2, out int second) || second > 60)
            {
                return false;
            }

            start += second * TimeSpan.TicksPerSecond;
            length = TimeSpan.TicksPerSecond;
            if (at.Take('.') && !TryFraction(ref at, ref start, ref length))
            {
                return false;
            }
        }

        if (!at.IsAtEnd)
        {
            if (!TryZone(ref at, out long offset))
            {
                return false;
            }

            start -= offset;
        }

        range = new DateRange(start, start + length);
        return true;
    }

    private static bool TryFraction(ref Cursor at, ref long start, ref long length)
    {
        int digits = 0;
        while (at.Digits(1, out int digit))
        {
            if (digits < MaxFractionDigits)
            {
                length /= 10;
                start += digit * length;
            }

            digits++;
        }

        return digits > 0;
    }

    private static bool TryZone(ref Cursor at, out long offset)
    {
        offset = 0;
        if (at.Take('Z'))
        {
            return at.IsAtEnd;
        }

        // A plus sign that was not percent-encoded arrives as a blank; nothing else can be meant by it here.
        bool isEast = at.Take('+') || at.Take(' ');
        if ((!isEast && !at.Take('-')) || !at.Digits(2, out int hours) || !at.Take(':') || !at.Digits(2, out int minutes)
            || hours > 14 || minutes > 59 || (hours == 14 && minutes > 0))
        {
            return false;
        }

        offset = ((hours * 60) + minutes) * TimeSpan.TicksPerMinute;
        offset = isEast ? offset : -offset;
        return at.IsAtEnd;
    }

    private static long Day(int year, int month, int day) => new DateTime(year, month, day).Ticks;

    private ref struct Cursor(ReadOnlySpan<byte> text)
    {
        private ReadOnlySpan<byte> _rest = text;

        public readonly bool IsAtEnd => _rest.IsEmpty;

        public bool Take(char expected)
        {
            if (_rest.IsEmpty || _rest[0] != expected)
            {
                return false;
            }

            _rest = _rest[1..];
            return true;
        }

        public bool Digits(int count, out int value)
        {
            value = 0;
            if (_rest.Length < count)
            {
                return false;
            }

            foreach (byte b in _rest[..count])
            {
                if (b is < (byte)'0' or > (byte)'9')
                {
                    return false;
                }

                value = (value * 10) + (b - '0');
            }

            _rest = _rest[count..];
            return true;
        }
    }
}
