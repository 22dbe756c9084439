using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;

namespace HealthChain.FhirServer.Http;

/// <summary>Reads a resource from the content of a request, in either of the forms that the server speaks.</summary>
internal static class ResourceBody
{
    /// <summary>The resource, or all that is wrong with its text.</summary>
    public static Result<Element> Read(RequestBody body)
    {
        if (body.Resource.Exists)
        {
            return body.Resource;
        }

        Result<ReadResult> result = ReadWithFaults(body);
        return !result.IsOk ? result.Error
            : result.Value.IsOk ? result.Value.Root
            : new FhirError(ErrorKind.Invalid, result.Value.Issues);
    }

    /// <summary>What could be read, with its faults; an error only when nothing could be.</summary>
    public static Result<ReadResult> ReadWithFaults(RequestBody body)
    {
        if (body.Resource is { Exists: true, IsRoot: true })
        {
            return new ReadResult(body.Resource.Tree, []);
        }

        if (body.IsEmpty)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, "The request has no content; a resource is expected.");
        }

        if (Formats.OfContent(body.MediaType) is not { } format)
        {
            return Unsupported("application/fhir+json or application/fhir+xml");
        }

        ReadResult result = format == FhirFormat.Xml ? FhirXml.Read(body.Bytes, body.Limits) : FhirJson.Read(body.Bytes, body.Limits);
        return result.Tree is null ? new FhirError(ErrorKind.Invalid, result.Issues) : result;
    }

    public static FhirError Unsupported(string expected) =>
        FhirError.Of(ErrorKind.UnsupportedMediaType, IssueType.NotSupported, $"The content must be {expected}.");
}
