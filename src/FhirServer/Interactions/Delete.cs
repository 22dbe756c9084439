using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>delete and conditional delete, of one or of all matches: https://hl7.org/fhir/R4/http.html#delete, #3.1.0.7.1</summary>
internal sealed class Delete(ConditionalSearch search, IResourceStore store, ServerOptions options) : IWritePlanner
{
    public async ValueTask<Result<WritePlan>> PlanAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        if (request.Target.Kind == TargetKind.Type)
        {
            return await PlanConditionalAsync(request, cancellationToken);
        }

        var key = new ResourceKey(request.Target.Type!.Name, request.Target.Id!);
        if (!request.Conditions.AskForVersion)
        {
            return new DeletePlan([key], []);
        }

        StoredVersion? current = await store.ReadAsync(request.Requester.Scope, key, cancellationToken);
        return Preconditioned.Check(request.Conditions, current) is { } failed ? failed : new DeletePlan([key], [Preconditioned.At(key, current)]);
    }

    private async ValueTask<Result<WritePlan>> PlanConditionalAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        // Who says _count=1 may believe that no more than one will be deleted.
        if (request.Query.FirstOrDefault(parameter => SearchReader.IsOfResult(parameter.Name)) is { Name: { } idle })
        {
            return FhirError.Unsupported($"'{SearchPath.Shown(idle)}' says how a search is answered, and nothing about what is to be deleted; leave it out.");
        }

        Result<Match> match = await search.FindAsync(request, request.Target.Type!, request.Query, options.Limits.ConditionalDeletes, cancellationToken);
        if (!match.IsOk)
        {
            return match.Error;
        }

        // Every match must be of a version that If-Match names; without matches there is none to compare.
        StoredVersion?[] compared = match.Value.Found.Count == 0 ? [null] : [.. match.Value.Found];
        return compared.Select(found => Preconditioned.Check(request.Conditions, found)).FirstOrDefault(failed => failed is not null) is { } error
            ? error
            : new DeletePlan([.. match.Value.Found.Select(found => found.Key)], [match.Value.Guard, .. match.Value.Found.Select(found => Preconditioned.At(found.Key, found))]);
    }
}
