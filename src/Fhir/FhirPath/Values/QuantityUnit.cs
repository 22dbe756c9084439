using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text;
using HealthChain.Fhir.Ucum;

namespace HealthChain.Fhir.FhirPath;

/// <summary>The calendar durations, from short to long.</summary>
internal enum CalendarUnit : byte
{
    None,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// <summary>
/// The unit of a Quantity: a UCUM code, a calendar duration (FHIRPath, "Time-valued Quantities"), or a unit of another system,
/// which only equals itself.
/// </summary>
internal sealed class QuantityUnit
{
    public static readonly QuantityUnit One = new("1", CalendarUnit.None, UcumUnit.One, null);

    private const int MostKnown = 1024;

    // The units of FHIR quantities seen so far, so that reading a quantity does not allocate.
    private static readonly ConcurrentDictionary<string, QuantityUnit> Known = new();

    private static readonly FrozenDictionary<string, QuantityUnit> CalendarWords = CreateCalendarWords();

    private QuantityUnit(string text, CalendarUnit calendar, UcumUnit? ucum, string? system)
    {
        Text = text;
        Calendar = calendar;
        Ucum = ucum;
        System = system;
    }

    public string Text { get; }

    /// <summary>The calendar duration; <see cref="CalendarUnit.None"/> for any other unit.</summary>
    public CalendarUnit Calendar { get; }

    /// <summary>The unit in UCUM; null for a year and a month of the calendar, which have no fixed length, and for what UCUM does not know.</summary>
    public UcumUnit? Ucum { get; }

    /// <summary>The system of a unit that is not of UCUM, empty when it has none; else null.</summary>
    public string? System { get; }

    public bool IsCalendar => Calendar != CalendarUnit.None;

    /// <summary>True for a calendar year or month.</summary>
    public bool IsVariable => Calendar >= CalendarUnit.Month;

    public static bool IsCalendarWord(string text) => CalendarWords.ContainsKey(text);

    public static QuantityUnit? OfCalendarWord(string text) => CalendarWords.GetValueOrDefault(text);

    /// <summary>A unit in quotes. Words of the calendar mean the calendar there too: <c>1 'month'</c> has no other reading in UCUM.</summary>
    public static QuantityUnit OfQuoted(string text) => OfCalendarWord(text) ?? OfUcum(text);

    public static QuantityUnit OfUcum(string code)
    {
        if (code == "1")
        {
            return One;
        }

        return UcumUnit.TryParse(code, out UcumUnit unit, out _) ? new QuantityUnit(code, CalendarUnit.None, unit, null)
            : new QuantityUnit(code, CalendarUnit.None, null, null);
    }

    /// <summary>The unit of a FHIR Quantity in UCUM; codes of time mean the calendar there (FHIR R4, "Use of FHIR Quantity").</summary>
    public static QuantityUnit OfFhirCode(ReadOnlySpan<byte> code)
    {
        Span<char> text = stackalloc char[64];
        if (code.Length > text.Length || !Encoding.UTF8.TryGetChars(code, text, out int length))
        {
            return OfUcum(Encoding.UTF8.GetString(code));
        }

        text = text[..length];
        var known = Known.GetAlternateLookup<ReadOnlySpan<char>>();
        if (known.TryGetValue(text, out QuantityUnit? unit))
        {
            return unit;
        }

        string key = text.ToString();
        unit = key switch
        {
            "a" => OfCalendarWord("year")!,
            "mo" => OfCalendarWord("month")!,
            "d" => OfCalendarWord("day")!,
            "h" => OfCalendarWord("hour")!,
            "min" => OfCalendarWord("minute")!,
            "s" => OfCalendarWord("second")!,
            _ => OfUcum(key),
        };
        if (Known.Count < MostKnown)
        {
            Known.TryAdd(key, unit);
        }

        return unit;
    }

    public static QuantityUnit OfUcum(UcumUnit unit) => new(unit.Text, CalendarUnit.None, unit, null);

    /// <summary>A unit that is not of UCUM, such as a customary unit without code.</summary>
    public static QuantityUnit OfSystem(string system, string code) => new(code, CalendarUnit.None, null, system);

    /// <summary>The calendar duration that a UCUM unit of time stands for in date arithmetic; none for <c>a</c> and <c>mo</c>.</summary>
    public CalendarUnit DefiniteDuration() => IsCalendar ? Calendar : Text switch
    {
        "wk" => CalendarUnit.Week,
        "d" => CalendarUnit.Day,
        "h" => CalendarUnit.Hour,
        "min" => CalendarUnit.Minute,
        "s" => CalendarUnit.Second,
        "ms" => CalendarUnit.Millisecond,
        _ => CalendarUnit.None,
    };

    /// <summary>The unit as FHIRPath writes it: UCUM codes in quotes, calendar words bare.</summary>
    public override string ToString() => IsCalendar ? Text : $"'{Text}'";

    /// <summary>The same unit in any spelling: <c>day</c> and <c>days</c>, but not <c>day</c> and <c>'d'</c>.</summary>
    public bool IsSameAs(QuantityUnit other) =>
        IsCalendar ? Calendar == other.Calendar
        : !other.IsCalendar && System == other.System && Text == other.Text;

    private static FrozenDictionary<string, QuantityUnit> CreateCalendarWords()
    {
        (CalendarUnit Unit, string Word, string? Ucum)[] units =
        [
            (CalendarUnit.Year, "year", null), (CalendarUnit.Month, "month", null), (CalendarUnit.Week, "week", "wk"),
            (CalendarUnit.Day, "day", "d"), (CalendarUnit.Hour, "hour", "h"), (CalendarUnit.Minute, "minute", "min"),
            (CalendarUnit.Second, "second", "s"), (CalendarUnit.Millisecond, "millisecond", "ms"),
        ];
        var words = new Dictionary<string, QuantityUnit>();
        foreach ((CalendarUnit unit, string word, string? code) in units)
        {
            UcumUnit? ucum = code is null ? null : OfUcum(code).Ucum;
            words.Add(word, new QuantityUnit(word, unit, ucum, null));
            words.Add(word + "s", new QuantityUnit(word + "s", unit, ucum, null));
        }

        return words.ToFrozenDictionary();
    }
}
