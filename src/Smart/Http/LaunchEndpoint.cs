using System.Text.Json;
using HealthChain.Smart.Jose;
using HealthChain.Smart.State;
using Microsoft.AspNetCore.Http;

namespace HealthChain.Smart.Http;

/// <summary>
/// A health record says what is open before its user, and gets an id that tells nothing, for the address by which it starts an app:
/// https://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch. How it does so is left to each server.
/// </summary>
internal sealed class LaunchEndpoint(SmartState state, SmartOptions options, ISmartHost host, BearerTokens bearers)
{
    private const int MaxText = 256;

    public async Task PostAsync(Visit visit)
    {
        if (await bearers.ReadAsync(visit) is not { } grant)
        {
            return;
        }

        if (state.FindClient(grant.Client) is not { IsTrusted: true })
        {
            await Answers.ErrorAsync(visit, OAuthError.InsufficientScope("Only systems that the operator trusts start apps."));
            return;
        }

        byte[]? body = await Parameters.ReadBodyAsync(visit.Request, visit.Aborted);
        OAuthResult<Launch> launch = body is not null && JoseJson.ReadObject(body) is { } json ? Read(json, grant)
            : OAuthError.InvalidRequest("The body must be a JSON object with each member once.");
        if (!launch.IsOk || await RefuseAsync(launch.Value, grant, visit.Aborted) is { })
        {
            await Answers.ErrorAsync(visit, launch.IsOk ? OAuthError.InvalidRequest("There is no such patient for this token, or no such app.") : launch.Error);
            return;
        }

        string id = await state.AddLaunchAsync(launch.Value);
        await Answers.JsonAsync(
            visit,
            writer =>
            {
                writer.WriteString("launch"u8, id);
                writer.WriteString("iss"u8, visit.Issuer.FhirBase);
                writer.WriteNumber("expires_in"u8, (int)options.State.LaunchLifetime.TotalSeconds);
            },
            StatusCodes.Status201Created);
    }

    /// <summary>A launch names an app that is registered, and a patient whom the caller may see.</summary>
    private async ValueTask<string?> RefuseAsync(Launch launch, AccessGrant grant, CancellationToken cancellationToken)
    {
        var caller = new Person(grant.Account ?? grant.Client, grant.Role, grant.FhirUser, grant.Organisation);
        return launch.Client is { } client && state.FindClient(client) is null ? "client"
            : launch.Context.Patient is { } patient && await host.FindPatientAsync(caller, patient, cancellationToken) is null ? "patient"
            : null;
    }

    private static OAuthResult<Launch> Read(JsonElement json, AccessGrant grant)
    {
        bool isSound = JoseJson.TryNeeded(json, "client_id", out string? client)
            & JoseJson.TryText(json, "patient", out string? patient)
            & JoseJson.TryText(json, "encounter", out string? encounter)
            & JoseJson.TryText(json, "intent", out string? intent)
            & JoseJson.TryText(json, "smart_style_url", out string? style)
            & ContextItems.TryRead(json, MaxText, out IReadOnlyList<string> context)
            & TryFlag(json, "need_patient_banner", out bool? needsBanner);
        if (!isSound || new[] { patient, encounter, intent, style }.Any(text => text?.Length > MaxText))
        {
            return OAuthError.InvalidRequest("client_id is needed; patient, encounter, intent, smart_style_url, need_patient_banner and fhirContext may be there. " + ContextItems.Rule);
        }

        return new Launch(client!, grant.Account, new LaunchContext
        {
            Patient = patient,
            Encounter = encounter,
            Intent = intent,
            StyleUrl = style,
            NeedPatientBanner = needsBanner,
            FhirContext = context,
        });
    }

    private static bool TryFlag(JsonElement json, string name, out bool? flag)
    {
        flag = null;
        if (!json.TryGetProperty(name, out JsonElement value))
        {
            return true;
        }

        flag = value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };
        return flag is not null;
    }
}
