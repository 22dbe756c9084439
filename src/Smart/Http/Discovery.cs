using System.Text.Json;
using HealthChain.Smart.Jose;
using HealthChain.Smart.Scopes;

namespace HealthChain.Smart.Http;

/// <summary>What this server says of itself. Each line of it holds; <c>docs/smart.md</c> says what is left out.</summary>
internal sealed class Discovery(SmartOptions options, SigningKeys keys)
{
    /// <summary>Below the FHIR base.</summary>
    public const string SmartPath = "/.well-known/smart-configuration";
    public const string OpenIdPath = "/.well-known/openid-configuration";
    public const string OAuthPath = "/.well-known/oauth-authorization-server";
    public const string KeysPath = "/auth/jwks";

    private const string JsonType = "application/json";

    // https://hl7.org/fhir/smart-app-launch/conformance.html#capabilities
    private static readonly string[] Capabilities =
    [
        "launch-ehr", "launch-standalone", "authorize-post", "client-public", "client-confidential-symmetric", "client-confidential-asymmetric",
        "sso-openid-connect", "context-banner", "context-style", "context-ehr-patient", "context-ehr-encounter", "context-standalone-patient",
        "permission-offline", "permission-online", "permission-patient", "permission-user", "permission-v1", "permission-v2",
    ];

    private static readonly string[] GrantTypes = [ClientMetadata.AuthorizationCode, ClientMetadata.RefreshToken, ClientMetadata.ClientCredentials];

    private static readonly string[] SecretMethods = [ClientMetadata.SecretInHeader, ClientMetadata.SecretInBody, ClientMetadata.SignedAssertion];

    /// <summary>https://hl7.org/fhir/smart-app-launch/conformance.html#using-well-known, whatever the client accepts.</summary>
    public Task SmartAsync(Visit visit) => Answers.JsonAsync(visit, writer =>
    {
        WriteCommon(writer, visit.Issuer);
        WriteTexts(writer, "capabilities", Capabilities);
        writer.WriteString("management_endpoint"u8, visit.Issuer.Origin + "/auth/apps");
    });

    /// <summary>https://www.rfc-editor.org/rfc/rfc8414#section-2</summary>
    public Task OAuthAsync(Visit visit) => Answers.JsonAsync(visit, writer =>
    {
        WriteCommon(writer, visit.Issuer);
        WriteTexts(writer, "dpop_signing_alg_values_supported", [.. JoseAlgorithms.All.Select(algorithm => algorithm.Name())]);
        writer.WriteString("service_documentation"u8, visit.Issuer.FhirBase + "/metadata");
    });

    /// <summary>https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata</summary>
    public Task OpenIdAsync(Visit visit) => Answers.JsonAsync(visit, writer =>
    {
        WriteCommon(writer, visit.Issuer);
        writer.WriteString("userinfo_endpoint"u8, visit.Issuer.Origin + "/auth/userinfo");
        WriteTexts(writer, "subject_types_supported", ["public"]);
        WriteTexts(writer, "id_token_signing_alg_values_supported", [JoseAlgorithm.Rs256.Name()]);
        WriteTexts(writer, "claims_supported", ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "fhirUser"]);
        WriteTexts(writer, "prompt_values_supported", ["none", "login", "consent", "select_account"]);
        WriteTexts(writer, "dpop_signing_alg_values_supported", [.. JoseAlgorithms.All.Select(algorithm => algorithm.Name())]);
        writer.WriteBoolean("claims_parameter_supported"u8, false);
        writer.WriteBoolean("request_parameter_supported"u8, false);
        writer.WriteBoolean("request_uri_parameter_supported"u8, false);
    });

    public Task KeysAsync(Visit visit)
    {
        visit.Response.Headers.CacheControl = $"public, max-age={(int)keys.PublicKeysFresh.TotalSeconds}";
        visit.Response.Headers.Remove("Pragma");
        return Answers.BytesAsync(visit, JsonType, keys.PublicKeys);
    }

    private void WriteCommon(Utf8JsonWriter writer, Issuer issuer)
    {
        writer.WriteString("issuer"u8, issuer.Origin);
        writer.WriteString("authorization_endpoint"u8, issuer.Origin + AuthorizeEndpoint.Path);
        writer.WriteString("token_endpoint"u8, issuer.TokenUrl);
        writer.WriteString("introspection_endpoint"u8, issuer.Origin + "/auth/introspect");
        writer.WriteString("revocation_endpoint"u8, issuer.Origin + "/auth/revoke");
        writer.WriteString("jwks_uri"u8, issuer.Origin + KeysPath);
        if (options.Registration != RegistrationMode.Off)
        {
            writer.WriteString("registration_endpoint"u8, issuer.Origin + "/auth/register");
        }

        WriteTexts(writer, "response_types_supported", ["code"]);
        WriteTexts(writer, "response_modes_supported", ["query"]);
        WriteTexts(writer, "grant_types_supported", GrantTypes);
        WriteTexts(writer, "scopes_supported", SupportedScopes.Listed);
        WriteTexts(writer, "code_challenge_methods_supported", ["S256"]);
        WriteTexts(writer, "token_endpoint_auth_methods_supported", [ClientMetadata.NoSecret, .. SecretMethods]);
        WriteTexts(writer, "revocation_endpoint_auth_methods_supported", [ClientMetadata.NoSecret, .. SecretMethods]);
        WriteTexts(writer, "introspection_endpoint_auth_methods_supported", SecretMethods);
        string[] algorithms = [.. JoseAlgorithms.OfAssertions.Select(algorithm => algorithm.Name())];
        foreach (string endpoint in new[] { "token", "revocation", "introspection" })
        {
            WriteTexts(writer, endpoint + "_endpoint_auth_signing_alg_values_supported", algorithms);
        }

        // https://www.rfc-editor.org/rfc/rfc9207#section-3
        writer.WriteBoolean("authorization_response_iss_parameter_supported"u8, true);
    }

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
