using System.Buffers.Text;
using System.Globalization;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.FhirPath;

/// <summary>From elements to System values, and from System values to each other.</summary>
internal static class Conversion
{
    private const NumberStyles Decimals = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>
    /// The System value of an item: itself, the value of a primitive element, the Quantity of a quantity element. None for
    /// other elements and for primitives that have extensions only.
    /// </summary>
    public static FhirPathValue ToSystem(in FhirPathValue value)
    {
        if (!value.IsElement)
        {
            return value;
        }

        Element element = value.Element;
        TypeSchema type = element.Type;
        if (type.IsPrimitive)
        {
            return element.HasValue ? OfPrimitive(element, FhirTypes.SystemKind(type)) : default;
        }

        return FhirTypes.IsQuantity(type) ? OfQuantity(element) : default;
    }

    /// <summary>The kind of System value that <see cref="ToSystem"/> gives, without making it.</summary>
    public static FhirPathKind SystemKind(in FhirPathValue value)
    {
        if (!value.IsElement)
        {
            return value.Kind;
        }

        TypeSchema type = value.Element.Type;
        return type.IsPrimitive ? FhirTypes.SystemKind(type) : FhirTypes.IsQuantity(type) ? FhirPathKind.Quantity : FhirPathKind.None;
    }

    public static bool TryParseDecimal(ReadOnlySpan<byte> utf8, out decimal number) =>
        decimal.TryParse(utf8, Decimals, CultureInfo.InvariantCulture, out number);

    /// <summary>The text of a System value; what <c>toString()</c> gives.</summary>
    public static string ToText(in FhirPathValue value) => value.Kind switch
    {
        FhirPathKind.Boolean => value.Boolean ? "true" : "false",
        FhirPathKind.Integer or FhirPathKind.Long => value.Integer.ToString(CultureInfo.InvariantCulture),
        FhirPathKind.Decimal => value.Decimal.ToString(CultureInfo.InvariantCulture),
        FhirPathKind.String => value.String,
        FhirPathKind.Date or FhirPathKind.DateTime => value.Temporal.ToText(isTime: false),
        FhirPathKind.Time => value.Temporal.ToText(isTime: true),
        FhirPathKind.Quantity => $"{value.Decimal.ToString(CultureInfo.InvariantCulture)} {value.QuantityUnit}",
        FhirPathKind.Element => value.Element.Text ?? "",
        _ => value.ToString(),
    };

    /// <summary>Converts to a System type as the <c>toXxx()</c> functions do; None when it cannot be converted.</summary>
    public static FhirPathValue Convert(in FhirPathValue system, FhirPathKind target) => target switch
    {
        _ when system.Kind == target => system,
        FhirPathKind.Boolean => ToBoolean(system),
        FhirPathKind.Integer => ToInteger(system, int.MinValue, int.MaxValue, FhirPathKind.Integer),
        FhirPathKind.Long => ToInteger(system, long.MinValue, long.MaxValue, FhirPathKind.Long),
        FhirPathKind.Decimal => ToDecimal(system),
        FhirPathKind.String => system.Kind is FhirPathKind.TypeInfo ? default : FhirPathValue.OfString(ToText(system)),
        FhirPathKind.Date => ToDate(system),
        FhirPathKind.DateTime => ToDateTime(system),
        FhirPathKind.Time => system.Kind == FhirPathKind.String && Temporal.TryParseTime(system.String, out Temporal time)
            ? FhirPathValue.OfTime(time) : default,
        FhirPathKind.Quantity => ToQuantity(system),
        _ => default,
    };

    /// <summary>Reads a number as the grammar writes it: sign, digits, point and digits; no exponent.</summary>
    public static bool TryParseNumber(ReadOnlySpan<char> text, out decimal number)
    {
        number = 0;
        ReadOnlySpan<char> digits = text.Length > 0 && text[0] is '+' or '-' ? text[1..] : text;
        if (digits.Length == 0 || !char.IsAsciiDigit(digits[0]) || !char.IsAsciiDigit(digits[^1]))
        {
            return false;
        }

        return decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
    }

    private static FhirPathValue OfPrimitive(Element element, FhirPathKind kind)
    {
        ReadOnlySpan<byte> text = element.Value;
        switch (kind)
        {
            case FhirPathKind.Boolean:
                return FhirPathValue.OfBoolean(text.SequenceEqual("true"u8));
            case FhirPathKind.Integer:
                return Utf8Parser.TryParse(text, out int integer, out int read) && read == text.Length
                    ? FhirPathValue.OfInteger(integer) : default;
            case FhirPathKind.Decimal:
                return TryParseDecimal(text, out decimal number) ? FhirPathValue.OfDecimal(number) : default;
            case FhirPathKind.Date or FhirPathKind.DateTime:
                return Temporal.TryParseDateTime(text, out Temporal date) ? FhirPathValue.OfTemporal(kind, date) : default;
            case FhirPathKind.Time:
                return Temporal.TryParseTime(text, out Temporal time) ? FhirPathValue.OfTime(time) : default;
            default:
                return FhirPathValue.OfString(element.Text!);
        }
    }

