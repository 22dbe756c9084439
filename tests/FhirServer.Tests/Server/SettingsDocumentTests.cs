using HealthChain.FhirServer.Server;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.FhirServer.Tests.Server;

/// <summary>docs/configuration.md has a row for each setting, as the settings describe themselves.</summary>
public sealed class SettingsDocumentTests
{
    [Fact]
    public void Every_setting_stands_in_the_document_with_its_default_and_meaning()
    {
        string document = File.ReadAllText(Repository.PathOf("docs/configuration.md"));

        string[] missing = [.. Rows().Where(row => !document.Contains(row, StringComparison.Ordinal))];

        Assert.True(missing.Length == 0, "docs/configuration.md lacks these rows:\n" + string.Join('\n', missing));
    }

    [Fact]
    public void The_document_has_no_setting_that_there_is_not()
    {
        var known = Rows().ToHashSet();

        Assert.All(File.ReadLines(Repository.PathOf("docs/configuration.md")).Where(line => line.StartsWith("| `", StringComparison.Ordinal)), line => Assert.Contains(line, known));
    }

    private static IEnumerable<string> Rows()
    {
        var defaults = new ServerOptions();
        foreach (var setting in Settings.All)
        {
            string value = setting.Show(defaults) is { Length: > 0 } text ? $"`{text}`" : "";
            yield return $"| `{setting.Key}` | `{setting.Option}` | {value} | {setting.Meaning}; {setting.Allowed} |";
        }

        foreach (var setting in Settings.OfTokens)
        {
            yield return $"| `{setting.Key}` | {setting.Meaning}; {setting.Allowed} |";
        }
    }
}
