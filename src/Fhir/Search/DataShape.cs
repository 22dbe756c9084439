using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>The types that search knows how to read values from.</summary>
internal enum DataShape : byte
{
    /// <summary>A type without search values of its own, such as Attachment.</summary>
    None,
    Boolean,
    Number,

    /// <summary>code: its system may be implied.</summary>
    Code,

    /// <summary>string, markdown and whatever else is text alone.</summary>
    Text,

    /// <summary>uri, url, canonical, oid, uuid.</summary>
    Uri,

    /// <summary>date, dateTime, instant.</summary>
    Date,
    Coding,
    CodeableConcept,
    Identifier,
    ContactPoint,
    Reference,
    Period,
    Timing,
    Quantity,
    Money,
    Range,
    SampledData,
    HumanName,
    Address,
    Annotation,
    Extension,
    Position,
    Resource,
}

/// <summary>The shape of every type, and the elements of the data types that extraction reads.</summary>
internal static class DataShapes
{
    private static readonly FhirSchema Schema = FhirSchema.R4;
    private static readonly DataShape[] ByType = [.. Schema.Types.Select(ShapeOf)];

    public static readonly ElementSchema CodingSystem = Element("Coding", "system");
    public static readonly ElementSchema CodingCode = Element("Coding", "code");
    public static readonly ElementSchema CodingDisplay = Element("Coding", "display");
    public static readonly ElementSchema ConceptCoding = Element("CodeableConcept", "coding");
    public static readonly ElementSchema ConceptText = Element("CodeableConcept", "text");
    public static readonly ElementSchema IdentifierSystem = Element("Identifier", "system");
    public static readonly ElementSchema IdentifierValue = Element("Identifier", "value");
    public static readonly ElementSchema IdentifierType = Element("Identifier", "type");
    public static readonly ElementSchema ContactPointValue = Element("ContactPoint", "value");
    public static readonly ElementSchema ReferenceReference = Element("Reference", "reference");
    public static readonly ElementSchema ReferenceType = Element("Reference", "type");
    public static readonly ElementSchema ReferenceIdentifier = Element("Reference", "identifier");
    public static readonly ElementSchema PeriodStart = Element("Period", "start");
    public static readonly ElementSchema PeriodEnd = Element("Period", "end");
    public static readonly ElementSchema TimingEvent = Element("Timing", "event");
    public static readonly ElementSchema TimingRepeat = Element("Timing", "repeat");
    public static readonly ElementSchema TimingBounds = Element("Timing.repeat", "bounds");
    public static readonly ElementSchema MoneyValue = Element("Money", "value");
    public static readonly ElementSchema MoneyCurrency = Element("Money", "currency");
    public static readonly ElementSchema RangeLow = Element("Range", "low");
    public static readonly ElementSchema RangeHigh = Element("Range", "high");
    public static readonly ElementSchema SampledOrigin = Element("SampledData", "origin");
    public static readonly ElementSchema SampledFactor = Element("SampledData", "factor");
    public static readonly ElementSchema SampledData = Element("SampledData", "data");
    public static readonly ElementSchema AnnotationText = Element("Annotation", "text");
    public static readonly ElementSchema ExtensionUrl = Element("Extension", "url");
    public static readonly ElementSchema ExtensionValue = Element("Extension", "value");
    public static readonly ElementSchema PositionLatitude = Element("Location.position", "latitude");
    public static readonly ElementSchema PositionLongitude = Element("Location.position", "longitude");

    // Age, Count, Distance and Duration repeat the elements of Quantity, at the same positions.
    public static readonly int QuantityValue = Element("Quantity", "value").Index;
    public static readonly int QuantityComparator = Element("Quantity", "comparator").Index;
    public static readonly int QuantityUnit = Element("Quantity", "unit").Index;
    public static readonly int QuantitySystem = Element("Quantity", "system").Index;
    public static readonly int QuantityCode = Element("Quantity", "code").Index;

    public static DataShape Of(TypeSchema type) => ByType[type.Id];

    public static DataShape Of(int typeId) => ByType[typeId];

    private static ElementSchema Element(string type, string name) =>
        Schema.Type(type)?.Element(name) ?? throw new InvalidOperationException($"R4 has no {type}.{name}.");

    private static DataShape ShapeOf(TypeSchema type) => type.Primitive switch
    {
        PrimitiveKind.Boolean => DataShape.Boolean,
        PrimitiveKind.Integer or PrimitiveKind.UnsignedInt or PrimitiveKind.PositiveInt or PrimitiveKind.Decimal => DataShape.Number,
        PrimitiveKind.Code => DataShape.Code,
        PrimitiveKind.String or PrimitiveKind.Markdown or PrimitiveKind.Id => DataShape.Text,
        PrimitiveKind.Uri or PrimitiveKind.Url or PrimitiveKind.Canonical or PrimitiveKind.Oid or PrimitiveKind.Uuid => DataShape.Uri,
        PrimitiveKind.Date or PrimitiveKind.DateTime or PrimitiveKind.Instant => DataShape.Date,
        PrimitiveKind.None => ComplexShapeOf(type),
        _ => DataShape.None,
    };

    private static DataShape ComplexShapeOf(TypeSchema type)
    {
        if (type.IsResource)
        {
            return DataShape.Resource;
        }

        for (TypeSchema? ancestor = type; ancestor is not null; ancestor = ancestor.Base)
        {
            if (ancestor.Name == "Location.position")
            {
                return DataShape.Position;
            }

            if (Enum.TryParse(ancestor.Name, out DataShape shape) && shape >= DataShape.Coding)
            {
                return shape;
            }
        }

        return DataShape.None;
    }
}
