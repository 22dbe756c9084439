using System.Globalization;
using System.Net;
using HealthChain.FhirServer.Authorisation;
using HealthChain.FhirServer.Labelling;
using HealthChain.FhirServer.Ledger;
using HealthChain.FhirServer.Organisations.Bootstrap;
using Microsoft.Extensions.Configuration.Json;

namespace HealthChain.FhirServer.Server;

/// <summary>Reads the options from the configuration and says all that is wrong at once.</summary>
internal sealed class SettingsReader
{
    private readonly IConfiguration _configuration;
    private readonly List<string> _problems = [];

    private SettingsReader(IConfiguration configuration) => _configuration = configuration;

    /// <summary>
    /// Puts the operator's file after appsettings.json and before the environment and the command line, and reads all of them.
    /// </summary>
    public static (ServerOptions Options, IReadOnlyList<string> Problems) Read(ConfigurationManager configuration, string? file)
    {
        if (file is not null)
        {
            try
            {
                int place = 1 + configuration.Sources.Select((source, index) => source is JsonConfigurationSource ? index : -1).Max();
                var source = new JsonConfigurationSource { Path = Path.GetFullPath(file) };
                source.ResolveFileProvider();
                configuration.Sources.Insert(place, source);
            }
            catch (Exception unreadable) when (unreadable is InvalidDataException or FileNotFoundException)
            {
                return (new ServerOptions(), [unreadable.InnerException is null ? unreadable.Message : $"{unreadable.Message} {unreadable.InnerException.Message}"]);
            }
        }

        return Read(configuration);
    }

    /// <summary>The options, and a line for the operator for each setting that cannot be used; nothing is to be started if there are any.</summary>
    public static (ServerOptions Options, IReadOnlyList<string> Problems) Read(IConfiguration configuration)
    {
        var reader = new SettingsReader(configuration);
        ServerOptions options = reader.ReadAll(Settings.All, new ServerOptions(), index: "");
        options = options with { Tokens = reader.ReadTokens() };
        reader.FindUnknown();
        if (reader._problems.Count == 0)
        {
            reader._problems.AddRange(Contradictions(options, configuration));
        }

        return (options, reader._problems);
    }

    private TOptions ReadAll<TOptions>(IReadOnlyList<Setting<TOptions>> settings, TOptions options, string index)
        where TOptions : class
    {
        foreach (Setting<TOptions> setting in settings)
        {
            string key = setting.Key.Replace(":N:", $":{index}:", StringComparison.Ordinal);
            if (_configuration[key] is not { } text)
            {
                continue;
            }

            if (setting.Apply(options, text.Trim()) is { } changed)
            {
                options = changed;
            }
            else
            {
                string refused = setting.IsSecret ? "its value" : $"'{text}'";
                _problems.Add($"{key}: {refused} is not {setting.Allowed}");
            }
        }

        return options;
    }

    private List<TokenOptions> ReadTokens()
    {
        var tokens = new List<TokenOptions>();
        foreach (IConfigurationSection section in _configuration.GetSection(Settings.TokenSection).GetChildren())
        {
            int before = _problems.Count;
            TokenOptions token = ReadAll(Settings.OfTokens, new TokenOptions(), section.Key);
            if (_problems.Count == before && (token.Token.Length == 0 || token.Name.Length == 0 || token.Role is null))
            {
                _problems.Add($"{section.Path}: a token needs Token, Name and Role");
            }

            tokens.Add(token);
        }

        if (tokens.DistinctBy(token => token.Token).Count() < tokens.Count)
        {
            _problems.Add($"{Settings.TokenSection}: two tokens are the same");
        }

        return tokens;
    }

    /// <summary>A misspelt limit would silently be no limit.</summary>
    private void FindUnknown()
    {
        foreach ((string key, string? value) in _configuration.GetSection(Settings.Section).AsEnumerable())
        {
            // Objects have no value of their own; an empty array has an empty one.
            if (string.IsNullOrEmpty(value))
            {
                continue;
            }

            string[] parts = key.Split(':');
            string general = key.StartsWith(Settings.TokenSection + ":", StringComparison.OrdinalIgnoreCase) && parts.Length == 4 && IsNumber(parts[2])
                ? $"{Settings.TokenSection}:N:{parts[3]}"
                : key;
            if (!Keys().Contains(general, StringComparer.OrdinalIgnoreCase))
            {
                string parent = general[..general.LastIndexOf(':')];
                string[] siblings = [.. Keys().Where(known => known.StartsWith(parent + ":", StringComparison.OrdinalIgnoreCase)).Select(known => known[(parent.Length + 1)..])];
                string hint = siblings.Length == 0 ? "'healthchain serve --help' lists the settings" : $"beside it are {string.Join(", ", siblings)}";
                _problems.Add($"{key}: there is no such setting; {hint}");
            }
        }

        static IEnumerable<string> Keys() => Settings.All.Select(setting => setting.Key).Concat(Settings.OfTokens.Select(setting => setting.Key));

        static bool IsNumber(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);
    }

