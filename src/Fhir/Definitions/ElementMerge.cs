namespace HealthChain.Fhir.Definitions;

/// <summary>Applies one element of a differential to the element of the base, and checks that it only narrows it.</summary>
internal static class ElementMerge
{
    public static ElementDefinition Apply(ElementDefinition given, ElementDefinition change, string source) => given with
    {
        SliceName = change.SliceName ?? given.SliceName,
        Min = change.Min ?? given.Min,
        Max = change.Max ?? given.Max,
        Types = change.Types.Count > 0 ? change.Types : given.Types,
        ContentReference = change.ContentReference ?? given.ContentReference,
        Fixed = change.Fixed ?? given.Fixed,
        Pattern = change.Pattern ?? given.Pattern,
        MinValue = change.MinValue ?? given.MinValue,
        MaxValue = change.MaxValue ?? given.MaxValue,
        DefaultValue = change.DefaultValue ?? given.DefaultValue,
        MaxLength = change.MaxLength ?? given.MaxLength,
        Binding = Merge(given.Binding, change.Binding),
        Slicing = change.Slicing ?? given.Slicing,
        Constraints = Merge(given.Constraints, change.Constraints, source),
        Representations = change.Representations.Count > 0 ? change.Representations : given.Representations,
        IsModifier = change.IsModifier ?? given.IsModifier,
        IsSummary = change.IsSummary ?? given.IsSummary,
        MustSupport = change.MustSupport ?? given.MustSupport,
        SliceIsConstraining = change.SliceIsConstraining || given.SliceIsConstraining,
        Short = change.Short ?? given.Short,
    };

    /// <summary>The element with what the root of a profile on its value adds. How often an extension may occur is said there too.</summary>
    public static ElementDefinition OntoProfiled(ElementDefinition given, ElementDefinition root, bool isSlice)
    {
        bool isExtension = root.Path == "Extension" && isSlice;
        return given with
        {
            Min = isExtension ? root.Min ?? given.Min : given.Min,
            Max = isExtension && root.Max < given.Max ? root.Max : given.Max,
            Constraints = Merge(given.Constraints, root.Constraints, null),
            IsModifier = root.IsModifier ?? given.IsModifier,
            Short = root.Short ?? given.Short,
        };
    }

    /// <summary>Finds where a change allows what the base does not (https://hl7.org/fhir/R4/profiling.html#limitations).</summary>
    public static IEnumerable<Issue> Check(ElementDefinition given, ElementDefinition change, StructureDefinition structure, SnapshotGenerator generator)
    {
        if (!structure.IsConstraint)
        {
            yield break;
        }

        if (change.Min < given.Min)
        {
            yield return Fault($"min is {change.Min}, but the base requires at least {given.Min}.");
        }

        if (change.Max > given.Max)
        {
            yield return Fault($"max is {Print(change.Max)}, but the base allows at most {Print(given.Max)}.");
        }

        if (given.Binding is { Strength: BindingStrength.Required } && change.Binding is { Strength: not BindingStrength.Required })
        {
            yield return Fault($"the binding is {change.Binding.Strength}, but the base requires its value set.");
        }

        foreach (TypeReference type in change.Types)
        {
            if (given.Types.Count > 0 && !given.Types.Any(allowed => IsOrDerives(type.Code, allowed.Code, generator)))
            {
                yield return Fault($"the type {type.Code} is not among those of the base ({string.Join(", ", given.Types.Select(allowed => allowed.Code))}).");
            }
        }

        Issue Fault(string message) =>
            Issue.Error(IssueType.BusinessRule, $"{structure} widens {change.Id}: {message}", change.Id, structure.Url);
    }

    private static bool IsOrDerives(string type, string allowed, SnapshotGenerator generator)
    {
        // Each step goes to a more general type; the specification's own types are four deep.
        for (int depth = 0; depth < 16; depth++)
        {
            // Ids and urls have FHIRPath's System types, which profiles write as the FHIR primitive they are.
            if (type == allowed || allowed.StartsWith("http://hl7.org/fhirpath/System.", StringComparison.Ordinal))
            {
                return true;
            }

            if (generator.Resolve(type.Contains('/', StringComparison.Ordinal) ? type : "http://hl7.org/fhir/StructureDefinition/" + type)
                is not { BaseDefinition: { } next })
            {
                return false;
            }

            type = next[(next.LastIndexOf('/') + 1)..];
        }

        return false;
    }

    private static Binding? Merge(Binding? given, Binding? change) =>
        given is null || change is null
            ? change ?? given
            : change with { ValueSet = change.ValueSet ?? given.ValueSet, MaxValueSet = change.MaxValueSet ?? given.MaxValueSet };

    // A constraint of the same key is the same constraint; a profile cannot change it.
    private static IReadOnlyList<Constraint> Merge(IReadOnlyList<Constraint> given, IReadOnlyList<Constraint> added, string? source)
    {
        HashSet<string> known = [.. given.Select(constraint => constraint.Key)];
        Constraint[] fresh = [.. added.Where(constraint => known.Add(constraint.Key))];
        return fresh.Length == 0 ? given : [.. given, .. fresh.Select(constraint => constraint.Source is null ? constraint with { Source = source } : constraint)];
    }

    private static string Print(int? max) => max == int.MaxValue ? "*" : $"{max}";
}
