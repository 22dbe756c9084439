namespace HealthChain.FhirServer.Server;

/// <summary>Probes for whatever supervises the process; they say nothing about the data.</summary>
internal static class Health
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        // Alive is what answers at all: a supervisor that restarts the process for a full disk would make it worse.
        routes.MapGet("/health/live", static () => "live");
        routes.MapGet("/health/ready", Ready);
    }

    private static async Task<IResult> Ready(Readiness readiness) => await readiness.FindProblemAsync() is { } problem
        ? Results.Text(problem, statusCode: StatusCodes.Status503ServiceUnavailable)
        : Results.Text("ready");
}

/// <summary>Whether requests should be sent here.</summary>
internal sealed class Readiness(Stores stores, ServerOptions options, IHostApplicationLifetime lifetime)
{
    private readonly DriveInfo _disk = new(options.Folder(options.Sqlite.Folder));

    /// <summary>Why not, as a line for an operator; null when they should.</summary>
    public async ValueTask<string?> FindProblemAsync()
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return "stopping";
        }

        // Nobody sends writes to a server that is not ready, so it must find out by itself that it is again.
        if (stores.Resources.WriteFailure is not null && await stores.Resources.ProbeAsync() is { } failure)
        {
            return $"the store cannot write: {failure}";
        }

        return _disk.AvailableFreeSpace < options.ReadyDiskBytes
            ? $"the disk with the data has {ByteSize.Show(_disk.AvailableFreeSpace >> 20 << 20)} left, less than {ByteSize.Show(options.ReadyDiskBytes)}"
            : null;
    }
}
