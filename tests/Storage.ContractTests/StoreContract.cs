using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using Xunit;

namespace HealthChain.Storage.ContractTests;

/// <summary>What all contract tests share: a fresh store, and short words for what is done to it.</summary>
public abstract class StoreContract : IAsyncDisposable
{
    private readonly Func<StoreSetup, IResourceStore> _open;
    private readonly List<IResourceStore> _others = [];

    protected StoreContract(Func<StoreSetup, IResourceStore> open)
    {
        _open = open;
        Setup = StoreSetup.With(Clock);
        Store = open(Setup);
    }

    protected static AccessScope Everything { get; } = AccessScope.System("contract tests");

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected TestClock Clock { get; } = new();

    protected StoreSetup Setup { get; }

    protected IResourceStore Store { get; }

    protected static ResourceKey Key(string reference) => new(reference[..reference.IndexOf('/')], reference[(reference.IndexOf('/') + 1)..]);

    /// <summary>By which records and versions name a patient.</summary>
    protected long HashOf(string reference) => Setup.Hasher.Reference(Key(reference));

    protected static Element Read(string json) => FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;

    protected static Put PutOf(string json)
    {
        Element resource = Read(json);
        return new Put(new ResourceKey(resource.Type.Name, resource.Child("id").Text!), resource);
    }

    /// <summary>A patient with so little that its id says all.</summary>
    protected static Put PatientOf(string id, string more = "") => PutOf($$"""{"resourceType":"Patient","id":"{{id}}"{{more}}}""");

    protected static JsonNode Json(StoredVersion? version)
    {
        Assert.NotNull(version);
        return JsonNode.Parse(version.Json.Span)!;
    }

    protected static string[] Ids(IEnumerable<StoredVersion> versions) => [.. versions.Select(version => version.Key.Id)];

    /// <summary>Another empty store of the same kind, sharing the clock.</summary>
    protected IResourceStore OpenAnother()
    {
        IResourceStore other = _open(Setup);
        _others.Add(other);
        return other;
    }

    protected async Task<StoredVersion> PutAsync(string json) => (await CommitAsync(Transaction.Of(PutOf(json))))[0]!;

    protected async Task<IReadOnlyList<StoredVersion?>> CommitAsync(Transaction transaction, AccessScope? scope = null) =>
        Assert.IsType<Committed>((await Store.CommitAsync(scope ?? Everything, transaction, Cancel)).Value).Versions;

    protected async Task<Guard> FailAsync(Transaction transaction, AccessScope? scope = null) =>
        Assert.IsType<GuardFailed>((await Store.CommitAsync(scope ?? Everything, transaction, Cancel)).Value).Guard;

    protected async Task<StoredVersion?> ReadAsync(string reference, AccessScope? scope = null) =>
        await Store.ReadAsync(scope ?? Everything, Key(reference), Cancel);

    protected SearchRequest Request(string type, string query = "", int count = 100) => new()
    {
        Types = [TypeOf(type)],
        Criterion = Query(type, query),
        Count = count,
        CountTotal = true,
    };

    protected async Task<SearchPage> SearchAsync(SearchRequest request, AccessScope? scope = null) =>
        (await Store.SearchAsync(scope ?? Everything, request, Cancel)).Value;

    /// <summary>Ids that a query finds, in order; the total must say the same.</summary>
    protected async Task<string> FindAsync(string type, string query, AccessScope? scope = null)
    {
        SearchPage page = await SearchAsync(Request(type, query), scope);
        Assert.Equal(page.Matches.Count, page.Total);
        return string.Join(' ', Ids(page.Matches));
    }

    protected static TypeSchema TypeOf(string name) => FhirSchema.R4.Type(name)!;

    protected IndexedParameter Parameter(string type, string code) => Setup.Parameters.Find(TypeOf(type), code)!;

    /// <summary>A query as in a url: <c>code:modifier=value&amp;subject:Patient.name=x&amp;_has:Observation:subject:code=y</c>.</summary>
    protected Criterion Query(string type, string query) => new AllOf(
    [
        .. query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(part =>
        {
            int equals = part.IndexOf('=');
            return One(TypeOf(type), part[..equals], part[(equals + 1)..]);
        }),
    ]);

    private Criterion One(TypeSchema type, string name, string value)
    {
        if (name.StartsWith("_has:", StringComparison.Ordinal))
        {
            string[] has = name.Split(':', 4);
            TypeSchema source = TypeOf(has[1]);
            return new PointedAtBy(source, Setup.Parameters.Find(source, has[2])!, One(source, has[3], value));
        }

        string[] chain = name.Split('.', 2);
        string[] code = chain[0].Split(':', 2);
        IndexedParameter parameter = Setup.Parameters.Find(type, code[0])!;
        if (chain.Length == 2)
        {
            TypeSchema target = TypeOf(code[1]);
            return new PointsAt(parameter, [target], One(target, chain[1], value));
        }

        (SearchModifier modifier, TypeSchema? named) = (SearchModifier.None, null);
        Assert.True(code.Length == 1 || SearchQueryReader.TryReadModifier(code[1], out modifier, out named), name);
        var options = new SearchQueryOptions { Now = Clock.GetUtcNow() };
        return new HasValue(parameter, modifier, SearchQueryReader.Read(parameter, modifier, named, value, options).Value);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IResourceStore store in _others.Append(Store))
        {
            await store.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }
}
