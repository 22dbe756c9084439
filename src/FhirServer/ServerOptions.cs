namespace HealthChain.FhirServer;

/// <summary>
/// What an operator may set, by <c>appsettings.json</c>, environment (<c>HealthChain__BaseUrl</c>) or command line
/// (<c>--HealthChain:BaseUrl …</c>).
/// </summary>
/// <param name="Listen">Addresses to listen on, separated by semicolons; the platform's <c>--urls</c> and <c>ASPNETCORE_URLS</c>.</param>
/// <param name="BaseUrl">The FHIR base that clients see, for instance behind a proxy; null if it is not known.</param>
internal sealed record ServerOptions(string Listen, string? BaseUrl)
{
    public const string DefaultListen = "http://127.0.0.1:8080";

    public static ServerOptions From(IConfiguration configuration) => new(
        configuration["urls"] ?? DefaultListen,
        configuration["HealthChain:BaseUrl"]?.TrimEnd('/'));

    /// <summary>The first setting that cannot be used, as a line for the operator; null if all are sound.</summary>
    public string? Problem
    {
        get
        {
            foreach (var address in Listen.Split(';'))
            {
                // Kestrel also accepts http://*:8080 and http://+:8080, which are no URIs.
                var readable = address.Replace("://*", "://any", StringComparison.Ordinal).Replace("://+", "://any", StringComparison.Ordinal);
                if (!IsHttp(readable))
                {
                    return $"urls: '{address}' is not an http or https address such as {DefaultListen}";
                }
            }

            return BaseUrl is null || IsHttp(BaseUrl)
                ? null
                : $"HealthChain:BaseUrl: '{BaseUrl}' is not an absolute http or https URL such as https://fhir.example.org/fhir";
        }
    }

    private static bool IsHttp(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);
}
