namespace HealthChain.Fhir.FhirPath;

/// <summary>
/// The least and greatest value that a value of limited precision can stand for (FHIRPath, "Boundary Functions"). Nothing when
/// the precision asked for is not one that the type has.
/// </summary>
internal static class Boundaries
{
    private const int MostDecimalDigits = 28;
    private const int EarliestOffset = 14 * 60;
    private const int LatestOffset = -12 * 60;

    public static FhirPathValue Of(in FhirPathValue value, int? precision, bool high) => value.Kind switch
    {
        FhirPathKind.Integer or FhirPathKind.Long or FhirPathKind.Decimal =>
            OfDecimal(value.Number, precision ?? 8, high) is { } number ? FhirPathValue.OfDecimal(number) : default,
        FhirPathKind.Quantity =>
            OfDecimal(value.Decimal, precision ?? 8, high) is { } number ? FhirPathValue.OfQuantity(number, value.QuantityUnit) : default,
        FhirPathKind.Date => OfDate(value.Temporal, precision ?? 8, high),
        FhirPathKind.DateTime => OfDateTime(value.Temporal, precision ?? 17, high),
        FhirPathKind.Time => OfTime(value.Temporal, precision ?? 9, high),
        _ => default,
    };

    /// <summary>The number of digits that say how precise a value is: decimals of a number, digits of a date or time.</summary>
    public static int? Precision(in FhirPathValue value) => value.Kind switch
    {
        FhirPathKind.Integer or FhirPathKind.Long => 0,
        FhirPathKind.Decimal or FhirPathKind.Quantity => value.Decimal.Scale,
        FhirPathKind.Date or FhirPathKind.DateTime => Digits(value.Temporal),
        FhirPathKind.Time => Digits(value.Temporal) - 8,
        _ => null,
    };

    private static int Digits(in Temporal value) => value.Precision switch
    {
        TemporalPrecision.Year => 4,
        TemporalPrecision.Month => 6,
        TemporalPrecision.Day => 8,
        TemporalPrecision.Hour => 10,
        TemporalPrecision.Minute => 12,
        _ => value.FractionDigits == 0 ? 14 : 14 + value.FractionDigits,
    };

    private static decimal? OfDecimal(decimal value, int digits, bool high)
    {
        if (digits is < 0 or > MostDecimalDigits)
        {
            return null;
        }

        try
        {
            decimal half = value.Scale < MostDecimalDigits ? new decimal(5, 0, 0, false, (byte)(value.Scale + 1)) : 0;
            decimal boundary = high ? value + half : value - half;
            boundary = Math.Round(boundary, digits, high ? MidpointRounding.ToPositiveInfinity : MidpointRounding.ToNegativeInfinity);

            // Adding a zero of that many decimals shows them all: 1.5865 to eight digits is 1.58650000.
            return boundary + new decimal(0, 0, 0, false, (byte)digits);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static FhirPathValue OfDate(in Temporal value, int digits, bool high) =>
        PrecisionOfDigits(digits) is { } precision and <= TemporalPrecision.Day
            ? FhirPathValue.OfDate(new Temporal(Fill(value, high), precision))
            : default;

    private static FhirPathValue OfDateTime(in Temporal value, int digits, bool high)
    {
        if (PrecisionOfDigits(digits) is not { } precision)
        {
            return default;
        }

        // The later the zone, the earlier its clocks reach a given time: +14:00 holds the least instant, -12:00 the greatest.
        int? offset = precision < TemporalPrecision.Hour ? null
            : value.OffsetMinutes ?? (high ? LatestOffset : EarliestOffset);
        return FhirPathValue.OfDateTime(new Temporal(Fill(value, high), precision, digits == 17 ? 3 : 0, offset));
    }

    private static FhirPathValue OfTime(in Temporal value, int digits, bool high) =>
        PrecisionOfDigits(digits + 8) is { } precision and >= TemporalPrecision.Hour
            ? FhirPathValue.OfTime(new Temporal(Fill(value, high, isTime: true), precision, digits == 9 ? 3 : 0))
            : default;

    private static TemporalPrecision? PrecisionOfDigits(int digits) => digits switch
    {
        4 => TemporalPrecision.Year,
        6 => TemporalPrecision.Month,
        8 => TemporalPrecision.Day,
        10 => TemporalPrecision.Hour,
        12 => TemporalPrecision.Minute,
        14 or 17 => TemporalPrecision.Second,
        _ => null,
    };

    /// <summary>
    /// The least or greatest moment within the value. Only literals can have an hour without minutes, FHIR's dateTime cannot; the
    /// official tests read its minutes as zero either way: <c>@2014-01-01T08.highBoundary(17)</c> is 08:00:59.999.
    /// </summary>
    private static DateTime Fill(in Temporal value, bool high, bool isTime = false)
    {
        DateTime local = value.Local;
        if (!high)
        {
            return local;
        }

        TemporalPrecision precision = value.Precision;
        int month = precision < TemporalPrecision.Month ? 12 : local.Month;
        int day = precision < TemporalPrecision.Day ? DateTime.DaysInMonth(local.Year, month) : local.Day;
        int hour = precision < TemporalPrecision.Hour ? 23 : local.Hour;
        int minute = precision < TemporalPrecision.Hour || (isTime && precision < TemporalPrecision.Minute) ? 59 : local.Minute;
        var filled = new DateTime(local.Year, month, day, hour, minute, precision < TemporalPrecision.Second ? 59 : local.Second);
        long fraction = local.Ticks % TimeSpan.TicksPerSecond;

        // A fraction of a second is known as far as it is written, at most to the millisecond asked for here.
        return filled.AddTicks(value.FractionDigits > 0 ? fraction : 999 * TimeSpan.TicksPerMillisecond);
    }
}
