using HealthChain.FhirServer.Server;
using HealthChain.Storage;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.Upkeep;

/// <summary>Removes large contents that no version refers to: of refused writes, erased patients, crashes.</summary>
internal sealed class BlobSweeper(Stores stores, ServerOptions options, TimeProvider time, ILogger<BlobSweeper> logger) : BackgroundService
{
    /// <summary>Longer than any upload may wait for its version.</summary>
    private static readonly TimeSpan MinimumAge = TimeSpan.FromHours(24);

    private readonly AccessScope _scope = AccessScope.System("sweep of large contents");

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
            // A blob that is old enough by now, and whose version is younger than this list, would have waited a day for it.
            var used = new HashSet<BlobAddress>();
            await foreach (BlobAddress blob in stores.Resources.BlobsAsync(_scope, cancellationToken))
            {
                used.Add(blob);
            }

            BlobSweep swept = stores.Blobs.Sweep(used.Contains, MinimumAge, cancellationToken);
            if (swept.Removed + swept.RemovedIncoming > 0)
            {
                ServerLog.Swept(logger, swept.Removed, swept.RemovedIncoming, swept.RemovedBytes);
            }
        }
        catch (IOException failure)
        {
            // What could not be removed now can be the next time.
            ServerLog.SweepFailed(logger, failure);
        }
    }
}
