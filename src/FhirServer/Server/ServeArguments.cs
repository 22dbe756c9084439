namespace HealthChain.FhirServer.Server;

/// <summary>The words after <c>serve</c>, as settings of the configuration.</summary>
/// <param name="ConfigFile">The file of <c>--config</c>.</param>
/// <param name="Words">What was set, each as <c>--Key=Value</c>, which is how the configuration system wants it.</param>
/// <param name="Problems">A sentence for each word that cannot be understood.</param>
internal sealed record ServeArguments(string? ConfigFile, string[] Words, IReadOnlyList<string> Problems)
{
    private const string ConfigOption = "--config";

    // What the platform's test host passes on the command line, our section without a value included.
    private static readonly string[] PlatformKeys = ["environment", "contentRoot", "applicationName", Settings.Section];

    /// <summary>
    /// Accepts <c>--option value</c>, <c>--option=value</c> and <c>--flag</c>, where options are those of the settings, or keys of the
    /// configuration such as <c>--Logging:LogLevel:Default</c>. The last one wins.
    /// </summary>
    public static ServeArguments Parse(ReadOnlySpan<string> words)
    {
        string? configFile = null;
        var settings = new List<string>();
        var problems = new List<string>();
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            int equals = word.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? word : word[..equals];
            Setting<ServerOptions>? setting = Settings.All.FirstOrDefault(setting => setting.Option == name);
            string? key = setting?.Key ?? KeyIn(name);
            string? value = equals >= 0 ? word[(equals + 1)..] : null;
            if (value is null && name.StartsWith('-') && i + 1 < words.Length && !words[i + 1].StartsWith("--", StringComparison.Ordinal))
            {
                value = words[++i];
            }

            if (key is null && name != ConfigOption)
            {
                problems.Add($"'{name}' is not a setting; 'healthchain serve --help' lists them");
                continue;
            }

            value ??= setting?.IsFlag == true ? "true" : null;
            if (value is null)
            {
                problems.Add($"{name} needs a value");
            }
            else if (name == ConfigOption)
            {
                configFile = value;
            }
            else
            {
                settings.Add($"--{key}={value}");
            }
        }

        return new ServeArguments(configFile, [.. settings], problems);
    }

    /// <summary>The key that a word names itself; whether it exists is seen when the configuration is read.</summary>
    private static string? KeyIn(string name) =>
        name.StartsWith("--", StringComparison.Ordinal) && (name.Contains(':', StringComparison.Ordinal) || PlatformKeys.Contains(name[2..])) ? name[2..] : null;
}
