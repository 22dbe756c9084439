using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <param name="IsAll">False when there may be more.</param>
internal sealed record Mentioned(IReadOnlyList<ResourceKey> Resources, bool IsAll);

/// <summary>Finds the resources that mention a patient, whoever they belong to: by every reference that the index knows, and within Bundles.</summary>
internal sealed class Mentions(IResourceStore store, SearchParameterSet parameters, ServerOptions options)
{
    /// <summary>Most resources named.</summary>
    private const int MaxResources = 1000;

    /// <summary>Most Bundles looked into; the index knows nothing of what they hold.</summary>
    private const int MaxBundles = 10_000;

    private const int ChunkSize = 200;

    private static readonly TypeSchema Patient = ResourceTypes.Find("Patient")!;
    private static readonly TypeSchema Bundle = ResourceTypes.Find("Bundle")!;

    public async ValueTask<Mentioned> OfAsync(AccessScope scope, ResourceKey patient, CancellationToken cancellationToken)
    {
        var found = new List<ResourceKey>();
        var reference = new ReferenceQuery(default, Patient, Encoding.UTF8.GetBytes(patient.Id), default);
        foreach (TypeSchema type in ResourceTypes.All)
        {
            HasValue[] pointing = [.. parameters.Of(type).Where(MayPointAtPatients).Select(parameter => new HasValue(parameter, SearchModifier.None, [reference]))];
            if (pointing.Length > 0 && found.Count <= MaxResources)
            {
                SearchPage page = (await store.SearchAsync(scope, new SearchRequest { Types = [type], Criterion = new OneOf(pointing), Count = MaxResources + 1 }, cancellationToken)).Value;
                found.AddRange(page.Matches.Select(match => match.Key));
            }
        }

        bool isAll = await AddBundlesAsync(scope, patient.Id, found, cancellationToken);
        return new Mentioned([.. found.Distinct().Take(MaxResources)], isAll && found.Count <= MaxResources);
    }

    private static bool MayPointAtPatients(IndexedParameter parameter) =>
        parameter is { Type: Fhir.Definitions.SearchParameterType.Reference, IsExtracted: true } && ResourceTypes.TargetsOf(parameter).Contains(Patient);

    /// <returns>Whether all Bundles were looked into.</returns>
    private async ValueTask<bool> AddBundlesAsync(AccessScope scope, string id, List<ResourceKey> found, CancellationToken cancellationToken)
    {
        var within = new PatientsWithin(parameters, options.BaseUrl);
        var search = new SearchRequest { Types = [Bundle], Count = ChunkSize };
        for (int looked = 0; looked < MaxBundles; looked += ChunkSize)
        {
            SearchPage page = (await store.SearchAsync(scope, search, cancellationToken)).Value;
            found.AddRange(page.Matches.Where(bundle => within.Of(FhirJson.Read(bundle.Json).Root).Contains(id)).Select(bundle => bundle.Key));
            if (page.Next is null)
            {
                return true;
            }

            search = search with { After = page.Next };
        }

        return false;
    }
}
