using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HealthChain.LedgerProofs;
using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.State;

// How tokens come into being: codes, their redemption, refreshing, and systems that ask for themselves.
public sealed partial class SmartState
{
    // https://www.rfc-editor.org/rfc/rfc7636#section-4.1
    private const int ShortestVerifier = 43;
    private const int LongestVerifier = 128;

    /// <summary>Makes the code for what a user decided; the launch is used up, and the authorisation is on record.</summary>
    public async ValueTask<OAuthResult<string>> IssueCodeAsync(CodeRequest request)
    {
        string code;
        Task durable;
        lock (_gate)
        {
            EnsureRoom();
            if (CheckCodeRequest(request) is { } refusal)
            {
                return refusal;
            }

            DateTimeOffset now = _time.GetUtcNow();
            if (request.LaunchId is not null)
            {
                Apply(new Change.RemoveLaunch(Secrets.HashOf(request.LaunchId)));
            }

            Authorise(request, now);
            code = FamilyKey.New(out FamilyKey key);
            DateTimeOffset codeUntil = now + _options.CodeLifetime;
            SessionNode? session = SessionOf(request);
            Apply(new Change.PutFamily(new TokenFamily
            {
                Key = key.Family,
                Client = request.Client,
                Account = request.Account,
                Scopes = request.Scopes,
                Launch = request.Launch,
                Purpose = request.Purpose,
                KeyThumbprint = request.KeyThumbprint,
                Authenticated = request.Authenticated,
                Session = session is null ? null : Secrets.HashOf(request.Session!),
                Code = new AuthorisationCode(key.Secret, request.RedirectUri, request.CodeChallenge, request.Nonce, codeUntil),
                Until = LastsBeyondSession(request.Scopes)
                    ? now + _options.OfflineLifetime
                    : Earlier(now + _options.OnlineLifetime, session?.Session.Expires ?? DateTimeOffset.MaxValue),
                Expires = codeUntil,
            }));
            durable = CommitAsync();
        }

        await durable;
        return code;
    }

    /// <summary>
    /// Gives tokens for a code, once. A code that comes again ends all that came of it, and one that comes with anything wrong is used up:
    /// either has been stolen. https://www.rfc-editor.org/rfc/rfc9700#section-4.5
    /// </summary>
    public async ValueTask<OAuthResult<IssuedTokens>> RedeemCodeAsync(CodeRedemption redemption)
    {
        OAuthResult<IssuedTokens> result;
        Task durable;
        lock (_gate)
        {
            EnsureRoom();
            result = Redeem(redemption, _time.GetUtcNow());
            durable = CommitAsync();
        }

        await durable;
        return result;
    }

    /// <summary>
    /// Gives tokens for a refresh token, which is used up by that. One that comes again ends its family:
    /// https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
    /// </summary>
    public async ValueTask<OAuthResult<IssuedTokens>> RefreshAsync(RefreshRequest request)
    {
        OAuthResult<IssuedTokens> result;
        Task durable;
        lock (_gate)
        {
            EnsureRoom();
            result = Refresh(request, _time.GetUtcNow());
            durable = CommitAsync();
        }

        await durable;
        return result;
    }

    /// <summary>Gives an access token to a system that asks for itself.</summary>
    public async ValueTask<OAuthResult<IssuedTokens>> IssueForSystemAsync(SystemRequest request)
    {
        IssuedTokens tokens;
        Task durable;
        lock (_gate)
        {
            EnsureRoom();
            Client? client = _tables.FindClient(request.Client);
            if (client is null || client.IsBlocked || client.Kind == ClientKind.Public)
            {
                return OAuthError.UnauthorizedClient("This client may not ask for itself.");
            }

            if ((CheckScopes(client, request.Scopes) ?? CheckKey(client, request.KeyThumbprint)) is { } refusal)
            {
                return refusal;
            }

            DateTimeOffset now = _time.GetUtcNow();
            FamilyKey.New(out FamilyKey key);
            DateTimeOffset expires = now + _options.AccessTokenLifetime;
            var family = new TokenFamily
            {
                Key = key.Family,
                Client = client.Id,
                Scopes = request.Scopes,
                Purpose = client.Purpose,
                Until = expires,
                Expires = expires,
            };
            Apply(new Change.PutFamily(family));
            tokens = IssueAccess(family, family.Scopes, request.KeyThumbprint, expires);
            durable = CommitAsync();
        }

        await durable;
        return tokens;
    }

