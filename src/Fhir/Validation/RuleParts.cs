using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Validation;

/// <summary>Compiles the parts of element definitions that types and profiles share: invariants, bindings, references, values.</summary>
internal sealed class RuleParts(DefinitionSet definitions, ValidatorOptions options)
{
    private const string CoreStructures = "http://hl7.org/fhir/StructureDefinition/";
    private readonly Dictionary<(string, string), Invariant> _invariants = [];
    private readonly Lock _lock = new();

    public DefinitionSet Definitions => definitions;

    /// <summary>The invariants of a definition, except those that the walk itself checks, and those whose key stands in <paramref name="without"/>.</summary>
    public Invariant[] Invariants(ElementDefinition definition, string source, IReadOnlyList<Constraint>? without)
    {
        List<Invariant>? invariants = null;
        foreach (Constraint constraint in definition.Constraints)
        {
            // ele-1 and ext-1 are checked inline on every element and extension.
            if (constraint.Key is "ele-1" or "ext-1" || constraint.Expression is null || !options.Invariants
                || (constraint.IsBestPractice && !options.BestPractice) || Contains(without, constraint))
            {
                continue;
            }

            (invariants ??= []).Add(Shared(constraint, constraint.Source ?? source));
        }

        return invariants?.ToArray() ?? [];
    }

    public BindingRules? Binding(ElementDefinition definition) =>
        options.Bindings && definition.Binding is { } binding
        && (binding.MaxValueSet is not null || (binding.ValueSet is not null && binding.Strength != BindingStrength.Example))
            ? new BindingRules(binding)
            : null;

    public ReferenceRules? References(ElementDefinition definition)
    {
        List<ReferenceTarget>? targets = null;
        bool any = false;
        TypeReference? first = null;
        foreach (TypeReference type in definition.Types)
        {
            if (type.Code != "Reference")
            {
                continue;
            }

            first ??= type;
            any |= type.TargetProfiles.Count == 0;
            foreach (string canonical in type.TargetProfiles)
            {
                (targets ??= []).Add(Target(canonical));
            }
        }

        if (first is null)
        {
            return null;
        }

        var rules = new ReferenceRules(any || targets is null ? [] : [.. targets], first.Aggregations, first.Versioning);
        return rules.SaysNothing ? null : rules;
    }

    /// <summary>A fixed value, pattern or bound as an element; does not exist when there is none.</summary>
    public static Element ReadValue(TypedValue? value)
    {
        if (value is null || FhirSchema.R4.Type(value.Type) is not { } type)
        {
            return default;
        }

        return FhirJson.ReadValue(type, value.Json).Tree?.Root ?? default;
    }

    /// <summary>The type schema that a type code of an element definition stands for.</summary>
    public static TypeSchema? TypeOf(TypeReference reference)
    {
        string code = reference.Code;
        if (code.StartsWith(CoreStructures, StringComparison.Ordinal))
        {
            code = code[CoreStructures.Length..];
        }

        return FhirSchema.R4.Type(code) ?? (reference.FhirType is { } name ? FhirSchema.R4.Type(name) : null);
    }

    /// <summary>The type that the canonical of one of the specification's own type definitions names, or null.</summary>
    public static TypeSchema? CoreType(string canonical) =>
        canonical.StartsWith(CoreStructures, StringComparison.Ordinal) ? FhirSchema.R4.Type(canonical[CoreStructures.Length..]) : null;

    private ReferenceTarget Target(string canonical)
    {
        if (CoreType(canonical) is { } core)
        {
            return new ReferenceTarget(core, null);
        }

        StructureDefinition? profile = definitions.Structure(canonical);
        return new ReferenceTarget(profile is null ? null : FhirSchema.R4.Type(profile.Type), canonical);
    }

    private Invariant Shared(Constraint constraint, string source)
    {
        lock (_lock)
        {
            if (!_invariants.TryGetValue((constraint.Key, constraint.Expression!), out Invariant? invariant))
            {
                invariant = new Invariant(constraint, source);
                _invariants.Add((constraint.Key, constraint.Expression!), invariant);
            }

            return invariant;
        }
    }

    private static bool Contains(IReadOnlyList<Constraint>? constraints, Constraint constraint)
    {
        foreach (Constraint other in constraints ?? [])
        {
            if (other.Key == constraint.Key && other.Expression == constraint.Expression && other.Severity == constraint.Severity)
            {
                return true;
            }
        }

        return false;
    }
}
