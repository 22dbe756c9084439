using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>Where terminology comes from, by canonical: a <see cref="DefinitionSet"/>, with our own tables of standard codes beneath.</summary>
internal sealed record TerminologySource(
    Func<string, ValueSet?> ValueSet,
    Func<string, CodeSystem?> CodeSystem,
    Func<string, ConceptMap?> ConceptMap,
    Func<IEnumerable<CodeSystem>> CodeSystems,
    Func<IEnumerable<ConceptMap>> ConceptMaps)
{
    public static TerminologySource Of(DefinitionSet definitions) => new(
        definitions.ValueSet,
        definitions.CodeSystem,
        definitions.ConceptMap,
        () => definitions.CodeSystems,
        () => definitions.ConceptMaps);

    /// <summary>A source over definitions in memory; a canonical without version finds the last one given.</summary>
    public static TerminologySource Of(
        IEnumerable<ValueSet>? valueSets = null,
        IEnumerable<CodeSystem>? codeSystems = null,
        IEnumerable<ConceptMap>? conceptMaps = null)
    {
        List<CodeSystem> systems = [.. codeSystems ?? []];
        List<ConceptMap> maps = [.. conceptMaps ?? []];
        Dictionary<string, ValueSet> sets = Index(valueSets ?? [], set => set.Url, set => set.Version);
        Dictionary<string, CodeSystem> systemsByUrl = Index(systems, system => system.Url, system => system.Version);
        Dictionary<string, ConceptMap> mapsByUrl = Index(maps, map => map.Url, map => map.Version);
        return new TerminologySource(
            url => sets.GetValueOrDefault(url),
            url => systemsByUrl.GetValueOrDefault(url),
            url => mapsByUrl.GetValueOrDefault(url),
            () => systems,
            () => maps);
    }

    private static Dictionary<string, T> Index<T>(IEnumerable<T> items, Func<T, string> url, Func<T, string?> version)
    {
        var index = new Dictionary<string, T>();
        foreach (T item in items)
        {
            index[url(item)] = item;
            if (version(item) is { } number)
            {
                index[$"{url(item)}|{number}"] = item;
            }
        }

        return index;
    }
}
