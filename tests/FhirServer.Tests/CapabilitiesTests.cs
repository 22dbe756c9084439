using System.Net;
using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;
using HealthChain.Fhir.Xml;
using Xunit;

namespace HealthChain.FhirServer.Tests;

public sealed class CapabilitiesTests(ServerFactory server) : IClassFixture<ServerFactory>
{
    private readonly HttpClient _client = server.CreateClient();

    private async Task<JsonElement> ReadMetadataAsync()
    {
        await using var body = await _client.GetStreamAsync("/fhir/metadata", TestContext.Current.CancellationToken);
        using var document = await JsonDocument.ParseAsync(body, cancellationToken: TestContext.Current.CancellationToken);
        return document.RootElement.Clone();
    }

    [Fact]
    public async Task Metadata_is_a_capability_statement_of_an_R4_server()
    {
        var statement = await ReadMetadataAsync();

        Assert.Equal("CapabilityStatement", statement.GetProperty("resourceType").GetString());
        Assert.Equal("active", statement.GetProperty("status").GetString());
        Assert.Equal("instance", statement.GetProperty("kind").GetString());
        Assert.Equal("4.0.1", statement.GetProperty("fhirVersion").GetString());
        Assert.Equal("server", statement.GetProperty("rest")[0].GetProperty("mode").GetString());
    }

    [Fact]
    public async Task Metadata_is_served_as_fhir_json_with_its_length()
    {
        using var response = await _client.GetAsync("/fhir/metadata", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/fhir+json; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.NotNull(response.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task The_statement_and_its_date_stay_the_same_while_the_server_runs()
    {
        var first = await ReadMetadataAsync();
        var second = await ReadMetadataAsync();

        Assert.True(JsonElement.DeepEquals(first, second));
    }

    [Theory]
    [InlineData("/fhir/metadata?_format=xml", null)]
    [InlineData("/fhir/metadata", "application/fhir+xml")]
    public async Task Metadata_in_XML_says_the_same_as_in_JSON(string path, string? accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("Accept", accept);

        using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal("application/fhir+xml; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        var read = FhirXml.Read(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        using var fromXml = JsonDocument.Parse(FhirJson.ToBytes(read.Root));
        Assert.True(JsonElement.DeepEquals(await ReadMetadataAsync(), fromXml.RootElement));
    }

    [Fact]
    public async Task A_form_that_the_server_lacks_gives_406_with_an_outcome()
    {
        using var response = await _client.GetAsync("/fhir/metadata?_format=ttl", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotAcceptable, response.StatusCode);
        Assert.Equal("application/fhir+json; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Contains("OperationOutcome", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Metadata_is_valid_against_the_specification()
    {
        var body = await _client.GetByteArrayAsync("/fhir/metadata", TestContext.Current.CancellationToken);
        var validator = new Validator(DefinitionSet.R4, new TerminologyService(DefinitionSet.R4));

        Assert.DoesNotContain(validator.Validate(FhirJson.Read(body).Root), issue => issue.Severity <= IssueSeverity.Warning);
    }
}
