using HealthChain.FhirServer.LargeData;
using HealthChain.FhirServer.Server;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.Upkeep;

/// <summary>Has blobs swept again and again while the server runs.</summary>
internal sealed class PeriodicSweep(BlobSweeper sweeper, ServerOptions options, TimeProvider time, ILogger<PeriodicSweep> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.SweepInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await SweepAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
    }

    private async Task SweepAsync(CancellationToken cancellationToken)
    {
        try
        {
            BlobSweep swept = await sweeper.SweepAsync(BlobSweeper.MinimumAge, cancellationToken);
            if (swept.Removed + swept.RemovedIncoming > 0)
            {
                ServerLog.Swept(logger, swept.Removed, swept.RemovedIncoming, swept.RemovedBytes);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // What could not be removed now can be the next time.
            ServerLog.SweepFailed(logger, failure);
        }
    }
}
