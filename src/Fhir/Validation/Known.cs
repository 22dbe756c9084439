using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Validation;

/// <summary>Types and elements that hot checks ask for by name, looked up once.</summary>
internal static class Known
{
    public static TypeSchema Coding { get; } = Type("Coding");
    public static ElementSchema CodingSystem { get; } = Element("Coding", "system");
    public static ElementSchema CodingCode { get; } = Element("Coding", "code");
    public static TypeSchema CodeableConcept { get; } = Type("CodeableConcept");
    public static ElementSchema CodeableConceptCoding { get; } = Element("CodeableConcept", "coding");
    public static ElementSchema QuantitySystem { get; } = Element("Quantity", "system");
    public static ElementSchema QuantityCode { get; } = Element("Quantity", "code");
    public static TypeSchema Extension { get; } = Type("Extension");
    public static ElementSchema ExtensionUrl { get; } = Element("Extension", "url");
    public static ElementSchema ExtensionValue { get; } = Element("Extension", "value");
    public static ElementSchema ExtensionExtension { get; } = Element("Extension", "extension");
    public static ElementSchema ReferenceReference { get; } = Element("Reference", "reference");
    public static ElementSchema ReferenceType { get; } = Element("Reference", "type");
    public static ElementSchema NarrativeDiv { get; } = Element("Narrative", "div");

    private static TypeSchema Type(string name) => FhirSchema.R4.Type(name)!;

    private static ElementSchema Element(string type, string name) => Type(type).Element(name)!;
}
