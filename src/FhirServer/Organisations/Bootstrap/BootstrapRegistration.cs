using HealthChain.FhirServer.Server;

namespace HealthChain.FhirServer.Organisations.Bootstrap;

/// <summary>Who is known from the start, and the operator's hand on it.</summary>
internal static class BootstrapRegistration
{
    /// <summary>To be called after the authorisation server, whose accounts and clients are filled in.</summary>
    public static IServiceCollection AddBootstrap(this IServiceCollection services, ServerOptions options)
    {
        if (options.Smart.IsEnabled)
        {
            services.AddSingleton<ConfiguredResources>();
            services.AddSingleton<PreRegistration>();
            services.AddSingleton<RestoredState>();
            services.AddSingleton<DemoPeople>();
            services.AddSingleton<SmartAdministration>();
            services.AddHostedService<Starter>();
        }

        return services;
    }
}
