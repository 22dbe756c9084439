using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#create</summary>
public sealed class CreateTests(FhirServerFixture server) : FhirTest(server)
{
    [Fact]
    public async Task A_created_resource_is_answered_with_201_and_its_headers()
    {
        Answer answer = await PostAsync("Patient", Samples.Patient());

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        string id = (string)answer.Json["id"]!;
        Assert.Equal($"{Base}Patient/{id}/_history/1", answer.Header("Location"));
        Assert.Equal("W/\"1\"", answer.Header("ETag"));
        Assert.NotNull(answer.Header("Last-Modified"));
        Assert.StartsWith("application/fhir+json", answer.Header("Content-Type"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_fills_version_and_time_and_they_agree_with_the_headers()
    {
        Answer answer = await PostAsync("Patient", Samples.Patient());

        JsonNode meta = answer.Json["meta"]!;
        Assert.Equal("1", (string?)meta["versionId"]);
        DateTimeOffset lastUpdated = DateTimeOffset.Parse((string)meta["lastUpdated"]!, CultureInfo.InvariantCulture);
        DateTimeOffset lastModified = DateTimeOffset.Parse(answer.Header("Last-Modified")!, CultureInfo.InvariantCulture);
        Assert.Equal(lastUpdated.ToUnixTimeSeconds(), lastModified.ToUnixTimeSeconds());
    }

    [Fact]
    public async Task What_was_created_can_be_read_by_id_and_by_location()
    {
        Answer created = await PostAsync("Patient", Samples.Patient(family: "Meier"));

        Answer read = await GetAsync($"Patient/{created.Json["id"]}");
        Answer versioned = await GetAsync(created.Header("Location")!);

        Assert.Equal(created.Body, read.Body);
        Assert.Equal(created.Body, versioned.Body);
        Assert.Equal("Meier", (string?)read.Json["name"]![0]!["family"]);
    }

    [Fact]
    public async Task An_id_in_the_body_is_ignored()
    {
        string id = Unique();

        Answer answer = await PostAsync("Patient", Samples.Patient(id));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.NotEqual(id, (string?)answer.Json["id"]);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("Patient/" + id)).Status);
    }

    [Fact]
    public async Task Version_and_time_in_the_body_are_ignored()
    {
        Answer answer = await PostAsync("Patient", Samples.Patient(more: "\"meta\":{\"versionId\":\"77\",\"lastUpdated\":\"1999-01-01T00:00:00Z\"}"));

        Assert.Equal("1", (string?)answer.Json["meta"]!["versionId"]);
        Assert.DoesNotContain("1999", (string)answer.Json["meta"]!["lastUpdated"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tags_security_labels_profiles_and_source_are_kept()
    {
        Answer answer = await PostAsync("Patient", Samples.Patient(more: """
            "meta":{"source":"http://s.example.com","profile":["http://example.com/unknown"],"tag":[{"system":"http://t.example.com","code":"x"}],
            "security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]}
            """));

        JsonNode meta = (await GetAsync($"Patient/{answer.Json["id"]}")).Json["meta"]!;
        Assert.Equal("x", (string?)meta["tag"]![0]!["code"]);
        Assert.Equal("R", (string?)meta["security"]![0]!["code"]);
        Assert.Equal("http://example.com/unknown", (string?)meta["profile"]![0]);
        Assert.Equal("http://s.example.com", (string?)meta["source"]);
    }

    [Fact]
    public async Task Two_creates_give_two_resources()
    {
        string body = Samples.Patient();

        Assert.NotEqual(await CreateAsync(body), await CreateAsync(body));
    }

    [Fact]
    public async Task Ids_given_by_the_server_are_legal()
    {
        Assert.Matches("^[A-Za-z0-9.-]{1,64}$", await CreateAsync(Samples.Patient()));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"resourceType\":\"Patient\",}")]
    [InlineData("[]")]
    [InlineData("\"Patient\"")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"active\":true}")]
    [InlineData("{\"resourceType\":\"Nonsense\"}")]
    [InlineData("<Patient xmlns=\"http://hl7.org/fhir\"/>")]
    public async Task What_is_no_resource_in_JSON_is_400(string body)
    {
        Answer answer = await PostAsync("Patient", body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("OperationOutcome", (string?)answer.Json["resourceType"]);
    }

    [Theory]
    [InlineData("\"unknownElement\":1", "Patient")]
    [InlineData("\"birthDate\":\"last year\"", "Patient.birthDate")]
    [InlineData("\"birthDate\":\"2021-02-30\"", "Patient.birthDate")]
    [InlineData("\"active\":\"true\"", "Patient.active")]
    [InlineData("\"active\":null", "Patient.active")]
    [InlineData("\"gender\":[\"male\"]", "Patient.gender")]
    [InlineData("\"telecom\":{\"value\":\"1\"}", "Patient.telecom")]
    [InlineData("\"deceasedBoolean\":true,\"deceasedDateTime\":\"2020\"", "Patient.deceased")]
    [InlineData("\"contact\":[]", "Patient.contact")]
    [InlineData("\"communication\":[{}]", "Patient.communication[0]")]
    [InlineData("\"gender\":\"unheard-of\"", "Patient.gender")]
    [InlineData("\"communication\":[{\"preferred\":true}]", "Patient.communication[0]")]
    [InlineData("\"contact\":[{\"gender\":\"male\"}]", "Patient.contact[0]")]
    public async Task A_resource_that_breaks_the_specification_is_400_and_the_place_is_named(string member, string place)
    {
        Answer answer = await PostAsync("Patient", Samples.Patient(more: member));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(
            (JsonArray)answer.Json["issue"]!,
            issue => ((string)issue!["expression"]![0]!).StartsWith(place, StringComparison.Ordinal));
    }

    [Fact]
    public async Task All_faults_are_told_at_once()
    {
        Answer answer = await PostAsync("Patient", Samples.Patient(more: "\"gender\":\"x\",\"contact\":[{\"gender\":\"male\"}],\"communication\":[{\"preferred\":true}]"));

        Assert.True(answer.IssueCodes.Length >= 3, answer.Body);
    }

    [Fact]
    public async Task Faults_of_the_text_name_line_and_column()
    {
        Answer answer = await PostAsync("Patient", "{\"resourceType\":\"Patient\",\n  \"active\": maybe}");

        Assert.Contains("line 2", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_resource_is_not_stored()
    {
        string id = Unique();

        await PutAsync("Patient/" + id, Samples.Patient(id, more: "\"gender\":\"x\""));

        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("Patient/" + id)).Status);
    }

    [Fact]
    public async Task A_required_element_must_be_there()
    {
        Answer answer = await PostAsync("Observation", "{\"resourceType\":\"Observation\",\"status\":\"final\"}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task A_valid_resource_that_breaks_a_profile_it_claims_is_422()
    {
        Answer answer = await PostAsync(
            "Observation", Samples.Observation("Patient/1", more: "\"meta\":{\"profile\":[\"http://hl7.org/fhir/StructureDefinition/vitalsigns\"]}"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
    }

    [Fact]
    public async Task The_type_of_the_resource_must_be_that_of_the_url()
    {
        Answer answer = await PostAsync("Observation", Samples.Patient());

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Theory]
    [InlineData("Nonsense")]
    [InlineData("patient")]
    [InlineData("DomainResource")]
    [InlineData("HumanName")]
    public async Task A_type_that_is_none_is_404(string type)
    {
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(type, Samples.Patient())).Status);
    }

    [Fact]
    public async Task An_empty_body_is_400()
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("Patient", "")).Status);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/pdf")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/fhir+turtle")]
    [InlineData("application/fhir+json; fhirVersion=3.0")]
    [InlineData("application/fhir+json; charset=iso-8859-1")]
    public async Task A_media_type_that_is_no_form_of_FHIR_is_415(string mediaType)
    {
        Answer answer = await PostAsync("Patient", Samples.Patient(), ("Content-Type", mediaType));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.Status);
        Assert.Equal("OperationOutcome", (string?)answer.Json["resourceType"]);
    }

