using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Http;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>create and conditional create: https://hl7.org/fhir/R4/http.html#create, #ccreate</summary>
internal sealed class Create(ConditionalSearch search, IdSource ids) : IWritePlanner
{
    public async ValueTask<Result<WritePlan>> PlanAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        TypeSchema type = request.Target.Type!;
        Result<Element> resource = Content.Read(request.Body, type);
        if (!resource.IsOk)
        {
            return resource.Error;
        }

        // "If an id is provided, the server SHALL ignore it."
        var key = new ResourceKey(type.Name, ids.Next(type));
        if (request.Conditions.IfNoneExist is not { } criteria)
        {
            return new PutPlan(key, resource.Value, []) { IsPosted = true };
        }

        Result<Match> match = await search.FindAsync(request, type, Criteria(criteria), atMost: 1, cancellationToken);
        return !match.IsOk ? match.Error
            : match.Value.Single is { } found ? new FoundPlan(found, [match.Value.Guard])
            : new PutPlan(key, resource.Value, [match.Value.Guard]) { IsPosted = true };
    }

    /// <summary>The header holds "just the search parameters (what would be in the URL following the "?")"; the rest of a url does no harm.</summary>
    private static List<Searching.QueryParameter> Criteria(string header)
    {
        // Behind an equals sign a question mark is part of a value, such as the url of a system.
        int question = header.IndexOf('?', StringComparison.Ordinal);
        return QueryText.Read(header.AsSpan(header.AsSpan(0, question + 1).Contains('=') ? 0 : question + 1));
    }
}
