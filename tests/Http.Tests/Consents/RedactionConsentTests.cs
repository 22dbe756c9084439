using System.Text.Json.Nodes;
using HealthChain.Http.Tests.Access;
using Xunit;
using static HealthChain.Http.Tests.Access.ConsentServer;

namespace HealthChain.Http.Tests.Consents;

/// <summary>What a patient's consents make of labels and of labelled parts, from the next request on.</summary>
public sealed class RedactionConsentTests(ConsentServer server) : IClassFixture<ConsentServer>
{
    private const string Hiv = """{"coding":[{"system":"http://snomed.info/sct","code":"86406008"}]}""";

    private const string PartAboutHiv = """
        ,"bodySite":{"text":"arm"},"method":{"extension":[{"url":"http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label",
         "valueCoding":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"HIV"}}],"coding":[{"system":"http://snomed.info/sct","code":"86406008"}]}
        """;

    private static string Deny(string label) =>
        Rule("deny", "Practitioner/doctor", $$""","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"{{label}}"}]""");

    private static string BundleOf(string resource) => $$"""{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:0b1dbd2b-1e13-4f11-a5a4-a3a3a8e9a001","resource":{{resource}}}]}""";

    private async Task<JsonNode> ReadAsync(string requester, string url)
    {
        MatrixAnswer answer = await server.GetAsync(requester, url);
        Assert.True(answer.Status == 200, answer.Body);
        return JsonNode.Parse(answer.Body)!;
    }

    [Fact]
    public async Task A_code_that_the_tables_know_is_withheld_by_a_refusal_of_its_label()
    {
        string patient = await server.PatientAsync();
        string sensitive = await server.CreateAsync(Doctor, $$"""{"resourceType":"Condition","code":{{Hiv}},"subject":{"reference":"Patient/{{patient}}"} }""");
        string other = await server.ObservationAsync(patient);

        await server.ConsentAsync(patient, Deny("HIV"));

        Assert.Equal(404, await server.StatusAsync(Doctor, $"Condition/{sensitive}"));
        Assert.Equal(0, await server.CountAsync(Doctor, $"Condition?patient={patient}"));
        Assert.Equal(200, await server.StatusAsync(Doctor, $"Observation/{other}"));
        Assert.Equal(200, await server.StatusAsync(Nurse, $"Condition/{sensitive}"));
    }

