using HealthChain.Consent;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents;

/// <summary>What knows the consents of patients.</summary>
internal static class ConsentRegistration
{
    public static IServiceCollection AddConsents(this IServiceCollection services)
    {
        services.AddSingleton<Vocabulary>();
        services.AddSingleton(provider => new ConsentKeys(
            provider.GetRequiredService<SearchParameterSet>(),
            provider.GetRequiredService<IndexHasher>(),
            provider.GetRequiredService<Vocabulary>(),
            provider.GetRequiredService<ServerOptions>().BaseUrl));
        services.AddSingleton<ConsentDirectory>();
        services.AddSingleton<ConsentViews>();
        services.AddSingleton<ActiveConsents>();
        services.AddHostedService(provider => provider.GetRequiredService<ConsentDirectory>());
        return services;
    }
}
