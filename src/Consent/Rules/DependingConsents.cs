namespace HealthChain.Consent.Rules;

/// <summary>The consents of a patient whose word depends on the resource. Immutable.</summary>
internal sealed class DependingConsents
{
    /// <summary>From how many on it pays to find those that matter.</summary>
    private const int Many = 16;

    /// <summary>For more, the marks would not fit on the stack.</summary>
    private const int MostListed = 4096;

    private readonly ResidualConsent[] _always;
    private readonly ResidualConsent[] _listed = [];
    private readonly TermIndex? _index;
    private readonly int[] _lastWords = new int[Enum.GetValues<Verdict>().Length];

    /// <param name="hasKeys">Whether their terms have keys.</param>
    public DependingConsents(IReadOnlyCollection<ResidualConsent> consents, bool hasKeys)
    {
        _always = [.. consents];
        if (!hasKeys || consents.Count < Many)
        {
            return;
        }

        _listed = [.. consents.Where(consent => TermIndex.CanList(consent.Root!)).Take(MostListed)];
        _always = [.. consents.Except(_listed)];
        _index = new TermIndex();
        for (int i = 0; i < _listed.Length; i++)
        {
            _index.List(_listed[i].Root!, i);
            _lastWords[(int)_listed[i].LastWord]++;
        }
    }

    public bool IsNone => _always.Length + _listed.Length == 0;

    /// <summary>What they say, or <paramref name="known"/> where that is higher.</summary>
    public Verdict Judge<T>(in T facts, Verdict known)
        where T : IResourceFacts, allows ref struct
    {
        Verdict verdict = Judge(_always, facts, known);
        if (_index is null || verdict == Verdict.Deny)
        {
            return verdict;
        }

        Span<ulong> marks = stackalloc ulong[MostListed / 64];
        marks = marks[..((_listed.Length + 63) / 64)];
        marks.Clear();
        return facts.Mark(_index, marks) ? JudgeMarked(facts, verdict, marks) : Judge(_listed, facts, verdict);
    }

    private static Verdict Judge<T>(ResidualConsent[] consents, in T facts, Verdict known)
        where T : IResourceFacts, allows ref struct
    {
        Verdict verdict = known;
        foreach (ResidualConsent consent in consents)
        {
            Verdict one = consent.Judge(facts);
            if (one == Verdict.Deny)
            {
                return Verdict.Deny;
            }

            verdict = one > verdict ? one : verdict;
        }

        return verdict;
    }

    /// <summary>Those that are not marked have their last word.</summary>
    private Verdict JudgeMarked<T>(in T facts, Verdict known, ReadOnlySpan<ulong> marks)
        where T : IResourceFacts, allows ref struct
    {
        Span<int> lastWords = stackalloc int[_lastWords.Length];
        _lastWords.CopyTo(lastWords);
        Verdict verdict = known;
        for (int word = 0; word < marks.Length; word++)
        {
            for (ulong rest = marks[word]; rest != 0; rest &= rest - 1)
            {
                ResidualConsent consent = _listed[(word << 6) + System.Numerics.BitOperations.TrailingZeroCount(rest)];
                Verdict one = consent.Judge(facts);
                verdict = one > verdict ? one : verdict;
                lastWords[(int)consent.LastWord]--;
            }
        }

        for (Verdict last = Verdict.Deny; last > verdict; last--)
        {
            if (lastWords[(int)last] > 0)
            {
                return last;
            }
        }

        return verdict;
    }
}
