namespace HealthChain.FhirServer.Server;

/// <summary>What the process says of itself; nothing of what it holds or was asked.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "Development mode: whoever is on this machine may read and change everything without login")]
    public static partial void DevelopmentMode(ILogger logger);
}
