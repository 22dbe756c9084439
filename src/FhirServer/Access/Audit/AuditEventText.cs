using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using HealthChain.Consent;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Responses;
using HealthChain.Smart;

namespace HealthChain.FhirServer.Access.Audit;

/// <summary>
/// Writes an access as an AuditEvent: https://hl7.org/fhir/R4/auditevent.html, by IHE's Basic Audit Log Patterns where they have one for it.
/// The profiles it claims are those whose rules it keeps: failures, and what lacks an address, claim none.
/// </summary>
/// <param name="server">The FHIR base by which the server is known.</param>
internal sealed class AuditEventText(Uri server)
{
    private const string TokenNames = "urn:ietf:params:oauth:jti:";

    private readonly string _server = server.OriginalString;

    public byte[] Write(string id, AuditedAccess access)
    {
        AuditKind kind = AuditCodes.Of(access.Event.Action);
        var buffer = new ArrayBufferWriter<byte>(2048);
        using var json = new Utf8JsonWriter(buffer, OperationOutcome.Unescaped);
        json.WriteStartObject();
        json.WriteString("resourceType"u8, "AuditEvent"u8);
        json.WriteString("id"u8, id);
        WriteMeta(json, access, kind);
        WriteEvent(json, access, kind);
        json.WriteStartArray("agent"u8);
        WriteClient(json, access.Event, kind);
        WriteUser(json, access.Event, kind);
        WriteOrganisation(json, access.Event);
        WriteServer(json, kind);
        json.WriteEndArray();
        WriteSource(json, kind);
        WriteEntities(json, access, kind);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteMeta(Utf8JsonWriter json, AuditedAccess access, AuditKind kind)
    {
        json.WriteStartObject("meta"u8);
        json.WriteString("versionId"u8, "1"u8);
        json.WriteInstant("lastUpdated", access.Instant);
        string[] profiles = [.. ProfilesOf(access, kind)];
        json.WriteTexts("profile", profiles);
        json.WriteEndObject();
    }

    private static IEnumerable<string> ProfilesOf(AuditedAccess access, AuditKind kind)
    {
        AccessEvent happened = access.Event;
        bool isKept = happened is { Outcome: AccessOutcome.Success, Address: not null, Who.Length: > 0 };
        bool hasOnePatient = access.Patients.Count == 1;
        if (isKept && kind.Profile is { } profile)
        {
            if (happened.Action is AccessAction.Export or AccessAction.Notification)
            {
                if (hasOnePatient && Discloses(access, kind))
                {
                    yield return AuditCodes.Profiles + profile;
                }
            }
            else if (kind.IsQuery || access.Accessed.Count == 1 || (access.Accessed.Count == 0 && AuditJson.IsLocalReference(happened.Target)))
            {
                yield return $"{AuditCodes.Profiles}{(hasOnePatient ? "Patient" : "")}{profile}";
            }
        }

        if (happened.TokenName is not null)
        {
            yield return AuditCodes.Profiles + "OAUTHaccessTokenUse.Minimal";
        }
    }

    private static void WriteEvent(Utf8JsonWriter json, AuditedAccess access, AuditKind kind)
    {
        AccessEvent happened = access.Event;
        json.WriteCoding("type", kind.Type);
        AuditCode?[] subtypes = [kind.Subtype, Discloses(access, kind) ? AuditCodes.Disclosure : null];
        json.WriteObjects("subtype", [.. subtypes.OfType<AuditCode>()], code => json.WriteCode(code));
        json.WriteText("action", kind.Action?.ToString());
        json.WriteInstant("recorded", access.Instant);
        json.WriteString("outcome"u8, ((int)happened.Outcome).ToString(CultureInfo.InvariantCulture));
        json.WriteText("outcomeDesc", DescriptionOf(happened));
        WritePurpose(json, "purposeOfEvent", happened);
    }

    /// <summary>
    /// Whether a patient's data went to somebody other than the patient and who acts for her: what an accounting of disclosures lists
    /// (45 CFR 164.528). It lists more than the law asks for, since treatment and payment are not left out.
    /// </summary>
    private static bool Discloses(AuditedAccess access, AuditKind kind) =>
        kind.Discloses
        && access.Event is { Outcome: AccessOutcome.Success, Role: not (Role.Patient or Role.RelatedPerson) }
        && access.Patients.Count > 0
        && access.Accessed.Count > 0;

    private static string? DescriptionOf(AccessEvent happened) => happened switch
    {
        { Outcome: AccessOutcome.Success } or { Status: 0 } => happened.Detail,
        { Detail: { } detail } => $"HTTP {happened.Status}: {detail}",
        _ => $"HTTP {happened.Status}",
    };

    private static void WriteClient(Utf8JsonWriter json, AccessEvent happened, AuditKind kind)
    {
        json.WriteStartObject();
        json.WriteTypes(kind.Flow switch
        {
            AuditFlow.ToClient => AuditCodes.Destination,
            AuditFlow.ToServer => AuditCodes.Source,
            _ => AuditCodes.Application,
        });
        if (happened.Who.Length > 0)
        {
            json.WriteIdentifier("who", null, happened.Who);
        }

        WriteCapacity(json, happened, isRequestor: !HasUser(happened));
        if (happened.Address is { } address)
        {
            json.WriteNetwork(address, "2");
        }

        json.WriteEndObject();
    }

    /// <summary>Somebody is behind the client, or at least a token that says on whose behalf it asks.</summary>
    private static bool HasUser(AccessEvent happened) => (happened.FhirUser ?? happened.Account ?? happened.TokenName) is not null;

    private static void WriteUser(Utf8JsonWriter json, AccessEvent happened, AuditKind kind)
    {
        if (!HasUser(happened))
        {
            return;
        }

        json.WriteStartObject();
        bool isAuthor = kind.Action is 'C' or 'U' or 'D' && kind.Flow != AuditFlow.ToAuthorisation;
        json.WriteTypes(isAuthor ? AuditCodes.Author : AuditCodes.Recipient, happened.TokenName is null ? null : AuditCodes.TokenUser);
        json.WriteParty("who", happened.FhirUser ?? happened.Account ?? happened.Who);
        WriteCapacity(json, happened, isRequestor: true);
        json.WriteTexts("policy", happened.TokenName is { } token ? [TokenNames + Uri.EscapeDataString(token)] : []);
        json.WriteEndObject();
    }

    /// <summary>In which capacity and what for the request was made, told of the agent that made it.</summary>
    private static void WriteCapacity(Utf8JsonWriter json, AccessEvent happened, bool isRequestor)
    {
        json.WriteBoolean("requestor"u8, isRequestor);
        if (isRequestor && happened.Role is { } role)
        {
            json.WriteConcepts("role", [new ConsentCode(AuditCodes.Roles, NameOf(role))]);
        }

        if (isRequestor)
        {
            WritePurpose(json, "purposeOfUse", happened);
        }
    }

    private static void WriteOrganisation(Utf8JsonWriter json, AccessEvent happened)
    {
        if (happened.Organisation is not { } organisation)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteTypes(AuditCodes.OrganisationOf(happened.Role));
        json.WriteParty("who", organisation);
        json.WriteBoolean("requestor"u8, false);
        json.WriteEndObject();
    }

    private void WriteServer(Utf8JsonWriter json, AuditKind kind)
    {
        json.WriteStartObject();
        json.WriteTypes(kind.Flow switch
        {
            AuditFlow.ToClient => AuditCodes.Source,
            AuditFlow.ToServer => AuditCodes.Destination,
            AuditFlow.ToAuthorisation => AuditCodes.AuthorisationServer,
            _ => AuditCodes.Custodian,
        });
        WriteServerAs(json, "who");
        json.WriteBoolean("requestor"u8, false);
        json.WriteNetwork(_server, "5");
        json.WriteEndObject();
    }

    private void WriteSource(Utf8JsonWriter json, AuditKind kind)
    {
        json.WriteStartObject("source"u8);
        json.WriteString("site"u8, server.Host);
        WriteServerAs(json, "observer");
        json.WriteStartArray("type"u8);
        json.WriteStartObject();
        json.WriteCode(kind.Flow == AuditFlow.ToAuthorisation ? AuditCodes.SecurityServer : AuditCodes.ApplicationServer);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteServerAs(Utf8JsonWriter json, string name) => json.WriteIdentifier(name, "urn:ietf:rfc:3986", _server);

    private static void WriteEntities(Utf8JsonWriter json, AuditedAccess access, AuditKind kind)
    {
        AccessEvent happened = access.Event;
        string query = kind.IsQuery || happened.Query is not null ? QueryText(happened) : "";
        bool hasTarget = access.Accessed.Count == 0 && !kind.IsQuery && happened.Target.Length > 0;
        if (access.Patients.Count + access.Accessed.Count == 0 && query.Length == 0 && !hasTarget && happened.RequestId is null)
        {
            return;
        }

        json.WriteStartArray("entity"u8);
        foreach (ConcernedPatient patient in access.Patients)
        {
            WriteEntity(json, AuditCodes.Person, AuditCodes.PatientRole, patient.Key.ToString());
        }

        // One resource is what the event is about; several are what came of a query, whose profile has no place for more than the query.
        bool isAboutOne = !kind.IsQuery && access.Accessed.Count == 1;
        foreach (AccessedVersion version in access.Accessed)
        {
            AuditCode type = isAboutOne ? AuditCodes.SystemObject : new AuditCode(AuditCodes.ResourceTypes, version.Key.Type, version.Key.Type);
            WriteEntity(json, type, AuditCodes.ResourceRole, $"{version.Key}/_history/{version.Version}");
        }

        if (hasTarget)
        {
            WriteTarget(json, happened.Target);
        }

        if (query.Length > 0)
        {
            WriteQuery(json, query, kind, access.IsReduced && happened.Query is not null);
        }

        if (happened.RequestId is { } request)
        {
            json.WriteStartObject();
            json.WriteIdentifier("what", null, request);
            json.WriteCoding("type", AuditCodes.RequestId);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>What was asked for, where nothing came of it.</summary>
    private static void WriteTarget(Utf8JsonWriter json, string target)
    {
        if (AuditJson.IsLocalReference(target))
        {
            WriteEntity(json, AuditCodes.SystemObject, AuditCodes.ResourceRole, target);
            return;
        }

        json.WriteStartObject();
        json.WriteCoding("type", AuditCodes.SystemObject);
        json.WriteCoding("role", AuditCodes.ResourceRole);
        json.WriteString("name"u8, target);
        json.WriteEndObject();
    }

    /// <summary>The query as it was sent, relative to the base.</summary>
    private static void WriteQuery(Utf8JsonWriter json, string query, AuditKind kind, bool isReduced)
    {
        json.WriteStartObject();
        if (kind.IsQuery)
        {
            json.WriteCoding("type", AuditCodes.SystemObject);
        }

        json.WriteCoding("role", AuditCodes.QueryRole);
        if (isReduced)
        {
            json.WriteString("description"u8, "The values of parameters are left out, because they may name other people."u8);
        }

        json.WriteBase64String("query"u8, Encoding.UTF8.GetBytes(query));
        json.WriteEndObject();
    }

    private static string QueryText(AccessEvent happened) => happened.Action switch
    {
        AccessAction.Unknown => happened.Query ?? "",
        AccessAction.History => happened.Target.Length == 0 ? With("_history", '?', happened.Query) : With($"{happened.Target}/_history", '?', happened.Query),
        AccessAction.Operation or AccessAction.Export => With(happened.Target, '/', happened.Query),

        // In a compartment the type that is searched stands before the parameters.
        AccessAction.Search => $"{happened.Target}{(happened.Target.Contains('/', StringComparison.Ordinal) ? '/' : '?')}{happened.Query}",
        _ => With(happened.Target, '?', happened.Query),
    };

    private static string With(string path, char separator, string? query) =>
        string.IsNullOrEmpty(query) ? path : path.Length == 0 && separator == '/' ? query : $"{path}{separator}{query}";

    private static void WriteEntity(Utf8JsonWriter json, AuditCode type, AuditCode role, string reference)
    {
        json.WriteStartObject();
        json.WriteReference("what", reference);
        json.WriteCoding("type", type);
        json.WriteCoding("role", role);
        json.WriteEndObject();
    }

    private static void WritePurpose(Utf8JsonWriter json, string name, AccessEvent happened)
    {
        if (PurposesOfUse.Read(happened.Purpose) is { Count: > 0 } purposes)
        {
            json.WriteConcepts(name, purposes);
        }
    }

    /// <summary><c>RelatedPerson</c> as <c>related-person</c>.</summary>
    private static string NameOf(Role role) => role == Role.RelatedPerson ? "related-person" : role.ToString().ToLowerInvariant();
}
