using System.Collections.Concurrent;
using System.Net;

namespace HealthChain.Smart.Jose;

/// <summary>Bounds on fetching sets of keys.</summary>
internal sealed record JwksFetcherOptions
{
    public OutsideReach Reach { get; init; } = OutsideReach.Public;

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a set is kept whose owner does not say.</summary>
    public TimeSpan UsuallyKept { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest that a set is kept, whatever its owner allows: keys that were withdrawn must not live on for days.</summary>
    public TimeSpan LongestKept { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Time between two requests to one address, over time: tokens with unknown kids must not make us ask for each.</summary>
    public TimeSpan Between { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How many may come at once after a pause.</summary>
    public int AtOnce { get; init; } = 5;

    /// <summary>Most addresses whose sets are kept.</summary>
    public int MostKept { get; init; } = 1_000;
}

/// <summary>Fetches the sets of keys that stand at a URL (<c>jwks_uri</c>), and keeps them for as long as their owners allow. Safe for use by many at once.</summary>
internal sealed class JwksFetcher(JwksFetcherOptions options, OutsideHttp http, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Kept> _kept = new();

    /// <summary>The key of that name for the algorithm; null when the set has none or cannot be had.</summary>
    public async ValueTask<Jwk?> FindKeyAsync(Uri address, string? kid, JoseAlgorithm algorithm, CancellationToken cancellationToken)
    {
        Kept kept = KeptFor(address.AbsoluteUri);

        // Nobody whose key is known waits for others who ask for keys that do not exist.
        if (kept.Find(kid, algorithm, time.GetUtcNow()) is { } known)
        {
            return known;
        }

        // One request serves all who wait for it.
        await kept.Turn.WaitAsync(cancellationToken);
        try
        {
            DateTimeOffset now = time.GetUtcNow();
            if (kept.Find(kid, algorithm, now) is { } fetchedMeanwhile)
            {
                return fetchedMeanwhile;
            }

            // Too old, or the owner may have changed keys since.
            if (!kept.MayAsk(now, options) || await FetchAsync(address, cancellationToken) is not var (keys, fresh))
            {
                return null;
            }

            kept.Answer = new Answered(keys, time.GetUtcNow() + fresh);
            return keys.TryChoose(kid, algorithm, out Jwk? fetched) ? fetched : null;
        }
        finally
        {
            kept.Turn.Release();
        }
    }

    private async Task<(JwkSet Keys, TimeSpan Fresh)?> FetchAsync(Uri address, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.ParseAdd("application/jwk-set+json, application/json");
        OutsideAnswer? answer = await http.AskAsync(request, cancellationToken);
        if (answer is not { Status: HttpStatusCode.OK } || JwkSet.Read(answer.Body) is not { IsOk: true } keys)
        {
            return null;
        }

        TimeSpan fresh = answer.Fresh ?? options.UsuallyKept;
        return (keys.Value, fresh < options.LongestKept ? fresh : options.LongestKept);
    }

    private Kept KeptFor(string address)
    {
        if (_kept.TryGetValue(address, out Kept? known))
        {
            return known;
        }

        // Addresses come from registered clients, so this is seldom; whichever goes is fetched again when it is needed.
        if (_kept.Count >= options.MostKept && _kept.MinBy(pair => pair.Value.Answer?.Until ?? DateTimeOffset.MinValue) is { Key: { } oldest })
        {
            _kept.TryRemove(oldest, out _);
        }

        return _kept.GetOrAdd(address, static _ => new Kept());
    }

    private sealed record Answered(JwkSet Keys, DateTimeOffset Until);

    /// <summary>What is known of an address. Changed by whoever has its turn.</summary>
    private sealed class Kept
    {
        private DateTimeOffset _paidUntil;
        private volatile Answered? _answer;

        public SemaphoreSlim Turn { get; } = new(1);

        public Answered? Answer
        {
            get => _answer;
            set => _answer = value;
        }

        public Jwk? Find(string? kid, JoseAlgorithm algorithm, DateTimeOffset now) =>
            _answer is { } answer && now < answer.Until && answer.Keys.TryChoose(kid, algorithm, out Jwk? key) ? key : null;

        /// <summary>Each request has to be paid for with a time; so many may be owed.</summary>
        public bool MayAsk(DateTimeOffset now, JwksFetcherOptions options)
        {
            DateTimeOffset from = _paidUntil > now ? _paidUntil : now;
            if (from - now > options.Between * (options.AtOnce - 1))
            {
                return false;
            }

            _paidUntil = from + options.Between;
            return true;
        }
    }
}
