using System.Text.Json;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>What may be asked about tokens and done to them: introspection, revocation, and who the user is.</summary>
internal sealed class TokenQuestions(SmartState state, ClientAuthentication clients, BearerTokens bearers, Recorder recorder, AddressRate failures)
{
    /// <summary>https://www.rfc-editor.org/rfc/rfc7662, https://hl7.org/fhir/smart-app-launch/token-introspection.html</summary>
    public async Task IntrospectAsync(Visit visit)
    {
        if (await ReadAsync(visit) is not var (form, proved))
        {
            return;
        }

        if (proved.Client is not { Kind: not ClientKind.Public } client)
        {
            await Answers.ErrorAsync(visit, OAuthError.InvalidClient("Only clients that authenticate may ask about tokens."));
            return;
        }

        // Of others' tokens only the operator's own systems are told: https://www.rfc-editor.org/rfc/rfc7662#section-4
        Introspection? found = state.Introspect(form["token"]!);
        bool mayKnow = found is not null && (client.IsTrusted || found.Grant.Client == client.Id);
        await Answers.JsonAsync(visit, writer =>
        {
            writer.WriteBoolean("active"u8, mayKnow);
            if (mayKnow)
            {
                Describe(writer, found!, visit.Issuer);
            }
        });
    }

    /// <summary>https://www.rfc-editor.org/rfc/rfc7009: a token that does not exist is as good as revoked.</summary>
    public async Task RevokeAsync(Visit visit)
    {
        if (await ReadAsync(visit) is not var (form, proved))
        {
            return;
        }

        string token = form["token"]!;
        Client? owner = state.FindClientOfToken(token);
        bool isAnothers = owner is not null && (proved.Client is { } caller ? caller.Id != owner.Id : owner.Kind != ClientKind.Public);
        if (owner is not null && !await recorder.WriteAsync(visit, isAnothers ? RefusalOf(proved) : RevocationOf(token, owner)))
        {
            await Answers.ErrorAsync(visit, Recorder.Unwritten);
            return;
        }

        if (isAnothers || await state.RevokeTokenAsync(proved.Client?.Id, token) == RevocationOutcome.NotYours)
        {
            await Answers.ErrorAsync(visit, Anothers);
            return;
        }

        visit.Response.StatusCode = StatusCodes.Status200OK;
    }

    /// <summary>https://openid.net/specs/openid-connect-core-1_0.html#UserInfo</summary>
    public async Task UserInfoAsync(Visit visit)
    {
        if (await bearers.ReadAsync(visit) is not { } grant)
        {
            return;
        }

        if (grant.Account is null || !grant.Scopes.Has(SupportedScopes.OpenId))
        {
            visit.Response.Headers.WWWAuthenticate = "Bearer error=\"insufficient_scope\", scope=\"openid\"";
            await Answers.ErrorAsync(visit, OAuthError.InsufficientScope("The token does not have the scope openid."));
            return;
        }

        await Answers.JsonAsync(visit, writer =>
        {
            writer.WriteString("sub"u8, grant.Account);
            WriteFhirUser(writer, grant, visit.Issuer);
        });
    }

    /// <summary>A form with a token of a client that proved who it is; null when it was answered already.</summary>
    private async ValueTask<(Parameters Form, ProvedClient Client)?> ReadAsync(Visit visit)
    {
        if (failures.Take(visit.Address) is { } wait)
        {
            Answers.RetryAfter(visit, wait);
            await Answers.ErrorAsync(visit, TokenEndpoint.TooMany);
            return null;
        }

        OAuthResult<Parameters> form = await Parameters.ReadFormAsync(visit.Request, null, visit.Aborted);
        OAuthResult<ProvedClient> proved = !form.IsOk ? form.Error
            : form.Value["token"] is null ? OAuthError.InvalidRequest("token is missing.")
            : await clients.ReadAsync(visit, form.Value, mayBeNameless: true);
        if (proved.IsOk)
        {
            failures.GiveBack(visit.Address);
            return (form.Value, proved.Value);
        }

        bool isWritten = await recorder.WriteAsync(visit, new SmartEvent(SmartEventKind.TokenRefused) { IsRefusal = true, Reason = proved.Error.Reason });
        await Answers.ErrorAsync(visit, isWritten ? proved.Error : Recorder.Unwritten);
        return null;
    }

    private SmartEvent RevocationOf(string token, Client owner)
    {
        // Of a token that was used before nothing is told, but what came of it ends all the same.
        AccessGrant? known = state.Introspect(token)?.Grant;
        return new SmartEvent(SmartEventKind.Revoked) { Client = owner.Id, Patient = known?.Launch.Patient, TokenName = known?.TokenName };
    }

    private static SmartEvent RefusalOf(ProvedClient proved) =>
        new(SmartEventKind.TokenRefused) { IsRefusal = true, Client = proved.Client?.Id, Reason = Anothers.Reason };

    private static OAuthError Anothers { get; } = OAuthError.UnauthorizedClient("The token is another client's.");

    private static void Describe(Utf8JsonWriter writer, Introspection found, Issuer issuer)
    {
        AccessGrant grant = found.Grant;
        writer.WriteString("scope"u8, grant.Scopes.Text);
        writer.WriteString("client_id"u8, grant.Client);
        writer.WriteNumber("exp"u8, grant.Expires.ToUnixTimeSeconds());
        writer.WriteString("iss"u8, issuer.Origin);
        writer.WriteString("aud"u8, issuer.FhirBase);
        writer.WriteString("sub"u8, grant.Account ?? grant.Client);
        if (!found.IsRefreshToken)
        {
            writer.WriteString("token_type"u8, grant.KeyThumbprint is null ? "Bearer" : "DPoP");
        }

        if (grant.KeyThumbprint is { } thumbprint)
        {
            writer.WriteStartObject("cnf"u8);
            writer.WriteString("jkt"u8, thumbprint);
            writer.WriteEndObject();
        }

        WriteFhirUser(writer, grant, issuer);
        LaunchAnswer.Write(writer, grant.Launch);
    }

    private static void WriteFhirUser(Utf8JsonWriter writer, AccessGrant grant, Issuer issuer)
    {
        if (grant.FhirUser is not null && (grant.Scopes.Has(SupportedScopes.FhirUser) || grant.Scopes.Has(SupportedScopes.Profile)))
        {
            writer.WriteString("fhirUser"u8, $"{issuer.FhirBase}/{grant.FhirUser}");
        }
    }
}
