using System.Net;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Operations;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.Http.Tests.AccessLog;

/// <summary>Each operation leaves one record, which names the versions of which its answer tells.</summary>
public sealed class OperationRecordTests(LoggedServer server) : AccessLogTest(server.Server), IClassFixture<LoggedServer>
{
    /// <summary>Operations that make a resource: their record is that of its creation.</summary>
    private static readonly string[] Creating = ["verify", "suspend"];

    /// <summary>Steps by which consents come and go, which are on record as such: tests of their own.</summary>
    private static readonly string[] OfConsents = ["approve", "break-glass", "register-wallet", "reject", "request-access", "revoke", "sign", "signature-request", "withdraw"];

    /// <summary>
    /// Calls: the operation, verb and path, content, and what the record names; <c>{p}</c> is the run's prefix. Patients, observations and the like were stored by
    /// <see cref="StoreAllAsync"/>.
    /// </summary>
    public static TheoryData<string, string, string?, string> Calls { get; } = new()
    {
        { "everything", "GET Patient/{p}/$everything", null, "Composition/{p}/1 Encounter/{p}/1 Observation/{p}-1/1 Observation/{p}-2/1 Patient/{p}/1 Practitioner/{p}/1" },
        { "everything", "GET Encounter/{p}/$everything", null, "Encounter/{p}/1 Patient/{p}/1" },
        { "everything", "GET Patient/{p}/$everything?_type=Observation&_count=1", null, "Observation/{p}-1/1" },
        { "lastn", "GET Observation/$lastn?patient={p}&code=a", null, "Observation/{p}-2/1" },
        { "document", "GET Composition/{p}/$document", null, "Composition/{p}/1 Observation/{p}-1/1 Patient/{p}/1 Practitioner/{p}/1" },
        { "match", "POST Patient/$match", """{"resourceType":"Patient","identifier":[{"system":"http://mrn","value":"{p}"}]}""", "Patient/{p}/1" },
        { "diff", "GET Patient/{p}-new/$diff", null, "Patient/{p}-new/1 Patient/{p}-new/2" },
        { "diff", "GET $diff?from=Observation/{p}-1&to=Observation/{p}-2", null, "Observation/{p}-1/1 Observation/{p}-2/1" },
        { "meta", "GET Patient/{p}/$meta", null, "Patient/{p}/1" },
        { "meta", "GET Basic/$meta", null, "" },
        { "meta-add", "POST Observation/{p}-1/$meta-add", """{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"x"}]}}]}""", "Observation/{p}-1/2" },
        { "meta-delete", "POST Observation/{p}-1/$meta-delete", """{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"x"}]}}]}""", "Observation/{p}-1/1" },
        { "validate", "GET Observation/{p}-1/$validate?profile=http://hl7.org/fhir/StructureDefinition/vitalsigns&mode=profile", null, "Observation/{p}-1/1" },
        { "validate", "POST Patient/$validate", """{"resourceType":"Patient"}""", "" },
        { "graphql", "GET $graphql?query={Patient(id:\"{p}\"){id}ObservationList(subject:\"Patient/{p}\",code:\"b\"){status,subject{resource{id}}}}", null, "Observation/{p}-1/1 Patient/{p}/1" },
        { "graphql", "GET Patient/{p}/$graphql?query={id}", null, "Patient/{p}/1" },
        { "graphql", "GET Patient/{p}/$graphql?query={nosuchfield}", null, "" },
        { "convert", "POST $convert", """{"resourceType":"Patient"}""", "" },
        { "expand", "GET ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender", null, "" },
        { "lookup", "GET CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=male", null, "" },
        { "subsumes", "GET CodeSystem/$subsumes?system=http://hl7.org/fhir/administrative-gender&codeA=male&codeB=male", null, "" },
        { "translate", "GET ConceptMap/$translate?system=http://hl7.org/fhir/administrative-gender&code=male&target=http://terminology.hl7.org/ValueSet/v3-AdministrativeGender", null, "" },
        { "validate-code", "GET ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/administrative-gender&system=http://hl7.org/fhir/administrative-gender&code=male", null, "" },
        { "reindex", "POST Basic/$reindex", """{"resourceType":"Parameters"}""", "" },
        { "erase", "POST Patient/{p}-none/$erase", """{"resourceType":"Parameters","parameter":[{"name":"reason","valueString":"asked for"}]}""", "" },
        { "receipt", "GET Patient/{p}/_history/1/$receipt", null, "" },
    };