    /// <summary>Whether an assertion of a client comes for the first time; from now on it does not. See <see cref="Jose.SpendOnce"/>.</summary>
    /// <param name="until">When the assertion is worthless in any case.</param>
    public async ValueTask<bool> UseAssertionAsync(string client, string id, DateTimeOffset until, CancellationToken cancellationToken = default)
    {
        // The length keeps two pairs apart whose texts joined are the same.
        Hash256 key = Secrets.HashOf($"{client.Length}:{client}{id}");
        Task durable;
        lock (_gate)
        {
            EnsureRoom();
            if (_tables.Assertions.TryGetValue(key, out DateTimeOffset used) && used > _time.GetUtcNow())
            {
                return false;
            }

            Apply(new Change.PutAssertion(key, until));
            durable = CommitAsync();
        }

        await durable.WaitAsync(cancellationToken);
        return true;
    }

    private OAuthError? CheckCodeRequest(CodeRequest request)
    {
        if (_tables.FindClient(request.Client) is not { IsBlocked: false } client)
        {
            return OAuthError.UnauthorizedClient("The client is not known here, or blocked.");
        }

        if (!client.MaySendBackTo(request.RedirectUri))
        {
            return OAuthError.InvalidRequest("The redirect URI is not one of the client's.");
        }

        if (_tables.FindAccount(request.Account) is not { Account.IsDisabled: false })
        {
            return OAuthError.AccessDenied("The account is not there any more, or disabled.");
        }

        if (request.Session is not null
            && !(_tables.TryGetSession(Secrets.HashOf(request.Session), out SessionNode? session)
                && session.Session.Account == request.Account
                && IsOpen(session.Session, _time.GetUtcNow())))
        {
            return OAuthError.AccessDenied("The session has ended.");
        }

        if (request.LaunchId is not null
            && !(Usable(request.LaunchId, request.Client) is { } launch && (launch.Account is null || launch.Account == request.Account)))
        {
            return OAuthError.InvalidRequest("The launch has expired, was used before, or is another client's or user's.");
        }

        return CheckScopes(client, request.Scopes);
    }

    private static OAuthError? CheckScopes(Client client, ScopeSet scopes) =>
        scopes.IsEmpty || !scopes.IsWithin(ScopeSet.Parse(client.AllowedScopes))
            ? OAuthError.InvalidScope("No scopes, or some that the client may not have.")
            : null;

    private static OAuthError? CheckKey(Client client, string? thumbprint) =>
        client.IsKeyBound && thumbprint is null
            ? OAuthError.InvalidDpopProof("The tokens of this client are bound to a key, whose possession it must prove.")
            : null;

    private static bool LastsBeyondSession(ScopeSet scopes) => scopes.Has("offline_access");

    /// <summary>The session with which what is given now ends; null for none.</summary>
    private SessionNode? SessionOf(CodeRequest request) =>
        request.Session is not null && !LastsBeyondSession(request.Scopes) && _tables.TryGetSession(Secrets.HashOf(request.Session), out SessionNode? session)
            ? session
            : null;

    private static bool MayRefresh(ScopeSet scopes) => scopes.Has("offline_access") || scopes.Has("online_access");

    private void Authorise(CodeRequest request, DateTimeOffset now)
    {
        var key = new AuthorisationKey(request.Account, request.Client);
        AuthorisationNode? node = _tables.FindAuthorisation(key);
        if (node is not null)
        {
            foreach (FamilyNode family in node.Families.Where(family => family.Family.Expires <= now).ToList())
            {
                Apply(new Change.RemoveFamily(family.Family.Key));
            }

            while (node.Families.Count >= _options.MostFamiliesPerAuthorisation)
            {
                Apply(new Change.RemoveFamily(node.Families[0].Family.Key));
            }
        }

        string id = node?.Authorisation.Id ?? Secrets.NewId();
        Apply(new Change.PutAuthorisation(
            new Authorisation(id, request.Account, request.Client, request.Scopes, request.Launch.Patient, Given: now, LastUsed: now)));
    }

