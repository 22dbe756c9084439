using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;
using HealthChain.FhirServer.Access.Audit;
using HealthChain.FhirServer.Access.Log;
using HealthChain.Smart;
using HealthChain.Storage;
using Xunit;

namespace HealthChain.FhirServer.Tests.Access.Audit;

public sealed class AuditEventTextTests
{
    private static readonly AuditEventText Text = new(new Uri("https://fhir.example.org/fhir"));
    private static readonly Lazy<Validator> R4 = new(() => new Validator(DefinitionSet.R4, new TerminologyService(DefinitionSet.R4)));

    private static readonly AccessEvent Reading = new(AccessAction.Read, AccessOutcome.Success)
    {
        Status = 200,
        Who = "portal",
        FhirUser = "Practitioner/7",
        Role = Role.Practitioner,
        Organisation = "Organization/1",
        Purpose = "TREAT",
        TokenName = "k3J9",
        Target = "Observation/o1",
        Address = "192.0.2.7",
        RequestId = "req-1",
    };

    private static AuditedAccess Access(AccessEvent happened, string[]? patients = null, string[]? accessed = null) =>
        new(happened, 42, new DateTimeOffset(2026, 11, 21, 20, 0, 0, 123, TimeSpan.Zero))
        {
            Patients = [.. (patients ?? ["a"]).Select(id => new ConcernedPatient(new ResourceKey("Patient", id), id[0]))],
            Accessed = [.. (accessed ?? ["Observation/o1"]).Select(text => new AccessedVersion(new ResourceKey(text.Split('/')[0], text.Split('/')[1]), 3, [1]))],
        };

    private static JsonNode Write(AuditedAccess access) => JsonNode.Parse(Text.Write("log-42", access))!;

    private static string[] Profiles(JsonNode resource) =>
        [.. ((JsonArray?)resource["meta"]!["profile"] ?? []).Select(profile => ((string)profile!)[AuditCodes.Profiles.Length..])];

    private static string? Query(JsonNode resource) =>
        ((JsonArray)resource["entity"]!).Select(entity => (string?)entity!["query"]).SingleOrDefault(query => query is not null) is { } query
            ? Encoding.UTF8.GetString(Convert.FromBase64String(query))
            : null;

    [Fact]
    public void A_read_is_told_as_it_always_was()
    {
        string golden = """
            {"resourceType":"AuditEvent","id":"log-42","meta":{"versionId":"1","lastUpdated":"2026-11-21T20:00:00.123Z","profile":["https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead","https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.OAUTHaccessTokenUse.Minimal"]},
            "type":{"system":"http://terminology.hl7.org/CodeSystem/audit-event-type","code":"rest","display":"RESTful Operation"},
            "subtype":[{"system":"http://hl7.org/fhir/restful-interaction","code":"read","display":"read"},{"system":"http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle","code":"disclose","display":"Disclose Record Lifecycle Event"}],
            "action":"R","recorded":"2026-11-21T20:00:00.123Z","outcome":"0","purposeOfEvent":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"TREAT"}]}],
            "agent":[
            {"type":{"coding":[{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110152","display":"Destination Role ID"}]},"who":{"identifier":{"value":"portal"}},"requestor":false,"network":{"address":"192.0.2.7","type":"2"}},
            {"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP","display":"information recipient"},{"system":"https://profiles.ihe.net/ITI/BALP/CodeSystem/UserAgentTypes","code":"UserOauthAgent","display":"User OAuth Agent participant"}]},"who":{"reference":"Practitioner/7"},"requestor":true,"role":[{"coding":[{"system":"https://healthchain.example/fhir/CodeSystem/role","code":"practitioner"}]}],"purposeOfUse":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"TREAT"}]}],"policy":["urn:ietf:params:oauth:jti:k3J9"]},
            {"type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-RoleClass","code":"PROV","display":"healthcare provider"}]},"who":{"reference":"Organization/1"},"requestor":false},
            {"type":{"coding":[{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110153","display":"Source Role ID"}]},"who":{"identifier":{"system":"urn:ietf:rfc:3986","value":"https://fhir.example.org/fhir"}},"requestor":false,"network":{"address":"https://fhir.example.org/fhir","type":"5"}}],
            "source":{"site":"fhir.example.org","observer":{"identifier":{"system":"urn:ietf:rfc:3986","value":"https://fhir.example.org/fhir"}},"type":[{"system":"http://terminology.hl7.org/CodeSystem/security-source-type","code":"4","display":"Application Server"}]},
            "entity":[
            {"what":{"reference":"Patient/a"},"type":{"system":"http://terminology.hl7.org/CodeSystem/audit-entity-type","code":"1","display":"Person"},"role":{"system":"http://terminology.hl7.org/CodeSystem/object-role","code":"1","display":"Patient"}},
            {"what":{"reference":"Observation/o1/_history/3"},"type":{"system":"http://terminology.hl7.org/CodeSystem/audit-entity-type","code":"2","display":"System Object"},"role":{"system":"http://terminology.hl7.org/CodeSystem/object-role","code":"4","display":"Domain Resource"}},
            {"what":{"identifier":{"value":"req-1"}},"type":{"system":"https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType","code":"XrequestId","display":"X-Request-Id"}}]}
            """;

        Assert.Equal(golden.ReplaceLineEndings(""), Encoding.UTF8.GetString(Text.Write("log-42", Access(Reading))));
    }

