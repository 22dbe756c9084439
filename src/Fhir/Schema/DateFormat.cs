namespace HealthChain.Fhir.Schema;

/// <summary>The formats of date, dateTime, instant and time, with real calendar days.</summary>
internal static class DateFormat
{
    /// <summary>YYYY, YYYY-MM or YYYY-MM-DD.</summary>
    public static bool IsDate(ReadOnlySpan<byte> text) => text.Length is > 0 and <= 10 && DatePart(text) == text.Length;

    /// <summary>A date, or a date with time to the second and time zone.</summary>
    public static bool IsDateTime(ReadOnlySpan<byte> text) => text.Length > 10 ? IsInstant(text) : IsDate(text);

    /// <summary>YYYY-MM-DDThh:mm:ss(.sss)(Z|±hh:mm).</summary>
    public static bool IsInstant(ReadOnlySpan<byte> text)
    {
        if (text.Length < 20 || DatePart(text[..10]) != 10 || text[10] != (byte)'T')
        {
            return false;
        }

        int time = TimePart(text[11..]);
        return time > 0 && IsZone(text[(11 + time)..]);
    }

    /// <summary>hh:mm:ss(.sss), no time zone.</summary>
    public static bool IsTime(ReadOnlySpan<byte> text) => TimePart(text) is var length and > 0 && length == text.Length;

    private static int DatePart(ReadOnlySpan<byte> text)
    {
        int year = text.Length >= 4 ? Digits(text, 0, 4) : -1;
        if (year < 1)
        {
            return 0;
        }

        if (text.Length == 4)
        {
            return 4;
        }

        int month = text.Length >= 7 && text[4] == (byte)'-' ? Digits(text, 5, 2) : -1;
        if (month is < 1 or > 12)
        {
            return 0;
        }

        if (text.Length == 7)
        {
            return 7;
        }

        int day = text.Length >= 10 && text[7] == (byte)'-' ? Digits(text, 8, 2) : -1;
        return day >= 1 && day <= DateTime.DaysInMonth(year, month) ? 10 : 0;
    }

    // Returns the length of the time at the start of the text, 0 when there is none. 60 is a leap second.
    private static int TimePart(ReadOnlySpan<byte> text)
    {
        if (text.Length < 8 || text[2] != (byte)':' || text[5] != (byte)':')
        {
            return 0;
        }

        int hour = Digits(text, 0, 2);
        int minute = Digits(text, 3, 2);
        int second = Digits(text, 6, 2);
        if (hour is < 0 or > 23 || minute is < 0 or > 59 || second is < 0 or > 60)
        {
            return 0;
        }

        if (text.Length == 8 || text[8] != (byte)'.')
        {
            return 8;
        }

        int end = 9;
        while (end < text.Length && text[end] is >= (byte)'0' and <= (byte)'9')
        {
            end++;
        }

        return end > 9 ? end : 0;
    }

    // (Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))
    private static bool IsZone(ReadOnlySpan<byte> text)
    {
        if (text.Length == 1)
        {
            return text[0] == (byte)'Z';
        }

        if (text.Length != 6 || text[0] is not ((byte)'+' or (byte)'-') || text[3] != (byte)':')
        {
            return false;
        }

        int hours = Digits(text, 1, 2);
        int minutes = Digits(text, 4, 2);
        return hours is >= 0 and <= 13 ? minutes is >= 0 and <= 59 : hours == 14 && minutes == 0;
    }

    private static int Digits(ReadOnlySpan<byte> text, int start, int count)
    {
        int value = 0;
        foreach (byte b in text.Slice(start, count))
        {
            if (b is < (byte)'0' or > (byte)'9')
            {
                return -1;
            }

            value = (value * 10) + (b - '0');
        }

        return value;
    }
}
