using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.FhirPath;

/// <summary>The types and elements of R4 that the language itself speaks of, resolved once.</summary>
internal static class FhirTypes
{
    public static readonly TypeSchema Quantity = Type("Quantity");
    public static readonly ElementSchema QuantityValue = Member("Quantity", "value");
    public static readonly ElementSchema QuantityComparator = Member("Quantity", "comparator");
    public static readonly ElementSchema QuantityUnit = Member("Quantity", "unit");
    public static readonly ElementSchema QuantitySystem = Member("Quantity", "system");
    public static readonly ElementSchema QuantityCode = Member("Quantity", "code");

    public static readonly TypeSchema Reference = Type("Reference");
    public static readonly TypeSchema Extension = Type("Extension");
    public static readonly ElementSchema ExtensionUrl = Member("Extension", "url");
    public static readonly TypeSchema Coding = Type("Coding");
    public static readonly TypeSchema CodeableConcept = Type("CodeableConcept");
    public static readonly TypeSchema Bundle = Type("Bundle");
    public static readonly TypeSchema Resource = Type("Resource");

    public static bool IsQuantity(TypeSchema type) => type.Is(Quantity);

    /// <summary>The System type that a FHIR primitive converts to (FHIR R4, "Using FHIRPath with FHIR"); None for other types.</summary>
    public static FhirPathKind SystemKind(TypeSchema type) => type.Primitive switch
    {
        PrimitiveKind.None => FhirPathKind.None,
        PrimitiveKind.Boolean => FhirPathKind.Boolean,
        PrimitiveKind.Integer or PrimitiveKind.UnsignedInt or PrimitiveKind.PositiveInt => FhirPathKind.Integer,
        PrimitiveKind.Decimal => FhirPathKind.Decimal,
        PrimitiveKind.Date => FhirPathKind.Date,
        PrimitiveKind.DateTime or PrimitiveKind.Instant => FhirPathKind.DateTime,
        PrimitiveKind.Time => FhirPathKind.Time,
        _ => FhirPathKind.String,
    };

    private static TypeSchema Type(string name) =>
        FhirSchema.R4.Type(name) ?? throw new FhirException(FhirError.Unsupported($"The schema has no type {name}."));

    private static ElementSchema Member(string type, string element) =>
        Type(type).Element(element) ?? throw new FhirException(FhirError.Unsupported($"The schema has no element {type}.{element}."));
}