    /// <summary>Settings that are sound by themselves but not together.</summary>
    private static IEnumerable<string> Contradictions(ServerOptions options, IConfiguration configuration)
    {
        Uri[] addresses = [.. options.Urls.Split(';').Select(address => new Uri(address.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal)))];
        Uri? open = addresses.FirstOrDefault(address => !IsLoopback(address));
        foreach (string contradiction in (open is null ? [] : ReachableFromOutside(options, open)).Concat(OfAccounts(options)))
        {
            yield return contradiction;
        }

        if (options.Sample > 0 && !options.Development)
        {
            yield return "HealthChain:Sample: sample patients are loaded in development mode only; add --development";
        }

        bool needsCertificate = addresses.Any(address => address.Scheme == Uri.UriSchemeHttps);
        if (needsCertificate && options.Tls.Certificate is null)
        {
            yield return "HealthChain:Tls:Certificate: https addresses need one";
        }

        if (options.Limits.Search.DefaultCount > options.Limits.Search.MaxCount)
        {
            yield return $"HealthChain:Limits:DefaultCount: {options.Limits.Search.DefaultCount} is more than HealthChain:Limits:MaxCount, {options.Limits.Search.MaxCount}";
        }

        if (options.Engine == StoreEngine.Cosmos)
        {
            yield return "HealthChain:Engine: the engine for Cosmos DB is not there yet; use sqlite";
        }

        foreach (string problem in options.Labels.Folder is null ? [] : SensitivityTables.Read(options.Labels).Problems)
        {
            yield return $"HealthChain:Labels:Folder: {problem}";
        }

        foreach (string contradiction in LedgerTable.Contradictions(options.Ledger))
        {
            yield return contradiction;
        }

        foreach (string contradiction in SmartTable.Contradictions(options, open is not null))
        {
            yield return contradiction;
        }

        // Endpoints of the platform's own would listen beside the checked ones.
        if (configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
        {
            yield return "Kestrel:Endpoints: addresses are set by 'urls' only, which is checked against development mode";
        }
    }

    /// <summary>What only this machine may do, where others reach the server.</summary>
    private static IEnumerable<string> ReachableFromOutside(ServerOptions options, Uri open)
    {
        if (options.Development)
        {
            yield return $"HealthChain:Development: everybody who reaches {open} could read and change everything without login; listen on 127.0.0.1, [::1] or localhost, or switch development mode off";
        }

        if (options.Bootstrap.Demo)
        {
            yield return $"HealthChain:Demo: everybody knows the passwords of the demo accounts, and {open} can be reached from other machines; listen on 127.0.0.1, [::1] or localhost, or do without them";
        }

        if (options.Tokens.Count > 0)
        {
            yield return $"HealthChain:Tokens: fixed tokens are for trials and load on this machine, but {open} can be reached from others; listen on 127.0.0.1, [::1] or localhost, or remove them";
        }

        if (!options.AccessLog && !options.Development)
        {
            yield return $"HealthChain:AccessLog: what is asked from other machines, as {open} lets them, must be on record; leave it on, or listen on 127.0.0.1, [::1] or localhost";
        }
    }

    private static IEnumerable<string> OfAccounts(ServerOptions options)
    {
        if (!options.Smart.IsEnabled && (options.Bootstrap.Demo || options.Bootstrap.PreRegistration is not null))
        {
            yield return "HealthChain:Smart:Enabled: without it there are no accounts and clients, so neither HealthChain:Demo nor HealthChain:Smart:PreRegistration can be followed";
        }

        if (options.Bootstrap.PreRegistration is { } file)
        {
            foreach (string problem in PreRegistrationFile.Read(file).Problems)
            {
                yield return $"{file}: {problem}";
            }
        }
    }

    private static bool IsLoopback(Uri address) =>
        address.Host == "localhost" || (IPAddress.TryParse(address.DnsSafeHost, out IPAddress? ip) && IPAddress.IsLoopback(ip));
}
