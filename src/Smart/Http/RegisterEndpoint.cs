using System.Security.Cryptography;
using System.Text;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Jose;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>Apps that register themselves: https://www.rfc-editor.org/rfc/rfc7591#section-3</summary>
internal sealed class RegisterEndpoint(SmartOptions options, SmartState state, Recorder recorder, AddressRate registrations, TimeProvider time)
{
    private const string Bearer = "Bearer ";

    public async Task PostAsync(Visit visit)
    {
        if (registrations.Take(visit.Address) is { } wait)
        {
            Answers.RetryAfter(visit, wait);
            await Answers.ErrorAsync(visit, TokenEndpoint.TooMany);
            return;
        }

        if (options.Registration == RegistrationMode.Guarded && !HasToken(visit.Request))
        {
            visit.Response.Headers.WWWAuthenticate = "Bearer";
            await Answers.ErrorAsync(visit, OAuthError.InvalidToken("Registration needs the registration token."));
            return;
        }

        byte[]? body = await Parameters.ReadBodyAsync(visit.Request, visit.Aborted);
        OAuthResult<ClientMetadata> read = body is null || visit.Request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) != true
            ? OAuthError.InvalidClientMetadata("A registration is a short text of application/json.")
            : ClientMetadata.Read(body, options.MayFetchFromLoopback ? OutsideReach.PublicAndLoopback : OutsideReach.Public);
        if (!read.IsOk)
        {
            await Answers.ErrorAsync(visit, read.Error);
            return;
        }

        await RegisterAsync(visit, read.Value);
    }

    private async Task RegisterAsync(Visit visit, ClientMetadata metadata)
    {
        bool hasSecret = metadata.AuthMethod is ClientMetadata.SecretInHeader or ClientMetadata.SecretInBody;
        string? secret = hasSecret ? Secrets.New() : null;
        ScopeSet scopes = metadata.Scopes.IsEmpty ? SupportedScopes.Any : metadata.Scopes.Within(SupportedScopes.Any);
        var client = new Client
        {
            Id = Secrets.NewId(),
            Kind = hasSecret ? ClientKind.ConfidentialSymmetric : metadata.AuthMethod == ClientMetadata.NoSecret ? ClientKind.Public : ClientKind.ConfidentialAsymmetric,
            Name = metadata.Name ?? "An app without name",
            Registration = Registration.Dynamic,
            Registered = time.GetUtcNow(),
            RedirectUris = metadata.RedirectUris,
            Origins = metadata.Origins(),
            GrantTypes = metadata.GrantTypes,
            AllowedScopes = scopes.Text,
            SecretHash = secret is null ? null : Secrets.Hash(secret),
            Jwks = metadata.Jwks,
            JwksUri = metadata.JwksUri,
            IsKeyBound = metadata.IsKeyBound,
        };
        bool isWritten = await recorder.WriteAsync(visit, new SmartEvent(SmartEventKind.ClientRegistered) { Client = client.Id, Scopes = scopes.Text });
        OAuthResult<Client> registered = isWritten ? await state.RegisterAsync(client) : Recorder.Unwritten;
        if (!registered.IsOk)
        {
            await Answers.ErrorAsync(visit, registered.Error);
            return;
        }

        await Answers.JsonAsync(
            visit,
            writer =>
            {
                writer.WriteString("client_id"u8, client.Id);
                writer.WriteNumber("client_id_issued_at"u8, client.Registered.ToUnixTimeSeconds());
                if (secret is not null)
                {
                    writer.WriteString("client_secret"u8, secret);
                    writer.WriteNumber("client_secret_expires_at"u8, 0);
                }

                writer.WriteString("scope"u8, client.AllowedScopes);
                metadata.WriteMembers(writer);
            },
            StatusCodes.Status201Created);
    }

    private bool HasToken(HttpRequest request)
    {
        string header = request.Headers.Authorization.Count == 1 ? request.Headers.Authorization.ToString() : "";
        return options.RegistrationToken is { } token
            && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[Bearer.Length..].Trim())), SHA256.HashData(Encoding.UTF8.GetBytes(token)));
    }
}
