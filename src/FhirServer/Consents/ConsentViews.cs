using System.Collections.Concurrent;
using HealthChain.Consent;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Server;

namespace HealthChain.FhirServer.Consents;

/// <summary>What all consents together let each requester see and do. Thread-safe.</summary>
internal sealed class ConsentViews
{
    /// <summary>Requesters whose conclusions are kept.</summary>
    private const int MostKept = 10_000;

    /// <summary>Conclusions that are kept for all of them together, at a few hundred bytes; when there are more, all begin anew.</summary>
    private const int MostConclusions = 500_000;

    private readonly ConcurrentDictionary<Asker, RequesterConsents> _known = [];

    private readonly TimeProvider _time;
    private int _conclusions;
    private int _timesForgotten;

    public ConsentViews(ConsentDirectory directory, ConsentKeys keys, Vocabulary vocabulary, ServerOptions options, TimeProvider time)
    {
        (Directory, Keys, Vocabulary, _time) = (directory, keys, vocabulary, time);
        Policy = ConsentPolicy.Find(options.ConsentPolicy) ?? throw new InvalidOperationException("The policy for patients without consents is not known.");
        directory.Erased = Forget;
    }

    public ConsentDirectory Directory { get; }

    public ConsentKeys Keys { get; }

    public Vocabulary Vocabulary { get; }

    public ConsentPolicy Policy { get; }

    public long Now => _time.GetUtcNow().UtcTicks;

    /// <summary>Another number once no conclusion holds any more.</summary>
    public int Generation => Directory.Generation + Volatile.Read(ref _timesForgotten);

    public void CountOneMore()
    {
        if (Interlocked.Increment(ref _conclusions) > MostConclusions)
        {
            Volatile.Write(ref _conclusions, 0);
            Interlocked.Increment(ref _timesForgotten);
        }
    }

    /// <summary>Nothing is kept of what was concluded, also for those who do not ask again.</summary>
    private void Forget()
    {
        Interlocked.Increment(ref _timesForgotten);
        foreach (RequesterConsents requester in _known.Values)
        {
            requester.Forget();
        }
    }

    /// <summary>The same object for all who are alike to consents, and for all tokens of each of them.</summary>
    public RequesterConsents Of(Requester requester)
    {
        var asker = Asker.Of(requester);
        if (_known.TryGetValue(asker, out RequesterConsents? known))
        {
            return known;
        }

        if (_known.Count >= MostKept)
        {
            _known.Clear();
        }

        return _known.GetOrAdd(asker, new RequesterConsents(asker, this));
    }
}

/// <summary>What consents let one requester do, by the sort of action.</summary>
internal sealed class RequesterConsents(Asker asker, ConsentViews views)
{
    private readonly ConsentView?[] _views = new ConsentView?[Enum.GetValues<ConsentAction>().Length];

    public ConsentView this[ConsentAction action] => _views[(int)action] ??= new ConsentView(asker, action, views);

    public void Forget()
    {
        foreach (ConsentView? view in _views)
        {
            view?.Forget();
        }
    }
}
