using HealthChain.FhirServer.Access.Log;
using HealthChain.Smart;

namespace HealthChain.FhirServer.Access.Audit;

/// <summary>A code with the system that defines it.</summary>
internal sealed record AuditCode(string System, string Code, string Display);

/// <summary>In which direction data went, and so who is called source and who destination.</summary>
internal enum AuditFlow
{
    /// <summary>From the server to the client that read.</summary>
    ToClient,

    /// <summary>From the client to the server: writes, and queries, whose parameters are what flows.</summary>
    ToServer,

    /// <summary>Nowhere: something was taken away.</summary>
    None,

    /// <summary>Between a client and the authorisation server.</summary>
    ToAuthorisation,
}

/// <summary>How an action is told in an AuditEvent.</summary>
/// <param name="Subtype">Null where nobody could tell what was wanted.</param>
/// <param name="Action">C, R, U, D or E; null likewise.</param>
/// <param name="Profile">What the profile of IHE BALP for it ends with; null where there is none.</param>
internal sealed record AuditKind(AuditCode Type, AuditCode? Subtype, char? Action, AuditFlow Flow, string? Profile = null)
{
    /// <summary>True when a query is what the event is about, instead of one resource.</summary>
    public bool IsQuery { get; init; }

    /// <summary>True when it gives data to somebody, if it succeeds.</summary>
    public bool Discloses { get; init; }
}

/// <summary>
/// The codes of AuditEvents: of R4 (https://hl7.org/fhir/R4/auditevent.html), DICOM and IHE's Basic Audit Log Patterns
/// (https://profiles.ihe.net/ITI/BALP/content.html).
/// </summary>
internal static class AuditCodes
{
    public const string Profiles = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";
    public const string Roles = "https://healthchain.example/fhir/CodeSystem/role";
    public const string ResourceTypes = "http://hl7.org/fhir/resource-types";

    private const string Dicom = "http://dicom.nema.org/resources/ontology/DCM";
    private const string Balp = "https://profiles.ihe.net/ITI/BALP/CodeSystem/";
    private const string RoleClass = "http://terminology.hl7.org/CodeSystem/v3-RoleClass";
    private const string Participation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
    private const string ObjectRole = "http://terminology.hl7.org/CodeSystem/object-role";
    private const string EntityType = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
    private const string SourceType = "http://terminology.hl7.org/CodeSystem/security-source-type";

