using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>https://hl7.org/fhir/R4/resource-operation-validate.html</summary>
public sealed class ValidateTests(FhirServerFixture server) : OperationTest(server)
{
    private const string Sound = """{"resourceType":"Patient","active":true,"gender":"female","birthDate":"1970-01-01"}""";

    /// <summary>The gender is no code of its required value set.</summary>
    private const string Unsound = """{"resourceType":"Patient","gender":"unheard-of"}""";

    private const string VitalSigns = "http://hl7.org/fhir/StructureDefinition/vitalsigns";

    private static string Envelope(string resource, params string[] further) => Parameters([Parameter("resource", "resource", resource), .. further]);

    private static string Mode(string mode) => Parameter("mode", "valueCode", $"\"{mode}\"");

    private async Task<string> StorePatientAsync()
    {
        string id = Unique();
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}","active":true}""");
        return id;
    }

    private async Task<JsonNode[]> IssuesAsync(Task<Answer> request)
    {
        JsonNode outcome = await OkAsync(request);
        Assert.Equal("OperationOutcome", (string?)outcome["resourceType"]);
        Assert.NotEmpty((JsonArray)outcome["issue"]!);
        return [.. ((JsonArray)outcome["issue"]!).Select(issue => issue!)];
    }

    private async Task<JsonNode[]> ErrorsAsync(Task<Answer> request) =>
        [.. (await IssuesAsync(request)).Where(issue => (string?)issue["severity"] is "error" or "fatal")];

    [Theory]
    [InlineData("Patient/$validate")]
    [InlineData("$validate")]
    public async Task A_sound_resource_gives_200_without_errors(string path) => Assert.Empty(await ErrorsAsync(PostAsync(path, Sound)));

    [Fact]
    public async Task A_resource_may_come_in_a_Parameters_resource() => Assert.Empty(await ErrorsAsync(PostAsync("Patient/$validate", Envelope(Sound))));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_unsound_resource_gives_200_with_errors_that_name_the_element(bool inEnvelope)
    {
        JsonNode error = Assert.Single(await ErrorsAsync(PostAsync("Patient/$validate", inEnvelope ? Envelope(Unsound) : Unsound)));

        Assert.Equal("code-invalid", (string?)error["code"]);
        Assert.Equal("Patient.gender", (string?)error["expression"]![0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Faults_of_structure_are_findings_too(bool inEnvelope)
    {
        const string Unknown = """{"resourceType":"Patient","nickname":"x","gender":"unheard-of"}""";

        JsonNode[] errors = await ErrorsAsync(PostAsync("Patient/$validate", inEnvelope ? Envelope(Unknown) : Unknown));

        Assert.Contains(errors, error => ((string)error["details"]!["text"]!).Contains("nickname", StringComparison.Ordinal));
        Assert.Contains(errors, error => (string?)error["expression"]?[0] == "Patient.gender");
        Assert.All(errors, error => Assert.StartsWith("Patient", (string?)error["expression"]?[0] ?? "Patient", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("this is not JSON")]
    [InlineData("""{"no":"type"}""")]
    [InlineData("""{"resourceType":"Horse"}""")]
    public async Task What_is_no_resource_at_all_cannot_be_validated(string body) =>
        await RefusedAsync(PostAsync("Patient/$validate", body), HttpStatusCode.BadRequest);

    [Fact]
    public async Task Content_of_an_unknown_media_type_is_refused() =>
        await RefusedAsync(PostAsync("Patient/$validate", Sound, ("Content-Type", "text/csv")), HttpStatusCode.UnsupportedMediaType);

    [Fact]
    public async Task Xml_is_validated_like_Json()
    {
        const string Xml = """<Patient xmlns="http://hl7.org/fhir"><gender value="unheard-of"/></Patient>""";

        JsonNode error = Assert.Single(await ErrorsAsync(PostAsync("Patient/$validate", Xml, ("Content-Type", "application/fhir+xml"))));

        Assert.Equal("Patient.gender", (string?)error["expression"]![0]);
    }

    [Fact]
    public async Task Nothing_is_stored_by_validating()
    {
        string word = Unique();

        await OkAsync(PostAsync("Patient/$validate?mode=create", $$"""{"resourceType":"Patient","identifier":[{"value":"{{word}}"}]}"""));

        Assert.Empty(await FindAsync($"Patient?identifier={word}"));
    }

    [Fact]
    public async Task A_resource_of_another_type_than_the_url_is_an_error()
    {
        JsonNode[] errors = await ErrorsAsync(PostAsync("Observation/$validate", Sound));

        Assert.Contains(errors, error => (string?)error["code"] == "invalid");
    }

    [Theory]
    [InlineData("?profile=" + VitalSigns, false)]
    [InlineData("", true)]
    public async Task A_profile_asked_for_is_validated_against(string query, bool inEnvelope)
    {
        const string Observation = """{"resourceType":"Observation","status":"final","code":{"text":"weight"}}""";

        Assert.Empty(await ErrorsAsync(PostAsync("Observation/$validate", Observation)));
        JsonNode[] errors = await ErrorsAsync(PostAsync(
            "Observation/$validate" + query, inEnvelope ? Envelope(Observation, Parameter("profile", "valueUri", $"\"{VitalSigns}\"")) : Observation));

        Assert.Contains(errors, error => ((string)error["details"]!["text"]!).Contains("category", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_claimed_profile_is_validated_against()
    {
        JsonNode[] errors = await ErrorsAsync(PostAsync("Observation/$validate", $$"""{"resourceType":"Observation","meta":{"profile":["{{VitalSigns}}"]},"status":"final","code":{"text":"weight"} }"""));

        Assert.NotEmpty(errors);
    }

    [Fact]
    public async Task A_profile_that_is_not_known_is_an_error_and_no_finding() =>
        await RefusedAsync(PostAsync("Patient/$validate?profile=http://example.org/none", Sound), HttpStatusCode.BadRequest, "not-found");

    [Fact]
    public async Task A_profile_that_is_stored_here_is_validated_against()
    {
        string id = Unique("profile");
        await StoreAsync($$"""
            {"resourceType":"StructureDefinition","id":"{{id}}","url":"http://example.org/{{id}}","name":"Named","status":"active","kind":"resource","abstract":false,"type":"Patient",
             "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint",
             "differential":{"element":[{"id":"Patient.birthDate","path":"Patient.birthDate","min":1}]} }
            """);

        Assert.Empty(await ErrorsAsync(PostAsync($"Patient/$validate?profile=http://example.org/{id}", Sound)));
        JsonNode error = Assert.Single(await ErrorsAsync(PostAsync($"Patient/$validate?profile=http://example.org/{id}", """{"resourceType":"Patient","active":true}""")));
        Assert.Contains("birthDate", (string)error["details"]!["text"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("update")]
    [InlineData("profile")]
    [InlineData("delete")]
    public async Task Modes_are_accepted_where_they_make_sense(string mode)
    {
        string id = await StorePatientAsync();
        Task<Answer> request = mode switch
        {
            "create" => PostAsync("Patient/$validate?mode=create", Sound),
            "update" => PostAsync($"Patient/{id}/$validate", Envelope($$"""{"resourceType":"Patient","id":"{{id}}","active":false}""", Mode("update"))),
            "profile" => GetAsync($"Patient/{id}/$validate?mode=profile&profile=http://hl7.org/fhir/StructureDefinition/Patient"),
            _ => PostAsync($"Patient/{id}/$validate", Parameters(Mode("delete"))),
        };

        Assert.Empty(await ErrorsAsync(request));
    }

    [Theory]
    [InlineData("update")]
    [InlineData("delete")]
    [InlineData("profile")]
    public async Task Modes_that_speak_of_an_existing_resource_need_one(string mode) =>
        await RefusedAsync(PostAsync($"Patient/$validate?mode={mode}", Sound), HttpStatusCode.BadRequest);

    [Fact]
    public async Task A_delete_of_nothing_cannot_be_validated() =>
        await RefusedAsync(PostAsync($"Patient/{Unique()}/$validate?mode=delete", Parameters()), HttpStatusCode.NotFound);

    [Fact]
    public async Task Validating_a_delete_deletes_nothing()
    {
        string id = await StorePatientAsync();

        await OkAsync(PostAsync($"Patient/{id}/$validate?mode=delete", Parameters()));

        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Patient/{id}")).Status);
    }

    [Fact]
    public async Task An_update_under_another_id_would_be_refused()
    {
        string id = await StorePatientAsync();

        JsonNode error = Assert.Single(await ErrorsAsync(PostAsync($"Patient/{id}/$validate?mode=update", """{"resourceType":"Patient","id":"other","active":true}""")));

        Assert.Equal("Patient.id", (string?)error["expression"]![0]);
    }

    [Theory]
    [InlineData("W/\"1\"", 0)]
    [InlineData("W/\"5\"", 1)]
    public async Task An_update_of_another_version_than_If_Match_would_be_refused(string tag, int errors)
    {
        string id = await StorePatientAsync();

        Assert.Equal(errors, (await ErrorsAsync(PostAsync($"Patient/{id}/$validate?mode=update", $$"""{"resourceType":"Patient","id":"{{id}}","active":true}""", ("If-Match", tag)))).Length);
    }

    [Fact]
    public async Task A_stored_resource_is_validated_by_GET()
    {
        string id = Unique();
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}","gender":"unheard-of"}""");

        JsonNode error = Assert.Single(await ErrorsAsync(GetAsync($"Patient/{id}/$validate")));

        Assert.Equal("Patient.gender", (string?)error["expression"]![0]);
    }

    [Theory]
    [InlineData("mode=sideways")]
    [InlineData("colour=red")]
    public async Task Unknown_modes_and_parameters_are_refused(string query) =>
        await RefusedAsync(PostAsync($"Patient/$validate?{query}", Sound), HttpStatusCode.BadRequest);

    [Theory]
    [InlineData("Patient/$validate")]
    [InlineData("Patient/$validate?mode=create")]
    public async Task Without_a_resource_there_is_nothing_to_validate(string path) =>
        await RefusedAsync(PostAsync(path, Parameters()), HttpStatusCode.BadRequest, "required");

    [Fact]
    public async Task Parameters_themselves_can_be_validated()
    {
        Assert.Empty(await ErrorsAsync(PostAsync("Parameters/$validate", """{"resourceType":"Parameters","parameter":[{"name":"a","valueString":"b"}]}""")));
        Assert.NotEmpty(await ErrorsAsync(PostAsync("Parameters/$validate", """{"resourceType":"Parameters","parameter":[{"valueString":"b"}]}""")));
    }

    [Fact]
    public async Task The_outcome_comes_as_Xml_when_asked_for()
    {
        Answer answer = await PostAsync("Patient/$validate", Sound, ("Accept", "application/fhir+xml"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.StartsWith("application/fhir+xml", answer.Header("Content-Type"), StringComparison.Ordinal);
        Assert.Contains("<OperationOutcome", answer.Body, StringComparison.Ordinal);
    }
}
