using HealthChain.Smart.Accounts;

namespace HealthChain.Smart.Http;

/// <summary>
/// Proofs of possession that were used. They are good for a minute only, so this is kept in memory: a disk that synchronises for each request
/// would cost more than a replay just after a restart, for which the token is needed too.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class SpentProofs(TimeProvider time)
{
    private const int MostRemembered = 200_000;

    private readonly Lock _gate = new();
    private readonly FadingTable<DateTimeOffset> _spent = new(MostRemembered);

    /// <summary>A <see cref="Jose.SpendOnce"/>.</summary>
    public ValueTask<bool> SpendAsync(string owner, string id, DateTimeOffset until, CancellationToken cancellationToken)
    {
        string key = $"{owner} {id}";
        lock (_gate)
        {
            if (_spent.TryGet(key, out DateTimeOffset known) && known > time.GetUtcNow())
            {
                return ValueTask.FromResult(false);
            }

            _spent.Put(key, until);
            return ValueTask.FromResult(true);
        }
    }
}
