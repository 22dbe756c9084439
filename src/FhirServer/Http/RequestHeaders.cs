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
    /// <remarks>https://www.rfc-editor.org/rfc/rfc7240#section-2: names are compared whatever their case, and of several the first counts.</remarks>
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
            int equals = preference.IndexOf('=', StringComparison.Ordinal);
            string name = (equals < 0 ? preference : preference[..equals]).TrimEnd().ToLowerInvariant();
            string value = equals < 0 ? "" : preference[(equals + 1)..].Trim().Trim('"');
            preferences = name switch
            {
                "return" when preferences.AskedReturn is null && ReturnOf(value) is { } wanted => preferences with { Return = wanted, AskedReturn = $"return={value}" },
                "handling" when preferences.AskedHandling is null && HandlingOf(value) is { } handling => preferences with { Handling = handling, AskedHandling = $"handling={value}" },
                "respond-async" => preferences with { AsksToBeAnsweredLater = true },
                _ => preferences,
            };
        }

        return preferences;
    }

    private static ReturnPreference? ReturnOf(string value) => value switch
    {
        "minimal" => ReturnPreference.Minimal,
        "representation" => ReturnPreference.Representation,
        "OperationOutcome" => ReturnPreference.OperationOutcome,
        _ => null,
    };

    private static SearchHandling? HandlingOf(string value) => value switch
    {
        "strict" => SearchHandling.Strict,
        "lenient" => SearchHandling.Lenient,
        _ => null,
    };

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
