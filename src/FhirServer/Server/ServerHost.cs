using System.Diagnostics;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using HealthChain.FhirServer.Organisations.Bootstrap;
using HealthChain.FhirServer.Upkeep;
using HealthChain.Storage;
using Microsoft.Extensions.Logging.Console;

namespace HealthChain.FhirServer.Server;

/// <summary>The platform under the server: configuration, logs, addresses, TLS, shutdown.</summary>
internal static class ServerHost
{
    /// <summary>
    /// Reads the settings and makes a builder that has the platform's parts. Null when a setting is wrong; the operator then knows why.
    /// </summary>
    public static (WebApplicationBuilder Builder, ServerOptions Options)? Configure(ReadOnlySpan<string> words, TextWriter errors)
    {
        ServeArguments arguments = ServeArguments.Parse(words);
        WebApplicationBuilder builder;
        ServerOptions options;
        try
        {
            // Settings are read once: watching their files would only cost time at start.
            builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false", .. arguments.Words]);
            (options, IReadOnlyList<string> problems) = SettingsReader.Read(builder.Configuration, arguments.ConfigFile);
            if (arguments.Problems.Count + problems.Count > 0)
            {
                return Refuse([.. arguments.Problems, .. problems], errors);
            }
        }
        catch (InvalidDataException broken)
        {
            // appsettings.json, which the platform reads.
            return Refuse([.. arguments.Problems, $"{broken.Message} {broken.InnerException?.Message}"], errors);
        }

        try
        {
            Listen(builder, options);
        }
        catch (Exception unusable) when (unusable is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return Refuse([$"HealthChain:Tls: certificate or key cannot be used: {unusable.Message}"], errors);
        }

        ConfigureLog(builder, options);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.ShutdownTimeout);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(TimeProvider.System);
        return (builder, options);
    }

    /// <summary>
    /// Says what the operator should know at the start, brings the index up to date, takes back what came back with a backup, and loads sample data once the
    /// server listens. By the index is decided who sees what: resources whose keys lack what today's decisions ask would exist for whom they must not.
    /// </summary>
    public static async Task PrepareAsync(WebApplication app, ServerOptions options, Stores stores)
    {
        if (options.Development)
        {
            ServerLog.DevelopmentMode(app.Logger);
        }

        if (stores.Resources.NeedsReindexing)
        {
            ServerLog.Reindexing(app.Logger);
            long start = Stopwatch.GetTimestamp();
            long resources = await stores.Resources.ReindexAsync(AccessScope.System("search parameters that changed"), null, CancellationToken.None);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            ServerLog.Reindexed(app.Logger, resources, seconds);
        }

        // Before anything begins to work: notifications that wait would be sent on behalf of who has no right to them any more.
        if (app.Services.GetService<RestoredState>() is { } restored)
        {
            await restored.CleanAsync(CancellationToken.None);
        }

        if (options.Sample > 0)
        {
            var loader = ActivatorUtilities.CreateInstance<SampleLoader>(app.Services);
            app.Lifetime.ApplicationStarted.Register(() => _ = loader.RunAsync(app.Urls.First(), app.Lifetime.ApplicationStopping));
        }
    }

    private static (WebApplicationBuilder, ServerOptions)? Refuse(IReadOnlyList<string> problems, TextWriter errors)
    {
        errors.WriteLine("healthchain serve: not started, because of its settings:");
        foreach (string problem in problems)
        {
            errors.WriteLine($"  {problem}");
        }

        return null;
    }

    private static void Listen(WebApplicationBuilder builder, ServerOptions options)
    {
        builder.WebHost.UseUrls(options.Urls);
        X509Certificate2Collection? certificates = options.Tls.Certificate is null ? null : ReadCertificates(options.Tls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.Limits.BodyBytes;
            if (certificates is not null)
            {
                kestrel.ConfigureHttpsDefaults(https =>
                {
                    https.ServerCertificate = certificates[0];
                    https.ServerCertificateChain = certificates;
                    https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
                });
            }
        });
        if (certificates is not null)
        {
            builder.WebHost.UseKestrelHttpsConfiguration();
        }
    }

    private static X509Certificate2Collection ReadCertificates(TlsOptions options)
    {
        string file = options.Certificate!;
        if (Path.GetExtension(file).ToLowerInvariant() is ".pfx" or ".p12")
        {
            return [X509CertificateLoader.LoadPkcs12FromFile(file, options.Password)];
        }

        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(file);
        X509Certificate2 own = options.Password is null
            ? X509Certificate2.CreateFromPemFile(file, options.Key)
            : X509Certificate2.CreateFromEncryptedPemFile(file, options.Password, options.Key);
        certificates[0] = own;
        return certificates;
    }

    /// <summary>
    /// The platform logs every request with its path, which may name a patient. What it says below a warning stays off, and so do scopes, which
    /// carry the path too: no setting of an operator brings them back.
    /// </summary>
    private static void ConfigureLog(WebApplicationBuilder builder, ServerOptions options)
    {
        const string Platform = "Microsoft.AspNetCore";
        if (options.LogFormat == LogFormat.Json)
        {
            builder.Logging.AddJsonConsole();
        }

        // What fails at the start is told by whoever started it; what fails later is said once more, as critical.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.Services.PostConfigure<LoggerFilterOptions>(filters =>
        {
            foreach (LoggerFilterRule rule in filters.Rules.Where(rule => rule.CategoryName?.StartsWith(Platform, StringComparison.OrdinalIgnoreCase) == true).ToList())
            {
                filters.Rules.Remove(rule);
            }

            filters.Rules.Add(new LoggerFilterRule(null, Platform, LogLevel.Warning, null));

            // As long as this could log anything, the platform makes an activity and a log scope with the path for each request.
            filters.Rules.Add(new LoggerFilterRule(null, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None, null));
        });
        builder.Services.PostConfigure<SimpleConsoleFormatterOptions>(formatter => formatter.IncludeScopes = false);
        builder.Services.PostConfigure<JsonConsoleFormatterOptions>(formatter => formatter.IncludeScopes = false);
    }
}
