using System.Text;
using System.Text.Json;
using HealthChain.Smart;
using HealthChain.Smart.Jose;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;

namespace HealthChain.FhirServer.Organisations.Bootstrap;

/// <summary>
/// Reads a client that the operator registers: the members of https://www.rfc-editor.org/rfc/rfc7591#section-2 under the same rules as for clients
/// that register themselves, and beside them what only an operator may say of a client.
/// </summary>
internal static class RegisteredClient
{
    private const int MaxId = 128;

    private static readonly string[] OurMembers = ["client_id", "secret_sha256", "origins", "trusted", "organisation", "role", "purpose"];

    private static readonly string[] Metadata =
        ["client_name", "token_endpoint_auth_method", "grant_types", "response_types", "redirect_uris", "scope", "jwks", "jwks_uri", "dpop_bound_access_tokens"];

    public static string? IdOf(JsonElement json) => Text(json, "client_id");

    /// <summary>The client, registered at no time yet.</summary>
    public static OAuthResult<Client> Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return Refuse("it is no object");
        }

        if (json.EnumerateObject().Select(member => member.Name).FirstOrDefault(name => !OurMembers.Contains(name) && !Metadata.Contains(name)) is { } unknown)
        {
            return Refuse($"there is no member {unknown}");
        }

        if (IdOf(json) is not { Length: > 0 and <= MaxId } id || id.Any(letter => letter is <= ' ' or > '~'))
        {
            return Refuse($"client_id: it is 1 to {MaxId} characters without blanks");
        }

        OAuthResult<ClientMetadata> read = ClientMetadata.Read(Encoding.UTF8.GetBytes(json.GetRawText()), OutsideReach.Any);
        if (!read.IsOk)
        {
            return read.Error;
        }

        return FindProblem(json, read.Value) is { } problem ? Refuse(problem) : ToClient(id, json, read.Value);
    }

    private static string? FindProblem(JsonElement json, ClientMetadata metadata)
    {
        bool hasSecret = metadata.AuthMethod is ClientMetadata.SecretInHeader or ClientMetadata.SecretInBody;
        string? hash = Text(json, "secret_sha256");
        string? role = Text(json, "role");
        bool actsItself = metadata.GrantTypes.Contains(ClientMetadata.ClientCredentials);
        return true switch
        {
            _ when metadata.Scopes.IsEmpty => "scope: it is missing; a client without scopes could ask for nothing",
            _ when !metadata.Scopes.IsWithin(SupportedScopes.Any) => "scope: one of them is no scope of this server",
            _ when hasSecret != (hash is not null) => "secret_sha256: it is needed for a client with a secret, and for no other",
            _ when hash is not null && (hash.Length != 64 || !hash.All(char.IsAsciiHexDigit)) => "secret_sha256: it is the SHA-256 of the secret in 64 hexadecimal digits",
            _ when Text(json, "organisation") is { } organisation && !References.IsTo(organisation, Organisation.Type) => "organisation: it is a reference such as Organization/hospital",
            _ when actsItself && Text(json, "organisation") is null && RoleOf(role) is Role.Backend or Role.Insurer => "organisation: a client that asks for itself needs one",
            _ when role is not null && RoleOf(role) is null or Role.Patient or Role.RelatedPerson or Role.Administrator => "role: it is backend, insurer, practitioner, analyst, researcher or auditor",
            _ when Text(json, "purpose") is { } purpose && !purpose.All(char.IsAsciiLetterUpper) => "purpose: it is a code of PurposeOfUse such as TREAT",
            _ when json.TryGetProperty("trusted", out JsonElement trusted) && trusted.ValueKind is not (JsonValueKind.True or JsonValueKind.False) => "trusted: it is true or false",
            _ when OriginsIn(json) is null => "origins: they are origins such as https://app.example.org",
            _ => null,
        };
    }

    private static Client ToClient(string id, JsonElement json, ClientMetadata metadata) => new()
    {
        Id = id,
        Name = metadata.Name ?? id,
        Kind = metadata.AuthMethod switch
        {
            ClientMetadata.NoSecret => ClientKind.Public,
            ClientMetadata.SignedAssertion => ClientKind.ConfidentialAsymmetric,
            _ => ClientKind.ConfidentialSymmetric,
        },
        Registration = Registration.Configured,
        RedirectUris = metadata.RedirectUris,
        Origins = [.. metadata.Origins().Union(OriginsIn(json)!)],
        GrantTypes = metadata.GrantTypes,
        AllowedScopes = metadata.Scopes.Text,
        SecretHash = Text(json, "secret_sha256") is { } hash ? Convert.FromHexString(hash) : null,
        Jwks = metadata.Jwks,
        JwksUri = metadata.JwksUri,
        Organisation = Text(json, "organisation"),
        Role = RoleOf(Text(json, "role")) ?? Role.Backend,
        Purpose = Text(json, "purpose"),
        IsKeyBound = metadata.IsKeyBound,
        IsTrusted = json.TryGetProperty("trusted", out JsonElement trusted) && trusted.GetBoolean(),
    };

    /// <summary>Null for no role of that name; a backend when none is named.</summary>
    private static Role? RoleOf(string? name) => name is null ? Role.Backend
        : Enum.TryParse(name.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out Role role) && !char.IsAsciiDigit(name[0]) ? role : null;

    private static List<string>? OriginsIn(JsonElement json)
    {
        if (!json.TryGetProperty("origins", out JsonElement array))
        {
            return [];
        }

        var origins = new List<string>();
        foreach (JsonElement one in array.ValueKind == JsonValueKind.Array ? array.EnumerateArray() : default)
        {
            if (one.ValueKind != JsonValueKind.String || !Uri.TryCreate(one.GetString(), UriKind.Absolute, out Uri? uri) || uri.GetLeftPart(UriPartial.Authority) != one.GetString() || !Server.Settings.IsHttp(one.GetString()!))
            {
                return null;
            }

            origins.Add(one.GetString()!);
        }

        return array.ValueKind == JsonValueKind.Array ? origins : null;
    }

    private static string? Text(JsonElement json, string member) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static OAuthError Refuse(string problem) => OAuthError.InvalidClientMetadata(problem);
}
