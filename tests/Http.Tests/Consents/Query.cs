using System.Text.RegularExpressions;

namespace HealthChain.Http.Tests.Consents;

/// <summary>
/// One request. Where it names a version, it says <c>«Observation/o1:2»</c>, which each server is told as the number that the version has there: the
/// store without what is withheld has fewer of them.
/// </summary>
/// <param name="Url">Relative to the FHIR base.</param>
internal sealed partial record Query(string Method, string Url, string? Body = null)
{
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    public string MediaType { get; init; } = "application/fhir+json";

    public bool Writes { get; init; }

    public Query With(string header, string value) => this with { Headers = [.. Headers, new(header, value)] };

    /// <summary>The query as a server is to be sent it.</summary>
    public Query Numbered(Func<string, int, int> numberOf) => this with
    {
        Url = Numbered(Url, numberOf),
        Body = Body is null ? null : Numbered(Body, numberOf),
        Headers = [.. Headers.Select(header => KeyValuePair.Create(header.Key, Numbered(header.Value, numberOf)))],
    };

    public override string ToString() => $"{Method} {Url} {string.Join(' ', Headers)} {Body}";

    private static string Numbered(string text, Func<string, int, int> numberOf) =>
        Versions().Replace(text, match => numberOf(match.Groups["key"].Value, int.Parse(match.Groups["number"].ValueSpan)).ToString());

    [GeneratedRegex("«(?<key>[^:]+):(?<number>\\d+)»", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Versions();
}
