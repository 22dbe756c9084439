using System.Text.Json;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Jose;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;

namespace HealthChain.Smart.Http;

/// <summary>
/// Gives tokens: https://www.rfc-editor.org/rfc/rfc6749#section-3.2,
/// https://hl7.org/fhir/smart-app-launch/app-launch.html#obtain-access-token, https://hl7.org/fhir/smart-app-launch/backend-services.html
/// </summary>
internal sealed class TokenEndpoint(SmartState state, ISmartHost host, ClientAuthentication clients, Recorder recorder, AddressRate failures)
{
    public async Task PostAsync(Visit visit)
    {
        if (failures.Take(visit.Address) is { } wait)
        {
            Answers.RetryAfter(visit, wait);
            await Answers.ErrorAsync(visit, TooMany);
            return;
        }

        (OAuthResult<IssuedTokens> tokens, string? client, bool isRefresh) = await IssueAsync(visit);
        if (!tokens.IsOk)
        {
            bool isWritten = await recorder.WriteAsync(visit, new SmartEvent(SmartEventKind.TokenRefused) { IsRefusal = true, Client = client, Reason = tokens.Error.Reason });
            await Answers.ErrorAsync(visit, isWritten ? tokens.Error : Recorder.Unwritten);
            return;
        }

        failures.GiveBack(visit.Address);
        AccessGrant grant = tokens.Value.Grant;
        bool isOnRecord = await recorder.WriteAsync(visit, new SmartEvent(isRefresh ? SmartEventKind.TokenRefreshed : SmartEventKind.TokenIssued)
        {
            Client = grant.Client,
            Person = PersonOf(grant),
            Patient = grant.Launch.Patient,
            TokenName = grant.TokenName,
            Scopes = grant.Scopes.Text,
        });
        if (isOnRecord)
        {
            await Answers.JsonAsync(visit, writer => Write(writer, tokens.Value, visit.Issuer));
            return;
        }

        // Nobody has seen them.
        _ = await state.RevokeTokenAsync(grant.Client, tokens.Value.RefreshToken ?? tokens.Value.AccessToken);
        await Answers.ErrorAsync(visit, Recorder.Unwritten);
    }

    /// <summary>Too much was refused to this address.</summary>
    internal static OAuthError TooMany { get; } = new("slow_down", "Too many requests from here were refused; wait as long as Retry-After says.");

    private async ValueTask<(OAuthResult<IssuedTokens> Tokens, string? Client, bool IsRefresh)> IssueAsync(Visit visit)
    {
        OAuthResult<Parameters> read = await Parameters.ReadFormAsync(visit.Request, null, visit.Aborted);
        if (!read.IsOk)
        {
            return (read.Error, null, false);
        }

        Parameters form = read.Value;
        bool isRefresh = form["grant_type"] == ClientMetadata.RefreshToken;
        OAuthResult<ProvedClient> proved = await clients.ReadAsync(visit, form, mayBeNameless: isRefresh);
        if (!proved.IsOk)
        {
            return (proved.Error, null, isRefresh);
        }

        // A public client that does not say which it is is told by its token.
        Client? caller = proved.Value.Client ?? (form["refresh_token"] is { } known ? state.FindClientOfToken(known) : null);
        string? client = caller?.Id;
        return form["grant_type"] switch
        {
            null => (OAuthError.InvalidRequest("grant_type is missing."), client, false),
            ClientMetadata.AuthorizationCode => (await RedeemAsync(form, proved.Value), client, false),
            ClientMetadata.RefreshToken => (await RefreshAsync(form, proved.Value, caller), client, true),
            ClientMetadata.ClientCredentials => (await IssueForSystemAsync(form, proved.Value), client, false),
            _ => (OAuthError.UnsupportedGrantType("Grant types are authorization_code, refresh_token and client_credentials."), client, false),
        };
    }

    private async ValueTask<OAuthResult<IssuedTokens>> RedeemAsync(Parameters form, ProvedClient proved)
    {
        if (!proved.Client!.GrantTypes.Contains(ClientMetadata.AuthorizationCode))
        {
            return NotRegistered;
        }

        return form["code"] is not { } code || form["redirect_uri"] is not { } redirectUri ? OAuthError.InvalidRequest("code or redirect_uri is missing.")
            : await state.RedeemCodeAsync(new CodeRedemption(proved.Client.Id, code, redirectUri, form["code_verifier"] ?? "", proved.KeyThumbprint));
    }

