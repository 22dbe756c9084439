using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#patch, with the three kinds of patch that R4 names.</summary>
public sealed class PatchTests(FhirServerFixture server) : FhirTest(server)
{
    private const string JsonPatch = "application/json-patch+json";
    private const string XmlPatch = "application/xml-patch+xml";

    private Task<string> CreatePatientAsync() => CreateAsync(Samples.Patient(
        family: "Muster", more: "\"gender\":\"female\",\"birthDate\":\"1970-01-01\",\"telecom\":[{\"system\":\"phone\",\"value\":\"1\"},{\"system\":\"email\",\"value\":\"a@example.com\"}]"));

    public static TheoryData<string, string, string> Changes => new()
    {
        { JsonPatch, "[{\"op\":\"add\",\"path\":\"/active\",\"value\":true}]", "$.active" },
        { JsonPatch, "[{\"op\":\"replace\",\"path\":\"/name/0/family\",\"value\":\"Neu\"}]", "Neu" },
        { JsonPatch, "[{\"op\":\"add\",\"path\":\"/telecom/-\",\"value\":{\"system\":\"fax\",\"value\":\"77\"}}]", "77" },
        { JsonPatch, "[{\"op\":\"test\",\"path\":\"/gender\",\"value\":\"female\"},{\"op\":\"replace\",\"path\":\"/gender\",\"value\":\"other\"}]", "\"gender\":\"other\"" },
        { JsonPatch, "[{\"op\":\"copy\",\"from\":\"/telecom/0/value\",\"path\":\"/name/0/text\"}]", "\"text\":\"1\"" },
        { "application/fhir+json", Operation("replace", "Patient.name[0].family", null, "valueString", "\"Neu\""), "Neu" },
        { "application/fhir+json", Operation("add", "Patient", "active", "valueBoolean", "true"), "\"active\":true" },
        { "application/json", Operation("add", "Patient.name[0]", "given", "valueString", "\"Anna\""), "Anna" },
        { "application/fhir+xml", "<Parameters xmlns=\"http://hl7.org/fhir\"><parameter><name value=\"operation\"/><part><name value=\"type\"/><valueCode value=\"replace\"/></part><part><name value=\"path\"/><valueString value=\"Patient.gender\"/></part><part><name value=\"value\"/><valueCode value=\"other\"/></part></parameter></Parameters>", "\"gender\":\"other\"" },
        { XmlPatch, "<diff xmlns:f=\"http://hl7.org/fhir\"><replace sel=\"f:Patient/f:gender/@value\">other</replace></diff>", "\"gender\":\"other\"" },
        { XmlPatch, "<diff xmlns:f=\"http://hl7.org/fhir\"><add sel=\"f:Patient/f:name\" pos=\"after\"><telecom xmlns=\"http://hl7.org/fhir\"><system value=\"fax\"/><value value=\"77\"/></telecom></add></diff>", "77" },
    };

