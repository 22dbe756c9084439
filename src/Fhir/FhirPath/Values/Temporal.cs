using System.Runtime.InteropServices;
using System.Text;

namespace HealthChain.Fhir.FhirPath;

/// <summary>How far a date, dateTime or time is specified. A fraction of a second is part of the seconds.</summary>
internal enum TemporalPrecision : byte
{
    None,
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
}

/// <summary>
/// A date, dateTime or time of partial precision, as clock and calendar show it (not moved to UTC), with its offset when it has one.
/// What is not specified counts as the least value. A time is a time of 0001-01-01.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct Temporal
{
    private const short NoOffset = short.MinValue;

    private readonly long _ticks;
    private readonly short _offset;
    private readonly TemporalPrecision _precision;
    private readonly byte _fractionDigits;

    private Temporal(long ticks, TemporalPrecision precision, int fractionDigits, short offset)
    {
        _ticks = ticks;
        _precision = precision;
        _fractionDigits = (byte)fractionDigits;
        _offset = offset;
    }

    public Temporal(DateTime local, TemporalPrecision precision, int fractionDigits = 0, int? offsetMinutes = null)
        : this(local.Ticks, precision, fractionDigits, (short?)offsetMinutes ?? NoOffset)
    {
    }

    /// <summary>Date and time of day as written.</summary>
    public DateTime Local => new(_ticks);

    public TemporalPrecision Precision => _precision;

    /// <summary>Ticks that equal values share: in UTC when there is an offset.</summary>
    public long Instant => HasOffset ? _ticks - (_offset * TimeSpan.TicksPerMinute) : _ticks;

    /// <summary>Digits of the fraction of a second, at most 7.</summary>
    public int FractionDigits => _fractionDigits;

    public bool HasOffset => _offset != NoOffset;

    /// <summary>Minutes east of UTC.</summary>
    public int? OffsetMinutes => HasOffset ? _offset : null;

    /// <summary>The date part, at most to the day.</summary>
    public Temporal Date => new(_ticks - (_ticks % TimeSpan.TicksPerDay), Min(_precision, TemporalPrecision.Day), 0, NoOffset);

    /// <summary>The time of day.</summary>
    public Temporal TimeOfDay => new(_ticks % TimeSpan.TicksPerDay, _precision, _fractionDigits, NoOffset);

    public static Temporal OfInstant(DateTimeOffset instant) =>
        new(instant.Ticks - (instant.Ticks % TimeSpan.TicksPerMillisecond), TemporalPrecision.Second, 3, (short)instant.TotalOffsetMinutes);

    /// <summary>Reads <c>YYYY[-MM[-DD[Thh[:mm[:ss[.f]]][offset]]]]</c>; a bare <c>T</c> at the end is allowed.</summary>
    public static bool TryParseDateTime(ReadOnlySpan<char> text, out Temporal value)
    {
        Span<byte> utf8 = stackalloc byte[TemporalReader.LongestText];
        value = default;
        return TemporalReader.TryNarrow(text, utf8, out int length) && TryParseDateTime(utf8[..length], out value);
    }

    /// <inheritdoc cref="TryParseDateTime(ReadOnlySpan{char}, out Temporal)"/>
    public static bool TryParseDateTime(ReadOnlySpan<byte> text, out Temporal value)
    {
        value = default;
        var reader = new TemporalReader(text);
        if (!reader.TryDate(out DateTime date, out TemporalPrecision precision))
        {
            return false;
        }

        (long time, int digits, short offset) = (0, 0, NoOffset);
        if (reader.Take((byte)'T') && !reader.AtEnd)
        {
            if (precision != TemporalPrecision.Day || !reader.TryTime(out time, out precision, out digits)
                || !reader.TryOffset(NoOffset, out offset))
            {
                return false;
            }
        }

        if (!reader.AtEnd || time > DateTime.MaxValue.Ticks - date.Ticks)
        {
            return false;
        }

        value = new Temporal(date.Ticks + time, precision, digits, offset);
        return true;
    }

    /// <summary>Reads <c>hh[:mm[:ss[.f]]]</c>.</summary>
    public static bool TryParseTime(ReadOnlySpan<char> text, out Temporal value)
    {
        Span<byte> utf8 = stackalloc byte[TemporalReader.LongestText];
        value = default;
        return TemporalReader.TryNarrow(text, utf8, out int length) && TryParseTime(utf8[..length], out value);
    }

    /// <inheritdoc cref="TryParseTime(ReadOnlySpan{char}, out Temporal)"/>
    public static bool TryParseTime(ReadOnlySpan<byte> text, out Temporal value)
    {
        value = default;
        var reader = new TemporalReader(text);
        if (!reader.TryTime(out long time, out TemporalPrecision precision, out int digits) || !reader.AtEnd)
        {
            return false;
        }

        value = new Temporal(time, precision, digits, NoOffset);
        return true;
    }

    /// <summary>
    /// Compares from the year down as far as both are specified; null when that does not decide (FHIRPath, "Comparison"), or when
    /// only one of two times has an offset.
    /// </summary>
    public static int? Compare(in Temporal left, in Temporal right)
    {
        (long x, long y) = (left._ticks, right._ticks);
        if (left._precision >= TemporalPrecision.Hour && right._precision >= TemporalPrecision.Hour)
        {
            if (left.HasOffset != right.HasOffset)
            {
                return null;
            }

            if (left.HasOffset)
            {
                x -= left._offset * TimeSpan.TicksPerMinute;
                y -= right._offset * TimeSpan.TicksPerMinute;
            }
        }

        if (left._precision == right._precision)
        {
            return x.CompareTo(y);
        }

        TemporalPrecision common = Min(left._precision, right._precision);
        int order = Truncate(x, common).CompareTo(Truncate(y, common));
        return order == 0 ? null : order;
    }

    /// <summary>Equal to the same precision.</summary>
    public static bool AreEquivalent(in Temporal left, in Temporal right) =>
        left._precision == right._precision && Compare(left, right) == 0;

    /// <summary>The same moment with another fraction: 3 digits give milliseconds.</summary>
    public Temporal WithFractionDigits(int digits) => new(_ticks, _precision, digits, _offset);

    public Temporal WithTicks(long ticks)
    {
        bool hasFraction = _fractionDigits > 0 || (_precision == TemporalPrecision.Second && ticks % TimeSpan.TicksPerSecond != 0);
        return new Temporal(ticks, _precision, hasFraction ? Math.Max((int)_fractionDigits, 3) : 0, _offset);
    }

    /// <summary>The text without <c>@</c>, and without <c>T</c> for a time.</summary>
    public string ToText(bool isTime)
    {
        var builder = new StringBuilder(32);
        if (!isTime)
        {
            builder.Append(Local.ToString(_precision switch
            {
                TemporalPrecision.Year => "yyyy",
                TemporalPrecision.Month => "yyyy-MM",
                _ => "yyyy-MM-dd",
            }));
            if (_precision < TemporalPrecision.Hour)
            {
                return builder.ToString();
            }

            builder.Append('T');
        }

        builder.Append(Local.ToString(_precision switch
        {
            TemporalPrecision.Hour => "HH",
            TemporalPrecision.Minute => "HH:mm",
            _ => "HH:mm:ss",
        }));
        if (_fractionDigits > 0)
        {
            builder.Append('.').Append((_ticks % TimeSpan.TicksPerSecond).ToString("D7").AsSpan(0, _fractionDigits));
        }

        if (HasOffset)
        {
            AppendOffset(builder);
        }

        return builder.ToString();
    }

    private void AppendOffset(StringBuilder builder)
    {
        if (_offset == 0)
        {
            builder.Append('Z');
            return;
        }

        int minutes = Math.Abs((int)_offset);
        builder.Append(_offset < 0 ? '-' : '+').Append((minutes / 60).ToString("D2")).Append(':').Append((minutes % 60).ToString("D2"));
    }

    private static TemporalPrecision Min(TemporalPrecision left, TemporalPrecision right) => left < right ? left : right;

    private static long Truncate(long ticks, TemporalPrecision precision)
    {
        switch (precision)
        {
            case TemporalPrecision.Year or TemporalPrecision.Month:
                var date = new DateTime(Math.Clamp(ticks, 0, DateTime.MaxValue.Ticks));
                return new DateTime(date.Year, precision == TemporalPrecision.Year ? 1 : date.Month, 1).Ticks;
            case TemporalPrecision.Day:
                return ticks - (ticks % TimeSpan.TicksPerDay);
            case TemporalPrecision.Hour:
                return ticks - (ticks % TimeSpan.TicksPerHour);
            case TemporalPrecision.Minute:
                return ticks - (ticks % TimeSpan.TicksPerMinute);
            default:
                return ticks;
        }
    }
}
