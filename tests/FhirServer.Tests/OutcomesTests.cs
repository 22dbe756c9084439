using System.Net;
using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;
using HealthChain.Fhir.Xml;
using HealthChain.FhirServer.Http;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace HealthChain.FhirServer.Tests;

public sealed class OutcomesTests(ServerFactory server) : IClassFixture<ServerFactory>
{
    private readonly HttpClient _client = server.CreateClient();

    private static async Task<JsonElement> ReadIssueAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/fhir+json; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        using var document = await JsonDocument.ParseAsync(body, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("OperationOutcome", document.RootElement.GetProperty("resourceType").GetString());
        return document.RootElement.GetProperty("issue")[0].Clone();
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/fhir/Patient/1")]
    [InlineData("/metadata")]
    public async Task An_unknown_path_gives_404_with_an_outcome(string path)
    {
        using var response = await _client.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        var issue = await ReadIssueAsync(response);
        Assert.Equal("error", issue.GetProperty("severity").GetString());
        Assert.Equal("not-found", issue.GetProperty("code").GetString());
    }

    [Fact]
    public async Task An_outcome_is_in_XML_when_that_is_accepted()
    {
        using var response = await _client.GetAsync("/fhir/Patient/1?_format=xml", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/fhir+xml; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        var read = FhirXml.Read(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal("OperationOutcome", read.Root.Type.Name);
    }

    [Fact]
    public async Task A_method_that_a_path_does_not_have_gives_405_and_names_those_it_has()
    {
        using var response = await _client.DeleteAsync("/fhir/metadata", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Contains("GET", response.Content.Headers.Allow);
        var issue = await ReadIssueAsync(response);
        Assert.Equal("not-supported", issue.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_bug_gives_500_without_its_message()
    {
        var context = new DefaultHttpContext
        {
            RequestServices = server.Services,
            TraceIdentifier = "trace-7",
            Response = { Body = new MemoryStream() },
        };

        await Outcomes.AnswerFailures(context, _ => throw new InvalidOperationException("name of a patient"));

        Assert.Equal(StatusCodes.Status500InternalServerError, context.Response.StatusCode);
        var body = System.Text.Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());
        Assert.Contains("trace-7", body);
        Assert.DoesNotContain("name of a patient", body);
    }

    [Fact]
    public void Every_kind_of_error_has_a_status_that_says_error()
    {
        foreach (var kind in Enum.GetValues<ErrorKind>())
        {
            Assert.InRange(Outcomes.StatusOf(kind), 400, 599);
        }
    }

    [Fact]
    public void An_outcome_tells_severity_code_message_rule_place_and_position()
    {
        var issue = Issue.Error(IssueType.Invariant, "A contact needs a name", "Patient.contact[0]", "pat-1") with { Position = (3, 14) };

        using var document = JsonDocument.Parse(OperationOutcome.ToJson([issue]));

        var expected = JsonDocument.Parse("""
            {
              "resourceType": "OperationOutcome",
              "issue": [
                {
                  "severity": "error",
                  "code": "invariant",
                  "details": { "text": "A contact needs a name" },
                  "diagnostics": "line 3, column 14; rule pat-1",
                  "expression": ["Patient.contact[0]"]
                }
              ]
            }
            """);
        Assert.True(JsonElement.DeepEquals(expected.RootElement, document.RootElement));
    }

    [Fact]
    public void An_outcome_without_issues_says_so_in_one()
    {
        using var document = JsonDocument.Parse(OperationOutcome.ToJson([]));

        Assert.Equal("information", document.RootElement.GetProperty("issue")[0].GetProperty("severity").GetString());
    }

    [Fact]
    public void Outcomes_are_valid_against_the_specification()
    {
        var validator = new Validator(DefinitionSet.R4, new TerminologyService(DefinitionSet.R4));
        var issues = Enum.GetValues<IssueType>().Select(type => Issue.Error(type, "message", "Patient.name", "key") with { Position = (1, 2) });

        Assert.DoesNotContain(validator.Validate(FhirJson.Read(OperationOutcome.ToJson([.. issues])).Root), issue => issue.IsError);
        Assert.DoesNotContain(validator.Validate(FhirJson.Read(OperationOutcome.ToJson([])).Root), issue => issue.IsError);
    }
}
