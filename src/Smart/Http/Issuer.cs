using System.Collections.Concurrent;
using System.Net;
using HealthChain.Smart.External;
using HealthChain.Smart.Jose;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>The authorisation server under one address, with what depends on the address.</summary>
/// <param name="Origin">The issuer: scheme, host and port.</param>
/// <param name="FhirBase">The FHIR base that clients see, without the last slash; the audience of tokens.</param>
/// <param name="External">Logging in elsewhere; null for users who log in here alone.</param>
internal sealed record Issuer(string Origin, string FhirBase, ClientAssertions Assertions, IdTokens IdTokens, ExternalSignIn? External)
{
    public const string TokenPath = "/auth/token";

    public bool IsHttps { get; } = Origin.StartsWith("https:", StringComparison.Ordinal);

    public string TokenUrl { get; } = Origin + TokenPath;

    /// <summary>Whether <c>aud</c> of a request names the FHIR server that this one guards.</summary>
    public bool IsAudience(string? audience) => audience is not null && audience.TrimEnd('/') == FhirBase;
}

/// <summary>Under which address a request came.</summary>
/// <param name="fhirBase">The FHIR base that clients see; null when there is none but this machine's own.</param>
internal sealed class Issuers(string? fhirBase, Func<string, string, Issuer> make)
{
    private const string FhirPath = "/fhir";
    private const int MaxAddresses = 64;

    private readonly Issuer? _fixed = fhirBase is null ? null : make(new Uri(fhirBase).GetLeftPart(UriPartial.Authority), fhirBase);
    private readonly ConcurrentDictionary<string, Issuer> _local = new(StringComparer.Ordinal);

    /// <summary>
    /// Null for a name that is not ours. Without a configured address only names of this machine are believed: else somebody could have us
    /// call ourselves as that somebody's own server is called, and bring us what clients signed for it.
    /// </summary>
    public Issuer? Of(HttpRequest request)
    {
        if (_fixed is not null)
        {
            return _fixed;
        }

        string host = request.Host.Host;
        if (!host.Equals("localhost", StringComparison.OrdinalIgnoreCase) && !(IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address)))
        {
            return null;
        }

        string origin = $"{request.Scheme}://{request.Host.Value}";
        if (_local.TryGetValue(origin, out Issuer? known))
        {
            return known;
        }

        Issuer made = make(origin, origin + FhirPath);
        return _local.Count < MaxAddresses ? _local.GetOrAdd(origin, made) : made;
    }
}
