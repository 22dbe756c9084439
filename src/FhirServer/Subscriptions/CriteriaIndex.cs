using System.Runtime.InteropServices;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>What a version shows to criteria: its search values and index keys. One thread at a time; filled anew for each version.</summary>
internal sealed class VersionValues(SearchParameterSet parameters, IndexHasher hasher, string? serverBase)
{
    private readonly SearchExtractor _extractor = new(parameters, serverBase);
    private readonly IndexKeyWriter _writer = new(hasher);
    private readonly List<IndexKey> _keys = [];

    public IndexValues Values { get; } = new();

    public ReadOnlySpan<IndexKey> Keys => CollectionsMarshal.AsSpan(_keys);

    public void Read(StoredVersion version) => Read(FhirJson.Read(version.Json).Root);

    public void Read(Element resource)
    {
        _extractor.Extract(resource, Values);
        _writer.Write(Values, _keys);
    }
}

/// <summary>
/// Finds out of thousands of Subscriptions those whose criteria a version may meet, mostly by a look at the keys that the version has in the search index.
/// It is never wrong by leaving one out; whether criteria are met, and by what exists for the owner, the store is asked.
/// </summary>
/// <remarks>One thread at a time.</remarks>
internal sealed class CriteriaIndex(IndexHasher hasher)
{
    /// <summary>The commit assigns it; what was written does not have it.</summary>
    private const string LastUpdated = "_lastUpdated";

    private readonly Dictionary<string, OfType> _types = new(StringComparer.Ordinal);

    public bool Has(string type) => _types.ContainsKey(type);

    public void Add(Subscriber subscriber, SubscriptionTerms terms)
    {
        ref OfType? ofType = ref CollectionsMarshal.GetValueRefOrAddDefault(_types, terms.Of.Name, out _);
        ofType ??= new OfType();
        foreach (List<Subscriber> list in ofType.ListsFor(EntriesOf(terms.Criterion)))
        {
            list.Add(subscriber);
        }

        ofType.Count++;
    }

    public void Remove(Subscriber subscriber, SubscriptionTerms terms)
    {
        OfType ofType = _types[terms.Of.Name];
        foreach (List<Subscriber> list in ofType.ListsFor(EntriesOf(terms.Criterion)))
        {
            list.Remove(subscriber);
        }

        ofType.DropEmpty(EntriesOf(terms.Criterion));
        if (--ofType.Count == 0)
        {
            _types.Remove(terms.Of.Name);
        }
    }

    /// <summary>Adds those whose criteria may be met; some perhaps twice.</summary>
    public void Find(string type, VersionValues version, List<Subscriber> found)
    {
        if (!_types.TryGetValue(type, out OfType? ofType))
        {
            return;
        }

        AddMet(ofType.Others, version.Values, found);
        if (ofType.ByKey.Count == 0)
        {
            return;
        }

        foreach (ref readonly IndexKey key in version.Keys)
        {
            if (ofType.ByKey.TryGetValue(new Place(key.Parameter, key.Kind, key.Hash), out List<Subscriber>? having))
            {
                AddMet(having, version.Values, found);
            }
        }
    }

    /// <summary>
    /// False when what a resource shows cannot meet a criterion. What is met by absence is left open: of a resource that is shown in part, more is absent. So is
    /// what other resources decide, and the instant of the commit, which what was written does not have.
    /// </summary>
    /// <remarks>Asked for each Subscription that a key leads to, so it allocates nothing.</remarks>
    public static bool MayMeet(IndexValues values, Criterion criterion) => criterion switch
    {
        HasValue value => IsMetByAbsence(value) || SearchMatcher.Matches(values, value.Parameter.Id, value.Modifier, value.Alternatives),
        AllOf all => !AnyFails(values, all.Parts),
        OneOf one => AnyHolds(values, one.Parts),
        _ => true,
    };

    private static bool IsMetByAbsence(HasValue value)
    {
        if (value.Modifier is SearchModifier.Not or SearchModifier.NotIn || value.Parameter.Code == LastUpdated)
        {
            return true;
        }

        for (int i = 0; i < value.Alternatives.Count; i++)
        {
            if (value.Alternatives[i] is MissingQuery)
            {
                return true;
            }
        }

        return false;
    }

    private static bool AnyFails(IndexValues values, IReadOnlyList<Criterion> parts)
    {
        for (int i = 0; i < parts.Count; i++)
        {
            if (!MayMeet(values, parts[i]))
            {
                return true;
            }
        }

        return false;
    }

    private static bool AnyHolds(IndexValues values, IReadOnlyList<Criterion> parts)
    {
        for (int i = 0; i < parts.Count; i++)
        {
            if (MayMeet(values, parts[i]))
            {
                return true;
            }
        }

        return false;
    }

    private static void AddMet(List<Subscriber> candidates, IndexValues values, List<Subscriber> found)
    {
        foreach (Subscriber candidate in candidates)
        {
            if (candidate.State.Terms is { } terms && MayMeet(values, terms.Criterion))
            {
                found.Add(candidate);
            }
        }
    }

    /// <summary>Keys of which each resource that meets the criterion has one; the fewest that can be named. Null when none can.</summary>
    private IReadOnlyList<KeyLookup>? EntriesOf(Criterion criterion)
    {
        switch (criterion)
        {
            case HasValue value:
                return KeyQuery.Of(value, value.Parameter.Id, hasher).Entries is { } entries && entries.All(entry => entry is { IsRange: false, IsAbsence: false }) ? entries : null;
            case AllOf all:
                return all.Parts.Select(EntriesOf).OfType<IReadOnlyList<KeyLookup>>().OrderBy(found => found.Count).ThenBy(found => found.All(IsOfOneResource) ? 0 : 1).FirstOrDefault();
            case OneOf one:
                IReadOnlyList<KeyLookup>?[] parts = [.. one.Parts.Select(EntriesOf)];
                return Array.TrueForAll(parts, part => part is not null) ? [.. parts.SelectMany(part => part!)] : null;
            default:
                return null;
        }
    }

    /// <summary>There are more patients than codes, so fewer resources have the same.</summary>
    private static bool IsOfOneResource(KeyLookup entry) => entry.Kind == IndexKeyKind.Reference;

    private readonly record struct Place(ushort Parameter, IndexKeyKind Kind, long Hash);

    private sealed class OfType
    {
        public Dictionary<Place, List<Subscriber>> ByKey { get; } = [];

        /// <summary>Those for which no keys can be named.</summary>
        public List<Subscriber> Others { get; } = [];

        public int Count { get; set; }

        public IEnumerable<List<Subscriber>> ListsFor(IReadOnlyList<KeyLookup>? entries) => entries is null
            ? [Others]
            : entries.Select(entry => new Place(entry.Parameter, entry.Kind, entry.Hash)).Distinct().Select(ListAt);

        /// <summary>Keys that nobody asks for any more.</summary>
        public void DropEmpty(IReadOnlyList<KeyLookup>? entries)
        {
            foreach (KeyLookup entry in entries ?? [])
            {
                var place = new Place(entry.Parameter, entry.Kind, entry.Hash);
                if (ByKey.TryGetValue(place, out List<Subscriber>? list) && list.Count == 0)
                {
                    ByKey.Remove(place);
                }
            }
        }

        private List<Subscriber> ListAt(Place place) => ByKey.TryGetValue(place, out List<Subscriber>? list) ? list : ByKey[place] = [];
    }
}
