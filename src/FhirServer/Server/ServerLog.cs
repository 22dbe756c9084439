namespace HealthChain.FhirServer.Server;

/// <summary>What the process says of itself; nothing of what it holds or was asked.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "Development mode: whoever is on this machine may read and change everything without login")]
    public static partial void DevelopmentMode(ILogger logger);

    [LoggerMessage(EventId = 11, Level = LogLevel.Information, Message = "Search parameters changed since resources were indexed: the index is computed again before the server answers")]
    public static partial void Reindexing(ILogger logger);

    [LoggerMessage(EventId = 14, Level = LogLevel.Information, Message = "The index of {Resources} resources was computed again, {Seconds:F1} s")]
    public static partial void Reindexed(ILogger logger, long resources, double seconds);

    [LoggerMessage(EventId = 12, Level = LogLevel.Warning, Message = "There are demo accounts, whose names and passwords everybody knows")]
    public static partial void Demo(ILogger logger);

    [LoggerMessage(EventId = 13, Level = LogLevel.Warning, Message = "There was no account: an administrator was made, whose one-time password stands on the terminal alone")]
    public static partial void FirstAdministrator(ILogger logger);

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "The data folder's path is longer than {MaxBytes} bytes: 'healthchain backup' and 'verify' work only while the server is stopped")]
    public static partial void NoControlSocket(ILogger logger, int maxBytes);

    [LoggerMessage(EventId = 21, Level = LogLevel.Information, Message = "Removed {Blobs} large contents and {Unfinished} unfinished ones that nothing refers to, {Bytes} bytes")]
    public static partial void Swept(ILogger logger, long blobs, long unfinished, long bytes);

    [LoggerMessage(EventId = 22, Level = LogLevel.Warning, Message = "Large contents that nothing refers to could not be removed")]
    public static partial void SweepFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 23, Level = LogLevel.Error, Message = "A request of the command line failed")]
    public static partial void ControlFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 30, Level = LogLevel.Information, Message = "Sample data: {Patients} of {Total} patients, {Resources} resources, {Seconds:F1} s")]
    public static partial void SampleLoaded(ILogger logger, long patients, long total, long resources, double seconds);

    [LoggerMessage(EventId = 31, Level = LogLevel.Information, Message = "Sample data: not loaded, there are patients already")]
    public static partial void SampleSkipped(ILogger logger);

    [LoggerMessage(EventId = 32, Level = LogLevel.Error, Message = "Sample data could not be loaded")]
    public static partial void SampleFailed(ILogger logger, Exception exception);
}