    private async Task<string> StoreAllAsync()
    {
        string id = Unique("op");
        foreach (string resource in new[]
        {
            """{"resourceType":"Practitioner","id":"{p}"}""",
            """{"resourceType":"Patient","id":"{p}","identifier":[{"system":"http://mrn","value":"{p}"}]}""",
            """{"resourceType":"Patient","id":"{p}-new"}""",
            """{"resourceType":"Patient","id":"{p}-new","active":true}""",
            """{"resourceType":"Observation","id":"{p}-1","status":"final","code":{"coding":[{"code":"a"},{"code":"b"}]},"subject":{"reference":"Patient/{p}"},"effectiveDateTime":"2020"}""",
            """{"resourceType":"Observation","id":"{p}-2","status":"final","code":{"coding":[{"code":"a"}]},"subject":{"reference":"Patient/{p}"},"effectiveDateTime":"2021"}""",
            """{"resourceType":"Encounter","id":"{p}","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{p}"}}""",
            """
            {"resourceType":"Composition","id":"{p}","status":"final","type":{"text":"report"},"date":"2021","title":"Report","subject":{"reference":"Patient/{p}"},
             "author":[{"reference":"Practitioner/{p}"}],"section":[{"entry":[{"reference":"Observation/{p}-1"}]}]}
            """,
        })
        {
            await StoreAsync(resource.Replace("{p}", id, StringComparison.Ordinal));
        }

        return id;
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task The_record_names_what_left(string operation, string call, string? content, string versions)
    {
        string id = await StoreAllAsync();
        string In(string text) => text.Replace("{p}", id, StringComparison.Ordinal);
        (string verb, string path) = (call.Split(' ')[0], In(call[(call.IndexOf(' ', StringComparison.Ordinal) + 1)..]));

        (Answer answer, LoggedAccess record) = await OneAsync(() => SendAsync(new HttpMethod(verb), path, content is null ? null : In(content)));

        Assert.Equal(AccessAction.Operation, record.Event.Action);
        Assert.StartsWith("$" + operation, record.Event.Query, StringComparison.Ordinal);
        Assert.True(record.Event.Status == (int)answer.Status || record.Event.Status == 0, $"{record.Event} {answer.Body}");
        Assert.Equal(LoggedAccess.Sorted(In(versions).Split(' ', StringSplitOptions.RemoveEmptyEntries)), record.Versions);
        if (versions.Length > 0)
        {
            Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
            string patient = path.Contains("-new", StringComparison.Ordinal) ? id + "-new" : id;
            Assert.Equal([patient], record.Patients);
        }
    }

    [Fact]
    public void Every_operation_is_tried()
    {
        string[] tried = [.. Calls.Select(call => call.Data.Item1).Concat(Creating).Concat(OfConsents).Distinct()];

        Assert.Equal(
            server.Server.Services.GetRequiredService<OperationTable>().All.Select(operation => operation.Name).Distinct().Order(StringComparer.Ordinal),
            tried.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_makes_a_resource_is_on_record_with_it()
    {
        foreach (string operation in Creating)
        {
            string id = Unique("org");
            (Answer made, _) = await OneAsync(() => PutAsync($"Organization/{id}", $$"""{"resourceType":"Organization","id":"{{id}}","name":"Clinic"}"""));
            Assert.Equal(HttpStatusCode.Created, made.Status);

            (Answer answer, LoggedAccess record) = await OneAsync(() => PostAsync($"Organization/{id}/${operation}", Parameters(Parameter(operation == "verify" ? "process" : "reason", "valueString", "\"seen\""))));

            Assert.True(answer.Status == HttpStatusCode.Created, answer.Body);
            Assert.Equal((AccessAction.Create, "VerificationResult"), (record.Event.Action, record.Event.Target));
            Assert.Equal([$"VerificationResult/{(string)answer.Json["id"]!}/1"], record.Versions);
        }
    }

    [Fact]
    public async Task A_document_that_is_kept_is_on_record_with_what_it_holds()
    {
        string id = await StoreAllAsync();

        (Answer answer, LoggedAccess made) = await OneAsync(() => GetAsync($"Composition/{id}/$document?persist=true"));
        (_, LoggedAccess again) = await OneAsync(() => GetAsync($"Composition/{id}/$document?persist=true"));

        string[] versions = LoggedAccess.Sorted([$"Bundle/{(string)answer.Json["id"]!}/1", $"Composition/{id}/1", $"Observation/{id}-1/1", $"Patient/{id}/1", $"Practitioner/{id}/1"]);
        CheckNamed(made, versions, [id]);
        CheckNamed(again, versions, [id]);
        Assert.Equal((0, 200), (made.Event.Status, again.Event.Status));
    }

    [Fact]
    public async Task A_search_in_graphql_names_what_its_filter_leaves()
    {
        string id = await StoreAllAsync();
        string query = Uri.EscapeDataString($$"""{ObservationList(subject:"Patient/{{id}}",fhirpath:"effective.toString() = '2021'"){id} }""");

        (Answer answer, LoggedAccess record) = await OneAsync(() => GetAsync($"$graphql?query={query}"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal([$"Observation/{id}-2/1"], record.Versions);
    }
}
