using HealthChain.Smart;

namespace HealthChain.FhirServer.Access.Log;

/// <summary>What was asked for. The numbers are in records for ever.</summary>
internal enum AccessAction : byte
{
    Read = 1,
    VersionRead = 2,
    Search = 3,
    History = 4,
    Create = 5,
    Update = 6,
    Patch = 7,
    Delete = 8,
    Transaction = 9,
    Operation = 10,
    Export = 11,

    /// <summary>A version left for where a Subscription sends to.</summary>
    Notification = 12,

    /// <summary>Something that is no interaction of FHIR, because nobody could tell what was wanted or by whom.</summary>
    Unknown = 31,

    Login = 32,
    Logout = 33,
    AccessGranted = 34,
    TokenIssued = 35,
    TokenRefreshed = 36,
    Revoked = 37,
    ClientRegistered = 38,
    AccountChanged = 39,
    ConsentChanged = 40,
    Administration = 41,
    BreakGlass = 42,
}

/// <summary>How it ended, as AuditEvent.outcome has it: https://hl7.org/fhir/R4/valueset-audit-event-outcome.html</summary>
internal enum AccessOutcome : byte
{
    Success = 0,

    /// <summary>Refused or failed for a reason that lies with the request.</summary>
    MinorFailure = 4,
    SeriousFailure = 8,
}

/// <summary>
/// The body of an access record: who did what, when the patients and versions that it concerns are told beside it
/// (<see cref="Storage.Ledger.LedgerRecord"/>). It names no patient but in <see cref="Target"/>, <see cref="Query"/> and <see cref="FhirUser"/>.
/// </summary>
internal sealed record AccessEvent(AccessAction Action, AccessOutcome Outcome)
{
    /// <summary>
    /// Status of the answer; 0 for what is no answer of HTTP, and for a write, whose record is committed with it, before there is an answer.
    /// </summary>
    public int Status { get; init; }

    /// <summary>The client, or the name of a fixed token.</summary>
    public string Who { get; init; } = "";

    /// <summary>The account at the authorisation server of the person who asked; null for a system, and for a fixed token.</summary>
    public string? Account { get; init; }

    public string? FhirUser { get; init; }

    public Role? Role { get; init; }

    public string? Organisation { get; init; }

    public string? Purpose { get; init; }

    /// <summary>Name of the access token, which is not the token.</summary>
    public string? TokenName { get; init; }

    /// <summary>What was asked for: a type, <c>Type/id</c>, <c>Type/id/_history/version</c>, or empty for the whole system.</summary>
    public string Target { get; init; } = "";

    /// <summary>
    /// The parameters as they were asked, percent-encoded. In a compartment the type that is searched stands before them (<c>Observation?code=1</c>),
    /// of an operation its name (<c>$everything?_since=2024</c>), of what could not be understood its method and path (<c>GET /x</c>, below the FHIR base). A value is
    /// <c>***</c> where it is no business of the log: a credential, or, in a record that does not concern one patient alone, whatever may tell a person.
    /// </summary>
    public string? Query { get; init; }

    /// <summary>Why it was refused, in words of ours; or what an event of the authorisation server was about.</summary>
    public string? Detail { get; init; }

    /// <summary>Address from where it was asked.</summary>
    public string? Address { get; init; }

    /// <summary><c>X-Request-Id</c> of the request, when it had one.</summary>
    public string? RequestId { get; init; }
}