    private static string Operation(string type, string path, string? name, string valueName, string value) =>
        "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"operation\",\"part\":["
        + $"{{\"name\":\"type\",\"valueCode\":\"{type}\"}},{{\"name\":\"path\",\"valueString\":\"{path}\"}}"
        + (name is null ? "" : $",{{\"name\":\"name\",\"valueString\":\"{name}\"}}")
        + $",{{\"name\":\"value\",\"{valueName}\":{value}}}]}}]}}";

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_patch_makes_a_new_version_with_the_change(string mediaType, string patch, string expected)
    {
        string id = await CreatePatientAsync();

        Answer answer = await PatchAsync("Patient/" + id, patch, mediaType);

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        Assert.Equal("W/\"2\"", answer.Header("ETag"));
        Answer read = await GetAsync("Patient/" + id);
        Assert.Equal(answer.Body, read.Body);
        if (expected == "$.active")
        {
            Assert.True((bool)read.Json["active"]!);
        }
        else
        {
            Assert.Contains(expected, read.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_a_patch_does_not_name_stays()
    {
        string id = await CreatePatientAsync();

        await PatchAsync("Patient/" + id, "[{\"op\":\"remove\",\"path\":\"/telecom/0\"}]", JsonPatch);

        JsonNode patient = (await GetAsync("Patient/" + id)).Json;
        Assert.Equal("a@example.com", (string?)Assert.Single((JsonArray)patient["telecom"]!)!["value"]);
        Assert.Equal("Muster", (string?)patient["name"]![0]!["family"]);
        Assert.Equal("1970-01-01", (string?)patient["birthDate"]);
    }

    [Fact]
    public async Task The_version_before_the_patch_stays_as_it_was()
    {
        string id = await CreatePatientAsync();
        string before = (await GetAsync("Patient/" + id)).Body;

        await PatchAsync("Patient/" + id, "[{\"op\":\"remove\",\"path\":\"/gender\"}]", JsonPatch);

        Assert.Equal(before, (await GetAsync($"Patient/{id}/_history/1")).Body);
    }

    [Theory]
    [InlineData(JsonPatch, "[{\"op\":\"test\",\"path\":\"/gender\",\"value\":\"male\"},{\"op\":\"remove\",\"path\":\"/gender\"}]")]
    [InlineData(JsonPatch, "[{\"op\":\"remove\",\"path\":\"/gender\"},{\"op\":\"remove\",\"path\":\"/photo\"}]")]
    [InlineData(JsonPatch, "[{\"op\":\"replace\",\"path\":\"/maritalStatus\",\"value\":{}}]")]
    [InlineData(JsonPatch, "[{\"op\":\"add\",\"path\":\"/nonsense\",\"value\":1}]")]
    [InlineData(JsonPatch, "[{\"op\":\"replace\",\"path\":\"/birthDate\",\"value\":\"someday\"}]")]
    [InlineData(JsonPatch, "[{\"op\":\"replace\",\"path\":\"/id\",\"value\":\"other\"}]")]
    [InlineData(JsonPatch, "[{\"op\":\"remove\",\"path\":\"/id\"}]")]
    [InlineData(JsonPatch, "[{\"op\":\"replace\",\"path\":\"/resourceType\",\"value\":\"Basic\"}]")]
    [InlineData(JsonPatch, "[{\"op\":\"replace\",\"path\":\"\",\"value\":{\"resourceType\":\"Patient\"}}]")]
    [InlineData("application/fhir+json", "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"operation\",\"part\":[{\"name\":\"type\",\"valueCode\":\"delete\"},{\"name\":\"path\",\"valueString\":\"Patient.telecom\"}]}]}")]
    [InlineData(XmlPatch, "<diff xmlns:f=\"http://hl7.org/fhir\"><remove sel=\"f:Patient/f:photo\"/></diff>")]
    public async Task A_patch_that_does_not_fit_the_resource_is_422_and_changes_nothing(string mediaType, string patch)
    {
        string id = await CreatePatientAsync();
        string before = (await GetAsync("Patient/" + id)).Body;

        Answer answer = await PatchAsync("Patient/" + id, patch, mediaType);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal(before, (await GetAsync("Patient/" + id)).Body);
    }

    [Fact]
    public async Task What_a_patch_leaves_must_be_valid()
    {
        string id = await CreatePatientAsync();

        Answer answer = await PatchAsync("Patient/" + id, "[{\"op\":\"replace\",\"path\":\"/gender\",\"value\":\"unheard-of\"}]", JsonPatch);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("female", (string?)(await GetAsync("Patient/" + id)).Json["gender"]);
    }

    [Theory]
    [InlineData(JsonPatch, "{\"op\":\"remove\",\"path\":\"/gender\"}")]
    [InlineData(JsonPatch, "[{\"op\":\"erase\",\"path\":\"/gender\"}]")]
    [InlineData(JsonPatch, "[{\"op\":\"remove\"}]")]
    [InlineData(JsonPatch, "[{\"op\":\"add\",\"path\":\"/active\"}]")]
    [InlineData(JsonPatch, "nonsense")]
    [InlineData(JsonPatch, "")]
    [InlineData("application/fhir+json", "{\"resourceType\":\"Patient\",\"active\":true}")]
    [InlineData("application/fhir+json", "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"operation\",\"part\":[{\"name\":\"path\",\"valueString\":\"Patient\"}]}]}")]
    [InlineData("application/fhir+json", "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"operation\",\"part\":[{\"name\":\"type\",\"valueCode\":\"delete\"},{\"name\":\"path\",\"valueString\":\"Patient..\"}]}]}")]
    [InlineData(XmlPatch, "<diff/>")]
    public async Task A_patch_that_is_none_is_400(string mediaType, string patch)
    {
        string id = await CreatePatientAsync();

        Answer answer = await PatchAsync("Patient/" + id, patch, mediaType);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/merge-patch+json")]
    public async Task Other_kinds_of_patch_are_415(string mediaType)
    {
        string id = await CreatePatientAsync();

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await PatchAsync("Patient/" + id, "{}", mediaType)).Status);
    }

    [Fact]
    public async Task Patching_what_is_not_there_is_404()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await PatchAsync("Patient/" + Unique(), "[]", JsonPatch)).Status);
    }

    [Fact]
    public async Task Patching_what_was_deleted_is_410()
    {
        string id = await CreatePatientAsync();
        await DeleteAsync("Patient/" + id);

        Assert.Equal(HttpStatusCode.Gone, (await PatchAsync("Patient/" + id, "[]", JsonPatch)).Status);
    }

    [Fact]
    public async Task A_patch_may_touch_meta_but_not_the_version()
    {
        string id = await CreatePatientAsync();

        Answer answer = await PatchAsync(
            "Patient/" + id,
            "[{\"op\":\"add\",\"path\":\"/meta/tag\",\"value\":[{\"code\":\"t\"}]},{\"op\":\"replace\",\"path\":\"/meta/versionId\",\"value\":\"50\"}]",
            JsonPatch);

        Assert.Equal("t", (string?)answer.Json["meta"]!["tag"]![0]!["code"]);
        Assert.Equal("2", (string?)answer.Json["meta"]!["versionId"]);
    }

    [Fact]
    public async Task Digits_that_a_patch_does_not_touch_are_kept()
    {
        string id = await CreateAsync(Samples.Observation("Patient/1", more: "\"valueQuantity\":{\"value\":1.200}"));

        await PatchAsync("Observation/" + id, "[{\"op\":\"replace\",\"path\":\"/status\",\"value\":\"amended\"}]", JsonPatch);

        Assert.Contains("1.200", (await GetAsync("Observation/" + id)).Body, StringComparison.Ordinal);
    }
}
