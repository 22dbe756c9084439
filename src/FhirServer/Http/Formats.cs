using Microsoft.Net.Http.Headers;

namespace HealthChain.FhirServer.Http;

/// <summary>The forms in which the server speaks FHIR.</summary>
internal enum FhirFormat
{
    Json,
    Xml,
}

/// <summary>Which form a request asks for: https://hl7.org/fhir/R4/http.html#mime-type</summary>
internal static class Formats
{
    public const string FhirJson = "application/fhir+json; charset=utf-8";
    public const string FhirXml = "application/fhir+xml; charset=utf-8";

    public static string ContentType(FhirFormat format) => format == FhirFormat.Xml ? FhirXml : FhirJson;

    /// <summary>
    /// <c>_format</c> wins over Accept, as it is for clients that cannot set the header. Null if nothing that is asked for can be had;
    /// JSON if nothing is asked for.
    /// </summary>
    public static FhirFormat? Asked(HttpRequest request)
    {
        if (request.Query.TryGetValue("_format", out var format) && !string.IsNullOrEmpty(format))
        {
            // A plus sign that was not escaped in the query arrives as a space.
            return MediaTypeHeaderValue.TryParse(((string)format!).Replace(' ', '+'), out var asked) ? Of(asked) : OfShortName(format!);
        }

        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted) || accepted.Count == 0)
        {
            return FhirFormat.Json;
        }

        foreach (var range in accepted.OrderByDescending(range => range.Quality ?? 1))
        {
            if (range.Quality is not 0 && Of(range) is { } supported)
            {
                return supported;
            }
        }

        return null;
    }

    /// <summary>The form in which content of that media type is written, JSON when none was named; null when it is no form of FHIR.</summary>
    public static FhirFormat? OfContent(string mediaType) => mediaType switch
    {
        "" or "application/fhir+json" or "application/json" or "text/json" => FhirFormat.Json,
        "application/fhir+xml" or "application/xml" or "text/xml" => FhirFormat.Xml,
        _ => null,
    };

    private static FhirFormat? OfShortName(string name) => name switch
    {
        "json" => FhirFormat.Json,
        "xml" => FhirFormat.Xml,
        _ => null,
    };

    private static FhirFormat? Of(MediaTypeHeaderValue range)
    {
        // https://hl7.org/fhir/R4/versioning.html#mt-version: a client may ask for a version of FHIR; this server speaks R4 only.
        foreach (var parameter in range.Parameters)
        {
            if (parameter.Name.Equals("fhirVersion", StringComparison.OrdinalIgnoreCase) && parameter.Value.Value?.Trim('"') is not ("4.0" or "4.0.1"))
            {
                return null;
            }
        }

        return range.MediaType.Value?.ToLowerInvariant() switch
        {
            "application/fhir+json" or "application/json" or "text/json" or "application/*" or "*/*" => FhirFormat.Json,
            "application/fhir+xml" or "application/xml" or "text/xml" or "text/*" => FhirFormat.Xml,
            _ => null,
        };
    }
}
