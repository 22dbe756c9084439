using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#capabilities</summary>
public sealed class CapabilityTests(FhirServerFixture server) : FhirTest(server)
{
    private async Task<JsonNode> ReadAsync(string path = "metadata")
    {
        Answer answer = await GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer.Json;
    }

    private async Task<JsonNode> ResourceAsync(string type) =>
        ((JsonArray)(await ReadAsync())["rest"]![0]!["resource"]!).Single(resource => (string?)resource!["type"] == type)!;

    private static string[] Texts(JsonNode? list, string? member = null) =>
        [.. ((JsonArray)list!).Select(item => (string)(member is null ? item : item![member])!)];

    [Theory]
    [InlineData("metadata")]
    [InlineData("metadata?mode=full")]
    [InlineData("metadata?mode=normative")]
    [InlineData("metadata?_format=json")]
    public async Task Metadata_is_a_capability_statement_of_R4(string path)
    {
        JsonNode statement = await ReadAsync(path);

        Assert.Equal("CapabilityStatement", (string?)statement["resourceType"]);
        Assert.Equal("4.0.1", (string?)statement["fhirVersion"]);
        Assert.Equal("active", (string?)statement["status"]);
        Assert.Equal("instance", (string?)statement["kind"]);
        Assert.Equal("HealthChain", (string?)statement["software"]!["name"]);
        Assert.Equal("server", (string?)statement["rest"]![0]!["mode"]);
    }

    [Theory]
    [InlineData("metadata")]
    [InlineData("metadata?mode=terminology")]
    public async Task Statements_are_valid(string path)
    {
        Answer answer = await GetAsync(path);
        var validator = new Validator(DefinitionSet.R4, new TerminologyService(DefinitionSet.R4));

        Element statement = FhirJson.Read(Encoding.UTF8.GetBytes(answer.Body)).Root;

        Assert.DoesNotContain(validator.Validate(statement), issue => issue.Severity <= IssueSeverity.Warning);
    }

    [Fact]
    public async Task All_types_of_R4_are_served()
    {
        string[] types = Texts((await ReadAsync())["rest"]![0]!["resource"], "type");

        Assert.Equal(types.Order(StringComparer.Ordinal), types);
        Assert.Contains("Patient", types);
        Assert.Contains("ExplanationOfBenefit", types);
        Assert.Contains("Binary", types);
        Assert.DoesNotContain("DomainResource", types);
    }

    [Theory]
    [InlineData("read")]
    [InlineData("vread")]
    [InlineData("history-instance")]
    [InlineData("history-type")]
    [InlineData("search-type")]
    public async Task Patients_can_be(string interaction) =>
        Assert.Contains(interaction, Texts((await ResourceAsync("Patient"))["interaction"], "code"));

    [Fact]
    public async Task What_is_said_of_writes_is_what_happens()
    {
        string[] interactions = Texts((await ResourceAsync("Basic"))["interaction"], "code");

        foreach ((string code, HttpMethod method, string path) in ((string, HttpMethod, string)[])[
            ("create", HttpMethod.Post, "Basic"), ("update", HttpMethod.Put, "Basic/x"), ("patch", HttpMethod.Patch, "Basic/x"), ("delete", HttpMethod.Delete, "Basic/" + Unique())])
        {
            Answer answer = await SendAsync(method, path, method == HttpMethod.Delete ? null : "{}");
            Assert.Equal(interactions.Contains(code), answer.Status != HttpStatusCode.MethodNotAllowed);
        }
    }

