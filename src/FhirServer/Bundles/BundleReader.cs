using System.Globalization;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.Bundles;

/// <summary>Reads the entries of a batch or transaction as requests: https://hl7.org/fhir/R4/bundle.html#resource</summary>
internal static class BundleReader
{
    /// <param name="faults">What is wrong with the bundle's text; what lies within an entry makes that entry a refused one.</param>
    public static List<RequestEntry> Read(Element bundle, FhirRequest outer, IReadOnlyList<Issue> faults)
    {
        var entries = new List<RequestEntry>();
        foreach (Element entry in bundle.ChildrenOf("entry"))
        {
            Issue[] own = faults.Count == 0 ? [] : [.. faults.Where(issue => IsWithin(issue, entries.Count))];
            string? fullUrl = TextOf(entry, "fullUrl");
            entries.Add(new RequestEntry(entries.Count, fullUrl, own.Length > 0 ? new FhirError(ErrorKind.Invalid, own) : ReadRequest(entry, outer)));
        }

        return entries;
    }

    public static bool IsWithin(Issue fault, int entry) => fault.Expression is { } expression
        && (expression == $"Bundle.entry[{entry}]" || expression.StartsWith($"Bundle.entry[{entry}].", StringComparison.Ordinal));

    private static Result<FhirRequest> ReadRequest(Element entry, FhirRequest outer)
    {
        Element request = entry.Child("request");
        if (!request.Exists)
        {
            return Missing(entry, "request", "Each entry of a batch or transaction needs a request.");
        }

        if (HttpVerbs.Read(TextOf(request, "method")) is not { } verb)
        {
            return Missing(request, "method", "The request needs a method: GET, HEAD, POST, PUT, DELETE or PATCH.");
        }

        if (TextOf(request, "url") is not { } url)
        {
            return Missing(request, "url", "The request needs a url, relative to the FHIR base.");
        }

        Result<string> relative = Relative(url, outer.BaseUrl, request);
        if (!relative.IsOk)
        {
            return relative.Error;
        }

        int question = relative.Value.IndexOf('?', StringComparison.Ordinal);
        string path = question < 0 ? relative.Value : relative.Value[..question];
        if (RequestTarget.Read(Uri.UnescapeDataString(path)) is not { } target)
        {
            return FhirError.Of(ErrorKind.NotFound, IssueType.NotFound, "There is nothing at the path of this url.", request.Expression + ".url");
        }

        if (target.Kind == TargetKind.System && verb == HttpVerb.Post)
        {
            return FhirError.Unsupported("A bundle cannot be an entry of a batch or transaction.", request.Expression + ".url");
        }

        List<QueryParameter> query = question < 0 ? [] : QueryText.Read(relative.Value.AsSpan(question));
        query.RemoveAll(parameter => Formats.IsForm(parameter.Name));
        bool writes = verb is HttpVerb.Post or HttpVerb.Put or HttpVerb.Patch or HttpVerb.Delete;
        Result<RequestBody> body = writes ? Body(entry.Child("resource"), verb, target) : default(RequestBody);
        return !body.IsOk ? body.Error : outer with
        {
            Verb = verb,
            Target = target,
            Query = query,
            Conditions = ConditionsOf(request),
            // Echoing every resource would double the traffic of a large bundle; who wants them asks for return=representation.
            Prefer = outer.Prefer with { Return = outer.Prefer.Return == ReturnPreference.Unspecified ? ReturnPreference.Minimal : outer.Prefer.Return },
            Body = body.Value,
            Access = outer.Access.Another(),
        };
    }

    private static Result<string> Relative(string url, string baseUrl, Element request)
    {
        // Within the query a url is a value, such as the system of a code.
        int query = url.IndexOf('?', StringComparison.Ordinal);
        ReadOnlySpan<char> path = query < 0 ? url : url.AsSpan(0, query);
        if (!path.Contains("://", StringComparison.Ordinal))
        {
            return url.TrimStart('/');
        }

        return url.StartsWith(baseUrl + "/", StringComparison.Ordinal)
            ? url[(baseUrl.Length + 1)..]
            : FhirError.Of(ErrorKind.Invalid, IssueType.Value, "The url is that of another server; it must be relative to this one's FHIR base.", request.Expression + ".url");
    }

    /// <summary>
    /// Content of the entry. R4 does not say how a patch travels in a bundle but for FHIRPath Patch, which is a resource itself; others
    /// come as a Binary that holds the patch, as R4B describes it.
    /// </summary>
    private static Result<RequestBody> Body(Element resource, HttpVerb verb, in RequestTarget target)
    {
        if (!resource.Exists)
        {
            return default(RequestBody);
        }

        if (target.Kind == TargetKind.Operation)
        {
            // What an operation says of its input is about the input, not about a bundle that it happens to lie in.
            return RequestBody.Of(new ResourceEdit(resource).ToTree().Root);
        }

        if (verb != HttpVerb.Patch || resource.Type.Name != "Binary")
        {
            return RequestBody.Of(resource);
        }

        if (BlobStandIn.AddressesIn(resource).Count > 0)
        {
            return FhirError.Of(ErrorKind.TooCostly, IssueType.TooLong, "The patch is too long to come within a bundle.", "Binary.data");
        }

        string mediaType = (TextOf(resource, "contentType") ?? "").Split(';')[0].Trim().ToLowerInvariant();
        byte[] patch = new byte[resource.Child("data") is { Exists: true } data ? data.Value.Length : 0];
        return Convert.TryFromBase64String(TextOf(resource, "data") ?? "", patch, out int length)
            ? new RequestBody(patch.AsMemory(0, length), mediaType)
            : FhirError.Invalid("The data of the patch is not base64.", "Binary.data");
    }

    private static Preconditions ConditionsOf(Element request) => new(
        TextOf(request, "ifMatch"),
        TextOf(request, "ifNoneMatch"),
        DateTimeOffset.TryParse(TextOf(request, "ifModifiedSince"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset since) ? since : null,
        TextOf(request, "ifNoneExist"));

    private static string? TextOf(Element element, string child) => element.Child(child) is { Exists: true } found ? found.Text : null;

    private static FhirError Missing(Element element, string child, string message) =>
        FhirError.Of(ErrorKind.Invalid, IssueType.Required, message, $"{element.Expression}.{child}");
}
