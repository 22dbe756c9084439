using System.Security.Cryptography;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Http;
using HealthChain.Smart.Jose;
using HealthChain.Smart.State;
using HealthChain.Storage.Sealing;

namespace HealthChain.FhirServer.Authorisation;

/// <summary>The authorisation server beside the FHIR server.</summary>
internal static class SmartRegistration
{
    /// <summary>Below the data folder: the journal, and the keys that sign.</summary>
    public const string Folder = "smart";

    private const int KeyBytes = 32;

    public static IServiceCollection AddSmart(this IServiceCollection services, SmartOptions options)
    {
        if (!options.IsEnabled)
        {
            return services;
        }

        services.AddSingleton(options);
        services.AddSingleton(provider => OpenState(
            provider.GetRequiredService<ServerOptions>(), provider.GetRequiredService<Stores>().Keys, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => OpenKeys(provider.GetRequiredService<ServerOptions>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new AccountBook(
            provider.GetRequiredService<SmartState>(), options.Passwords, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<ISmartHost, SmartHost>();
        services.AddSingleton(provider =>
        {
            ServerOptions server = provider.GetRequiredService<ServerOptions>();
            return new SmartServer(new SmartParts(
                options,
                provider.GetRequiredService<SmartState>(),
                provider.GetRequiredService<AccountBook>(),
                provider.GetRequiredService<SigningKeys>(),
                provider.GetRequiredService<ISmartHost>(),
                server.BaseUrl,
                ServerSecret.ReadOrMake(server.Data),
                provider.GetRequiredService<TimeProvider>())
            {
                Inbox = provider.GetRequiredService<IPatientInbox>(),
            });
        });
        services.AddSingleton(provider => provider.GetRequiredService<SmartServer>().Possession);
        services.AddHostedService<SmartUpkeep>();
        return services;
    }

    /// <summary>The state in the data folder; one process at a time, which is the one that has the stores open.</summary>
    /// <exception cref="SmartStateException">The journal is damaged, or belongs to other keys.</exception>
    public static SmartState OpenState(ServerOptions options, KeyStore keys, TimeProvider time)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        keys.GetAuthorisationKey(key);
        SmartState state = SmartState.Open(options.Smart.State, options.Folder(Folder), key, time);
        CryptographicOperations.ZeroMemory(key);
        return state;
    }

    /// <exception cref="IOException">The file with the keys cannot be used, or others may read it.</exception>
    public static SigningKeys OpenKeys(ServerOptions options, TimeProvider time) => SigningKeys.Open(new SigningKeyOptions { Folder = options.Folder(Folder) }, time);

    /// <summary>To be called before <see cref="FhirPipeline.MapFhir"/>, which takes all below the FHIR base.</summary>
    public static void MapSmart(this WebApplication app) =>
        app.Services.GetService<SmartServer>()?.Map(app, FhirEndpoint.Path, app.Services.GetRequiredService<RequestLimits>().AdmitAsync);
}

/// <summary>Has the authorisation server forget what has expired.</summary>
internal sealed class SmartUpkeep(SmartState state, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                state.DropExpired();
            }
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
    }
}
