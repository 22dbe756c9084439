using HealthChain.FhirServer.Searching;
using Microsoft.Net.Http.Headers;

namespace HealthChain.FhirServer.Http;

/// <summary>The forms in which the server speaks FHIR.</summary>
internal enum FhirFormat
{
    Json,
    Xml,
}

/// <summary>How an answer is to be written.</summary>
internal readonly record struct ResponseForm(FhirFormat Format, bool IsPretty)
{
    public static ResponseForm Default { get; } = new(FhirFormat.Json, false);
}

/// <summary>Which form a request asks for: https://hl7.org/fhir/R4/http.html#mime-type</summary>
internal static class Formats
{
    public const string FhirJson = "application/fhir+json; charset=utf-8";
    public const string FhirXml = "application/fhir+xml; charset=utf-8";
    private const string FormatName = "_format";
    private const string PrettyName = "_pretty";

    public static string ContentType(FhirFormat format) => format == FhirFormat.Xml ? FhirXml : FhirJson;

    /// <summary>Whether a parameter says how the answer is to be written, and so is none of the interaction's.</summary>
    public static bool IsForm(string parameter) => parameter is FormatName or PrettyName;

    /// <summary>
    /// <c>_format</c> wins over Accept, as it is for clients that cannot set the header. Null if nothing that is asked for can be had;
    /// JSON if nothing is asked for.
    /// </summary>
    public static ResponseForm? Asked(string? accept, IReadOnlyList<QueryParameter> parameters)
    {
        bool isPretty = false;
        string? name = null;
        foreach (QueryParameter parameter in parameters)
        {
            if (parameter.Name == PrettyName)
            {
                isPretty = parameter.Value == "true";
            }
            else if (parameter.Name == FormatName && parameter.Value.Length > 0)
            {
                name ??= parameter.Value;
            }
        }

        return (name is null ? Accepted(accept) : Named(name)) is { } format ? new ResponseForm(format, isPretty) : null;
    }

    /// <summary>The form of an answer to a request that could not be read: JSON when nothing better is known.</summary>
    public static ResponseForm AskedOrDefault(HttpRequest request) =>
        Asked(request.Headers.Accept, request.QueryString.HasValue ? QueryText.Read(request.QueryString.Value) : []) ?? ResponseForm.Default;

    /// <summary>The form in which content of that media type is written, JSON when none was named; null when it is no form of FHIR.</summary>
    public static FhirFormat? OfContent(string mediaType) => mediaType switch
    {
        "" or "application/fhir+json" or "application/json" or "text/json" => FhirFormat.Json,
        "application/fhir+xml" or "application/xml" or "text/xml" => FhirFormat.Xml,
        _ => null,
    };

    private static FhirFormat? Named(string name)
    {
        // A plus sign that was not escaped in the query arrives as a space.
        string text = name.Replace(' ', '+').ToLowerInvariant();
        return text switch
        {
            "json" => FhirFormat.Json,
            "xml" => FhirFormat.Xml,
            _ => MediaTypeHeaderValue.TryParse(text, out MediaTypeHeaderValue? type) && IsR4(type) ? OfMediaType(type) : null,
        };
    }

    /// <summary>The form with the highest quality; https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1: for each form the most specific range that fits it counts.</summary>
    private static FhirFormat? Accepted(string? accept)
    {
        // What most clients send, compared as text.
        if (accept is null or "" or "*/*" or "application/fhir+json" or "application/json")
        {
            return FhirFormat.Json;
        }

        if (!MediaTypeHeaderValue.TryParseList([accept], out IList<MediaTypeHeaderValue>? ranges) || ranges.Count == 0)
        {
            return FhirFormat.Json;
        }

        Preference json = PreferenceFor(FhirFormat.Json, ranges);
        Preference xml = PreferenceFor(FhirFormat.Xml, ranges);
        return json.Quality == 0 && xml.Quality == 0 ? null : xml.IsOver(json) ? FhirFormat.Xml : FhirFormat.Json;
    }

    private static Preference PreferenceFor(FhirFormat format, IList<MediaTypeHeaderValue> ranges)
    {
        Preference best = default;
        for (int i = 0; i < ranges.Count; i++)
        {
            MediaTypeHeaderValue range = ranges[i];
            int specificity = !IsR4(range) ? 0
                : OfMediaType(range) == format ? 3
                : range.MatchesAllTypes ? 1
                : range.MatchesAllSubTypes && range.Type.Equals("application", StringComparison.OrdinalIgnoreCase) ? 2
                : 0;
            if (specificity > best.Specificity)
            {
                best = new Preference(range.Quality ?? 1, specificity, i);
            }
        }

        return best;
    }

    /// <summary>https://hl7.org/fhir/R4/versioning.html#mt-version: a client may name a version of FHIR; this server speaks R4 only.</summary>
    public static bool IsR4(MediaTypeHeaderValue range)
    {
        foreach (NameValueHeaderValue parameter in range.Parameters)
        {
            if (parameter.Name.Equals("fhirVersion", StringComparison.OrdinalIgnoreCase) && parameter.Value.Value?.Trim('"') is not ("4.0" or "4.0.1"))
            {
                return false;
            }
        }

        return true;
    }

    private static FhirFormat? OfMediaType(MediaTypeHeaderValue range) => range.MediaType.Value?.ToLowerInvariant() switch
    {
        "application/fhir+json" or "application/json" or "text/json" or "application/json+fhir" => FhirFormat.Json,
        "application/fhir+xml" or "application/xml" or "text/xml" or "text/*" or "application/xml+fhir" => FhirFormat.Xml,
        _ => null,
    };

    /// <summary>How much a client likes a form; the default is not at all.</summary>
    private readonly record struct Preference(double Quality, int Specificity, int Position)
    {
        public bool IsOver(Preference other) =>
            Quality != other.Quality ? Quality > other.Quality
            : Specificity != other.Specificity ? Specificity > other.Specificity
            : Position < other.Position;
    }
}
