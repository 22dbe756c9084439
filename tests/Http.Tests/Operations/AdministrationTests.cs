using System.Net;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;
using HealthChain.FhirServer.Operations;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary><c>$erase</c> and <c>$reindex</c>, which are for administrators.</summary>
public sealed class AdministrationTests(FhirServerFixture server) : OperationTest(server)
{
    private static (string, string) As(string token) => ("Authorization", "Bearer " + token);

    private static string Reason(string reason) => Parameters(Parameter("reason", "valueString", $"\"{reason}\""));

    private async Task<string> StorePatientAsync()
    {
        string id = Unique();
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}","name":[{"family":"Müller","given":["Anna"]}],"birthDate":"1970-05-17","identifier":[{"system":"http://mrn","value":"M-4711"}]}""");
        await StoreAsync($$"""{"resourceType":"Observation","id":"{{id}}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{{id}}"} }""");
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}-other"}""");
        return id;
    }

    [Fact]
    public async Task Erasing_removes_the_patient_and_what_belongs_to_the_patient_alone()
    {
        string id = await StorePatientAsync();

        JsonNode answer = await OkAsync(PostAsync($"Patient/{id}/$erase", Reason("asked for in writing")));

        Assert.Equal(2, (int)All(answer, "resources").Single()["valueInteger"]!);
        Assert.Equal(2, (int)All(answer, "versions").Single()["valueInteger"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"Patient/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"Patient/{id}/_history/1")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"Observation/{id}")).Status);
        Assert.Empty(await FindAsync($"Observation?patient={id}"));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Patient/{id}-other")).Status);
    }

    [Fact]
    public async Task Erasing_reaches_documents_of_the_patient_alone_and_names_what_stays()
    {
        string id = await StorePatientAsync();
        string other = id + "-other";
        static string Document(string id, params string[] patients) =>
            $$"""{"resourceType":"Bundle","id":"{{id}}","type":"collection","entry":[{{string.Join(',', patients.Select(patient => $$$"""{"resource":{"resourceType":"Patient","id":"{{{patient}}}"}}"""))}}]}""";
        await StoreAsync(Document(id + "-own", id));
        await StoreAsync(Document(id + "-both", id, other));
        await StoreAsync(Document(id + "-others", other));
        await StoreAsync($$"""{"resourceType":"Appointment","id":"{{id}}","status":"booked","participant":[{"actor":{"reference":"Patient/{{id}}"},"status":"accepted"},{"actor":{"reference":"Patient/{{other}}"},"status":"accepted"}]}""");
        await StoreAsync($$"""{"resourceType":"Task","id":"{{id}}","status":"ready","intent":"order","for":{"reference":"Patient/{{other}}"},"focus":{"reference":"Patient/{{id}}"} }""");
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}-linked","link":[{"other":{"reference":"Patient/{{id}}"},"type":"seealso"}]}""");

        JsonNode answer = await OkAsync(PostAsync($"Patient/{id}/$erase", Reason("asked for in writing")));

        Assert.Equal(3, (int)All(answer, "resources").Single()["valueInteger"]!);
        Assert.Equal(
            new[] { $"Appointment/{id}", $"Bundle/{id}-both", $"Patient/{id}-linked", $"Task/{id}" },
            All(answer, "stays").Select(stays => (string)stays["valueReference"]!["reference"]!).Order(StringComparer.Ordinal));
        Assert.False((bool)All(answer, "more").Single()["valueBoolean"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"Bundle/{id}-own")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"Bundle/{id}-own/_history/1")).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Bundle/{id}-both")).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Bundle/{id}-others")).Status);
    }

    [Theory]
    [InlineData("because Muller asked")]
    [InlineData("the case of MÜLLER")]
    [InlineData("anna wants it")]
    [InlineData("born 1970-05-17")]
    [InlineData("record m-4711 is wrong")]
    public async Task A_reason_that_names_the_patient_is_refused_and_nothing_is_erased(string reason)
    {
        string id = await StorePatientAsync();

        Answer answer = await RefusedAsync(PostAsync($"Patient/{id}/$erase", Reason(reason)), HttpStatusCode.BadRequest, "value");

        Assert.DoesNotContain("ller", answer.Body, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Patient/{id}")).Status);
    }

    [Theory]
    [InlineData("""{"resourceType":"Parameters"}""", "required")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"reason","valueString":"x"}]}""", "value")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"reason","valueInteger":5}]}""", "value")]
    [InlineData("""{"resourceType":"Parameters","parameter":[{"name":"why","valueString":"asked for"}]}""", "not-supported")]
    public async Task A_reason_is_needed(string body, string code)
    {
        string id = await StorePatientAsync();

        await RefusedAsync(PostAsync($"Patient/{id}/$erase", body), HttpStatusCode.BadRequest, code);
    }

    [Fact]
    public async Task A_patient_who_is_not_there_cannot_be_erased() =>
        await RefusedAsync(PostAsync($"Patient/{Unique()}/$erase", Reason("asked for in writing")), HttpStatusCode.NotFound);

    [Fact]
    public async Task Erasing_is_not_done_by_GET()
    {
        string id = await StorePatientAsync();

        Assert.NotEqual(HttpStatusCode.OK, (await GetAsync($"Patient/{id}/$erase?reason=asked%20for")).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Patient/{id}")).Status);
    }

    [Theory]
    [InlineData("Observation/x/$erase")]
    [InlineData("Patient/$erase")]
    [InlineData("$erase")]
    public async Task Only_one_patient_can_be_erased_at_a_time(string path) => await RefusedAsync(PostAsync(path, Reason("asked for in writing")), HttpStatusCode.NotFound);

    [Theory]
    [InlineData(FhirServerFixture.PractitionerToken, HttpStatusCode.Forbidden)]
    [InlineData(FhirServerFixture.AdministratorToken, HttpStatusCode.OK)]
    public async Task Only_administrators_may_erase(string token, HttpStatusCode status)
    {
        string id = await StorePatientAsync();

        Answer answer = await PostAsync($"Patient/{id}/$erase", Reason("asked for in writing"), As(token));

        Assert.Equal(status, answer.Status);
        Assert.Equal(status == HttpStatusCode.OK ? HttpStatusCode.NotFound : HttpStatusCode.OK, (await GetAsync($"Patient/{id}")).Status);
    }

    [Theory]
    [InlineData(FhirServerFixture.PractitionerToken, HttpStatusCode.Forbidden)]
    [InlineData(FhirServerFixture.AdministratorToken, HttpStatusCode.OK)]
    public async Task Only_administrators_may_index_again(string token, HttpStatusCode status) =>
        Assert.Equal(status, (await PostAsync("Basic/$reindex", Parameters(), As(token))).Status);

    [Fact]
    public async Task Indexing_again_tells_how_many_resources_were_looked_at()
    {
        string id = Unique();
        await StoreAsync($$"""{"resourceType":"SupplyDelivery","id":"{{id}}"}""");

        Assert.Equal(1, (int)All(await OkAsync(PostAsync("SupplyDelivery/$reindex", Parameters())), "count").Single()["valueInteger"]!);
        Assert.InRange((int)All(await OkAsync(PostAsync("$reindex", Parameters())), "count").Single()["valueInteger"]!, 1, int.MaxValue);
    }

    [Fact]
    public async Task What_is_indexed_again_is_found_as_before()
    {
        string id = await StorePatientAsync();

        await OkAsync(PostAsync("Patient/$reindex", Parameters()));

        Assert.Equal([id], await FindAsync($"Patient?_id={id}&family=muller"));
    }

    [Theory]
    [InlineData("Patient/x/$reindex")]
    [InlineData("Horse/$reindex")]
    public async Task Indexing_again_is_for_types_and_the_system(string path) => await RefusedAsync(PostAsync(path, Parameters()), HttpStatusCode.NotFound);

    [Fact]
    public void Our_own_operations_are_defined_by_valid_resources()
    {
        var validator = new Validator(DefinitionSet.R4, new TerminologyService(DefinitionSet.R4));

        Assert.NotEmpty(OwnDefinitions.Files());
        Assert.All(OwnDefinitions.Files(), file => Assert.DoesNotContain(validator.Validate(FhirJson.Read(file).Root), issue => issue.IsError));
    }
}
