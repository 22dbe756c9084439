using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using HealthChain.Smart.Accounts;
using HealthChain.Smart.Http;
using HealthChain.Smart.Jose;
using HealthChain.Smart.State;

namespace HealthChain.FhirServer.Authorisation;

/// <summary>The authorisation server beside the FHIR server.</summary>
internal static class SmartRegistration
{
    private const string Folder = "smart";

    public static IServiceCollection AddSmart(this IServiceCollection services, SmartOptions options)
    {
        if (!options.IsEnabled)
        {
            return services;
        }

        services.AddSingleton(options);
        services.AddSingleton(provider => SmartState.InMemory(options.State, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => SigningKeys.Open(
            new SigningKeyOptions { Folder = provider.GetRequiredService<ServerOptions>().Folder(Folder) }, provider.GetRequiredService<TimeProvider>()));
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
                provider.GetRequiredService<TimeProvider>()));
        });
        services.AddSingleton(provider =>
        {
            SmartServer smart = provider.GetRequiredService<SmartServer>();
            return new PossessionCheck(smart.Proofs, smart.Nonces, provider.GetRequiredService<ServerOptions>());
        });
        services.AddHostedService<SmartUpkeep>();
        return services;
    }

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
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            state.DropExpired();
        }
    }
}
