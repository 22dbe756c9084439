namespace HealthChain.Fhir.FhirPath;

/// <summary>FHIRPath, "Current date and time functions", "Date/Time component extraction" and "Boundary Functions".</summary>
internal static class DateFunctions
{
    public static readonly Function[] All =
    [
        new("now", 0, 0, FunctionInput.Any, FunctionOutput.DateTime, static (in Call call) => call.Return(FhirPathValue.OfDateTime(call.Run.Now))),
        new("today", 0, 0, FunctionInput.Any, FunctionOutput.Date, static (in Call call) => call.Return(FhirPathValue.OfDate(call.Run.Now.Date))),
        new("timeOfDay", 0, 0, FunctionInput.Any, FunctionOutput.Time, static (in Call call) => call.Return(FhirPathValue.OfTime(call.Run.Now.TimeOfDay))),
        Component("yearOf", TemporalPrecision.Year, static local => local.Year),
        Component("monthOf", TemporalPrecision.Month, static local => local.Month),
        Component("dayOf", TemporalPrecision.Day, static local => local.Day),
        Component("hourOf", TemporalPrecision.Hour, static local => local.Hour),
        Component("minuteOf", TemporalPrecision.Minute, static local => local.Minute),
        Component("secondOf", TemporalPrecision.Second, static local => local.Second),
        Component("millisecondOf", TemporalPrecision.Second, static local => local.Millisecond),
        new("timezoneOffsetOf", 0, 0, FunctionInput.Temporal, FunctionOutput.Decimal, TimezoneOffsetOf),
        new("dateOf", 0, 0, FunctionInput.Temporal, FunctionOutput.Date, DateOf),
        new("timeOf", 0, 0, FunctionInput.Temporal, FunctionOutput.Time, TimeOf),
        new("lowBoundary", 0, 1, FunctionInput.Single, FunctionOutput.Any, static (in Call call) => Boundary(call, high: false)),
        new("highBoundary", 0, 1, FunctionInput.Single, FunctionOutput.Any, static (in Call call) => Boundary(call, high: true)),
        new("precision", 0, 0, FunctionInput.Single, FunctionOutput.Integer, Precision),
        new("comparable", 1, 1, FunctionInput.Single, FunctionOutput.Boolean, Comparable),
    ];

    private static Function Component(string name, TemporalPrecision precision, Func<DateTime, int> component) =>
        new(name, 0, 0, FunctionInput.Temporal, FunctionOutput.Integer, (in Call call) =>
        {
            bool isDatePart = precision <= TemporalPrecision.Day;
            if (TryTemporal(call, out FhirPathValue value)
                && (isDatePart ? value.Kind != FhirPathKind.Time : value.Kind != FhirPathKind.Date)
                && value.Temporal.Precision >= precision
                && (name != "millisecondOf" || value.Temporal.FractionDigits > 0))
            {
                call.Return(component(value.Temporal.Local));
            }
        });

    private static bool TryTemporal(in Call call, out FhirPathValue value)
    {
        value = call.Value();
        return value.IsTemporal || (call.Item().IsNone || Conversion.SystemKind(call.Item()) is FhirPathKind.Date or FhirPathKind.DateTime or FhirPathKind.Time
            ? false
            : throw call.WrongInput("a Date, DateTime or Time"));
    }

    private static void TimezoneOffsetOf(in Call call)
    {
        if (TryTemporal(call, out FhirPathValue value) && value.Temporal.OffsetMinutes is { } minutes)
        {
            call.Return(FhirPathValue.OfDecimal(minutes / 60m));
        }
    }

    private static void DateOf(in Call call)
    {
        if (TryTemporal(call, out FhirPathValue value) && value.Kind != FhirPathKind.Time)
        {
            call.Return(FhirPathValue.OfDate(value.Temporal.Date));
        }
    }

    private static void TimeOf(in Call call)
    {
        if (TryTemporal(call, out FhirPathValue value) && value.Temporal.Precision >= TemporalPrecision.Hour)
        {
            call.Return(FhirPathValue.OfTime(value.Temporal.TimeOfDay));
        }
    }

    private static void Boundary(in Call call, bool high)
    {
        int? precision = null;
        if (call.ArgumentCount > 0)
        {
            if (!call.TryInteger(0, out int asked))
            {
                return;
            }

            precision = asked;
        }

        call.Return(Boundaries.Of(call.Value(), precision, high));
    }

    private static void Precision(in Call call)
    {
        if (Boundaries.Precision(call.Value()) is { } digits)
        {
            call.Return(digits);
        }
    }

    private static void Comparable(in Call call)
    {
        FhirPathValue left = call.Value();
        if (!left.IsNone && call.TryArgument(0, FhirPathKind.Quantity, out FhirPathValue right))
        {
            call.Return(left.Kind == FhirPathKind.Quantity && Quantities.AreComparable(left, right));
        }
    }
}