    /// <summary>
    /// FHIR R4, "Use of FHIR Quantity": UCUM codes map to UCUM, those of time to the calendar. Beyond that text, a quantity in
    /// another unit is kept in that unit, so that two of them can be compared; one with a comparator is no single value.
    /// </summary>
    private static FhirPathValue OfQuantity(Element element)
    {
        QuantityElements parts = FhirTypes.QuantityElements(element.Type);
        Element value = element.Child(parts.Value);
        if (!value.Exists || !TryParseDecimal(value.Value, out decimal number) || element.Child(parts.Comparator).Exists)
        {
            return default;
        }

        Element system = element.Child(parts.System);
        Element code = element.Child(parts.Code);
        if (code.Exists && code.HasValue && system.Exists)
        {
            return FhirPathValue.OfQuantity(number, system.ValueIs("http://unitsofmeasure.org"u8)
                ? QuantityUnit.OfFhirCode(code.Value)
                : QuantityUnit.OfSystem(system.Text ?? "", code.Text!));
        }

        Element unit = element.Child(parts.Unit);
        return FhirPathValue.OfQuantity(number, unit.Exists && unit.HasValue ? QuantityUnit.OfSystem("", unit.Text!) : QuantityUnit.One);
    }

    private static FhirPathValue ToBoolean(in FhirPathValue value)
    {
        switch (value.Kind)
        {
            case FhirPathKind.Integer or FhirPathKind.Long or FhirPathKind.Decimal:
                return value.Number == 1 ? FhirPathValue.OfBoolean(true) : value.Number == 0 ? FhirPathValue.OfBoolean(false) : default;
            case FhirPathKind.String:
                string text = value.String;
                return IsOneOf(text, "true", "t", "yes", "y", "1", "1.0") ? FhirPathValue.OfBoolean(true)
                    : IsOneOf(text, "false", "f", "no", "n", "0", "0.0") ? FhirPathValue.OfBoolean(false)
                    : default;
            default:
                return default;
        }
    }

    private static bool IsOneOf(string text, params ReadOnlySpan<string> candidates)
    {
        foreach (string candidate in candidates)
        {
            if (text.Equals(candidate, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static FhirPathValue ToInteger(in FhirPathValue value, long min, long max, FhirPathKind target)
    {
        long number;
        switch (value.Kind)
        {
            case FhirPathKind.Integer or FhirPathKind.Long or FhirPathKind.Boolean:
                number = value.Integer;
                break;
            case FhirPathKind.String when long.TryParse(value.String, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number):
                break;
            default:
                return default;
        }

        return number < min || number > max ? default
            : target == FhirPathKind.Long ? FhirPathValue.OfLong(number)
            : FhirPathValue.OfInteger((int)number);
    }

    private static FhirPathValue ToDecimal(in FhirPathValue value) => value.Kind switch
    {
        FhirPathKind.Integer or FhirPathKind.Long => FhirPathValue.OfDecimal(value.Integer),
        FhirPathKind.Boolean => FhirPathValue.OfDecimal(value.Boolean ? 1.0m : 0.0m),
        FhirPathKind.String when TryParseNumber(value.String, out decimal number) => FhirPathValue.OfDecimal(number),
        _ => default,
    };

    private static FhirPathValue ToDate(in FhirPathValue value) => value.Kind switch
    {
        FhirPathKind.DateTime => FhirPathValue.OfDate(value.Temporal.Date),
        FhirPathKind.String when !value.String.Contains('T') && Temporal.TryParseDateTime(value.String, out Temporal date) =>
            FhirPathValue.OfDate(date),
        _ => default,
    };

    private static FhirPathValue ToDateTime(in FhirPathValue value) => value.Kind switch
    {
        FhirPathKind.Date => FhirPathValue.OfDateTime(value.Temporal),
        FhirPathKind.String when !value.String.EndsWith('T') && Temporal.TryParseDateTime(value.String, out Temporal date) =>
            FhirPathValue.OfDateTime(date),
        _ => default,
    };

    private static FhirPathValue ToQuantity(in FhirPathValue value) => value.Kind switch
    {
        FhirPathKind.Integer or FhirPathKind.Long or FhirPathKind.Decimal => FhirPathValue.OfQuantity(value.Number, QuantityUnit.One),
        FhirPathKind.Boolean => FhirPathValue.OfQuantity(value.Boolean ? 1.0m : 0.0m, QuantityUnit.One),
        FhirPathKind.String => ParseQuantity(value.String),
        _ => default,
    };

    /// <summary>Reads <c>1</c>, <c>1 'mg'</c> or <c>4 days</c>, as <c>toQuantity()</c> specifies by a regular expression.</summary>
    private static FhirPathValue ParseQuantity(string text)
    {
        int end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] is '.' or '+' or '-'))
        {
            end++;
        }

        if (!TryParseNumber(text.AsSpan(0, end), out decimal number))
        {
            return default;
        }

        string unit = text[end..].Trim();
        if (unit.Length == 0)
        {
            return FhirPathValue.OfQuantity(number, QuantityUnit.One);
        }

        if (unit.Length > 2 && unit[0] == '\'' && unit[^1] == '\'')
        {
            return FhirPathValue.OfQuantity(number, QuantityUnit.OfQuoted(unit[1..^1]));
        }

        return QuantityUnit.OfCalendarWord(unit) is { } calendar ? FhirPathValue.OfQuantity(number, calendar) : default;
    }
}
