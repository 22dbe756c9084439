using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using HealthChain.Fhir;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Consents.Workflow;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.Http;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using Microsoft.Extensions.Primitives;

namespace HealthChain.FhirServer.Access;

/// <summary>Finds out on whose behalf a request runs. The one place: nothing below asks for credentials.</summary>
internal sealed class Requesters : IDisposable
{
    private const int MaxTokenLetters = 4096;

    private readonly (byte[] Hash, Requester Requester)[] _tokens;
    private readonly Requester? _development;
    private readonly ClientRates? _rates;
    private readonly AccessDecisions _decisions;
    private readonly SmartState? _state;
    private readonly PossessionCheck? _possession;
    private readonly EmergencyTokens? _emergencies;
    private readonly string? _origin;

    /// <param name="state">Knows the tokens that the authorisation server issued; null where that is off.</param>
    /// <param name="possession">Checks that who sends a token has its key; null likewise.</param>
    /// <param name="emergencies">Tokens of who broke the glass.</param>
    public Requesters(ServerOptions options, AccessDecisions decisions, SmartState? state = null, PossessionCheck? possession = null, EmergencyTokens? emergencies = null)
    {
        _decisions = decisions;
        _state = state;
        _possession = possession;
        _emergencies = emergencies;
        _origin = options.BaseUrl is { } known ? new Uri(known).GetLeftPart(UriPartial.Authority) : null;
        _tokens = [.. options.Tokens.Select(token => (SHA256.HashData(Encoding.UTF8.GetBytes(token.Token)), Of(token)))];
        _development = options.Development ? new Requester("development", new OpenScope("development")) { IsDevelopment = true } : null;
        _rates = options.Limits.ClientRequestsPerSecond > 0 ? new ClientRates(options.Limits.ClientRequestsPerSecond, options.Limits.ClientBurst) : null;
    }

    /// <summary>Somebody unknown, for what everybody may ask: what the server can do, not what it holds.</summary>
    public static Requester Anybody { get; } = new("anybody", new ClosedScope("anybody"));

    /// <summary>The requester, or why there is none; then the response already has the headers that say how to do better.</summary>
    public async ValueTask<Result<Requester>> IdentifyAsync(HttpContext context)
    {
        Result<Requester> requester = await ReadTokenAsync(context);
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

    /// <summary>Whoever a token stands for at this moment; null for nobody. For a connection that was let in by it, which it must not outlive.</summary>
    /// <param name="token">Null for a connection that needed none.</param>
    public Requester? Recognise(string? token) =>
        token is null ? _development
        : _state?.FindToken(token) is { } grant ? Of(grant)
        : Find(token);

    /// <summary>The bearer of the fixed token of that name; null when there is none.</summary>
    public Requester? OfToken(string name) => Array.Find(_tokens, token => token.Requester.Who == name).Requester;

    /// <summary>Who comes without login in development mode; null in any other.</summary>
    public Requester? Development => _development;

    /// <summary>On whose behalf something runs that nobody shows a token for, while what was given stands.</summary>
    public Requester OfStanding(AccessGrant grant) => RightsOf(grant).Requester;

    public void Dispose() => _rates?.Dispose();

    private ValueTask<Result<Requester>> ReadTokenAsync(HttpContext context)
    {
        StringValues authorization = context.Request.Headers.Authorization;
        if (authorization.Count == 0)
        {
            // https://www.rfc-editor.org/rfc/rfc6750#section-3: no error code for a request that brought no token at all.
            return ValueTask.FromResult<Result<Requester>>(
                _development is not null && IsFromThisMachine(context) ? _development : Refuse(context, "Bearer realm=\"fhir\"", "This needs a bearer token."));
        }

        string text = authorization.Count == 1 ? authorization.ToString() : "";
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0 || text.Length > MaxTokenLetters)
        {
            return ValueTask.FromResult<Result<Requester>>(Invalid(context));
        }

        ReadOnlySpan<char> scheme = text.AsSpan(0, space);
        ReadOnlySpan<char> token = text.AsSpan(space + 1).Trim();
        bool isBearer = scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase);
        if (!isBearer && !scheme.Equals("DPoP", StringComparison.OrdinalIgnoreCase))
        {
            return ValueTask.FromResult<Result<Requester>>(Invalid(context));
        }