    private async ValueTask<OAuthResult<IssuedTokens>> RefreshAsync(Parameters form, ProvedClient proved, Client? caller)
    {
        if (form["refresh_token"] is not { } token)
        {
            return OAuthError.InvalidRequest("refresh_token is missing.");
        }

        return caller is not null && !caller.GrantTypes.Contains(ClientMetadata.RefreshToken)
            ? NotRegistered
            : await state.RefreshAsync(new RefreshRequest(proved.Client?.Id, token, form["scope"] is { } scope ? ScopeSet.Parse(scope) : null, proved.KeyThumbprint));
    }

    private async ValueTask<OAuthResult<IssuedTokens>> IssueForSystemAsync(Parameters form, ProvedClient proved)
    {
        Client client = proved.Client!;
        if (client.Kind == ClientKind.Public || !client.GrantTypes.Contains(ClientMetadata.ClientCredentials))
        {
            return NotRegistered;
        }

        if (form["scope"] is not { } text)
        {
            return OAuthError.InvalidScope("scope is missing.");
        }

        // https://hl7.org/fhir/smart-app-launch/backend-services.html#scopes: within what was registered, and only what the system itself may.
        ScopeSet asked = ScopeSet.Parse(text);
        ScopeSet possible = asked.Within(ScopeSet.Parse(client.AllowedScopes)).Within(SupportedScopes.AtMost(client.Role, isSystem: true));
        ScopeSet given = ScopeSet.Of(possible.Resources.Count == 0 ? [] : possible.Text.Split(' ').Where(word => ResourceScope.TryParse(word) is { } scope && host.RefuseScope(scope) is null));
        return given.IsEmpty
            ? OAuthError.InvalidScope("The client may have none of these scopes.")
            : await state.IssueForSystemAsync(new SystemRequest(client.Id, given, proved.KeyThumbprint));
    }

    private static Person? PersonOf(AccessGrant grant) => grant.Account is null ? null : new Person(grant.Account, grant.Role, grant.FhirUser, grant.Organisation);

    private static void Write(Utf8JsonWriter writer, IssuedTokens tokens, Issuer issuer)
    {
        AccessGrant grant = tokens.Grant;
        writer.WriteString("access_token"u8, tokens.AccessToken);
        writer.WriteString("token_type"u8, grant.KeyThumbprint is null ? "Bearer" : "DPoP");
        writer.WriteNumber("expires_in"u8, (long)tokens.Lifetime.TotalSeconds);
        writer.WriteString("scope"u8, grant.Scopes.Text);
        if (tokens.RefreshToken is not null)
        {
            writer.WriteString("refresh_token"u8, tokens.RefreshToken);
        }

        if (grant.Account is not null && grant.Scopes.Has(SupportedScopes.OpenId))
        {
            bool isNamed = grant.Scopes.Has(SupportedScopes.FhirUser) || grant.Scopes.Has(SupportedScopes.Profile);
            writer.WriteString("id_token"u8, issuer.IdTokens.Sign(new IdToken
            {
                Subject = grant.Account,
                Audience = grant.Client,
                SignedIn = tokens.Authenticated ?? DateTimeOffset.UnixEpoch,
                Nonce = tokens.Nonce,
                FhirUser = isNamed ? grant.FhirUser : null,
                AccessToken = tokens.AccessToken,
            }));
        }

        LaunchAnswer.Write(writer, grant.Launch);
    }

    private static OAuthError NotRegistered => OAuthError.UnauthorizedClient("The client is not registered for this grant.");
}

/// <summary>The launch context as apps are told of it: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#launch-context-arrives-with-your-access_token</summary>
internal static class LaunchAnswer
{
    public static void Write(Utf8JsonWriter writer, LaunchContext launch)
    {
        WriteText(writer, "patient", launch.Patient);
        WriteText(writer, "encounter", launch.Encounter);
        WriteText(writer, "intent", launch.Intent);
        WriteText(writer, "smart_style_url", launch.StyleUrl);
        if (launch.NeedPatientBanner is { } needsBanner)
        {
            writer.WriteBoolean("need_patient_banner"u8, needsBanner);
        }

        if (launch.FhirContext.Count > 0)
        {
            ContextItems.Write(writer, launch.FhirContext);
        }
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }
}