    [Theory]
    [InlineData("Patient", "name", "string", "http://hl7.org/fhir/SearchParameter/individual-name|Patient-name")]
    [InlineData("Patient", "birthdate", "date", "individual-birthdate")]
    [InlineData("Patient", "_id", "token", "Resource-id")]
    [InlineData("Patient", "_lastUpdated", "date", "Resource-lastUpdated")]
    [InlineData("Observation", "code-value-quantity", "composite", "Observation-code-value-quantity")]
    [InlineData("Observation", "value-quantity", "quantity", "Observation-value-quantity")]
    [InlineData("RiskAssessment", "probability", "number", "RiskAssessment-probability")]
    [InlineData("ValueSet", "url", "uri", "conformance-url")]
    [InlineData("Location", "near", "special", "Location-near")]
    [InlineData("Encounter", "subject", "reference", "Encounter-subject")]
    public async Task Search_parameters_are_listed_with_type_and_definition(string type, string name, string kind, string definition)
    {
        JsonNode parameter = ((JsonArray)(await ResourceAsync(type))["searchParam"]!).Single(parameter => (string?)parameter!["name"] == name)!;

        Assert.Equal(kind, (string?)parameter["type"]);
        Assert.Contains(definition.Split('|'), expected => ((string)parameter["definition"]!).EndsWith(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_search_parameter_listed_is_understood()
    {
        JsonArray parameters = (JsonArray)(await ResourceAsync("Observation"))["searchParam"]!;
        foreach (JsonNode? parameter in parameters)
        {
            string name = (string)parameter!["name"]!;
            string value = (string)parameter["type"]! switch
            {
                "date" => "2020",
                "number" or "quantity" => "1",
                "reference" => "Patient/1",
                "composite" => "1$1",
                "uri" => "http://x.org",
                _ => name == "_filter" ? "status eq final" : "x",
            };
            Answer answer = await GetAsync($"Observation?{name}={Uri.EscapeDataString(value)}", ("Prefer", "handling=strict"));
            bool isAboutTheValue = name.Contains('-', StringComparison.Ordinal) && answer.Status == HttpStatusCode.BadRequest && !answer.Body.Contains("no search parameter", StringComparison.Ordinal);
            Assert.True(answer.Status == HttpStatusCode.OK || isAboutTheValue, $"{name}: {answer.Body}");
        }
    }

    [Fact]
    public async Task Includes_are_listed_in_both_directions()
    {
        JsonNode patient = await ResourceAsync("Patient");

        Assert.Contains("Patient:general-practitioner", Texts(patient["searchInclude"]));
        Assert.Contains("Observation:patient", Texts(patient["searchRevInclude"]));
        Assert.Contains("Provenance:target", Texts(patient["searchRevInclude"]));
        Assert.DoesNotContain("Patient:name", Texts(patient["searchInclude"]));
    }

    [Fact]
    public async Task Versions_and_conditions_are_told()
    {
        JsonNode patient = await ResourceAsync("Patient");

        Assert.Equal("versioned", (string?)patient["versioning"]);
        Assert.True((bool)patient["readHistory"]!);
        Assert.Equal("full-support", (string?)patient["conditionalRead"]);
    }

    [Fact]
    public async Task Interactions_of_the_system_are_told()
    {
        string[] interactions = Texts((await ReadAsync())["rest"]![0]!["interaction"], "code");

        Assert.Contains("search-system", interactions);
        Assert.Contains("history-system", interactions);
    }

    [Fact]
    public async Task Compartments_are_told()
    {
        string[] compartments = Texts((await ReadAsync())["rest"]![0]!["compartment"]);

        Assert.Equal(
            ["device", "encounter", "patient", "practitioner", "relatedPerson"],
            compartments.Select(url => url["http://hl7.org/fhir/CompartmentDefinition/".Length..]));
    }

    [Fact]
    public async Task Formats_are_told() =>
        Assert.Equal(["application/fhir+json", "application/fhir+xml", "json", "xml"], Texts((await ReadAsync())["format"]));

    [Fact]
    public async Task The_operations_listed_have_definitions()
    {
        JsonArray resources = (JsonArray)(await ReadAsync())["rest"]![0]!["resource"]!;
        foreach (JsonNode? operation in resources.SelectMany(resource => (JsonArray?)resource!["operation"] ?? []))
        {
            Assert.DoesNotContain("$", (string)operation!["name"]!, StringComparison.Ordinal);
            Assert.StartsWith("http", (string)operation["definition"]!, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Terminology_is_told_by_mode()
    {
        JsonNode statement = await ReadAsync("metadata?mode=terminology");

        Assert.Equal("TerminologyCapabilities", (string?)statement["resourceType"]);
        Assert.Contains("http://hl7.org/fhir/administrative-gender", Texts(statement["codeSystem"], "uri"));
    }

    [Fact]
    public async Task An_unknown_mode_is_refused() => Assert.Equal(HttpStatusCode.BadRequest, (await GetAsync("metadata?mode=other")).Status);

    [Fact]
    public async Task A_summary_leaves_out_the_interactions_of_each_type()
    {
        JsonNode statement = await ReadAsync("metadata?_summary=true");

        Assert.Equal("SUBSETTED", (string?)statement["meta"]!["tag"]![0]!["code"]);
        Assert.Equal("4.0.1", (string?)statement["fhirVersion"]);
        Assert.Null(statement["rest"]![0]!["compartment"]);
    }

    [Fact]
    public async Task A_client_that_has_the_statement_need_not_read_it_again()
    {
        Answer first = await GetAsync("metadata");
        Answer second = await GetAsync("metadata", ("If-None-Match", first.Header("ETag")!));

        Assert.Equal("no-cache", first.Header("Cache-Control"));
        Assert.Equal(HttpStatusCode.NotModified, second.Status);
        Assert.Equal("", second.Body);
    }

    [Fact]
    public async Task HEAD_tells_its_length()
    {
        Answer get = await GetAsync("metadata");
        Answer head = await SendAsync(HttpMethod.Head, "metadata");

        Assert.Equal(HttpStatusCode.OK, head.Status);
        Assert.Equal(get.Header("Content-Length"), head.Header("Content-Length"));
    }

    [Theory]
    [InlineData("DELETE", "metadata")]
    [InlineData("POST", "metadata")]
    [InlineData("PUT", "Patient/_search")]
    [InlineData("GET", "Patient/_search")]
    [InlineData("DELETE", "Patient/1/_history")]
    [InlineData("OPTIONS", "Patient/1")]
    [InlineData("BREW", "Patient")]
    public async Task What_is_not_offered_gives_405_and_says_what_is(string method, string path)
    {
        Answer answer = await SendAsync(new HttpMethod(method), path, method is "POST" or "PUT" ? "{}" : null);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.Status);
        Assert.Equal(["not-supported"], answer.IssueCodes);
        Assert.NotNull(answer.Header("Allow"));
    }

    [Fact]
    public async Task Patches_are_taken_in_the_formats_that_are_named_and_no_others()
    {
        string[] named = [.. ((JsonArray)(await GetAsync("metadata")).Json["patchFormat"]!).Select(format => (string)format!)];
        string id = await CreateAsync(Samples.Patient());

        foreach (string format in new[] { "application/json-patch+json", "application/xml-patch+xml", "application/fhir+json", "application/fhir+xml", "application/merge-patch+json", "text/plain" })
        {
            Answer answer = await PatchAsync("Patient/" + id, "nothing", format);

            Assert.Equal(named.Contains(format), answer.Status != HttpStatusCode.UnsupportedMediaType);
        }
    }
}
