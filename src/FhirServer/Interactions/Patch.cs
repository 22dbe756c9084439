using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Patch;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.LargeData;
using HealthChain.Storage;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.Interactions;

/// <summary>
/// patch and conditional patch: https://hl7.org/fhir/R4/http.html#patch. JSON Patch, XML Patch and FHIRPath Patch, told apart by the content type.
/// </summary>
internal sealed class Patch(ConditionalSearch search, IResourceStore store) : IWritePlanner
{
    private const string Expected = "application/json-patch+json, application/xml-patch+xml, or application/fhir+json and application/fhir+xml with Parameters";

    public async ValueTask<Result<WritePlan>> PlanAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        if (request.Target.Kind == TargetKind.Instance)
        {
            var key = new ResourceKey(request.Target.Type!.Name, request.Target.Id!);
            return Plan(request, await store.ReadAsync(request.Requester.Scope, key, cancellationToken), []);
        }

        Result<Match> match = await search.FindAsync(request, request.Target.Type!, request.Query, atMost: 1, cancellationToken);
        return match.IsOk ? Plan(request, match.Value.Single, [match.Value.Guard]) : match.Error;
    }

    private static Result<WritePlan> Plan(FhirRequest request, StoredVersion? current, IReadOnlyList<Guard> guards)
    {
        if (current is null)
        {
            return FhirError.NotFound($"There is no such {request.Target.Type!.Name} to patch.");
        }

        if (current.IsDeleted)
        {
            return FhirError.Of(ErrorKind.Gone, IssueType.Deleted, $"The {current.Key.Type} was deleted.");
        }

        if (Preconditioned.Check(request.Conditions, current) is { } failed)
        {
            return failed;
        }

        Result<ElementTree> patched = Apply(request.Body, FhirJson.Read(current.Json).Root);
        return !patched.IsOk ? patched.Error
            : current.HasBlobs && StandInMentions.Count(patched.Value.Json.Span) != BlobStandIn.In(patched.Value.Root).Count
                ? FhirError.Of(ErrorKind.Unprocessable, IssueType.BusinessRule, "A patch may move and copy large data only to elements of type base64Binary.")
            : patched.Value.Root.Type.Name != current.Key.Type || Content.IdOf(patched.Value.Root) != current.Key.Id
                ? FhirError.Of(ErrorKind.Unprocessable, IssueType.BusinessRule, "A patch may change neither the type nor the id of a resource.")
                : new PutPlan(current.Key, patched.Value.Root, [.. guards, Preconditioned.At(current.Key, current)]) { Before = current };
    }

    private static Result<ElementTree> Apply(RequestBody patch, Element resource)
    {
        switch (patch.MediaType)
        {
            case "application/json-patch+json":
                return JsonPatch.Apply(resource, patch.Bytes);
            case "application/xml-patch+xml":
                return XmlPatch.Apply(resource, patch.Bytes);
        }

        Result<Element> parameters = ResourceBody.Read(patch);
        return parameters.IsOk ? FhirPathPatch.Apply(resource, parameters.Value)
            : parameters.Error.Kind == ErrorKind.UnsupportedMediaType ? ResourceBody.Unsupported(Expected)
            : parameters.Error;
    }
}
