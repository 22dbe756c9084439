using System.Text.Json;
using Xunit;

namespace HealthChain.FhirServer.Tests;

public sealed class ConvertVerbTests : IDisposable
{
    private const string Json = """
        {"resourceType":"Observation","id":"a","status":"final","_status":{"id":"s"},"code":{"text":"α & <β>"},"valueQuantity":{"value":1.10,"unit":"kg"}}
        """;

    private readonly CommandRun _command = new();

    public void Dispose() => _command.Dispose();

    [Fact]
    public void JSON_to_XML_and_back_is_the_same_JSON()
    {
        var json = _command.File("observation.json", Json);

        Assert.Equal(0, _command.Run("convert", "--to", "xml", json));
        Assert.StartsWith("<", _command.Output);
        Assert.Contains("<value value=\"1.10\"/>", _command.Output);
        var xml = _command.File("observation.xml", _command.Output);
        Assert.Equal(0, _command.Run("convert", "--to=json", xml));

        Assert.Equal(Json.Trim(), _command.Output.Trim());
        Assert.Empty(_command.Errors);
    }

    [Fact]
    public void Several_resources_become_NDJSON_in_order()
    {
        var one = _command.File("one.json", """{ "resourceType": "Basic", "id": "1", "code": { } }""");
        var more = _command.File("more.ndjson", "{\"resourceType\":\"Basic\",\"id\":\"2\"}\n{\"resourceType\":\"Basic\",\"id\":\"3\"}\n");

        Assert.Equal(1, _command.Run("convert", "--to", "json", one, more));
        Assert.Equal(["2", "3"], _command.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(IdOf));
        Assert.Contains("one.json", _command.Errors);
        Assert.Contains("Basic.code", _command.Errors);
    }

    [Fact]
    public void With_a_folder_each_resource_gets_a_file()
    {
        var lines = _command.File("all.ndjson", "{\"resourceType\":\"Basic\",\"id\":\"1\"}\n\n{\"resourceType\":\"Basic\",\"id\":\"2\"}\n");
        var target = Path.Combine(_command.Folder, "xml");

        Assert.Equal(0, _command.Run("convert", "--to", "xml", "--output", target, lines));

        Assert.Empty(_command.Output);
        Assert.Equal(["all-1.xml", "all-3.xml"], Directory.GetFiles(target).Select(Path.GetFileName).Order());
        Assert.Contains("<id value=\"2\"/>", File.ReadAllText(Path.Combine(target, "all-3.xml")));
    }

    [Fact]
    public void A_faulty_resource_is_left_out_with_its_file_line_and_element()
    {
        var lines = _command.File("all.ndjson", "{\"resourceType\":\"Basic\",\"id\":\"1\"}\n{\"resourceType\":\"Basic\",\"colour\":\"red\"}\n");

        Assert.Equal(1, _command.Run("convert", "--to", "json", lines));

        Assert.Equal("1", IdOf(_command.Output));
        Assert.Contains("all.ndjson:2", _command.Errors);
        Assert.Contains("colour", _command.Errors);
    }

    [Fact]
    public void A_missing_file_is_named_and_the_others_are_converted()
    {
        var present = _command.File("present.json", """{"resourceType":"Basic","id":"1"}""");

        Assert.Equal(2, _command.Run("convert", "--to", "json", Path.Combine(_command.Folder, "absent.json"), present));

        Assert.Equal("1", IdOf(_command.Output));
        Assert.Contains("absent.json", _command.Errors);
    }

    [Fact]
    public void A_folder_in_place_of_a_file_is_said_to_be_one()
    {
        Assert.Equal(2, _command.Run("convert", "--to", "json", _command.Folder));
        Assert.Contains("folder", _command.Errors);
    }

    [Fact]
    public void A_target_that_cannot_be_written_is_named_as_such()
    {
        var file = _command.File("basic.json", """{"resourceType":"Basic","id":"1"}""");

        Assert.Equal(2, _command.Run("convert", "--to", "xml", "--output", file, file));

        Assert.StartsWith("healthchain convert: ", _command.Errors);
        Assert.DoesNotContain("cannot be read", _command.Errors);
    }

    [Theory]
    [InlineData("convert", "a.json")]
    [InlineData("convert", "--to", "yaml", "a.json")]
    [InlineData("convert", "--to", "xml")]
    [InlineData("convert", "--to", "xml", "a.json", "b.json")]
    [InlineData("convert", "--to", "xml", "a.ndjson")]
    [InlineData("convert", "--from", "xml", "a.json")]
    public void Wrong_usage_is_explained(params string[] arguments)
    {
        Assert.Equal(2, _command.Run(arguments));
        Assert.StartsWith("healthchain convert: ", _command.Errors);
        Assert.Empty(_command.Output);
    }

    [Fact]
    public void Help_explains_the_verb()
    {
        Assert.Equal(0, _command.Run("convert", "--help"));
        Assert.StartsWith("Usage: healthchain convert", _command.Output);
    }

    private static string? IdOf(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("id").GetString();
    }
}
