using HealthChain.FhirServer.Redaction;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Audit;

/// <summary>Puts the store that redacts before the engine, and before that the one that shows the access log.</summary>
internal static class AuditRegistration
{
    public static IServiceCollection AddAudit(this IServiceCollection services, IResourceStore engine)
    {
        services.AddSingleton(provider => new AuditEventText(ServerOf(provider.GetRequiredService<ServerOptions>())));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<AuditEvents>(provider, engine));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<AuditSearch>(provider, engine));
        services.AddSingleton<Redactor>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RedactingStore>(provider, engine));
        services.AddSingleton<IResourceStore>(provider => ActivatorUtilities.CreateInstance<AuditedStore>(provider, provider.GetRequiredService<RedactingStore>()));
        return services;
    }

    /// <summary>What AuditEvents call this server: the base that clients see, or else where it listens first.</summary>
    private static Uri ServerOf(ServerOptions options) => new(options.BaseUrl ?? options.Urls.Split(';')[0].Trim().TrimEnd('/').Replace("*", "localhost", StringComparison.Ordinal).Replace("+", "localhost", StringComparison.Ordinal) + "/fhir");
}