        if ((_state?.FindToken(token) is { } grant ? Of(grant) : _emergencies?.Find(token)) is { } known)
        {
            // https://www.rfc-editor.org/rfc/rfc9449#section-7.2: a token that is bound to a key is refused as a bearer's.
            return (known.KeyThumbprint is null) == isBearer
                ? isBearer ? ValueTask.FromResult<Result<Requester>>(known) : ProveAsync(context, token.ToString(), known)
                : ValueTask.FromResult<Result<Requester>>(Invalid(context, isBearer));
        }

        return ValueTask.FromResult<Result<Requester>>(isBearer && Find(token) is { } requester ? requester : Invalid(context, isBearer));
    }

    /// <summary>The same object for all requests of a token.</summary>
    private Requester Of(AccessGrant grant)
    {
        if (grant.Attachment is not TokenRights rights)
        {
            // No more than one object would be better, but two do no harm.
            grant.Attachment = rights = RightsOf(grant);
        }

        return rights.Requester;
    }

    private async ValueTask<Result<Requester>> ProveAsync(HttpContext context, string token, Requester requester)
    {
        if (_possession is null)
        {
            return Invalid(context);
        }

        // Where something stands before the server, only the operator knows its address as clients see it.
        string origin = _origin ?? $"{context.Request.Scheme}://{context.Request.Host.Value}";
        OAuthError? refused = await _possession.CheckAsync(context, origin, token, requester.KeyThumbprint!);
        return refused is null ? requester : FhirError.Of(ErrorKind.Unauthenticated, IssueType.Login, refused.Reason);
    }

    private Requester? Find(ReadOnlySpan<char> token)
    {
        Span<byte> bytes = stackalloc byte[1024];
        if (!Encoding.UTF8.TryGetBytes(token, bytes, out int length))
        {
            return null;
        }

        // Comparing hashes in constant time tells nothing about how much of a guess was right; so does looking at all of them.
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..length], hash);
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

    private static FhirError Refuse(HttpContext context, string challenge, string message)
    {
        context.Response.Headers.WWWAuthenticate = challenge;
        return FhirError.Of(ErrorKind.Unauthenticated, IssueType.Login, message);
    }

    /// <summary>The token is not known, or not used as it was given; which of the two is not told.</summary>
    private static FhirError Invalid(HttpContext context, bool isBearer = true)
    {
        OAuthError invalid = OAuthError.InvalidToken("The access token is not valid here.");
        return Refuse(context, isBearer ? "Bearer realm=\"fhir\", error=\"invalid_token\"" : PossessionCheck.Challenge(invalid), invalid.Reason);
    }

    private TokenRights RightsOf(AccessGrant grant) => _decisions.Of(
        new Requester(grant.Client, new ClosedScope(grant.Client))
        {
            Role = grant.Role,
            FhirUser = grant.FhirUser,
            Organisation = grant.Organisation,
            Purpose = grant.Purpose,
            TokenName = grant.TokenName,
            Account = grant.Account,
            Grant = grant,
            MayBreakGlass = grant.MayBreakGlass,
            Scopes = grant.Scopes.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        },
        grant.Role,
        grant.Scopes,
        grant.Launch.Patient);

    private Requester Of(TokenOptions token)
    {
        var requester = new Requester(token.Name, token.Role is null ? new OpenScope(token.Name) : new ClosedScope(token.Name))
        {
            Role = token.Role,
            FhirUser = token.FhirUser,
            Organisation = token.Organisation,
            Purpose = token.Purpose,
            MayBreakGlass = token.MayBreakGlass,
            Scopes = token.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        };
        return token.Role is { } role ? _decisions.OfOperator(requester, role, ScopeSet.Parse(token.Scopes)).Requester : requester;
    }
}
