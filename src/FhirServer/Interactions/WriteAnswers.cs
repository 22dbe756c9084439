using System.Globalization;
using System.Net;
using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>What writes answer with: https://hl7.org/fhir/R4/http.html#ops (Prefer), #create, #update, #delete</summary>
internal static class WriteAnswers
{
    /// <summary>201 for a resource that came to be (or came back), 200 for one that was changed.</summary>
    public static FhirResponse OfPut(FhirRequest request, StoredVersion version, IReadOnlyList<Issue> issues)
    {
        bool isNew = version.Change == ChangeKind.Create;
        return Of(request, version, isNew ? HttpStatusCode.Created : HttpStatusCode.OK, isNew ? "created" : "updated", issues);
    }

    /// <summary>A conditional create that found its resource: "the server ignores the post and returns 200 OK".</summary>
    public static FhirResponse OfFound(FhirRequest request, StoredVersion version) => Of(request, version, HttpStatusCode.OK, "found, so that nothing was written", []);

    /// <summary>204, or 200 with an outcome for who asked for one. Deleting what is not there succeeds too.</summary>
    public static FhirResponse OfDeletion(FhirRequest request, IReadOnlyList<StoredVersion?> versions)
    {
        StoredVersion? only = versions.Count == 1 ? versions[0] : null;
        if (request.Prefer.Return != ReturnPreference.OperationOutcome)
        {
            return new FhirResponse { Status = HttpStatusCode.NoContent, Version = only };
        }

        int deleted = versions.Count(version => version is not null);
        string message = deleted == 1 ? "One resource was deleted." : $"{deleted} resources were deleted.";
        return new FhirResponse { Status = HttpStatusCode.OK, Version = only, Json = Outcome(message, []), IsOutcome = true };
    }

    private static FhirResponse Of(FhirRequest request, StoredVersion version, HttpStatusCode status, string done, IReadOnlyList<Issue> issues) => new()
    {
        Status = status,
        Version = version,
        Location = string.Create(CultureInfo.InvariantCulture, $"{request.BaseUrl}/{version.Key.Type}/{version.Key.Id}/_history/{version.Version}"),
        IsOutcome = request.Prefer.Return == ReturnPreference.OperationOutcome,
        Json = request.Prefer.Return switch
        {
            ReturnPreference.Minimal => default,
            ReturnPreference.OperationOutcome => Outcome($"The resource was {done}.", issues),
            _ => version.Json,
        },
    };

    private static ReadOnlyMemory<byte> Outcome(string message, IReadOnlyList<Issue> issues) =>
        OperationOutcome.ToJson([new Issue(IssueSeverity.Information, IssueType.Informational, message), .. issues]);
}
