using System.Globalization;
using System.Net;
using HealthChain.Fhir;
using HealthChain.FhirServer.Definitions;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>read and vread: https://hl7.org/fhir/R4/http.html#read</summary>
internal sealed class Read(IResourceStore store, ServedDefinitions definitions) : IInteraction
{
    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        if (request.Prefer.Handling == SearchHandling.Strict && request.Query.FirstOrDefault(IsUnknown) is { Name: { } unknown })
        {
            return FhirError.Unsupported($"A read has no parameter '{SearchPath.Shown(unknown)}': it knows _summary, _elements, _format and _pretty.");
        }

        Result<ElementSelection> selection = request.Query.Count == 0 ? ElementSelection.All : ElementSelection.Of(request);
        if (!selection.IsOk)
        {
            return selection.Error;
        }

        Result<StoredVersion> found = await FindAsync(store, request, cancellationToken);
        if (found.Error is { } error)
        {
            if (error.Kind != ErrorKind.NotFound || definitions.Find(new ResourceKey(request.Target.Type!.Name, request.Target.Id!)) is not { } definition || request.Target.Version is not (null or "1"))
            {
                return error;
            }

            found = definition;
        }

        // https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1: "an origin server MUST NOT perform the requested method" then.
        StoredVersion version = found.Value;
        if (request.Conditions.IfMatch is not null && Preconditioned.Check(request.Conditions with { IfNoneMatch = null }, version) is { } failed)
        {
            return failed;
        }

        return IsUnchanged(request.Conditions, version) ? new FhirResponse { Status = HttpStatusCode.NotModified, Version = version }
            : selection.Value.IsAll ? FhirResponse.Of(version)
            : FhirResponse.Of(version) with { Json = SubsetWriter.ToJson(version.Json.Span, request.Target.Type!, selection.Value) };
    }

    /// <summary>The version that a target with type and id speaks of: the one it names, or the current one.</summary>
    public static async ValueTask<Result<StoredVersion>> FindAsync(IResourceStore store, FhirRequest request, CancellationToken cancellationToken)
    {
        var key = new ResourceKey(request.Target.Type!.Name, request.Target.Id!);
        StoredVersion? version = request.Target.Version is { } number
            ? await ReadVersionAsync(store, request, key, number, cancellationToken)
            : await store.ReadAsync(request.Requester.Scope, key, cancellationToken);
        return version is null ? FhirError.NotFound($"There is no such {key.Type}.")
            : version.IsDeleted ? FhirError.Of(ErrorKind.Gone, IssueType.Deleted, $"The {key.Type} was deleted.")
            : version;
    }

    private static bool IsUnknown(QueryParameter parameter) => parameter.Name is not ("_summary" or "_elements");

    private static async ValueTask<StoredVersion?> ReadVersionAsync(
        IResourceStore store, FhirRequest request, ResourceKey key, string number, CancellationToken cancellationToken) =>
        number[0] != '0' && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long version)
            ? await store.ReadVersionAsync(request.Requester.Scope, key, version, cancellationToken)
            : null;

    /// <summary>https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2: a date counts only when there is no tag.</summary>
    private static bool IsUnchanged(Preconditions conditions, StoredVersion version) =>
        conditions.IfNoneMatch is { } tags
            ? EntityTags.Includes(tags, version.Version)
            : conditions.IfModifiedSince is { } since && version.LastUpdated < since.AddSeconds(1);
}