    [Fact]
    public void A_search_holds_the_query_as_it_was_sent_and_what_came_of_it()
    {
        JsonNode told = Write(Access(Reading with { Action = AccessAction.Search, Target = "Observation", Query = "patient=a&code:text=b%20c" }, accessed: ["Observation/o1", "Patient/a"]));

        Assert.Equal(["PatientQuery", "OAUTHaccessTokenUse.Minimal"], Profiles(told));
        Assert.Equal("Observation?patient=a&code:text=b%20c", Query(told));
        Assert.Equal(
            ["Patient/a", "Observation/o1/_history/3", "Patient/a/_history/3"],
            ((JsonArray)told["entity"]!).Select(entity => (string?)entity!["what"]?["reference"]).OfType<string>());
    }

    [Theory]
    [InlineData(nameof(AccessAction.Operation), "Patient/a", "$everything?start=2020", "Patient/a/$everything?start=2020")]
    [InlineData(nameof(AccessAction.Operation), "", "$graphql", "$graphql")]
    [InlineData(nameof(AccessAction.History), "Patient/a", "_count=3", "Patient/a/_history?_count=3")]
    [InlineData(nameof(AccessAction.History), "", null, "_history")]
    [InlineData(nameof(AccessAction.Search), "", "_type=Patient", "?_type=Patient")]
    [InlineData(nameof(AccessAction.Search), "Patient/a", "Observation?code=x", "Patient/a/Observation?code=x")]
    [InlineData(nameof(AccessAction.Unknown), "", "TRACE /nonsense", "TRACE /nonsense")]
    public void What_was_asked_for_stands_in_the_query(string action, string target, string? query, string told) =>
        Assert.Equal(told, Query(Write(Access(Reading with { Action = Enum.Parse<AccessAction>(action), Target = target, Query = query }))));

    [Theory]
    [InlineData(Role.Practitioner, true)]
    [InlineData(Role.Backend, true)]
    [InlineData(Role.Auditor, true)]
    [InlineData(null, true)]
    [InlineData(Role.Patient, false)]
    [InlineData(Role.RelatedPerson, false)]
    public void Data_that_goes_to_others_than_the_patient_is_disclosed(Role? role, bool isDisclosure)
    {
        foreach (AccessAction action in new[] { AccessAction.Read, AccessAction.VersionRead, AccessAction.Search, AccessAction.History, AccessAction.Operation, AccessAction.Export, AccessAction.Transaction })
        {
            AccessEvent happened = Reading with { Action = action, Role = role };
            Assert.Equal(isDisclosure, IsDisclosure(Access(happened)));
            Assert.False(IsDisclosure(Access(happened with { Outcome = AccessOutcome.MinorFailure })));
            Assert.False(IsDisclosure(Access(happened, patients: [])));
            Assert.False(IsDisclosure(Access(happened, accessed: [])));
        }

        Assert.False(IsDisclosure(Access(Reading with { Action = AccessAction.Create, Role = role })));
    }

    private static bool IsDisclosure(AuditedAccess access) => ((JsonArray)Write(access)["subtype"]!).Any(code => (string)code!["code"]! == "disclose");

    [Fact]
    public void A_refusal_says_why_and_claims_no_profile_of_success()
    {
        JsonNode told = Write(Access(Reading with { Outcome = AccessOutcome.MinorFailure, Status = 403, Detail = "The token has no scope for it." }, accessed: []));

        Assert.Equal("4", (string)told["outcome"]!);
        Assert.Equal("HTTP 403: The token has no scope for it.", (string)told["outcomeDesc"]!);
        Assert.Equal(["OAUTHaccessTokenUse.Minimal"], Profiles(told));
        Assert.Contains(((JsonArray)told["entity"]!), entity => (string?)entity!["what"]?["reference"] == "Observation/o1");
    }

