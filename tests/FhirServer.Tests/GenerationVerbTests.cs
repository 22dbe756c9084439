using System.Text;
using System.Text.Json;
using HealthChain.FhirServer.Generation;
using Xunit;

namespace HealthChain.FhirServer.Tests;

public sealed class GenerationVerbTests : IDisposable
{
    private readonly CommandRun _command = new();

    public void Dispose() => _command.Dispose();

    [Fact]
    public void Bundles_go_to_standard_output_one_a_line()
    {
        Assert.Equal(0, _command.Run("generate", "--patients", "4", "--seed", "7", "--until", "2026-01-31"));

        Assert.Equal(Encoding.UTF8.GetString(new GenerationSample(7, 4).Bytes), _command.Output);
        Assert.StartsWith("4 patients, ", _command.Errors);
    }

    [Fact]
    public void With_a_folder_bundles_go_to_a_file()
    {
        var folder = Path.Combine(_command.Folder, "new");

        Assert.Equal(0, _command.Run("generate", "--patients", "2", "--seed", "7", "--until", "2026-01-31", "--output", folder, "--quiet"));

        Assert.Equal(new GenerationSample(7, 2).Bytes, File.ReadAllBytes(Path.Combine(folder, "bundles.ndjson")));
        Assert.Empty(_command.Output);
        Assert.Empty(_command.Errors);
    }

    [Fact]
    public void Bulk_files_hold_the_resources_of_the_bundles_with_ids_and_literal_references()
    {
        Assert.Equal(0, _command.Run("generate", "--patients=3", "--seed=7", "--until=2026-01-31", "--format=ndjson", "--output", _command.Folder));

        var resources = new List<JsonElement>();
        foreach (var file in Directory.GetFiles(_command.Folder, "*.ndjson"))
        {
            var lines = File.ReadAllLines(file).Select(line => JsonDocument.Parse(line).RootElement).ToList();
            Assert.All(lines, resource => Assert.Equal(Path.GetFileNameWithoutExtension(file), GenerationSample.TypeOf(resource)));
            resources.AddRange(lines);
        }

        var ids = resources.Select(resource => $"{GenerationSample.TypeOf(resource)}/{resource.GetProperty("id").GetString()}").ToHashSet();
        Assert.Equal(new GenerationSample(7, 3).ResourceCount, ids.Count);
        Assert.Equal(ids.Count, resources.Count);
        Assert.All(resources.SelectMany(resource => GenerationSample.Strings(resource, "reference")), reference => Assert.Contains(reference, ids));
    }

    [Fact]
    public void Bulk_files_pass_the_validator()
    {
        Assert.Equal(0, _command.Run("generate", "--patients", "3", "--format", "ndjson", "--output", _command.Folder, "--until", "2026-01-31"));
        Assert.Equal(0, _command.Run(["validate", .. Directory.GetFiles(_command.Folder, "*.ndjson")]));
    }

    [Theory]
    [InlineData("generate")]
    [InlineData("generate", "--patients", "0")]
    [InlineData("generate", "--patients", "1000001")]
    [InlineData("generate", "--patients", "ten")]
    [InlineData("generate", "--patients", "1", "--seed", "-1")]
    [InlineData("generate", "--patients", "1", "--until", "31.01.2026")]
    [InlineData("generate", "--patients", "1", "--until", "0007-01-31")]
    [InlineData("generate", "--patients", "1", "--format", "csv")]
    [InlineData("generate", "--patients", "1", "--format", "ndjson")]
    [InlineData("generate", "--patients", "1", "more")]
    [InlineData("generate", "--patients", "1", "--shout")]
    public void Wrong_usage_is_explained(params string[] arguments)
    {
        Assert.Equal(2, _command.Run(arguments));
        Assert.StartsWith("healthchain generate: ", _command.Errors);
        Assert.Empty(_command.Output);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_named()
    {
        var file = _command.File("taken", "");

        Assert.Equal(2, _command.Run("generate", "--patients", "1", "--output", file));

        Assert.Contains("taken", _command.Errors);
    }

    [Fact]
    public void Help_explains_the_verb()
    {
        Assert.Equal(0, _command.Run("generate", "--help"));
        Assert.StartsWith("Usage: healthchain generate", _command.Output);
    }

    [Fact]
    public void The_progress_bar_fills_and_ends_its_line()
    {
        var terminal = new StringWriter { NewLine = "\n" };
        var progress = new Progress(terminal, 2, TimeProvider.System);
        progress.Report(2, 220);

        Assert.StartsWith("\r[##############################] 2/2 patients, ", terminal.ToString());
        Assert.EndsWith("resources/s \n", terminal.ToString());
    }
}
