using HealthChain.FhirServer.Searching;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace HealthChain.FhirServer.Http;

/// <summary>Reads the headers that FHIR gives a meaning to.</summary>
internal static class RequestHeaders
{
    public static Preconditions ConditionsOf(IHeaderDictionary headers)
    {
        StringValues ifMatch = headers.IfMatch;
        StringValues ifNoneMatch = headers.IfNoneMatch;
        StringValues ifModifiedSince = headers.IfModifiedSince;
        StringValues ifNoneExist = headers["If-None-Exist"];
        return ifMatch.Count + ifNoneMatch.Count + ifModifiedSince.Count + ifNoneExist.Count == 0
            ? Preconditions.None
            : new Preconditions(
                NullIfEmpty(ifMatch),
                NullIfEmpty(ifNoneMatch),
                HeaderUtilities.TryParseDate(ifModifiedSince.ToString(), out DateTimeOffset since) ? since : null,
                NullIfEmpty(ifNoneExist));
    }

    /// <summary>https://hl7.org/fhir/R4/http.html#ops (return) and https://hl7.org/fhir/R4/search.html#errors (handling)</summary>
    public static Preferences PreferOf(IHeaderDictionary headers)
    {
        StringValues values = headers["Prefer"];
        if (values.Count == 0)
        {
            return Preferences.None;
        }

        Preferences preferences = Preferences.None;
        foreach (string preference in values.ToString().Split([',', ';'], StringSplitOptions.TrimEntries))
        {
            preferences = preference.Replace(" ", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal) switch
            {
                "return=minimal" => preferences with { Return = ReturnPreference.Minimal },
                "return=representation" => preferences with { Return = ReturnPreference.Representation },
                "return=OperationOutcome" => preferences with { Return = ReturnPreference.OperationOutcome },
                "handling=strict" => preferences with { Handling = SearchHandling.Strict },
                "handling=lenient" => preferences with { Handling = SearchHandling.Lenient },
                _ => preferences,
            };
        }

        return preferences;
    }

    /// <summary>Without parameters, in lower case; empty when there is none.</summary>
    public static string MediaTypeOf(string? contentType) => contentType switch
    {
        null => "",
        "application/fhir+json" => contentType,
        _ => MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type) ? type.MediaType.Value!.ToLowerInvariant() : contentType.Trim().ToLowerInvariant(),
    };

    /// <summary>
    /// Whether a resource of that content type can be read here: of R4, and in an encoding that FHIR allows (https://hl7.org/fhir/R4/json.html:
    /// "FHIR uses UTF-8 for all request and response bodies"). What the text really is, the reader finds out.
    /// </summary>
    public static bool IsReadable(string? contentType) =>
        contentType is null
        || !contentType.Contains(';', StringComparison.Ordinal)
        || (MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type)
            && Formats.IsR4(type)
            && (!type.Charset.HasValue || type.Charset.Value!.Trim('"').ToLowerInvariant() is "utf-8" or "utf8" or "us-ascii" or "utf-16"));

    private static string? NullIfEmpty(StringValues values) => values.Count == 0 ? null : values.ToString();
}