    [Theory]
    [InlineData("Practitioner/7", "account-1", "Practitioner/7")]
    [InlineData("https://elsewhere.example/fhir/Practitioner/7", null, "https://elsewhere.example/fhir/Practitioner/7")]
    [InlineData(null, "account-1", "account-1")]
    [InlineData(null, null, "portal")]
    public void The_user_is_the_person_or_the_account_or_else_the_client(string? person, string? account, string who)
    {
        JsonNode user = Write(Access(Reading with { FhirUser = person, Account = account }))["agent"]![1]!;

        Assert.True((bool)user["requestor"]!);
        Assert.Equal(who, (string?)user["who"]!["reference"] ?? (string?)user["who"]!["identifier"]!["value"]);
    }

    [Theory]
    [InlineData("Observation/o1", true)]
    [InlineData("Observation/o1/_history/2", true)]
    [InlineData("Observation", false)]
    [InlineData("Observation/o1/_history", false)]
    [InlineData("Nonsense/o1", false)]
    [InlineData("Observation/o_1", false)]
    public void A_target_that_is_a_resource_is_referred_to(string target, bool isReference)
    {
        JsonNode entity = ((JsonArray)Write(Access(Reading with { Target = target }, accessed: []))["entity"]!)[1]!;

        Assert.Equal(isReference ? target : null, (string?)entity["what"]?["reference"]);
        Assert.Equal(isReference ? null : target, (string?)entity["name"]);
    }

    [Fact]
    public void Without_a_user_the_client_is_who_asked()
    {
        JsonNode client = Write(Access(Reading with { FhirUser = null, TokenName = null }))["agent"]![0]!;

        Assert.True((bool)client["requestor"]!);
        Assert.Equal("practitioner", (string)client["role"]![0]!["coding"]![0]!["code"]!);
        Assert.Equal("TREAT", (string)client["purposeOfUse"]![0]!["coding"]![0]!["code"]!);
    }

    /// <summary>Whatever was recorded, by whomever, is a valid AuditEvent that keeps the rules of the profiles that it claims.</summary>
    [Fact]
    public void Every_action_outcome_and_role_gives_a_valid_resource()
    {
        int number = 0;
        var claimed = new HashSet<string>();
        foreach (AuditedAccess access in Everything())
        {
            byte[] json = Text.Write("log-42", access);
            JsonNode told = JsonNode.Parse(json)!;
            Issue[] issues = [.. R4.Value.Validate(FhirJson.Read(json).Root).Where(issue => issue.Severity <= IssueSeverity.Error)];
            Assert.True(issues.Length == 0, $"{access.Event}: {string.Join("; ", issues.Select(issue => issue.ToString()))}");
            foreach (string profile in Profiles(told))
            {
                BalpRules.Check(profile, told);
                claimed.Add(profile);
            }

            number++;
        }

        Assert.True(number > 4000, $"{number} resources");
        Assert.Superset(BalpRules.All.ToHashSet(), claimed);
    }

    private static IEnumerable<AuditedAccess> Everything()
    {
        string[][] patients = [[], ["a"], ["a", "b"]];
        string[][] accessed = [[], ["Patient/a"], ["Patient/a", "Observation/o1"]];
        foreach (AccessAction action in Enum.GetValues<AccessAction>())
        {
            foreach (AccessOutcome outcome in Enum.GetValues<AccessOutcome>())
            {
                foreach (Role? role in Enum.GetValues<Role>().Cast<Role?>().Append(null))
                {
                    AccessEvent sparse = new(action, outcome) { Role = role };
                    AccessEvent full = Reading with { Action = action, Outcome = outcome, Role = role, Status = outcome == AccessOutcome.Success ? 200 : 404, Query = "a=b", Detail = "Because." };
                    yield return Access(sparse, [], []);
                    yield return Access(sparse with { Who = "x y", Address = "::1", Target = "Observation", TokenName = "t" }, [], []);
                    foreach (string[] some in patients)
                    {
                        foreach (string[] versions in accessed)
                        {
                            yield return Access(full with { Target = versions.Length == 1 ? versions[0] : "" }, some, versions);
                        }
                    }
                }
            }
        }
    }
}
