using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.State;

namespace HealthChain.FhirServer.Organisations.Bootstrap;

/// <summary>
/// Applies a checked file, as often as one likes: what is as the file says stays untouched, what the file no longer names stays as it is. What only
/// users or administrators change (passwords, disabled accounts, blocked clients) the file never changes back.
/// </summary>
internal sealed class PreRegistration(SmartState state, AccountBook accounts, ConfiguredResources resources, TimeProvider time)
{
    private const string VerificationPrefix = "verification-";

    public async Task ApplyAsync(PreRegistrationFile file, CancellationToken cancellationToken)
    {
        foreach (RegisteredOrganisation organisation in file.Organisations)
        {
            await ApplyAsync(organisation, cancellationToken);
        }

        foreach (RegisteredUser user in file.Users)
        {
            await ApplyAsync(user, cancellationToken);
        }

        foreach (JsonElement client in file.Clients)
        {
            await ApplyAsync(RegisteredClient.Read(client).Value);
        }
    }

    private async ValueTask ApplyAsync(RegisteredOrganisation organisation, CancellationToken cancellationToken)
    {
        var resource = new JsonObject
        {
            ["resourceType"] = Organisation.Type,
            ["id"] = organisation.Id,
            ["active"] = true,
            ["name"] = organisation.Name,
        };
        if (organisation.Type is { } type)
        {
            resource["type"] = new JsonArray(new JsonObject
            {
                ["coding"] = new JsonArray(new JsonObject { ["system"] = "http://terminology.hl7.org/CodeSystem/organization-type", ["code"] = type }),
            });
        }

        if (organisation.PartOf is { } above)
        {
            resource["partOf"] = new JsonObject { ["reference"] = above };
        }

        await resources.PutAsync(resource, JsonSerializer.Serialize(organisation with { Verified = null }, PreRegistrationJson.Default.RegisteredOrganisation), cancellationToken);
        if (organisation.Verified is { } verified)
        {
            string entry = JsonSerializer.Serialize(organisation with { Name = "", Type = null, PartOf = null }, PreRegistrationJson.Default.RegisteredOrganisation);
            await resources.PutAsync(VerificationOf(organisation, verified), entry, cancellationToken);
        }
    }

    private JsonObject VerificationOf(RegisteredOrganisation organisation, RegisteredVerification verified)
    {
        DateTimeOffset now = time.GetUtcNow();
        var attestation = new JsonObject { ["date"] = Day(verified.Since ?? DateOnly.FromDateTime(now.UtcDateTime)) };
        if (verified.By is { } by)
        {
            attestation["who"] = new JsonObject { ["display"] = by };
        }

        var resource = new JsonObject
        {
            ["resourceType"] = Verification.Type,
            ["id"] = VerificationPrefix + organisation.Id,
            ["target"] = new JsonArray(new JsonObject { ["reference"] = $"{Organisation.Type}/{organisation.Id}" }),
            ["status"] = "validated",
            ["statusDate"] = verified.Since is { } since ? Day(since) : now.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            ["attestation"] = attestation,
        };
        if (verified.Until is { } until)
        {
            resource["nextScheduled"] = Day(until);
        }

        return resource;
    }

    private async ValueTask ApplyAsync(RegisteredUser user, CancellationToken cancellationToken)
    {
        if (state.FindAccountByName(user.Name) is not { } known)
        {
            var made = new NewAccount(user.Name, user.Role)
            {
                DisplayName = user.DisplayName,
                FhirUser = user.FhirUser,
                Organisation = user.Organisation,
                MayBreakGlass = user.MayBreakGlass,
                Password = user.OneTimePassword,
                MustChangePassword = user.OneTimePassword is not null,
                PasswordHash = user.PasswordHash,
                ExternalIssuer = user.ExternalIssuer,
                ExternalSubject = user.ExternalSubject,
                Registration = Registration.Configured,
            };
            Smart.OAuthResult<CreatedAccount> created = await accounts.CreateAsync(made, cancellationToken);
            if (!created.IsOk)
            {
                throw new InvalidDataException($"The account of users '{user.Name}' cannot be made: {created.Error.Reason}");
            }
        }
        else if (known.Role != user.Role || known.ExternalIssuer != user.ExternalIssuer || known.ExternalSubject != user.ExternalSubject || known.FhirUser != user.FhirUser || known.Organisation != user.Organisation || known.MayBreakGlass != user.MayBreakGlass || (user.DisplayName is not null && known.DisplayName != user.DisplayName))
        {
            _ = await state.ChangeAccountAsync(known.Id, before => before with
            {
                Role = user.Role,
                FhirUser = user.FhirUser,
                Organisation = user.Organisation,
                MayBreakGlass = user.MayBreakGlass,
                DisplayName = user.DisplayName ?? before.DisplayName,
                ExternalIssuer = user.ExternalIssuer,
                ExternalSubject = user.ExternalSubject,
            });
        }
    }

    private async ValueTask ApplyAsync(Client client)
    {
        Client? known = state.FindClient(client.Id);
        Client wanted = client with { Registered = known?.Registered ?? time.GetUtcNow(), IsBlocked = known?.IsBlocked ?? false };
        if (known is null || !IsSame(known, wanted))
        {
            _ = await state.RegisterAsync(wanted);
        }
    }

    /// <summary>Records compare lists and arrays by what they are, not by what they hold.</summary>
    private static bool IsSame(Client known, Client wanted) =>
        known.RedirectUris.SequenceEqual(wanted.RedirectUris)
        && known.Origins.SequenceEqual(wanted.Origins)
        && known.GrantTypes.SequenceEqual(wanted.GrantTypes)
        && (known.SecretHash ?? []).SequenceEqual(wanted.SecretHash ?? [])
        && known == (wanted with { RedirectUris = known.RedirectUris, Origins = known.Origins, GrantTypes = known.GrantTypes, SecretHash = known.SecretHash });

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
