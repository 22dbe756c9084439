using System.Text.Json;
using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.Jose;

/// <summary>
/// What a client says of itself when it registers: https://www.rfc-editor.org/rfc/rfc7591#section-2,
/// https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata. Members that we do not know are ignored, as the
/// specification asks; a known one that we cannot follow is refused rather than replaced behind the client's back.
/// </summary>
public sealed record ClientMetadata
{
    public const int MostBytes = 64 << 10;

    public const string AuthorizationCode = "authorization_code";
    public const string RefreshToken = "refresh_token";
    public const string ClientCredentials = "client_credentials";

    public const string NoSecret = "none";
    public const string SecretInHeader = "client_secret_basic";
    public const string SecretInBody = "client_secret_post";
    public const string SignedAssertion = "private_key_jwt";

    private const int MostUris = 16;
    private const int MostNameLetters = 128;
    private const int MostScopeLetters = 4096;

    private static readonly string[] GrantsWeKnow = [AuthorizationCode, RefreshToken, ClientCredentials];
    private static readonly string[] MethodsWeKnow = [NoSecret, SecretInHeader, SecretInBody, SignedAssertion];
    private static readonly string[] PageMembers = ["client_uri", "logo_uri", "tos_uri", "policy_uri", "initiate_login_uri"];

    /// <summary>What users are told it is called; null when it gave no name.</summary>
    public string? Name { get; private init; }

    /// <summary>How it will prove who it is at the token endpoint.</summary>
    public required string AuthMethod { get; init; }

    public required IReadOnlyList<string> GrantTypes { get; init; }

    public required IReadOnlyList<string> RedirectUris { get; init; }

    public ScopeSet Scopes { get; private init; } = ScopeSet.None;

    /// <summary>Its keys as it wrote them, already checked; null when it gave none or an address instead.</summary>
    public string? Jwks { get; private init; }

    /// <summary>Where its keys stand; checked as far as that goes without asking.</summary>
    public string? JwksUri { get; private init; }

    /// <summary>Whether its tokens shall be bound to a key: https://www.rfc-editor.org/rfc/rfc9449#section-5.2</summary>
    public bool IsKeyBound { get; private init; }

    /// <summary>Reads the body of a registration.</summary>
    /// <param name="reach">Where its keys may stand.</param>
    public static OAuthResult<ClientMetadata> Read(ReadOnlyMemory<byte> utf8, OutsideReach reach)
    {
        if (utf8.Length > MostBytes || JoseJson.ReadObject(utf8) is not { } json)
        {
            return OAuthError.InvalidClientMetadata("The registration is no JSON object with each member once, or too long.");
        }

        if (!JoseJson.TryTexts(json, "redirect_uris", MostUris, out IReadOnlyList<string> redirects)
            || !JoseJson.TryTexts(json, "grant_types", MostUris, out IReadOnlyList<string> grants)
            || !JoseJson.TryTexts(json, "response_types", MostUris, out IReadOnlyList<string> responses)
            || !JoseJson.TryText(json, "token_endpoint_auth_method", out string? method)
            || !JoseJson.TryText(json, "client_name", out string? name)
            || !JoseJson.TryText(json, "scope", out string? scope))
        {
            return OAuthError.InvalidClientMetadata("A member of the registration is of the wrong type, or too long.");
        }

        var metadata = new ClientMetadata
        {
            Name = name,
            AuthMethod = method ?? SecretInHeader,
            GrantTypes = grants.Count == 0 ? [AuthorizationCode] : [.. grants.Distinct()],
            RedirectUris = redirects,
            Scopes = ScopeSet.Parse(scope ?? ""),
            Jwks = json.TryGetProperty("jwks", out JsonElement jwks) ? jwks.GetRawText() : null,
            JwksUri = JoseJson.TryText(json, "jwks_uri", out string? jwksUri) ? jwksUri : "",
            IsKeyBound = json.TryGetProperty("dpop_bound_access_tokens", out JsonElement bound) && bound.ValueKind == JsonValueKind.True,
        };
        OAuthError? refusal = metadata.CheckUse(responses) ?? metadata.CheckRedirects() ?? metadata.CheckKeys(jwks, reach) ?? metadata.CheckTexts(json) ?? CheckCiphers(json);
        return refusal is null ? metadata : refusal;
    }

