using System.Collections.Frozen;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.FhirPath;

/// <summary>The parts of a quantity: each type that derives from Quantity has elements of its own.</summary>
internal sealed record QuantityElements(ElementSchema Value, ElementSchema Comparator, ElementSchema Unit, ElementSchema System, ElementSchema Code);

/// <summary>The types and elements of R4 that the language itself speaks of, resolved once.</summary>
internal static class FhirTypes
{
    public static readonly TypeSchema Quantity = Type("Quantity");
    public static readonly TypeSchema Reference = Type("Reference");
    public static readonly ElementSchema ReferenceText = Member(Reference, "reference");
    public static readonly TypeSchema Extension = Type("Extension");
    public static readonly ElementSchema ExtensionUrl = Member(Extension, "url");
    public static readonly TypeSchema Coding = Type("Coding");
    public static readonly TypeSchema CodeableConcept = Type("CodeableConcept");
    public static readonly TypeSchema Bundle = Type("Bundle");
    public static readonly TypeSchema Resource = Type("Resource");

    private static readonly FrozenDictionary<TypeSchema, QuantityElements> Quantities = FhirSchema.R4.Types
        .Where(static type => type.Is(Quantity))
        .ToFrozenDictionary(static type => type, static type => new QuantityElements(
            Member(type, "value"), Member(type, "comparator"), Member(type, "unit"), Member(type, "system"), Member(type, "code")));

    public static bool IsQuantity(TypeSchema type) => type.Is(Quantity);

    /// <summary>The elements of Quantity or of a type derived from it.</summary>
    public static QuantityElements QuantityElements(TypeSchema type) => Quantities[type];

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

    private static ElementSchema Member(TypeSchema type, string element) =>
        type.Element(element) ?? throw new FhirException(FhirError.Unsupported($"The schema has no element {type}.{element}."));
}
