namespace HealthChain.FhirServer.Server;

/// <summary>Probes for whatever supervises the process; they say nothing about the data.</summary>
internal static class Health
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", static () => "live");
        routes.MapGet("/health/ready", static () => "ready");
    }
}
