using System.Collections.Concurrent;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>
/// The code systems at hand. Each is indexed once; only systems that are defined are kept, so the cache cannot outgrow the
/// definitions.
/// </summary>
internal sealed class SystemCatalog(DefinitionSet definitions)
{
    private readonly ConcurrentDictionary<string, CodeSystemIndex> _indexes = new();

    // Finding them means going through all definitions once; only questions about words and properties need them.
    private readonly Lazy<ILookup<string, CodeSystemIndex>> _supplements = new(() => definitions.CodeSystems
        .Where(system => system is { Content: CodeSystemContent.Supplement, Supplements: not null })
        .ToLookup(system => system.Supplements!, system => new CodeSystemIndex(system)));

    /// <summary>The code system as loaded, or null. Supplements are not code systems of their own.</summary>
    public CodeSystemIndex? Find(string url, string? version = null)
    {
        string canonical = version is null ? url : $"{url}|{version}";
        if (_indexes.TryGetValue(canonical, out CodeSystemIndex? index))
        {
            return index;
        }

        CodeSystem? definition = definitions.CodeSystem(canonical) ?? (version is null ? StandardCodes.Find(url) : null);
        return definition is null or { Content: CodeSystemContent.Supplement }
            ? null
            : _indexes.GetOrAdd(canonical, static (_, definition) => new CodeSystemIndex(definition), definition);
    }

    /// <summary>The asked version, or in its absence the loaded one with a note that says so.</summary>
    public CodeSystemIndex? FindNearest(string url, string? version, out string? note)
    {
        note = null;
        CodeSystemIndex? exact = Find(url, version);
        if (exact is not null || version is null)
        {
            return exact;
        }

        CodeSystemIndex? loaded = Find(url);
        if (loaded is not null)
        {
            note = $"version {version} of {url} is not loaded, version {loaded.Definition.Version ?? "(none)"} is";
        }

        return loaded;
    }

    /// <summary>All designations of a concept, its own first, then those of supplements.</summary>
    public IEnumerable<Designation> Designations(CodeSystemIndex system, int concept) =>
        WithSupplements(system, concept).SelectMany(found => found.Designations);

    /// <summary>All properties of a concept, its own first, then those of supplements.</summary>
    public IEnumerable<ConceptProperty> Properties(CodeSystemIndex system, int concept) =>
        WithSupplements(system, concept).SelectMany(found => found.Properties);

    private IEnumerable<Concept> WithSupplements(CodeSystemIndex system, int concept)
    {
        string code = system[concept].Code;
        IEnumerable<CodeSystemIndex> supplements = _supplements.Value[system.Definition.Url].Concat(_supplements.Value[system.Definition.ToString()]);
        return supplements
            .Distinct()
            .Select(supplement => (supplement, at: supplement.Codes.Find(code)))
            .Where(found => found.at >= 0)
            .Select(found => found.supplement[found.at])
            .Prepend(system[concept]);
    }
}
