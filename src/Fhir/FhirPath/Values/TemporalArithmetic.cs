namespace HealthChain.Fhir.FhirPath;

/// <summary>Adding durations to dates and times (FHIRPath, "Date/Time Arithmetic").</summary>
internal static class TemporalArithmetic
{
    /// <summary>
    /// Adds an amount of a calendar duration; null when the result leaves the years 1 to 9999. A duration finer than the value is
    /// first brought to the value's precision, whole units only; a fraction counts for seconds alone.
    /// </summary>
    public static Temporal? Add(in Temporal value, decimal amount, CalendarUnit unit, bool isTime)
    {
        decimal whole = unit <= CalendarUnit.Second ? amount : decimal.Truncate(amount);
        try
        {
            return isTime ? AddToTime(value, whole, unit) : AddToDate(value, whole, unit);
        }
        catch (Exception e) when (e is OverflowException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private static Temporal AddToDate(in Temporal value, decimal amount, CalendarUnit unit)
    {
        switch (value.Precision)
        {
            case TemporalPrecision.Year:
                return AddMonths(value, decimal.Truncate(Years(amount, unit)) * 12);
            case TemporalPrecision.Month:
                return AddMonths(value, decimal.Truncate(Months(amount, unit)));
            default:
                if (unit >= CalendarUnit.Month)
                {
                    return AddMonths(value, Months(amount, unit));
                }

                decimal ticks = ToPrecision(amount * Ticks(unit), value.Precision);
                return value.WithTicks(value.Local.AddTicks(decimal.ToInt64(ticks)).Ticks);
        }
    }

    private static Temporal AddMonths(in Temporal value, decimal months) =>
        value.WithTicks(value.Local.AddMonths(decimal.ToInt32(months)).Ticks);

    private static Temporal AddToTime(in Temporal value, decimal amount, CalendarUnit unit)
    {
        // The clock goes round: 23:00 + 2 hours is 01:00.
        decimal ticks = (value.Local.Ticks + ToPrecision(amount * Ticks(unit), value.Precision)) % TimeSpan.TicksPerDay;
        return value.WithTicks(decimal.ToInt64(ticks < 0 ? ticks + TimeSpan.TicksPerDay : ticks));
    }

    // Years of 365 and months of 30 days, as the conversion factors of calendar durations say.
    private static decimal Years(decimal amount, CalendarUnit unit) => unit switch
    {
        CalendarUnit.Year => amount,
        CalendarUnit.Month => amount / 12,
        _ => amount * Ticks(unit) / TimeSpan.TicksPerDay / 365,
    };

    private static decimal Months(decimal amount, CalendarUnit unit) => unit switch
    {
        CalendarUnit.Year => amount * 12,
        CalendarUnit.Month => amount,
        _ => amount * Ticks(unit) / TimeSpan.TicksPerDay / 30,
    };

    private static decimal ToPrecision(decimal ticks, TemporalPrecision precision)
    {
        decimal unit = precision switch
        {
            TemporalPrecision.Day => TimeSpan.TicksPerDay,
            TemporalPrecision.Hour => TimeSpan.TicksPerHour,
            TemporalPrecision.Minute => TimeSpan.TicksPerMinute,
            _ => 1,
        };
        return decimal.Truncate(ticks / unit) * unit;
    }

    private static decimal Ticks(CalendarUnit unit) => unit switch
    {
        CalendarUnit.Week => 7 * TimeSpan.TicksPerDay,
        CalendarUnit.Day => TimeSpan.TicksPerDay,
        CalendarUnit.Hour => TimeSpan.TicksPerHour,
        CalendarUnit.Minute => TimeSpan.TicksPerMinute,
        CalendarUnit.Second => TimeSpan.TicksPerSecond,
        _ => TimeSpan.TicksPerMillisecond,
    };
}
