using System.Buffers;
using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Bundles;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Definitions;

/// <summary>
/// What the capability statement refers to, as resources: the search parameters, operations, compartments and base structures that the
/// server works by. They are part of the program, not of the data: anybody may read and search them; one that is stored under the same id takes
/// its place.
/// </summary>
/// <remarks>Those of a type are written when they are first asked for, and then kept.</remarks>
internal sealed class ServedDefinitions
{
    /// <summary>The day of R4's technical correction 1, whose definitions these are.</summary>
    private static readonly DateTimeOffset Published = new(2019, 11, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Parameters that are answered by other means than values in the index.</summary>
    private static readonly string[] Computed = ["_text", "_content", "_list", "_filter"];

    private readonly IResourceStore _store;
    private readonly LocalMatch _local;
    private readonly Dictionary<TypeSchema, Lazy<List<Served>>> _byType;

    private readonly record struct Served(StoredVersion Version, IndexValues Values);

    public ServedDefinitions(IResourceStore store, LocalMatch local, SearchParameterSet parameters, OperationTable operations, DefinitionSet definitions)
    {
        _store = store;
        _local = local;
        _byType = new()
        {
            [TypeOf(DefinitionKind.SearchParameter)] = new(() => Serve(
                "SearchParameter", parameters.Parameters.Where(parameter => IsServed(parameters, parameter)).Select(parameter => (parameter.Definition.Url, DefinitionText.Of(parameter.Definition))))),
            [TypeOf(DefinitionKind.OperationDefinition)] = new(() => Serve(
                "OperationDefinition", operations.All.Select(operation => operation.Definition).Distinct().Select(url => (url, OwnDefinitions.Find(url) ?? DefinitionText.Of(definitions.Operation(url)!))))),
            [TypeOf(DefinitionKind.CompartmentDefinition)] = new(() => Serve(
                "CompartmentDefinition", definitions.Compartments.Select(compartment => (compartment.Url, DefinitionText.Of(compartment))))),
            [TypeOf(DefinitionKind.StructureDefinition)] = new(() => Serve(
                "StructureDefinition", ResourceTypes.All.Select(type => definitions.Type(type.Name)).OfType<StructureDefinition>().Select(structure => (structure.Url, StructureText.Of(structure))).Concat(OwnDefinitions.Profiles()))),
        };
    }

    /// <summary>Whether searches know the parameter.</summary>
    public static bool IsServed(SearchParameterSet parameters, IndexedParameter parameter) =>
        (parameter.IsExtracted || Computed.Contains(parameter.Code)) && parameter != parameters.ContainedType;

    /// <summary>Whether a search of these types can find any.</summary>
    public bool IsAmong(IReadOnlyList<TypeSchema> types) => types.Count == 1 && _byType.ContainsKey(types[0]);

    /// <summary>The definition of that id; null when there is none.</summary>
    public StoredVersion? Find(ResourceKey key) =>
        ResourceTypes.Find(key.Type) is { } type && _byType.TryGetValue(type, out Lazy<List<Served>>? served) ? served.Value.Find(definition => definition.Version.Key == key).Version : null;

    /// <summary>Those that meet a search, in its order, without any that the requester sees another one of in the store.</summary>
    public async ValueTask<Result<IReadOnlyList<StoredVersion>>> FindAsync(AccessScope scope, SearchRequest search, CancellationToken cancellationToken)
    {
        List<Served> found = _byType[search.Types[0]].Value.FindAll(definition => LocalMatch.Meets(definition.Values, search.Criterion) == true);
        Result<SearchPage> stored = await _store.SearchAsync(scope, new SearchRequest { Types = search.Types, Count = 0, CountTotal = true }, cancellationToken);
        if (!stored.IsOk)
        {
            return stored.Error;
        }

        if (stored.Value.Total > 0)
        {
            var others = new List<Served>();
            foreach (Served definition in found)
            {
                if (await _store.ReadAsync(scope, definition.Version.Key, cancellationToken) is not { IsDeleted: false })
                {
                    others.Add(definition);
                }
            }

            found = others;
        }

        return Result.Of<IReadOnlyList<StoredVersion>>([.. Sorted(found, search.Sort).Select(definition => definition.Version)]);
    }

    private static IEnumerable<Served> Sorted(List<Served> found, IReadOnlyList<SortKey> keys)
    {
        IOrderedEnumerable<Served> sorted = found.OrderBy(static _ => 0);
        foreach (SortKey key in keys)
        {
            // What has no value comes last, whatever the direction.
            sorted = sorted.ThenBy(definition => SortValue.Of(definition.Values, key) is null);
            sorted = key.Descending
                ? sorted.ThenByDescending(definition => SortValue.Of(definition.Values, key).GetValueOrDefault())
                : sorted.ThenBy(definition => SortValue.Of(definition.Values, key).GetValueOrDefault());
        }

        return sorted;
    }

    private List<Served> Serve(string type, IEnumerable<(string Url, ReadOnlyMemory<byte> Json)> definitions)
    {
        var all = new SortedDictionary<string, Served>(StringComparer.Ordinal);
        foreach ((string url, ReadOnlyMemory<byte> json) in definitions)
        {
            string id = url[(url.LastIndexOf('/') + 1)..];
            if (RequestTarget.IsId(id) && !all.ContainsKey(id))
            {
                byte[] resource = WithMeta(type, id, FhirJson.Read(json).Root);
                all.Add(id, new Served(new StoredVersion(new ResourceKey(type, id), 1, Published, 0, ChangeKind.Create, resource), _local.ValuesOf(FhirJson.Read(resource).Root)));
            }
        }

        return [.. all.Values];
    }

    private static byte[] WithMeta(string type, string id, Element definition)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        buffer.Write(Encoding.UTF8.GetBytes($$"""{"resourceType":"{{type}}","id":"{{id}}","meta":{"versionId":"1","lastUpdated":"{{Published:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}}"}"""));
        FhirJson.WriteMembers(definition, buffer, "id", "meta");
        buffer.Write("}"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static TypeSchema TypeOf(DefinitionKind kind) => ResourceTypes.Find(kind.ToString())!;
}