    [Theory]
    [InlineData("application/fhir+json")]
    [InlineData("application/json")]
    [InlineData("application/fhir+json; charset=utf-8")]
    [InlineData("application/fhir+json; fhirVersion=4.0")]
    [InlineData("text/json")]
    public async Task JSON_is_taken_under_its_names(string mediaType)
    {
        Assert.Equal(HttpStatusCode.Created, (await PostAsync("Patient", Samples.Patient(), ("Content-Type", mediaType))).Status);
    }

    [Fact]
    public async Task Without_a_content_type_it_is_read_as_JSON()
    {
        Assert.Equal(HttpStatusCode.Created, (await SendUntypedAsync(Samples.Patient())).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await SendUntypedAsync("<Patient xmlns=\"http://hl7.org/fhir\"/>")).StatusCode);
    }

    private async Task<HttpResponseMessage> SendUntypedAsync(string body)
    {
        using var content = new ByteArrayContent(System.Text.Encoding.UTF8.GetBytes(body));
        return await Client.PostAsync(new Uri(Base, "Patient"), content, Cancel);
    }

    [Fact]
    public async Task What_is_not_UTF8_is_400()
    {
        using var content = new ByteArrayContent(System.Text.Encoding.Latin1.GetBytes(Samples.Patient(family: "Müller")));
        content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("application/fhir+json");

        using HttpResponseMessage answer = await Client.PostAsync(new Uri(Base, "Patient"), content, Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("application/fhir+xml")]
    [InlineData("application/xml")]
    [InlineData("text/xml")]
    public async Task XML_is_taken_under_its_names(string mediaType)
    {
        Answer answer = await PostAsync(
            "Patient", "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"x\"/><name><family value=\"Xaver\"/></name></Patient>", ("Content-Type", mediaType));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal("Xaver", (string?)(await GetAsync($"Patient/{answer.Json["id"]}")).Json["name"]![0]!["family"]);
    }

    [Fact]
    public async Task Faulty_XML_is_400()
    {
        Answer answer = await PostAsync("Patient", "<Patient xmlns=\"http://hl7.org/fhir\"><name></Patient>", ("Content-Type", "application/fhir+xml"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task The_answer_is_in_the_asked_form_whatever_was_sent()
    {
        Answer answer = await PostAsync("Patient?_format=xml", Samples.Patient());

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.StartsWith("<Patient", answer.Body[answer.Body.IndexOf("<Patient", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Digits_of_decimals_and_unusual_characters_survive()
    {
        string id = await CreateAsync(Samples.Observation("Patient/1", more: "\"valueQuantity\":{\"value\":1.5000,\"unit\":\"µg/𝕄 \\\"q\\\"\"}"));

        string body = (await GetAsync("Observation/" + id)).Body;

        Assert.Contains("1.5000", body, StringComparison.Ordinal);
        Assert.Equal("µg/𝕄 \"q\"", (string?)JsonNode.Parse(body)!["valueQuantity"]!["unit"]);
    }

    [Fact]
    public async Task Extensions_of_primitives_and_contained_resources_are_kept()
    {
        string id = await CreateAsync("""
            {"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"Org"}],
             "birthDate":"1970-01-01","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1970-01-01T01:00:00Z"}]},
             "managingOrganization":{"reference":"#o"}}
            """);

        JsonNode read = (await GetAsync("Patient/" + id)).Json;
        Assert.NotNull(read["_birthDate"]!["extension"]);
        Assert.Equal("o", (string?)read["contained"]![0]!["id"]);
    }

    [Fact]
    public async Task A_reference_to_what_is_not_there_is_no_fault()
    {
        Assert.Equal(HttpStatusCode.Created, (await PostAsync("Observation", Samples.Observation("Patient/" + Unique()))).Status);
    }

    [Fact]
    public async Task Any_resource_type_of_R4_can_be_created()
    {
        Assert.Equal(HttpStatusCode.Created, (await PostAsync("Basic", "{\"resourceType\":\"Basic\",\"code\":{\"text\":\"x\"}}")).Status);
        Assert.Equal(HttpStatusCode.Created, (await PostAsync("Bundle", Samples.Bundle("collection"))).Status);
    }

    [Fact]
    public async Task Active_content_in_a_narrative_is_refused()
    {
        Answer answer = await PostAsync("Patient", Samples.Patient(
            more: "\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><script>alert(1)</script></div>\"}"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task POST_to_an_instance_is_405()
    {
        Answer answer = await PostAsync("Patient/" + Unique(), Samples.Patient());

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.Status);
        Assert.Contains("PUT", answer.Header("Allow")!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_issue_about_the_content_as_a_whole_names_no_expression()
    {
        Answer answer = await PostAsync("Patient", "[]");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Null(answer.Json["issue"]![0]!["expression"]);
    }
}
