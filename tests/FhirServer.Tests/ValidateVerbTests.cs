using System.Text.Json;
using Xunit;

namespace HealthChain.FhirServer.Tests;

public sealed class ValidateVerbTests : IDisposable
{
    private const string GoodPatient = """
        {"resourceType":"Patient","id":"good","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Ada</div>"},"gender":"female"}
        """;

    private readonly CommandRun _command = new();

    public void Dispose() => _command.Dispose();

    private List<JsonElement> Outcomes() =>
        [.. _command.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    private static IEnumerable<string?> Expressions(JsonElement outcome) =>
        outcome.GetProperty("issue").EnumerateArray()
            .Select(issue => issue.TryGetProperty("expression", out var expression) ? expression[0].GetString() : null);

    [Fact]
    public void A_valid_resource_gives_exit_code_0_and_a_summary()
    {
        Assert.Equal(0, _command.Run("validate", _command.File("good.json", GoodPatient)));

        Assert.Empty(_command.Output);
        Assert.Contains("1 file, 1 resource: 0 errors", _command.Errors);
    }

    [Fact]
    public void Errors_are_lines_with_file_severity_code_and_element()
    {
        var path = _command.File("bad.json", GoodPatient.Replace("\"female\"", "\"purple\"", StringComparison.Ordinal));

        Assert.Equal(1, _command.Run("validate", path));

        Assert.Contains($"{path}", _command.Output);
        Assert.Contains("error code-invalid Patient.gender", _command.Output);
        Assert.Contains("1 error", _command.Errors);
    }

    [Fact]
    public void Issues_say_the_line_and_column_of_their_element()
    {
        var path = _command.File("bad.json", """
            { "resourceType": "Patient",
              "contact": [ { "name": { "family": "Kim" } },
                           { "gender": "male" } ],
              "gender": "purple" }
            """);

        Assert.Equal(1, _command.Run("validate", path));

        Assert.Contains($"{path}:3:29: error invariant Patient.contact[1]", _command.Output);
        Assert.Contains($"{path}:4:14: error code-invalid Patient.gender", _command.Output);
    }

    [Fact]
    public void As_JSON_each_file_has_its_outcome_on_a_line()
    {
        var good = _command.File("good.json", GoodPatient);
        var bad = _command.File("bad.json", """{"resourceType":"Patient","gendre":"female"}""");

        Assert.Equal(1, _command.Run("validate", "--format", "json", good, bad));

        var outcomes = Outcomes();
        Assert.Equal(["OperationOutcome", "OperationOutcome"], outcomes.Select(outcome => outcome.GetProperty("resourceType").GetString()));
        Assert.Equal([good, bad], outcomes.Select(outcome => new Uri(outcome.GetProperty("meta").GetProperty("source").GetString()!).LocalPath));
        Assert.Equal("information", outcomes[0].GetProperty("issue")[0].GetProperty("severity").GetString());
        Assert.Equal("error", outcomes[1].GetProperty("issue")[0].GetProperty("severity").GetString());
        Assert.Contains("gendre", outcomes[1].GetProperty("issue")[0].GetProperty("details").GetProperty("text").GetString());
    }

    [Fact]
    public void Issues_of_NDJSON_carry_the_line_of_the_file()
    {
        var path = _command.File("all.ndjson", $"{GoodPatient.Trim()}\n{GoodPatient.Trim()}\n{{\"resourceType\":\"Patient\",\"gender\":\"purple\"}}\n");

        Assert.Equal(1, _command.Run("validate", "--format=json", path));

        var outcome = Assert.Single(Outcomes());
        var error = outcome.GetProperty("issue").EnumerateArray().Single(issue => issue.GetProperty("severity").GetString() == "error");
        Assert.Equal("Patient.gender", error.GetProperty("expression")[0].GetString());
        Assert.StartsWith("line 3, column ", error.GetProperty("diagnostics").GetString());
        Assert.Contains("3 resources", _command.Errors);
    }

    [Fact]
    public void A_large_bundle_is_checked_entry_by_entry_and_that_is_said()
    {
        // One entry is made large by its narrative, so that the file is too large to be read at once.
        var padding = new string('x', 33 * 1024 * 1024);
        var path = _command.File("bundle.json", $$"""
            {"resourceType":"Bundle","type":"collection","entry":[
            {"resource":{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{{padding}}</div>"} } },
            {"resource":{"resourceType":"Patient","gender":"purple"} }]}
            """);

        Assert.Equal(1, _command.Run("validate", "--format", "json", path));

        var outcome = Assert.Single(Outcomes());
        Assert.Contains("Bundle.entry[1].resource.gender", Expressions(outcome));
        Assert.Equal("incomplete", outcome.GetProperty("issue")[0].GetProperty("code").GetString());
        Assert.Contains("2 resources", _command.Errors);
    }

    [Fact]
    public void A_profile_that_is_asked_for_is_checked()
    {
        var path = _command.File("vitals.json", """
            {"resourceType":"Observation","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},
             "status":"final","code":{"text":"weight"}}
            """);

        Assert.Equal(0, _command.Run("validate", path));
        Assert.Equal(1, _command.Run("validate", "--profile", "http://hl7.org/fhir/StructureDefinition/vitalsigns", path));

        Assert.Contains("Observation", _command.Output);
    }

    [Fact]
    public void Definitions_of_a_folder_are_used()
    {
        var definitions = Directory.CreateDirectory(Path.Combine(_command.Folder, "definitions"));
        File.WriteAllText(Path.Combine(definitions.FullName, "profile.json"), """
            {"resourceType":"StructureDefinition","url":"http://example.org/fhir/named-patient","name":"NamedPatient","status":"active",
             "kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient",
             "derivation":"constraint","differential":{"element":[{"id":"Patient.name","path":"Patient.name","min":1}]}}
            """);
        var path = _command.File("good.json", GoodPatient);
        string[] profile = ["--profile", "http://example.org/fhir/named-patient"];

        Assert.Equal(2, _command.Run(["validate", .. profile, path]));
        Assert.Contains("named-patient", _command.Errors);
        Assert.Equal(1, _command.Run(["validate", .. profile, "--definitions", definitions.FullName, path]));

        Assert.Contains("name", _command.Output);
    }

    [Fact]
    public void A_broken_definition_is_named_and_makes_the_run_fail()
    {
        var definitions = Directory.CreateDirectory(Path.Combine(_command.Folder, "definitions"));
        File.WriteAllText(Path.Combine(definitions.FullName, "broken.tgz"), "this is no archive");

        Assert.Equal(2, _command.Run("validate", "--definitions", definitions.FullName, _command.File("good.json", GoodPatient)));

        Assert.Contains("broken.tgz", _command.Errors);
    }

    [Fact]
    public void An_unreadable_file_is_named_and_the_others_are_checked()
    {
        var good = _command.File("good.json", GoodPatient);

        Assert.Equal(2, _command.Run("validate", Path.Combine(_command.Folder, "absent.json"), good));

        Assert.Contains("absent.json", _command.Errors);
        Assert.Contains("1 resource", _command.Errors);
    }

    [Theory]
    [InlineData("validate")]
    [InlineData("validate", "--format", "yaml", "a.json")]
    [InlineData("validate", "--definitions", "/no/such/folder", "a.json")]
    [InlineData("validate", "--profil", "x", "a.json")]
    public void Wrong_usage_is_explained(params string[] arguments)
    {
        Assert.Equal(2, _command.Run(arguments));
        Assert.StartsWith("healthchain", _command.Errors);
        Assert.Empty(_command.Output);
    }
}
