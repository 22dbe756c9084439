namespace HealthChain.Fhir.Definitions;

/// <summary>What a StructureDefinition describes.</summary>
public enum StructureKind : byte
{
    PrimitiveType,
    ComplexType,
    Resource,
    Logical,
}

/// <summary>
/// The part of a StructureDefinition that the core works with. A plain immutable record: the same one comes out of the embedded
/// definitions, out of a package folder and out of a resource that was posted.
/// </summary>
public sealed record StructureDefinition : IDefinition
{
    public required string Url { get; init; }
    public string? Version { get; init; }
    public required string Name { get; init; }
    public string? Title { get; init; }
    public string? Status { get; init; }
    public required StructureKind Kind { get; init; }
    public bool IsAbstract { get; init; }

    /// <summary>The type it defines or constrains: <c>Patient</c>, <c>Extension</c>; an absolute url for logical models.</summary>
    public required string Type { get; init; }

    /// <summary>Canonical of the definition it specialises or constrains.</summary>
    public string? BaseDefinition { get; init; }

    /// <summary>True for a profile (derivation = constraint); false for a type's own definition.</summary>
    public bool IsConstraint { get; init; }

    /// <summary>For extensions: where it may stand.</summary>
    public IReadOnlyList<ExtensionContext> Contexts { get; init; } = [];

    /// <summary>For extensions: FHIRPath conditions on the element that carries it.</summary>
    public IReadOnlyList<string> ContextInvariants { get; init; } = [];

    /// <summary>All elements in order, the root first; empty when the definition came without a snapshot (see the snapshot generator).</summary>
    public IReadOnlyList<ElementDefinition> Snapshot { get; init; } = [];

    public IReadOnlyList<ElementDefinition> Differential { get; init; } = [];

    DefinitionKind IDefinition.Kind => DefinitionKind.StructureDefinition;
    IEnumerable<string> IDefinition.Aliases => [];

    public override string ToString() => Version is null ? Url : $"{Url}|{Version}";
}

/// <summary>One place where an extension may be used.</summary>
/// <param name="Kind"><c>fhirpath</c>, <c>element</c> or <c>extension</c>.</param>
public readonly record struct ExtensionContext(string Kind, string Expression);

/// <summary>One element of a structure: what may stand there and what must hold.</summary>
public sealed record ElementDefinition
{
    /// <summary>Unique within the structure, with slice names: <c>Patient.identifier:mrn.system</c>.</summary>
    public required string Id { get; init; }

    public required string Path { get; init; }
    public string? SliceName { get; init; }

    /// <summary>Minimum occurrences; null in a differential that does not say.</summary>
    public int? Min { get; init; }

    /// <summary>Maximum occurrences; <see cref="int.MaxValue"/> for <c>*</c>; null in a differential that does not say.</summary>
    public int? Max { get; init; }

    /// <summary>Path in the definition where the element was first introduced, such as <c>DomainResource.extension</c>.</summary>
    public string? BasePath { get; init; }

    public int? BaseMin { get; init; }
    public int? BaseMax { get; init; }

    /// <summary>Allowed types; empty for the root and for content references.</summary>
    public IReadOnlyList<TypeReference> Types { get; init; } = [];

    /// <summary>Id of the element whose content this one repeats, without the leading <c>#</c>: <c>Questionnaire.item</c>.</summary>
    public string? ContentReference { get; init; }

    public TypedValue? Fixed { get; init; }
    public TypedValue? Pattern { get; init; }
    public TypedValue? MinValue { get; init; }
    public TypedValue? MaxValue { get; init; }
    public TypedValue? DefaultValue { get; init; }
    public int? MaxLength { get; init; }
    public Binding? Binding { get; init; }
    public Slicing? Slicing { get; init; }
    public IReadOnlyList<Constraint> Constraints { get; init; } = [];

    /// <summary>Representations that XML needs: <c>xmlAttr</c>, <c>xhtml</c>, ...</summary>
    public IReadOnlyList<string> Representations { get; init; } = [];

    public bool? IsModifier { get; init; }
    public bool? IsSummary { get; init; }
    public bool? MustSupport { get; init; }
    public bool SliceIsConstraining { get; init; }

    /// <summary>A few words that say what the element is for; used in messages.</summary>
    public string? Short { get; init; }

    public override string ToString() => Id;
}

/// <summary>An allowed type, possibly narrowed by profiles.</summary>
/// <param name="Code">Type name, or a FHIRPath System type url (<c>http://hl7.org/fhirpath/System.String</c>) for ids, urls and primitive values.</param>
/// <param name="Profiles">Profiles on the value itself.</param>
/// <param name="TargetProfiles">For Reference and canonical: profiles of which the target must meet one.</param>
/// <param name="Aggregations">Any of <c>contained</c>, <c>referenced</c>, <c>bundled</c>; empty means all.</param>
/// <param name="Versioning"><c>either</c>, <c>independent</c>, <c>specific</c> or null.</param>
/// <param name="FhirType">What the structuredefinition-fhir-type extension says for System types (<c>string</c>, <c>uri</c>, ...).</param>
/// <param name="Regex">What the regex extension says for the value of a primitive.</param>
public sealed record TypeReference(
    string Code,
    IReadOnlyList<string> Profiles,
    IReadOnlyList<string> TargetProfiles,
    IReadOnlyList<string> Aggregations,
    string? Versioning = null,
    string? FhirType = null,
    string? Regex = null);

/// <summary>A value of some type inside a definition: a fixed value, a pattern, a bound.</summary>
/// <param name="Type">FHIR type name, from the name of the choice element: <c>CodeableConcept</c>.</param>
/// <param name="Json">The value as compact UTF-8 JSON; digits of decimals as written. A primitive's is the bare JSON value.</param>
public sealed record TypedValue(string Type, ReadOnlyMemory<byte> Json);

public enum BindingStrength : byte
{
    Required,
    Extensible,
    Preferred,
    Example,
}

/// <param name="ValueSet">Canonical, possibly with <c>|version</c>; null when only described in words.</param>
/// <param name="MaxValueSet">From the elementdefinition-maxValueSet extension.</param>
public sealed record Binding(BindingStrength Strength, string? ValueSet, string? MaxValueSet);

public enum ConstraintSeverity : byte
{
    Error,
    Warning,
}

/// <param name="Source">Canonical of the structure that introduced the constraint, when known.</param>
/// <param name="IsBestPractice">From the elementdefinition-bestpractice extension: a dom-6-like wish rather than a rule.</param>
public sealed record Constraint(string Key, ConstraintSeverity Severity, string Human, string? Expression, string? Source, bool IsBestPractice);

public enum SlicingRules : byte
{
    Open,
    Closed,
    OpenAtEnd,
}

public sealed record Slicing(IReadOnlyList<Discriminator> Discriminators, bool Ordered, SlicingRules Rules, string? Description);

/// <param name="Kind"><c>value</c>, <c>exists</c>, <c>pattern</c>, <c>type</c> or <c>profile</c>.</param>
public readonly record struct Discriminator(string Kind, string Path);
