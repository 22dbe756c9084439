using HealthChain.Smart;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Log;

/// <summary>Events of the authorisation server as access records.</summary>
internal static class SmartEvents
{
    private const string PatientStart = "Patient/";

    /// <summary>Puts an event on record; false when it cannot be, and then what it tells of must not happen.</summary>
    public static async ValueTask<bool> RecordAsync(this AccessLog log, SmartEvent happened) =>
        (await log.AppendAsync(EventOf(happened), ConcernedBy(happened))).IsOk;

    public static AccessEvent EventOf(SmartEvent happened)
    {
        (AccessAction action, bool isRefusal) = ActionOf(happened.Kind);
        return new AccessEvent(action, isRefusal || happened.IsRefusal ? AccessOutcome.MinorFailure : AccessOutcome.Success)
        {
            // Who logs in has no client yet, and a system no account.
            Who = happened.Client ?? happened.Person?.Account ?? Requesters.Anybody.Who,
            Account = happened.Person?.Account,
            FhirUser = happened.Person?.FhirUser,
            Role = happened.Person?.Role,
            Organisation = happened.Person?.Organisation,
            TokenName = happened.TokenName,
            Target = happened.Patient is { } patient ? PatientStart + patient : "",
            Query = happened.Scopes,
            Detail = happened.Reason,
            Address = happened.Address,
        };
    }

    /// <summary>The patient in context, and the patient who acts: a login is about whoever's account it is.</summary>
    private static IEnumerable<ResourceKey> ConcernedBy(SmartEvent happened)
    {
        if (happened.Patient is { } patient)
        {
            yield return new ResourceKey("Patient", patient);
        }

        if (happened.Person?.FhirUser is { } user && user.StartsWith(PatientStart, StringComparison.Ordinal))
        {
            yield return new ResourceKey("Patient", user[PatientStart.Length..]);
        }
    }

    private static (AccessAction Action, bool IsRefusal) ActionOf(SmartEventKind kind) => kind switch
    {
        SmartEventKind.Login => (AccessAction.Login, false),
        SmartEventKind.LoginRefused => (AccessAction.Login, true),
        SmartEventKind.Logout => (AccessAction.Logout, false),
        SmartEventKind.AccessGranted => (AccessAction.AccessGranted, false),
        SmartEventKind.AccessDenied => (AccessAction.AccessGranted, true),
        SmartEventKind.TokenIssued => (AccessAction.TokenIssued, false),
        SmartEventKind.TokenRefreshed => (AccessAction.TokenRefreshed, false),
        SmartEventKind.TokenRefused => (AccessAction.TokenIssued, true),
        SmartEventKind.Revoked => (AccessAction.Revoked, false),
        SmartEventKind.ClientRegistered => (AccessAction.ClientRegistered, false),
        SmartEventKind.AccountChanged => (AccessAction.AccountChanged, false),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
