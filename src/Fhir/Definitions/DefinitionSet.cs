namespace HealthChain.Fhir.Definitions;

/// <summary>
/// Definitions by canonical: those of R4 and its terminology that are compiled into this assembly, and those of packages laid over
/// them. Immutable and safe to share; definitions are decoded when first asked for.
/// </summary>
/// <remarks>A canonical may carry <c>|version</c>; without one the newest version wins, and a package wins over what it is laid over.</remarks>
public sealed class DefinitionSet
{
    public override string ToString() => "definitions";

    /// <summary>The definitions of R4 (4.0.1) and HL7 terminology, without any package.</summary>
    public static DefinitionSet R4 => throw new FhirException(FhirError.Unsupported("definitions"));

    /// <summary>A set with further definitions over this one, snapshots generated where they lack.</summary>
    public DefinitionSet With(IReadOnlyList<IDefinitionSource> sources) => throw new FhirException(FhirError.Unsupported($"{this} {sources.Count}"));

    /// <summary>The structure of that canonical with a snapshot, or null.</summary>
    public StructureDefinition? Structure(string canonical) => throw new FhirException(FhirError.Unsupported($"{this} {canonical}"));

    /// <summary>The definition of a type of the specification by its name: <c>Patient</c>, <c>HumanName</c>, <c>string</c>.</summary>
    public StructureDefinition? Type(string name) => throw new FhirException(FhirError.Unsupported($"{this} {name}"));

    public ValueSet? ValueSet(string canonical) => throw new FhirException(FhirError.Unsupported($"{this} {canonical}"));

    public CodeSystem? CodeSystem(string canonical) => throw new FhirException(FhirError.Unsupported($"{this} {canonical}"));

    public ConceptMap? ConceptMap(string canonical) => throw new FhirException(FhirError.Unsupported($"{this} {canonical}"));

    public SearchParameter? SearchParameter(string canonical) => throw new FhirException(FhirError.Unsupported($"{this} {canonical}"));

    public OperationDefinition? Operation(string canonical) => throw new FhirException(FhirError.Unsupported($"{this} {canonical}"));

    public CompartmentDefinition? Compartment(string code) => throw new FhirException(FhirError.Unsupported($"{this} {code}"));

    /// <summary>Every definition of one sort (decodes them all; for building indexes at start).</summary>
    public IEnumerable<StructureDefinition> Structures => throw new FhirException(FhirError.Unsupported($"{this}"));

    public IEnumerable<ValueSet> ValueSets => throw new FhirException(FhirError.Unsupported($"{this}"));

    public IEnumerable<CodeSystem> CodeSystems => throw new FhirException(FhirError.Unsupported($"{this}"));

    public IEnumerable<ConceptMap> ConceptMaps => throw new FhirException(FhirError.Unsupported($"{this}"));

    public IEnumerable<SearchParameter> SearchParameters => throw new FhirException(FhirError.Unsupported($"{this}"));

    public IEnumerable<OperationDefinition> Operations => throw new FhirException(FhirError.Unsupported($"{this}"));

    public IEnumerable<CompartmentDefinition> Compartments => throw new FhirException(FhirError.Unsupported($"{this}"));

    public IEnumerable<NamingSystem> NamingSystems => throw new FhirException(FhirError.Unsupported($"{this}"));
}

/// <summary>Something that definitions come from: the embedded binary, a package, resources in memory.</summary>
public interface IDefinitionSource;