    [Fact]
    public async Task A_part_is_withheld_as_long_as_the_refusal_stands()
    {
        string patient = await server.PatientAsync();
        string observation = await server.ObservationAsync(patient, PartAboutHiv);
        Assert.NotNull((await ReadAsync(Doctor, $"Observation/{observation}"))["method"]);

        string consent = await server.ConsentAsync(patient, Deny("HIV"));
        JsonNode refused = await ReadAsync(Doctor, $"Observation/{observation}");
        JsonNode others = await ReadAsync(Nurse, $"Observation/{observation}");
        await server.SendAsync(Operator, HttpMethod.Put, $"Consent/{consent}", ConsentOf(patient, Deny("HIV"), "inactive", consent));
        JsonNode again = await ReadAsync(Doctor, $"Observation/{observation}");

        Assert.Null(refused["method"]);
        Assert.NotNull(refused["bodySite"]);
        Assert.Contains("REDACTED", refused["meta"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.NotNull(others["method"]);
        Assert.NotNull(again["method"]);
    }

    [Fact]
    public async Task A_part_of_what_is_in_a_bundle_is_withheld_too()
    {
        string patient = await server.PatientAsync();
        string bundle = await server.CreateAsync(Doctor, BundleOf($$"""
            {"resourceType":"Observation","status":"final","code":{"text":"a"},"subject":{"reference":"Patient/{{patient}}"}{{PartAboutHiv}} }
            """));

        await server.ConsentAsync(patient, Deny("HIV"));

        Assert.Null((await ReadAsync(Doctor, $"Bundle/{bundle}"))["entry"]![0]!["resource"]!["method"]);
        Assert.NotNull((await ReadAsync(Nurse, $"Bundle/{bundle}"))["entry"]![0]!["resource"]!["method"]);
    }

    [Fact]
    public async Task A_refusal_of_a_code_reaches_into_parts_and_leaves_the_rest()
    {
        string patient = await server.PatientAsync();
        string observation = await server.ObservationAsync(patient, PartAboutHiv);

        await server.ConsentAsync(patient, Rule("deny", "Practitioner/doctor", $$""","code":[{{Hiv}}]"""));

        JsonNode read = await ReadAsync(Doctor, $"Observation/{observation}");
        Assert.Null(read["method"]);
        Assert.Equal(1, await server.CountAsync(Doctor, $"Observation?patient={patient}"));
    }

    [Fact]
    public async Task Who_does_not_see_a_part_cannot_write_over_it()
    {
        string patient = await server.PatientAsync();
        string observation = await server.ObservationAsync(patient, PartAboutHiv);
        await server.ConsentAsync(patient, Deny("HIV"));
        string seen = (await ReadAsync(Doctor, $"Observation/{observation}")).ToJsonString();

        MatrixAnswer answer = await server.SendAsync(Doctor, HttpMethod.Put, $"Observation/{observation}", seen);

        Assert.Equal(403, answer.Status);
        Assert.Contains("withheld", answer.Body, StringComparison.Ordinal);
        Assert.NotNull((await ReadAsync(Nurse, $"Observation/{observation}"))["method"]);
    }

    [Fact]
    public async Task The_name_of_a_patient_who_is_withheld_stands_in_no_reference()
    {
        string patient = await server.PatientAsync();
        string withheld = await server.PatientAsync();
        string focus = $$""","focus":[{"reference":"Patient/{{withheld}}","display":"Jane Doe"},{"reference":"Patient/{{patient}}","display":"John Doe"}]""";
        string observation = await server.ObservationAsync(patient, focus);

        await server.ConsentAsync(withheld, Rule("deny", "Practitioner/doctor"));

        MatrixAnswer page = await server.GetAsync(Doctor, $"Observation?_id={observation}");
        Assert.Contains("John Doe", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Jane Doe", page.Body, StringComparison.Ordinal);
        Assert.Contains("Jane Doe", (await server.GetAsync(Nurse, $"Observation/{observation}")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nor_can_it_be_guessed_by_what_opens_the_ledger()
    {
        string patient = await server.PatientAsync();
        string withheld = await server.PatientAsync();
        string observation = await server.ObservationAsync(patient, $$""","focus":[{"reference":"Patient/{{withheld}}","display":"Jane Doe"}]""");
        string url = $"Observation/{observation}/_history/1/$receipt";
        int open = await server.StatusAsync(Doctor, url);
        Assert.NotEqual(404, open);

        await server.ConsentAsync(withheld, Rule("deny", "Practitioner/doctor"));

        Assert.Equal(404, await server.StatusAsync(Doctor, url));
        Assert.Equal(open, await server.StatusAsync(Nurse, url));
        Assert.Equal(200, await server.StatusAsync(Doctor, $"Observation/{observation}"));
    }

    [Theory]
    [InlineData("Observation?_content=Jane")]
    [InlineData("Observation?_content=Jane%20John")]
    public async Task Nor_is_it_found_by_it(string search)
    {
        string patient = await server.PatientAsync();
        string withheld = await server.PatientAsync();
        string observation = await server.ObservationAsync(
            patient, $$""","focus":[{"reference":"Patient/{{withheld}}","display":"Jane Doe"},{"reference":"Patient/{{patient}}","display":"John Doe"}]""");

        await server.ConsentAsync(withheld, Rule("deny", "Practitioner/doctor"));

        Assert.Equal(0, await server.CountAsync(Doctor, $"{search}&_id={observation}"));
        Assert.Equal(1, await server.CountAsync(Doctor, $"Observation?_content=John&_id={observation}"));
        Assert.Equal(1, await server.CountAsync(Nurse, $"{search}&_id={observation}"));
    }
}