    /// <summary>Origins of the redirect addresses, whose pages may call us from a browser.</summary>
    public IReadOnlyList<string> Origins() =>
    [
        .. RedirectUris.Select(uri => new Uri(uri)).Where(uri => uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
            .Select(uri => uri.GetLeftPart(UriPartial.Authority)).Distinct(),
    ];

    /// <summary>Writes the members into the answer to a registration, which also says what was taken by default.</summary>
    public void WriteMembers(Utf8JsonWriter writer)
    {
        if (Name is not null)
        {
            writer.WriteString("client_name"u8, Name);
        }

        writer.WriteString("token_endpoint_auth_method"u8, AuthMethod);
        WriteTexts(writer, "grant_types", GrantTypes);
        WriteTexts(writer, "response_types", GrantTypes.Contains(AuthorizationCode) ? ["code"] : []);
        WriteTexts(writer, "redirect_uris", RedirectUris);
        if (Jwks is not null)
        {
            writer.WritePropertyName("jwks"u8);
            writer.WriteRawValue(Jwks);
        }

        if (JwksUri is not null)
        {
            writer.WriteString("jwks_uri"u8, JwksUri);
        }

        writer.WriteBoolean("dpop_bound_access_tokens"u8, IsKeyBound);
    }

    private OAuthError? CheckUse(IReadOnlyList<string> responses)
    {
        bool hasUsers = GrantTypes.Contains(AuthorizationCode);
        string? refusal = true switch
        {
            _ when !GrantTypes.All(GrantsWeKnow.Contains) => "Grant types are " + string.Join(", ", GrantsWeKnow) + ".",
            _ when !MethodsWeKnow.Contains(AuthMethod) => "Ways of client authentication are " + string.Join(", ", MethodsWeKnow) + ".",
            _ when GrantTypes.Contains(RefreshToken) && !hasUsers => "The grant refresh_token needs authorization_code.",
            _ when !responses.All(response => response == "code") => "The only response type is code.",
            _ when responses.Count > 0 && !hasUsers => "The response type code needs the grant authorization_code.",
            // https://hl7.org/fhir/smart-app-launch/backend-services.html: systems sign.
            _ when GrantTypes.Contains(ClientCredentials) && AuthMethod != SignedAssertion => "The grant client_credentials needs private_key_jwt.",
            _ => null,
        };
        return refusal is null ? null : OAuthError.InvalidClientMetadata(refusal);
    }

    private OAuthError? CheckRedirects()
    {
        if (GrantTypes.Contains(AuthorizationCode) != RedirectUris.Count > 0)
        {
            return OAuthError.InvalidRedirectUri("The grant authorization_code needs redirect_uris, and nothing else does.");
        }

        return RedirectUris.Select(uri => RedirectAddress.Refuse(uri, isPublic: AuthMethod == NoSecret)).FirstOrDefault(refusal => refusal is not null) is { } refused
            ? OAuthError.InvalidRedirectUri(refused)
            : null;
    }

    private OAuthError? CheckKeys(JsonElement jwks, OutsideReach reach)
    {
        if (AuthMethod == SignedAssertion == (Jwks is null && JwksUri is null) || (Jwks is not null && JwksUri is not null))
        {
            return OAuthError.InvalidClientMetadata("private_key_jwt needs either jwks or jwks_uri, and nothing else does.");
        }

        if (JwksUri is not null && !(Uri.TryCreate(JwksUri, UriKind.Absolute, out Uri? address) && OutsideHttp.MayAsk(address, reach)))
        {
            return OAuthError.InvalidClientMetadata("jwks_uri must be an https address of the public internet.");
        }

        return Jwks is null ? null : JwkSet.Read(jwks) switch
        {
            { IsOk: false, Error: var error } => error,
            { Value: var set } when !set.Keys.Any(key => JoseAlgorithms.OfAssertions.Any(key.Fits)) => OAuthError.InvalidClientMetadata("jwks has no key for RS384 or ES384."),
            { Value: var set } when set.Keys.Any(key => key.Kid is null) || set.Keys.GroupBy(key => (key.Kid, key.Kind)).Any(same => same.Count() > 1) =>
                OAuthError.InvalidClientMetadata("Keys in jwks need a kid each, different for keys of the same type."),
            _ => null,
        };
    }

    private OAuthError? CheckTexts(JsonElement json)
    {
        bool isNamed = Name is null || (Name.Length is > 0 and <= MostNameLetters && Name.Trim() == Name && !Name.Any(IsUnseen));
        if (!isNamed || Scopes.Text.Length > MostScopeLetters)
        {
            return OAuthError.InvalidClientMetadata("client_name or scope is empty, too long, or holds letters that are not seen.");
        }

        bool arePages = PageMembers.All(member => JoseJson.TryText(json, member, out string? page) && (page is null || IsPage(page)));
        return arePages ? null : OAuthError.InvalidClientMetadata("Addresses of pages must be https addresses.");
    }

    private static OAuthError? CheckCiphers(JsonElement json)
    {
        bool canFollow = JoseJson.TryText(json, "id_token_signed_response_alg", out string? idToken) && idToken is null or "RS256"
            && JoseJson.TryText(json, "token_endpoint_auth_signing_alg", out string? assertion) && assertion is null or "RS384" or "ES384"
            && JoseJson.TryText(json, "subject_type", out string? subject) && subject is null or "public"
            && !json.TryGetProperty("id_token_encrypted_response_alg", out _) && !json.TryGetProperty("userinfo_encrypted_response_alg", out _)
            && !json.TryGetProperty("userinfo_signed_response_alg", out _);
        return canFollow ? null : OAuthError.InvalidClientMetadata("id_tokens are signed with RS256 and not encrypted, assertions with RS384 or ES384; subjects are public.");
    }

    /// <summary>Letters that are not seen, or turn around how the text after them is: a page could then seem to name another app or address.</summary>
    private static bool IsUnseen(char letter) => char.IsControl(letter) || letter is '\u061c' or '\u200e' or '\u200f' or (>= '\u2028' and <= '\u202e') or (>= '\u2066' and <= '\u2069');

    private static bool IsPage(string page) =>
        page.Length <= RedirectAddress.MostLetters && Uri.TryCreate(page, UriKind.Absolute, out Uri? uri)
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    private static void WriteTexts(Utf8JsonWriter writer, string name, IReadOnlyList<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (string text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }
}
