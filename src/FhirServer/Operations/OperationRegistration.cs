using HealthChain.Fhir.Definitions;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>All operations that the server has.</summary>
internal static class OperationRegistration
{
    public static IServiceCollection AddOperations(this IServiceCollection services)
    {
        services.AddSingleton<StoredDefinitions>();
        services.AddSingleton<IOperation, Validate>();
        services.AddSingleton<IOperation, Meta>();
        foreach (string name in new[] { MetaChange.Add, MetaChange.Remove })
        {
            services.AddSingleton<IOperation>(provider => new MetaChange(provider.GetRequiredService<IResourceStore>(), provider.GetRequiredService<DefinitionSet>(), name));
        }

        services.AddSingleton<IOperation, Conversion>();
        services.AddSingleton<OperationTable>();
        return services;
    }
}
