using System.Threading.RateLimiting;

namespace HealthChain.FhirServer.Access;

/// <summary>How often each client may ask: a bucket of tokens per client, filled at the configured rate. What idle clients had is forgotten.</summary>
internal sealed class ClientRates : IDisposable
{
    private readonly PartitionedRateLimiter<string> _buckets;

    /// <param name="perSecond">Requests over time; at least 1.</param>
    /// <param name="burst">Requests at once; 0 for twice the rate.</param>
    public ClientRates(int perSecond, int burst)
    {
        int tokens = Math.Max(1, perSecond / 10);
        var bucket = new TokenBucketRateLimiterOptions
        {
            TokenLimit = burst == 0 ? 2 * perSecond : burst,
            TokensPerPeriod = tokens,
            ReplenishmentPeriod = TimeSpan.FromSeconds(tokens / (double)perSecond),
            QueueLimit = 0,
            AutoReplenishment = false,
        };
        _buckets = PartitionedRateLimiter.Create<string, string>(client => RateLimitPartition.GetTokenBucketLimiter(client, _ => bucket));
    }

    /// <summary>Counts a request; when there were too many, in how many whole seconds the client may ask again, else null.</summary>
    public int? Exceeded(string client)
    {
        using RateLimitLease lease = _buckets.AttemptAcquire(client);
        if (lease.IsAcquired)
        {
            return null;
        }

        TimeSpan wait = lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan after) ? after : TimeSpan.Zero;
        return Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds));
    }

    public void Dispose() => _buckets.Dispose();
}