    public static AuditCode Source { get; } = new(Dicom, "110153", "Source Role ID");
    public static AuditCode Destination { get; } = new(Dicom, "110152", "Destination Role ID");
    public static AuditCode Application { get; } = new(Dicom, "110150", "Application");
    public static AuditCode Custodian { get; } = new("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "custodian", "Custodian");
    public static AuditCode AuthorisationServer { get; } = new(Balp + "UserAgentTypes", "AuthzOauthService", "OAuth Authorization Server");
    public static AuditCode TokenUser { get; } = new(Balp + "UserAgentTypes", "UserOauthAgent", "User OAuth Agent participant");
    public static AuditCode Recipient { get; } = new(Participation, "IRCP", "information recipient");
    public static AuditCode Author { get; } = new(Participation, "AUT", "author (originator)");
    public static AuditCode Person { get; } = new(EntityType, "1", "Person");
    public static AuditCode SystemObject { get; } = new(EntityType, "2", "System Object");
    public static AuditCode RequestId { get; } = new(Balp + "BasicAuditEntityType", "XrequestId", "X-Request-Id");
    public static AuditCode PatientRole { get; } = new(ObjectRole, "1", "Patient");
    public static AuditCode ResourceRole { get; } = new(ObjectRole, "4", "Domain Resource");
    public static AuditCode QueryRole { get; } = new(ObjectRole, "24", "Query");
    public static AuditCode ApplicationServer { get; } = new(SourceType, "4", "Application Server");
    public static AuditCode SecurityServer { get; } = new(SourceType, "6", "Security Server");
    public static AuditCode Disclosure { get; } = new("http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle", "disclose", "Disclose Record Lifecycle Event");

    private static readonly AuditCode Rest = new("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "RESTful Operation");
    private static readonly AuditCode Export = new(Dicom, "110106", "Export");
    private static readonly AuditCode Authentication = new(Dicom, "110114", "User Authentication");
    private static readonly AuditCode Alert = new(Dicom, "110113", "Security Alert");
    private static readonly AuditCode Token = new("urn:ihe:event-type-code", "ITI-71", "Get Access Token");
    private static readonly AuditCode Decision = new(Balp + "AuthZsubType", "AuthZ-Role", "Authorization Decision using only Roles");

    private static readonly Dictionary<AccessAction, AuditKind> Kinds = new()
    {
        [AccessAction.Read] = new(Rest, Interaction("read"), 'R', AuditFlow.ToClient, "Read") { Discloses = true },
        [AccessAction.VersionRead] = new(Rest, Interaction("vread"), 'R', AuditFlow.ToClient, "Read") { Discloses = true },
        [AccessAction.History] = new(Rest, Interaction("history"), 'R', AuditFlow.ToClient) { IsQuery = true, Discloses = true },
        [AccessAction.Search] = new(Rest, Interaction("search"), 'E', AuditFlow.ToServer, "Query") { IsQuery = true, Discloses = true },
        [AccessAction.Create] = new(Rest, Interaction("create"), 'C', AuditFlow.ToServer, "Create"),
        [AccessAction.Update] = new(Rest, Interaction("update"), 'U', AuditFlow.ToServer, "Update"),
        [AccessAction.Patch] = new(Rest, Interaction("patch"), 'U', AuditFlow.ToServer, "Update"),
        [AccessAction.Delete] = new(Rest, Interaction("delete"), 'D', AuditFlow.None, "Delete"),

        // A transaction may read too, and which of its versions went out is not told apart.
        [AccessAction.Transaction] = new(Rest, Interaction("transaction"), 'E', AuditFlow.ToServer) { Discloses = true },
        [AccessAction.Operation] = new(Rest, Interaction("operation"), 'E', AuditFlow.ToServer) { IsQuery = true, Discloses = true },
        [AccessAction.Export] = new(Export, Interaction("operation"), 'R', AuditFlow.ToClient, "PrivacyDisclosure.Source") { IsQuery = true, Discloses = true },
        [AccessAction.Notification] = new(Export, Interaction("read"), 'R', AuditFlow.ToClient, "PrivacyDisclosure.Source") { Discloses = true },
        [AccessAction.Unknown] = new(Rest, null, null, AuditFlow.ToServer) { IsQuery = true },
        [AccessAction.Login] = new(Authentication, new AuditCode(Dicom, "110122", "Login"), 'E', AuditFlow.ToAuthorisation),
        [AccessAction.Logout] = new(Authentication, new AuditCode(Dicom, "110123", "Logout"), 'E', AuditFlow.ToAuthorisation),
        [AccessAction.AccessGranted] = new(Alert, Decision, 'E', AuditFlow.ToAuthorisation),
        [AccessAction.TokenIssued] = new(Authentication, Token, 'E', AuditFlow.ToAuthorisation),
        [AccessAction.TokenRefreshed] = new(Authentication, Token, 'U', AuditFlow.ToAuthorisation),
        [AccessAction.Revoked] = new(Alert, new AuditCode(Dicom, "110136", "Security Roles Changed"), 'D', AuditFlow.ToAuthorisation),
        [AccessAction.ClientRegistered] = new(Alert, new AuditCode(Dicom, "110129", "Security Configuration"), 'C', AuditFlow.ToAuthorisation),
        [AccessAction.AccountChanged] = new(Alert, new AuditCode(Dicom, "110137", "User security Attributes Changed"), 'U', AuditFlow.ToAuthorisation),
        [AccessAction.ConsentChanged] = new(Alert, new AuditCode(Dicom, "110135", "Object Security Attributes Changed"), 'U', AuditFlow.ToServer),
        [AccessAction.BreakGlass] = new(Alert, new AuditCode(Dicom, "110127", "Emergency Override Started"), 'E', AuditFlow.ToServer),
        [AccessAction.Administration] = new(Alert, new AuditCode(Dicom, "110132", "Use of Restricted Function"), 'E', AuditFlow.ToServer),
    };

    /// <summary>How an action is told. One of a newer program is told as one that nobody could tell.</summary>
    public static AuditKind Of(AccessAction action) => Kinds.TryGetValue(action, out AuditKind? kind) ? kind : Kinds[AccessAction.Unknown];

    /// <summary>What an organisation is to those on whose behalf it asks.</summary>
    public static AuditCode OrganisationOf(Role? role) => role switch
    {
        Role.Insurer => new(RoleClass, "PAYOR", "invoice payor"),
        Role.Researcher => new(RoleClass, "CRSPNSR", "clinical research sponsor"),
        Role.Practitioner or Role.Backend => new(RoleClass, "PROV", "healthcare provider"),
        _ => new(RoleClass, "AFFL", "affiliate"),
    };

    /// <summary>https://hl7.org/fhir/R4/codesystem-restful-interaction.html</summary>
    private static AuditCode Interaction(string code) => new("http://hl7.org/fhir/restful-interaction", code, code);
}
