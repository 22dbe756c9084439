using System.Diagnostics;
using System.Runtime.InteropServices;
using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.FhirPath;

/// <summary>What a <see cref="FhirPathValue"/> holds: an element of a resource, or a value of a System type.</summary>
public enum FhirPathKind : byte
{
    /// <summary>No value; only <c>default</c> has it, it is never in a result.</summary>
    None,
    Element,
    Boolean,
    Integer,
    Long,
    Decimal,
    String,
    Date,
    DateTime,
    Time,
    Quantity,

    /// <summary>The answer of <c>type()</c>.</summary>
    TypeInfo,

    /// <summary>A list in the place of <c>$this</c>, <c>$total</c> or a variable; never in a result.</summary>
    List,
}

/// <summary>
/// One item of a FHIRPath collection: an element of a resource, which stays where it is, or a computed value of a System type.
/// A small value without allocation of its own; reading a member of another kind than <see cref="Kind"/> gives nonsense.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
[DebuggerDisplay("{TypeName}: {ToString()}")]
public readonly struct FhirPathValue
{
    [FieldOffset(0)]
    private readonly object? _object;

    [FieldOffset(8)]
    private readonly decimal _decimal;

    [FieldOffset(8)]
    private readonly long _integer;

    [FieldOffset(8)]
    private readonly Temporal _temporal;

    [FieldOffset(24)]
    private readonly int _index;

    [FieldOffset(28)]
    private readonly FhirPathKind _kind;

    private FhirPathValue(FhirPathKind kind, object? reference)
    {
        _kind = kind;
        _object = reference;
    }

    private FhirPathValue(FhirPathKind kind, long integer)
    {
        _kind = kind;
        _integer = integer;
    }

    private FhirPathValue(FhirPathKind kind, decimal number, object? reference)
    {
        _kind = kind;
        _decimal = number;
        _object = reference;
    }

    private FhirPathValue(FhirPathKind kind, Temporal temporal)
    {
        _kind = kind;
        _temporal = temporal;
    }

    internal FhirPathValue(ElementTree tree, int index)
    {
        _kind = FhirPathKind.Element;
        _object = tree;
        _index = index;
    }

    public FhirPathKind Kind => _kind;

    public bool IsElement => _kind == FhirPathKind.Element;

    /// <summary>The element; does not exist for values of other kinds.</summary>
    public Element Element => _kind == FhirPathKind.Element ? new Element((ElementTree)_object!, _index) : default;

    public bool Boolean => _integer != 0;

    /// <summary>The number of an Integer or a Long.</summary>
    public long Integer => _integer;

    /// <summary>The number of a Decimal or a Quantity, with its digits kept.</summary>
    public decimal Decimal => _decimal;

    public string String => (string)_object!;

    /// <summary>The unit of a Quantity as FHIRPath writes it: a UCUM code without quotes, or a calendar word.</summary>
    public string Unit => QuantityUnit.Text;

    /// <summary><c>FHIR.</c> or <c>System.</c> and the name of the type.</summary>
    public string TypeName => $"{TypeNamespace}.{TypeSimpleName}";

    /// <summary><c>FHIR</c> or <c>System</c>.</summary>
    public string TypeNamespace => _kind == FhirPathKind.Element ? "FHIR" : "System";

    /// <summary>The name of the type without namespace: <c>HumanName</c>, <c>Integer</c>.</summary>
    public string TypeSimpleName => _kind switch
    {
        FhirPathKind.Element => Element.Type.Name,
        FhirPathKind.TypeInfo => "SimpleTypeInfo",
        _ => _kind.ToString(),
    };

    internal bool IsNone => _kind == FhirPathKind.None;

    /// <summary>The date, dateTime or time.</summary>
    internal Temporal Temporal => _temporal;

    internal QuantityUnit QuantityUnit => (QuantityUnit)_object!;

    internal TypeInfo TypeInfo => (TypeInfo)_object!;

    internal ValueList List => (ValueList)_object!;

    internal ElementTree Tree => (ElementTree)_object!;

    internal int ElementIndex => _index;

    internal bool IsTemporal => _kind is FhirPathKind.Date or FhirPathKind.DateTime or FhirPathKind.Time;

    /// <summary>True for Integer, Long and Decimal.</summary>
    internal bool IsNumber => _kind is FhirPathKind.Integer or FhirPathKind.Long or FhirPathKind.Decimal;

    /// <summary>The value of an Integer, Long or Decimal.</summary>
    internal decimal Number => _kind == FhirPathKind.Decimal ? _decimal : _integer;

    public static FhirPathValue OfElement(Element element) => element.Exists ? new(element.Tree, element.Index) : default;

    public static FhirPathValue OfBoolean(bool value) => new(FhirPathKind.Boolean, value ? 1 : 0);

    public static FhirPathValue OfInteger(int value) => new(FhirPathKind.Integer, value);

    public static FhirPathValue OfLong(long value) => new(FhirPathKind.Long, value);

    public static FhirPathValue OfDecimal(decimal value) => new(FhirPathKind.Decimal, value, null);

    public static FhirPathValue OfString(string value) => new(FhirPathKind.String, value);

    /// <summary>A quantity in a UCUM unit; <c>1</c> for none.</summary>
    public static FhirPathValue OfQuantity(decimal value, string ucum) => OfQuantity(value, QuantityUnit.OfUcum(ucum));

    /// <summary>A value of a System type from its text, as <c>toDate()</c> and its like read it; false when the text is none.</summary>
    public static bool TryParse(string text, FhirPathKind kind, out FhirPathValue value)
    {
        value = Conversion.Convert(OfString(text), kind);
        return !value.IsNone;
    }

    internal static FhirPathValue OfQuantity(decimal value, QuantityUnit unit) => new(FhirPathKind.Quantity, value, unit);

    internal static FhirPathValue OfDate(Temporal value) => new(FhirPathKind.Date, value);

    internal static FhirPathValue OfDateTime(Temporal value) => new(FhirPathKind.DateTime, value);

    internal static FhirPathValue OfTime(Temporal value) => new(FhirPathKind.Time, value);

    internal static FhirPathValue OfTemporal(FhirPathKind kind, Temporal value) => new(kind, value);

    internal static FhirPathValue OfType(TypeInfo type) => new(FhirPathKind.TypeInfo, type);

    internal static FhirPathValue OfList(ValueList list) => new(FhirPathKind.List, list);

    /// <summary>The text of the value as <c>toString()</c> gives it; the path of an element that has no value.</summary>
    public override string ToString() => _kind switch
    {
        FhirPathKind.None => "",
        FhirPathKind.Element => Element.Text ?? Element.Expression,
        FhirPathKind.TypeInfo => TypeInfo.ToString(),
        FhirPathKind.List => $"{List.Count} items",
        _ => Conversion.ToText(this),
    };
}

/// <summary>What <c>type()</c> answers: the namespace and the name of a type.</summary>
internal sealed record TypeInfo(string Namespace, string Name)
{
    public static TypeInfo Of(in FhirPathValue value) => new(value.TypeNamespace, value.TypeSimpleName);

    public override string ToString() => $"{Namespace}.{Name}";
}
