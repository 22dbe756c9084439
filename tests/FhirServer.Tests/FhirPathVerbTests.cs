using System.Text.Json;
using Xunit;

namespace HealthChain.FhirServer.Tests;

public sealed class FhirPathVerbTests : IDisposable
{
    private readonly CommandRun _command = new();

    public void Dispose() => _command.Dispose();

    private string Patient() => _command.File(
        "patient.json",
        """{"resourceType":"Patient","id":"a","active":true,"name":[{"family":"Şen","given":["Ada","Bo"]},{"family":"Kim"}]}""");

    [Theory]
    [InlineData("name.given", "Ada\nBo\n")]
    [InlineData("name.family.first()", "Şen\n")]
    [InlineData("name.count() > 1", "true\n")]
    [InlineData("1.10 'mg'", "1.10 'mg'\n")]
    [InlineData("name[1]", "{\"family\":\"Kim\"}\n")]
    [InlineData("contact", "")]
    public void The_items_of_the_result_are_printed_line_by_line(string expression, string expected)
    {
        Assert.Equal(0, _command.Run("fhirpath", expression, Patient()));

        Assert.Equal(expected, _command.Output);
        Assert.Empty(_command.Errors);
    }

    [Fact]
    public void XML_is_read_too()
    {
        var path = _command.File("patient.xml", "<Patient xmlns=\"http://hl7.org/fhir\"><gender value=\"female\"/></Patient>");

        Assert.Equal(0, _command.Run("fhirpath", "Patient.gender", path));

        Assert.Equal("female\n", _command.Output);
    }

    [Fact]
    public void With_NDJSON_each_line_says_where_it_comes_from()
    {
        var path = _command.File("all.ndjson", "{\"resourceType\":\"Basic\",\"id\":\"1\"}\n{\"resourceType\":\"Basic\"}\n{\"resourceType\":\"Basic\",\"id\":\"3\"}");

        Assert.Equal(0, _command.Run("fhirpath", "id", path));

        Assert.Equal($"{path}:1: 1\n{path}:3: 3\n", _command.Output);
    }

    [Fact]
    public void As_JSON_each_item_has_its_type_path_and_value()
    {
        Assert.Equal(0, _command.Run("fhirpath", "--json", "active | name[1] | name.count() | 1.50", Patient()));

        using var result = JsonDocument.Parse(_command.Output);
        var expected = $$"""
            {
              "file": {{JsonSerializer.Serialize(Path.Combine(_command.Folder, "patient.json"))}},
              "result": [
                { "type": "FHIR.boolean", "path": "Patient.active", "value": true },
                { "type": "FHIR.HumanName", "path": "Patient.name[1]", "value": { "family": "Kim" } },
                { "type": "System.Integer", "value": 2 },
                { "type": "System.Decimal", "value": 1.50 }
              ]
            }
            """;
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(expected).RootElement, result.RootElement), _command.Output);
    }

    [Theory]
    [InlineData("name.", "fhirpath: ")]
    [InlineData("name.nosuchfunction()", "nosuchfunction")]
    public void An_expression_that_cannot_be_read_is_explained(string expression, string message)
    {
        Assert.Equal(2, _command.Run("fhirpath", expression, Patient()));

        Assert.Contains(message, _command.Errors);
        Assert.Empty(_command.Output);
    }

    [Fact]
    public void An_expression_that_does_not_fit_a_resource_is_an_error_of_that_resource()
    {
        Assert.Equal(1, _command.Run("fhirpath", "name.family + 'x'", Patient()));

        Assert.Contains("patient.json", _command.Errors);
    }

    [Fact]
    public void Without_a_file_the_usage_is_named() => Assert.Equal(2, _command.Run("fhirpath", "name"));

    [Theory]
    [InlineData("gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", "true")]
    [InlineData("'purple'.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", "false")]
    [InlineData("maritalStatus.memberOf('http://hl7.org/fhir/ValueSet/marital-status')", "true")]
    [InlineData("maritalStatus.coding.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", "false")]
    [InlineData("maritalStatus.subsumes(maritalStatus)", "true")]
    [InlineData("conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')", "true")]
    [InlineData("conformsTo('http://hl7.org/fhir/StructureDefinition/Observation')", "false")]
    public void Functions_on_definitions_are_answered_by_the_loaded_ones(string expression, string expected)
    {
        var path = _command.File("patient.json", """
            {"resourceType":"Patient","gender":"male",
             "maritalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M"}]}}
            """);

        Assert.Equal(0, _command.Run("fhirpath", expression, path));

        Assert.Equal(expected, _command.Output.Trim());
    }

    [Fact]
    public void A_misspelt_element_is_pointed_out_once_for_each_type()
    {
        var path = _command.File("all.ndjson", "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\"}");

        Assert.Equal(0, _command.Run("fhirpath", "nam.given", path));

        var warning = Assert.Single(_command.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("on Patient: ", warning);
        Assert.Contains("nam", warning);
    }
}
