using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>What tests of operations share: short words for Parameters resources, going in and coming out.</summary>
public abstract class OperationTest(FhirServerFixture server) : FhirTest(server)
{
    /// <summary>A Parameters resource; each parameter is the inside of its JSON object, such as <c>"name":"code","valueCode":"a"</c>.</summary>
    protected static string Parameters(params string[] parameters) => parameters.Length == 0
        ? """{"resourceType":"Parameters"}"""
        : $$"""{"resourceType":"Parameters","parameter":[{{string.Join(',', parameters.Select(parameter => "{" + parameter + "}"))}}]}""";

    /// <summary>A parameter whose value is JSON: <c>Parameter("mode", "valueCode", "\"create\"")</c>.</summary>
    protected static string Parameter(string name, string member, string json) => $"\"name\":\"{name}\",\"{member}\":{json}";

    /// <summary>The answer of an operation that succeeds.</summary>
    protected async Task<JsonNode> OkAsync(Task<Answer> request)
    {
        Answer answer = await request;
        Assert.True(answer.Status == HttpStatusCode.OK, $"{(int)answer.Status} {answer.Body}");
        return answer.Json;
    }

    /// <summary>An answer that refuses, with an OperationOutcome that holds at least one error.</summary>
    protected async Task<Answer> RefusedAsync(Task<Answer> request, HttpStatusCode status, string? code = null)
    {
        Answer answer = await request;
        Assert.True(answer.Status == status, $"{(int)answer.Status} {answer.Body}");
        Assert.Equal("OperationOutcome", (string?)answer.Json["resourceType"]);
        Assert.NotEmpty(answer.IssueCodes);
        if (code is not null)
        {
            Assert.Contains(code, answer.IssueCodes);
        }

        return answer;
    }

    /// <summary>The out-parameters of that name.</summary>
    protected static JsonNode[] All(JsonNode parameters, string name)
    {
        Assert.Equal("Parameters", (string?)parameters["resourceType"]);
        return [.. ((JsonArray?)parameters["parameter"] ?? []).Where(parameter => (string?)parameter!["name"] == name).Select(parameter => parameter!)];
    }

    /// <summary>The parts of a parameter of that name.</summary>
    protected static JsonNode[] Parts(JsonNode parameter, string name) =>
        [.. ((JsonArray?)parameter["part"] ?? []).Where(part => (string?)part!["name"] == name).Select(part => part!)];

    /// <summary>Keys (<c>Type/id</c>) of a bundle's entries with that search mode.</summary>
    protected static string[] Keys(JsonNode bundle, string mode) =>
    [
        .. ((JsonArray?)bundle["entry"] ?? []).Where(entry => (string?)entry!["search"]?["mode"] == mode)
            .Select(entry => $"{(string?)entry!["resource"]!["resourceType"]}/{(string?)entry["resource"]!["id"]}"),
    ];

    protected static string? Link(JsonNode bundle, string relation) =>
        (string?)((JsonArray?)bundle["link"] ?? []).FirstOrDefault(link => (string?)link!["relation"] == relation)?["url"];
}
