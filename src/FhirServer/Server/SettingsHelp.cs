using System.Text;

namespace HealthChain.FhirServer.Server;

/// <summary>What <c>healthchain serve --help</c> prints: made from the settings themselves, so that none is forgotten.</summary>
internal static class SettingsHelp
{
    private static readonly ServerOptions Defaults = new();

    private static readonly Dictionary<string, string> Titles = new(StringComparer.Ordinal)
    {
        ["HealthChain"] = "General",
        ["HealthChain:Limits"] = "Limits",
        ["HealthChain:Sqlite"] = "Embedded engine",
        ["HealthChain:Keys"] = "Keys",
        ["HealthChain:Blobs"] = "Large contents",
        ["HealthChain:Consent"] = "Consents of patients",
        ["HealthChain:Labels"] = "Security labels",
        ["HealthChain:Ledger"] = "Ledger",
        ["HealthChain:Ledger:Rpc"] = "Chain of --ledger-chain rpc",
        ["HealthChain:Ledger:Registry"] = "Registry of organisations on that chain",
        ["HealthChain:Subscriptions"] = "Subscriptions",
        ["HealthChain:Smart"] = "Identity and access",
        ["HealthChain:Smart:External"] = "Logging in at another OpenID provider",
        ["HealthChain:Tls"] = "TLS (1.2 or newer; HTTP/2 where clients offer it)",
        ["HealthChain:Telemetry"] = "Telemetry",
    };

    public static string Text()
    {
        var text = new StringBuilder("""
            Usage: healthchain [serve] [--config FILE] [SETTING]...

            Starts the FHIR server. Ctrl+C or SIGTERM stops it after the running requests are answered and everything is on disk.

              healthchain serve --development                  try it: no login, on this machine only
              healthchain serve --development --sample 1000    and with a thousand patients who do not exist
              healthchain serve --config /etc/healthchain.json --urls https://fhir.example.org

            Settings come from appsettings.json in the working directory, the file of --config, the environment, and the command
            line; the later win. A setting called --limits-body-bytes here is HealthChain:Limits:BodyBytes in a file (nested objects) and
            HealthChain__Limits__BodyBytes in the environment; --urls is 'urls' and ASPNETCORE_URLS. Wrong or unknown settings
            stop the start with exit code 64.

              --config FILE
                  a JSON file with settings

            """);
        string section = "";
        foreach (Setting<ServerOptions> setting in Settings.All)
        {
            if (SectionOf(setting.Key) is var current && current != section)
            {
                section = current;
                text.Append('\n').Append(Titles[section]).Append('\n');
            }

            Append(text, setting.Option, setting.Meaning, setting.Allowed, setting.Show(Defaults));
        }

        text.Append("\nTokens (in files and the environment; N counts from 0; on loopback addresses only)\n");
        foreach (Setting<TokenOptions> setting in Settings.OfTokens)
        {
            Append(text, setting.Key, setting.Meaning, setting.Allowed, "");
        }

        text.Append("""

            GET /fhir/metadata says what the server offers; /health/live and /health/ready are for supervisors.
            docs/configuration.md explains more.

            """);
        return text.ToString();
    }

    private static string SectionOf(string key) => key.LastIndexOf(':') is > 0 and var end ? key[..end] : Settings.Section;

    private static void Append(StringBuilder text, string name, string meaning, string allowed, string fallback)
    {
        text.Append("  ").Append(name).Append("\n      ").Append(meaning).Append("\n      ").Append(allowed);
        text.Append(fallback.Length == 0 ? "\n" : $" (default {fallback})\n");
    }
}
