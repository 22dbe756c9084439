using System.Collections.Concurrent;
using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>Definitions, and what works with them.</summary>
internal sealed record Knowledge(DefinitionSet Definitions, TerminologyService Terminology, Validator Validator);

/// <summary>A definition that a question needs: its kind and canonical.</summary>
internal readonly record struct Needed(DefinitionKind Kind, string Canonical);

/// <summary>
/// The loaded definitions with those laid over them that are stored on this server as resources: value sets, code systems, concept
/// maps and profiles that the requester sees. Only what a question needs is fetched: what it names, and what that refers to.
/// </summary>
internal sealed class StoredDefinitions(
    IResourceStore store, SearchParameterSet parameters, DefinitionSet definitions, TerminologyService terminology, Validator validator)
{
    /// <summary>Most definitions fetched for one question.</summary>
    private const int MaxDefinitions = 200;

    /// <summary>Most versions looked at of one canonical.</summary>
    private const int MaxVersions = 20;

    private const int MaxKept = 64;

    private readonly Knowledge _loaded = new(definitions, terminology, validator);
    private readonly ConcurrentDictionary<string, Knowledge> _kept = new();

    /// <param name="given">Definitions that came with the request; they lie on top.</param>
    public async ValueTask<Result<Knowledge>> ForAsync(
        AccessScope scope, IReadOnlyList<Needed> needed, IReadOnlyList<IDefinition> given, CancellationToken cancellationToken)
    {
        var waiting = new Queue<Needed>(needed.Concat(given.SelectMany(ReferencesOf)));
        var asked = new HashSet<Needed>();
        var found = new Dictionary<ResourceKey, (long Version, IDefinition Definition)>();
        while (waiting.TryDequeue(out Needed next))
        {
            (string url, _) = Split(next.Canonical);
            if (!asked.Add(next with { Canonical = url }))
            {
                continue;
            }

            Result<IReadOnlyList<StoredVersion>> stored = await FindAsync(scope, next.Kind, "url", url, cancellationToken);
            if (!stored.IsOk)
            {
                return stored.Error;
            }

            IDefinition[] read = Keep(stored.Value, found);
            IEnumerable<IDefinition> sources = read.Length > 0 ? read : Loaded(next) is { } loaded ? [loaded] : [];
            foreach (Needed reference in sources.SelectMany(ReferencesOf))
            {
                waiting.Enqueue(reference);
            }

            if (found.Count > MaxDefinitions)
            {
                return FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"'{SearchPath.Shown(needed[0].Canonical)}' depends on more than {MaxDefinitions} definitions that are stored here.");
            }
        }

        return With(found, given);
    }

    /// <summary>Canonicals of the stored concept maps from or to a code system.</summary>
    public async ValueTask<Result<IReadOnlyList<Needed>>> MapsAsync(AccessScope scope, string system, bool reverse, CancellationToken cancellationToken)
    {
        Result<IReadOnlyList<StoredVersion>> stored = await FindAsync(scope, DefinitionKind.ConceptMap, reverse ? "target-system" : "source-system", system, cancellationToken);
        return stored.IsOk
            ? Result.Of<IReadOnlyList<Needed>>([.. Keep(stored.Value, []).Select(map => new Needed(DefinitionKind.ConceptMap, map.Url!))])
            : stored.Error;
    }

    private async ValueTask<Result<IReadOnlyList<StoredVersion>>> FindAsync(AccessScope scope, DefinitionKind kind, string code, string uri, CancellationToken cancellationToken)
    {
        TypeSchema type = ResourceTypes.Find(kind.ToString())!;
        var request = new SearchRequest
        {
            Types = [type],
            Criterion = new HasValue(parameters.Find(type, code)!, SearchModifier.None, [new UriQuery(SearchModifier.None, Encoding.UTF8.GetBytes(uri), default)]),
            Count = MaxVersions,
        };
        Result<SearchPage> page = await store.SearchAsync(scope, request, cancellationToken);
        return page.IsOk ? Result.Of(page.Value.Matches) : page.Error;
    }

    /// <summary>What is no sound definition was stored all the same (drafts are), and is of no use here.</summary>
    private static IDefinition[] Keep(IReadOnlyList<StoredVersion> stored, Dictionary<ResourceKey, (long Version, IDefinition Definition)> found)
    {
        var read = new List<IDefinition>();
        foreach (StoredVersion version in stored)
        {
            Result<IDefinition> definition = DefinitionJson.Read(version.Json, version.Key.Type);
            if (definition.IsOk)
            {
                found[version.Key] = (version.Version, definition.Value);
                read.Add(definition.Value);
            }
        }

        return [.. read];
    }

    private Knowledge With(Dictionary<ResourceKey, (long Version, IDefinition Definition)> found, IReadOnlyList<IDefinition> given)
    {
        if (found.Count == 0 && given.Count == 0)
        {
            return _loaded;
        }

        IDefinition[] stored = [.. found.Values.Select(entry => entry.Definition)];
        if (given.Count > 0)
        {
            return Over([new DefinitionList(stored), new DefinitionList(given)]);
        }

        // The same versions make the same knowledge, whoever asks: what is compiled of it is worth keeping.
        string key = string.Join(' ', found.Select(entry => $"{entry.Key}/{entry.Value.Version}").Order(StringComparer.Ordinal));
        if (_kept.TryGetValue(key, out Knowledge? kept))
        {
            return kept;
        }

        if (_kept.Count >= MaxKept)
        {
            _kept.Clear();
        }

        return _kept.GetOrAdd(key, _ => Over([new DefinitionList(stored)]));
    }

    private Knowledge Over(IReadOnlyList<IDefinitionSource> sources)
    {
        DefinitionSet all = definitions.With(sources);
        var codes = new TerminologyService(all);
        return new Knowledge(all, codes, new Validator(all, codes, validator.Options));
    }

    private IDefinition? Loaded(Needed needed) => needed.Kind switch
    {
        DefinitionKind.ValueSet => definitions.ValueSet(needed.Canonical),
        DefinitionKind.ConceptMap => definitions.ConceptMap(needed.Canonical),

        // Loaded code systems and profiles refer to loaded definitions only.
        _ => null,
    };

    private static IEnumerable<Needed> ReferencesOf(IDefinition definition) => definition switch
    {
        ValueSet valueSet => valueSet.Includes.Concat(valueSet.Excludes).SelectMany(ReferencesOf),
        ConceptMap map => map.Groups.Select(group => group.Unmapped?.Url).OfType<string>().Select(url => new Needed(DefinitionKind.ConceptMap, url)),
        StructureDefinition structure => ReferencesOf(structure),
        _ => [],
    };

    private static IEnumerable<Needed> ReferencesOf(ConceptSet set)
    {
        if (set.System is { } system)
        {
            yield return new Needed(DefinitionKind.CodeSystem, system);
        }

        foreach (string valueSet in set.ValueSets)
        {
            yield return new Needed(DefinitionKind.ValueSet, valueSet);
        }
    }

    private static IEnumerable<Needed> ReferencesOf(StructureDefinition structure)
    {
        if (structure is { IsConstraint: true, BaseDefinition: { } parent })
        {
            yield return new Needed(DefinitionKind.StructureDefinition, parent);
        }

        // What a profile says itself is in its differential; the rest of a snapshot is its parents'.
        foreach (ElementDefinition element in structure.Differential.Count > 0 ? structure.Differential : structure.Snapshot)
        {
            foreach (string profile in element.Types.SelectMany(type => type.Profiles))
            {
                yield return new Needed(DefinitionKind.StructureDefinition, profile);
            }

            if (element.Binding?.ValueSet is { } valueSet)
            {
                yield return new Needed(DefinitionKind.ValueSet, valueSet);
            }
        }
    }

    private static (string Url, string? Version) Split(string canonical)
    {
        int bar = canonical.IndexOf('|', StringComparison.Ordinal);
        return bar < 0 ? (canonical, null) : (canonical[..bar], canonical[(bar + 1)..]);
    }
}
