using HealthChain.Smart.Scopes;

namespace HealthChain.Smart;

/// <summary>What the authorisation server needs of the server that it guards.</summary>
public interface ISmartHost
{
    /// <summary>The patients among whom a user may choose at a launch, by a part of the name or identifier; at most a page of them.</summary>
    ValueTask<IReadOnlyList<PatientChoice>> FindPatientsAsync(Person user, string text, CancellationToken cancellationToken);

    /// <summary>The patient of that id; null when there is none for the user.</summary>
    ValueTask<PatientChoice?> FindPatientAsync(Person user, string id, CancellationToken cancellationToken);

    /// <summary>Whether an organisation is verified at this moment, so that its people and systems may act for it.</summary>
    bool IsVerified(string organisation);

    /// <summary>
    /// Why a scope of resources cannot be given by this server: it has no such type, or cannot decide by its index which resources the query
    /// means. Null when it can.
    /// </summary>
    string? RefuseScope(ResourceScope scope);

    /// <summary>Writes an access record; false when it cannot be written, and then what it tells of must not happen.</summary>
    ValueTask<bool> RecordAsync(SmartEvent happened, CancellationToken cancellationToken);
}

/// <summary>A user as the guarded server knows people.</summary>
public sealed record Person(string Account, Role Role, string? FhirUser, string? Organisation);

/// <summary>A patient to choose.</summary>
public sealed record PatientChoice(string Id, string Name, string? BirthDate, string? Gender);

/// <summary>What happens at the authorisation server and must be on record.</summary>
public enum SmartEventKind : byte
{
    Login,
    LoginRefused,
    Logout,

    /// <summary>A user gave an app access.</summary>
    AccessGranted,

    /// <summary>A user refused an app access.</summary>
    AccessDenied,
    TokenIssued,
    TokenRefreshed,
    TokenRefused,

    /// <summary>A token or a whole grant was revoked.</summary>
    Revoked,
    ClientRegistered,

    /// <summary>Accounts, passwords and second factors changed.</summary>
    AccountChanged,
}

/// <summary>Something that happened at the authorisation server. Holds no secret, no password and no name that somebody typed in.</summary>
public sealed record SmartEvent(SmartEventKind Kind)
{
    public bool IsRefusal { get; init; }

    /// <summary>Why it was refused, in words of ours.</summary>
    public string? Reason { get; init; }

    public string? Client { get; init; }

    public Person? Person { get; init; }

    /// <summary>Id of the patient in context.</summary>
    public string? Patient { get; init; }

    public string? TokenName { get; init; }

    /// <summary>The scopes that were given.</summary>
    public string? Scopes { get; init; }

    /// <summary>Address from where it was asked.</summary>
    public string? Address { get; init; }
}
