using HealthChain.FhirServer.Server;

namespace HealthChain.FhirServer.Ledger;

/// <summary>The ledger beside the FHIR server.</summary>
internal static class LedgerRegistration
{
    public static IServiceCollection AddLedger(this IServiceCollection services)
    {
        services.AddSingleton<LedgerNode>();
        services.AddHostedService(provider => provider.GetRequiredService<LedgerNode>());
        services.AddSingleton<LedgerEndpoint>();
        services.AddSingleton<LedgerWatch>();
        return services;
    }

    public static void MapLedger(this WebApplication app)
    {
        LedgerEndpoint endpoint = app.Services.GetRequiredService<LedgerEndpoint>();
        RequestLimits limits = app.Services.GetRequiredService<RequestLimits>();
        app.Map(LedgerEndpoint.Path, ledger =>
        {
            ledger.Use(limits.AdmitAsync);
            ledger.Run(endpoint.AnswerAsync);
        });
        app.Map(LedgerEndpoint.WellKnownPath, ledger =>
        {
            ledger.Use(limits.AdmitAsync);
            ledger.Run(endpoint.DescribeAsync);
        });
    }
}
