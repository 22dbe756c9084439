using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using HealthChain.Fhir;
using HealthChain.FhirServer.Server;
using Microsoft.Extensions.Primitives;

namespace HealthChain.FhirServer.Access;

/// <summary>Finds out on whose behalf a request runs. The one place: nothing below asks for credentials.</summary>
internal sealed class Requesters : IDisposable
{
    private const string Scheme = "Bearer ";
    private const int MaxTokenBytes = 4096;

    private readonly (byte[] Hash, Requester Requester)[] _tokens;
    private readonly Requester? _development;
    private readonly ClientRates? _rates;

    public Requesters(ServerOptions options)
    {
        _tokens = [.. options.Tokens.Select(token => (SHA256.HashData(Encoding.ASCII.GetBytes(token.Token)), Of(token)))];
        _development = options.Development ? new Requester("development", new OpenScope("development")) { IsDevelopment = true } : null;
        _rates = options.Limits.ClientRequestsPerSecond > 0 ? new ClientRates(options.Limits.ClientRequestsPerSecond, options.Limits.ClientBurst) : null;
    }

    /// <summary>Somebody unknown, for what everybody may ask: what the server can do, not what it holds.</summary>
    public static Requester Anybody { get; } = new("anybody", new ClosedScope("anybody"));

    /// <summary>The requester, or why there is none; then the response already has the headers that say how to do better.</summary>
    public Result<Requester> Identify(HttpContext context)
    {
        Result<Requester> requester = ReadToken(context);
        if (_rates is not null)
        {
            // Who brings no valid token is known by nothing but the address; otherwise each guess would count for somebody else.
            bool hasToken = requester.IsOk && !requester.Value.IsDevelopment;
            string client = hasToken ? requester.Value.Who : $"address {context.Connection.RemoteIpAddress}";
            if (_rates.Exceeded(client) is { } seconds)
            {
                context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
                return FhirError.Of(ErrorKind.Throttled, IssueType.Throttled, "This client sends more requests than it may; try again after the time in Retry-After.");
            }
        }

        return requester;
    }

    public void Dispose() => _rates?.Dispose();

    private Result<Requester> ReadToken(HttpContext context)
    {
        StringValues authorization = context.Request.Headers.Authorization;
        if (authorization.Count == 0)
        {
            return _development is not null && IsFromThisMachine(context) ? _development : Refuse(context, "", "This needs a bearer token.");
        }

        return authorization.Count == 1 && Find(authorization.ToString()) is { } requester
            ? requester
            : Refuse(context, ", error=\"invalid_token\"", "The bearer token is not valid here.");
    }

    private Requester? Find(string authorization)
    {
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || authorization.Length > MaxTokenBytes)
        {
            return null;
        }

        // Comparing hashes in constant time tells nothing about how much of a guess was right; so does looking at all of them.
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()), hash);
        Requester? found = null;
        foreach ((byte[] known, Requester requester) in _tokens)
        {
            if (CryptographicOperations.FixedTimeEquals(known, hash))
            {
                found = requester;
            }
        }

        return found;
    }

    /// <summary>
    /// Addresses were checked at start. This keeps out pages of other sites that had their own name resolve to this machine (DNS rebinding):
    /// then the browser still sends that name.
    /// </summary>
    private static bool IsFromThisMachine(HttpContext context)
    {
        string host = context.Request.Host.Host;
        bool isLocalName = host is "127.0.0.1" || host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
        return isLocalName && (context.Connection.RemoteIpAddress is not { } remote || IPAddress.IsLoopback(remote));
    }

    private static FhirError Refuse(HttpContext context, string error, string message)
    {
        // https://www.rfc-editor.org/rfc/rfc6750#section-3: no error code for a request that brought no token at all.
        context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"fhir\"{error}";
        return FhirError.Of(ErrorKind.Unauthenticated, IssueType.Login, message);
    }

    private static Requester Of(TokenOptions token) => new(token.Name, new OpenScope(token.Name))
    {
        Role = token.Role,
        FhirUser = token.FhirUser,
        Organisation = token.Organisation,
        Purpose = token.Purpose,
        Scopes = token.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries),
    };
}
