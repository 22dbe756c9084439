namespace HealthChain.Smart.Scopes;

/// <summary>Which scopes this server has: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html</summary>
public static class SupportedScopes
{
    /// <summary>The user is identified by an id_token.</summary>
    public const string OpenId = "openid";

    /// <summary>The id_token says which resource the user is.</summary>
    public const string FhirUser = "fhirUser";

    /// <summary>What came before <see cref="FhirUser"/>: the claim <c>profile</c>, with the same resource in it.</summary>
    public const string Profile = "profile";

    /// <summary>A refresh token that lasts when the user is away.</summary>
    public const string OfflineAccess = "offline_access";

    /// <summary>A refresh token that lasts as long as the user is logged in.</summary>
    public const string OnlineAccess = "online_access";

    /// <summary>The context of the launch by which the app was started.</summary>
    public const string Launch = "launch";
    public const string LaunchPatient = "launch/patient";
    public const string LaunchEncounter = "launch/encounter";

    /// <summary>Scopes that speak of a user or of what is open before one; of no meaning to a client that asks for itself.</summary>
    public static IReadOnlyList<string> OfUsers { get; } =
        [OpenId, FhirUser, Profile, Launch, LaunchPatient, LaunchEncounter, OfflineAccess, OnlineAccess];

    /// <summary>What discovery lists. Any resource type, any of the permissions and queries by search parameters may stand in the place of the wildcards.</summary>
    public static IReadOnlyList<string> Listed { get; } =
        [.. OfUsers, "patient/*.cruds", "patient/*.rs", "user/*.cruds", "user/*.rs", "system/*.cruds", "system/*.rs"];

    /// <summary>All that may be registered for a client, whoever is to use it.</summary>
    public static ScopeSet Any { get; } = ScopeSet.Of(Listed);

    /// <summary>
    /// What an account or system of a role can be given at most. How much of that there is for somebody, the access decision says for each request:
    /// a scope for everything still ends where the role's reach ends.
    /// </summary>
    /// <param name="isSystem">A client asks for itself, without a user.</param>
    public static ScopeSet AtMost(Role role, bool isSystem)
    {
        bool mayWrite = role is not (Role.Analyst or Role.Researcher or Role.Auditor);
        string letters = (mayWrite ? Permissions.All : Permissions.Read | Permissions.Search).ToLetters();
        if (isSystem)
        {
            return role is Role.Patient or Role.RelatedPerson ? ScopeSet.None : ScopeSet.Of([$"system/*.{letters}"]);
        }

        // Only these may have a patient in context: the others reach nobody's record.
        bool hasPatients = role is Role.Patient or Role.RelatedPerson or Role.Practitioner;
        IEnumerable<string> ofUsers = OfUsers.Where(scope => hasPatients || scope is not (LaunchPatient or LaunchEncounter));
        return ScopeSet.Of([.. ofUsers, $"user/*.{letters}", .. hasPatients ? [$"patient/*.{letters}"] : Array.Empty<string>()]);
    }
}
