using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Searching;

namespace HealthChain.FhirServer.Http;

internal enum HttpVerb
{
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

internal static class HttpVerbs
{
    /// <summary>The verb of that name; null for any that FHIR has no use for.</summary>
    public static HttpVerb? Read(string? method) => method switch
    {
        "GET" => HttpVerb.Get,
        "HEAD" => HttpVerb.Head,
        "POST" => HttpVerb.Post,
        "PUT" => HttpVerb.Put,
        "PATCH" => HttpVerb.Patch,
        "DELETE" => HttpVerb.Delete,
        _ => null,
    };
}

/// <summary>
/// One FHIR request, whether it came over the network or is an entry of a batch or transaction. Immutable; everything that a
/// header, path or query says has been read into it, so that interactions know nothing of HTTP's spelling.
/// </summary>
internal sealed record FhirRequest
{
    public required HttpVerb Verb { get; init; }

    public required RequestTarget Target { get; init; }

    /// <summary>
    /// Parameters of the query and, for searches by POST, of the form; in their order, without those that say how the answer is to
    /// be written (<c>_format</c>, <c>_pretty</c>).
    /// </summary>
    public IReadOnlyList<QueryParameter> Query { get; init; } = [];

    /// <summary>The parameters that say how the answer is to be written; links to more of it repeat them.</summary>
    public IReadOnlyList<QueryParameter> FormParameters { get; init; } = [];

    public Preconditions Conditions { get; init; } = Preconditions.None;

    public Preferences Prefer { get; init; } = Preferences.None;

    /// <summary>The content of a request that has one: a resource, a patch, a form.</summary>
    public RequestBody Body { get; init; }

    public required Requester Requester { get; init; }

    /// <summary>What it leaves in the access log. One for each request: whoever makes another of it gives that one its own.</summary>
    public AccessEntry Access { get; init; } = new();

    /// <summary>The FHIR base as this client sees it, without the last slash.</summary>
    public required string BaseUrl { get; init; }

    /// <summary>The value of the first query parameter of that name; null when there is none.</summary>
    public string? Parameter(string name)
    {
        foreach (QueryParameter parameter in Query)
        {
            if (parameter.Name == name)
            {
                return parameter.Value;
            }
        }

        return null;
    }
}

/// <summary>Content as it was sent, with large data in blobs; the raw content of a Binary as the resource that it makes.</summary>
/// <param name="MediaType">Without parameters, in lower case; empty when none was named.</param>
internal readonly record struct RequestBody(ReadOnlyMemory<byte> Bytes, string MediaType)
{
    /// <summary>The resource of an entry of a bundle, which is parsed already; does not exist for a request from the network.</summary>
    public Element Resource { get; init; }

    /// <summary>How large and deep a resource in it may be; null for what the server itself wrote.</summary>
    public ReadLimits? Limits { get; init; }

    public bool IsEmpty => Bytes.IsEmpty && !Resource.Exists;

    /// <summary>Number of values whose data went to a blob.</summary>
    public int StandIns { get; init; }

    /// <summary>True for the raw content of a Binary that went to a blob: nobody who sent it wants it back in base64 unasked.</summary>
    public bool IsLargeContent { get; init; }

    public static RequestBody Of(Element resource) => new(default, "") { Resource = resource };
}

/// <summary>
/// What must hold for a request to be done: the conditional headers of HTTP and of FHIR
/// (https://hl7.org/fhir/R4/http.html#cond-read, #concurrency, #ccreate).
/// </summary>
/// <param name="IfMatch">As sent: <c>W/"3"</c>.</param>
/// <param name="IfNoneExist">A search query without its question mark.</param>
internal sealed record Preconditions(string? IfMatch = null, string? IfNoneMatch = null, DateTimeOffset? IfModifiedSince = null, string? IfNoneExist = null)
{
    public static Preconditions None { get; } = new();

    /// <summary>Whether a write must look at the version that it finds.</summary>
    public bool AskForVersion => IfMatch is not null || IfNoneMatch is not null;
}

/// <summary>What a write answers with: https://hl7.org/fhir/R4/http.html#ops</summary>
internal enum ReturnPreference
{
    /// <summary>Not said; the server returns the resource.</summary>
    Unspecified,
    Minimal,
    Representation,
    OperationOutcome,
}

/// <summary>The <c>Prefer</c> header.</summary>
internal sealed record Preferences(ReturnPreference Return = ReturnPreference.Unspecified, SearchHandling Handling = SearchHandling.Lenient)
{
    public static Preferences None { get; } = new();

    /// <summary>The preference for what a write answers with as it was sent; null when none was that the server knows.</summary>
    public string? AskedReturn { get; init; }

    /// <summary>The same for what happens to unknown parameters.</summary>
    public string? AskedHandling { get; init; }

    /// <summary><c>respond-async</c>: to be answered later, at another place.</summary>
    public bool AsksToBeAnsweredLater { get; init; }
}