    private OAuthResult<IssuedTokens> Redeem(CodeRedemption redemption, DateTimeOffset now)
    {
        OAuthError refusal = OAuthError.InvalidGrant("The code is not known, was used before, has expired, or is not for this request.");
        if (!FamilyKey.TryRead(redemption.Code, out FamilyKey key) || _tables.FindFamily(key.Family) is not { Family: var family })
        {
            return refusal;
        }

        Client? client = _tables.FindClient(family.Client);
        if (family.Code is not { } code
            || client is null
            || redemption.Client != family.Client
            || now >= code.Until
            || !Secrets.AreEqual(key.Secret, code.Secret)
            || !string.Equals(redemption.RedirectUri, code.RedirectUri, StringComparison.Ordinal)
            || !Proves(redemption.CodeVerifier, code.Challenge)
            || (family.KeyThumbprint is not null && family.KeyThumbprint != redemption.KeyThumbprint))
        {
            Apply(new Change.RemoveFamily(family.Key));
            return refusal;
        }

        if (CheckKey(client, redemption.KeyThumbprint) is { } unproved)
        {
            return unproved;
        }

        // A public client proves nothing but the possession of the key; of another the refresh token is bound to its authentication already.
        // https://www.rfc-editor.org/rfc/rfc9449#section-5
        family = family with { Code = null, KeyThumbprint = client.Kind == ClientKind.Public ? redemption.KeyThumbprint : null };
        return Issue(family, family.Scopes, before: redemption.Code, redemption.KeyThumbprint, now) with
        {
            Nonce = code.Nonce,
        };
    }

    private OAuthResult<IssuedTokens> Refresh(RefreshRequest request, DateTimeOffset now)
    {
        OAuthError refusal = OAuthError.InvalidGrant("The refresh token is not known, was used before, has expired, or is not this client's.");
        if (!FamilyKey.TryRead(request.Token, out FamilyKey key) || _tables.FindFamily(key.Family) is not { Family: var family })
        {
            return refusal;
        }

        // A code that comes as a refresh token, or a token that was used before.
        if (family.Refresh is not { } current || !Secrets.AreEqual(key.Secret, current))
        {
            Apply(new Change.RemoveFamily(family.Key));
            return refusal;
        }

        Client? client = _tables.FindClient(family.Client);
        bool isClients = request.Client is null ? client?.Kind == ClientKind.Public : request.Client == family.Client;
        if (client is null || !isClients || now >= family.RefreshUntil || (family.KeyThumbprint is not null && family.KeyThumbprint != request.KeyThumbprint))
        {
            return refusal;
        }

        if (CheckKey(client, request.KeyThumbprint) is { } unproved)
        {
            return unproved;
        }

        ScopeSet scopes = request.Scopes ?? family.Scopes;
        if (scopes.IsEmpty || !scopes.IsWithin(family.Scopes))
        {
            return OAuthError.InvalidScope("No scopes, or some that the user did not give.");
        }

        return Issue(family, scopes, before: request.Token, request.KeyThumbprint, now);
    }

    /// <summary>A new access token and, where the user gave that, the next refresh token.</summary>
    private IssuedTokens Issue(TokenFamily family, ScopeSet scopes, string before, string? thumbprint, DateTimeOffset now)
    {
        DateTimeOffset expires = Earlier(now + _options.AccessTokenLifetime, family.Until);
        string? refreshToken = null;
        if (MayRefresh(family.Scopes))
        {
            refreshToken = FamilyKey.Next(before, out FamilyKey next);
            DateTimeOffset refreshUntil = Earlier(now + _options.RefreshIdleLifetime, family.Until);
            family = family with { Refresh = next.Secret, RefreshUntil = refreshUntil, Expires = Later(refreshUntil, expires) };
        }
        else
        {
            family = family with { Expires = expires };
        }

        Apply(new Change.PutFamily(family));
        if (family.Account is not null
            && _tables.FindAuthorisation(new AuthorisationKey(family.Account, family.Client)) is { Authorisation: var authorisation })
        {
            Apply(new Change.PutAuthorisation(authorisation with { LastUsed = now }));
        }

        return IssueAccess(family, scopes, thumbprint, expires) with { RefreshToken = refreshToken, Authenticated = family.Authenticated };
    }

    private IssuedTokens IssueAccess(TokenFamily family, ScopeSet scopes, string? thumbprint, DateTimeOffset expires)
    {
        FamilyNode node = _tables.FindFamily(family.Key)!;

        // All live equally long: those that have expired are the first.
        while (node.Tokens.Length >= _options.MostTokensPerFamily)
        {
            Apply(new Change.RemoveToken(node.Tokens[0]));
        }

        string token = Secrets.New();
        Hash256 hash = Secrets.HashOf(token);
        Apply(new Change.PutToken(new AccessToken(hash, family.Key, scopes, thumbprint, expires)));
        return new IssuedTokens(token, _tables.FindGrant(hash)!) { Lifetime = expires - _time.GetUtcNow() };
    }

    /// <summary>https://www.rfc-editor.org/rfc/rfc7636#section-4.6, S256 only.</summary>
    private static bool Proves(string verifier, string challenge)
    {
        if (verifier.Length is < ShortestVerifier or > LongestVerifier)
        {
            return false;
        }

        string hash = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(verifier)));
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(hash), Encoding.UTF8.GetBytes(challenge));
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
