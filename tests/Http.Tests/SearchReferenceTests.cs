using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/search.html#reference</summary>
public sealed class SearchReferenceTests(FhirServerFixture server) : SearchTest(server)
{
    private static string Of(string key, string subject) =>
        $$"""{"resourceType":"Observation","id":"{{{key}}}","status":"final","code":{"text":"x"},"subject":{{{subject}} } }""";

    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"Patient","id":"{pat}"}""",
        """{"resourceType":"Group","id":"{pat}","type":"person","actual":true}""",
        Of("o1", "\"reference\":\"Patient/{pat}\""),
        Of("o2", "\"reference\":\"Group/{pat}\""),
        Of("o3", "\"reference\":\"http://elsewhere.org/fhir/Patient/{pat}\""),
        Of("o4", "\"identifier\":{\"system\":\"http://h.org/mrn\",\"value\":\"{run}7\"}"),
        Of("o5", "\"reference\":\"Patient/{pat}/_history/1\""),
        Of("o6", "\"display\":\"somebody\""),
        """{"resourceType":"Observation","id":"{o7}","status":"final","code":{"text":"x"}}""",
        """{"resourceType":"Encounter","id":"{e}","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{pat}"},"participant":[{"individual":{"reference":"Practitioner/{doc}"}}]}""",
        """{"resourceType":"Practitioner","id":"{doc}"}""",
    ];

    [Theory]
    [InlineData("subject=Patient/{pat}", "o1 o5")]
    [InlineData("subject=Group/{pat}", "o2")]
    [InlineData("subject={pat}", "o1 o2 o5")]
    [InlineData("subject:Patient={pat}", "o1 o5")]
    [InlineData("subject:Group={pat}", "o2")]
    [InlineData("patient={pat}", "o1 o5")]
    [InlineData("patient=Patient/{pat}", "o1 o5")]
    [InlineData("subject=http://elsewhere.org/fhir/Patient/{pat}", "o3")]
    [InlineData("subject=Patient/{pat},Group/{pat}", "o1 o2 o5")]
    [InlineData("subject=Patient/{other}", "")]
    [InlineData("subject=Device/{pat}", "")]
    [InlineData("subject:identifier=http://h.org/mrn|{run}7", "o4")]
    [InlineData("subject:identifier={run}7", "o4")]
    [InlineData("subject:identifier=http://h.org/other|{run}7", "")]
    [InlineData("subject:missing=false", "o1 o2 o3 o4 o5")]
    public Task A_reference_matches_what_it_points_at(string query, string keys) => FindsAsync($"Observation?{query}", keys);

    [Fact]
    public async Task The_absolute_url_of_this_server_is_the_same_as_a_relative_one() =>
        await FindsAsync($"Observation?subject={Base}Patient/{{pat}}", "o1 o5");

    [Theory]
    [InlineData("Encounter?subject=Patient/{pat}", "e")]
    [InlineData("Encounter?participant=Practitioner/{doc}", "e")]
    [InlineData("Encounter?practitioner={doc}", "e")]
    [InlineData("Encounter?participant:Practitioner={doc}", "e")]
    public Task References_of_other_types_are_found_too(string search, string keys) => FindsAsync(search, keys);

    [Theory]
    [InlineData("subject:Observation=1")]
    [InlineData("subject:Nothing=1")]
    [InlineData("subject:exact=Patient/1")]
    [InlineData("subject=")]
    public async Task What_cannot_be_pointed_at_is_refused(string query)
    {
        Answer answer = await GetAsync($"Observation?{query}", ("Prefer", "handling=strict"));

        Assert.Equal(System.Net.HttpStatusCode.BadRequest, answer.Status);
    }

    [Theory]
    [InlineData("Observation?subject=Patient/{id}")]
    [InlineData("Observation?patient={id}")]
    [InlineData("Observation?subject={base}Patient/{id}")]
    [InlineData("Observation?subject:Patient.family={id}")]
    [InlineData("Patient/{id}/Observation")]
    public async Task A_reference_by_the_url_of_this_server_is_one_within_it(string search)
    {
        string patient = Unique("abs");
        await StoreAsync(Samples.Patient(patient, family: patient));
        string single = await CreateAsync(Samples.Observation($"{Base}Patient/{patient}"));
        Answer transaction = await PostAsync("", Samples.Transaction(Samples.Entry("POST", "Observation", Samples.Observation($"{Base}Patient/{patient}"))));
        string[] found = await FindAsync(search.Replace("{id}", patient, StringComparison.Ordinal).Replace("{base}", Base.ToString(), StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.OK, transaction.Status);
        Assert.Equal(2, found.Length);
        Assert.Contains(single, found);
        Assert.Equal(patient, (await GetAsync($"Observation?_id={single}&_include=Observation:subject")).Entries("include").Select(included => (string)included["id"]!).Single());
    }

    [Fact]
    public async Task What_is_no_reference_stays_as_it_is()
    {
        string url = $"{Base}Patient/x";
        string id = await CreateAsync(Samples.Observation("http://elsewhere.example/fhir/Patient/x", more: $"\"identifier\":[{{\"system\":\"{url}\"}}],\"performer\":[{{\"reference\":\"{Base}metadata\"}}]"));

        System.Text.Json.Nodes.JsonNode observation = (await GetAsync("Observation/" + id)).Json;
        Assert.Equal(url, (string?)observation["identifier"]![0]!["system"]);
        Assert.Equal("http://elsewhere.example/fhir/Patient/x", (string?)observation["subject"]!["reference"]);
        Assert.Equal($"{Base}metadata", (string?)observation["performer"]![0]!["reference"]);
    }
}
