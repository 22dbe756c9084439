using System.Numerics;

namespace HealthChain.Consent.Rules;

/// <summary>What many consents say of resources of one type. Immutable.</summary>
internal sealed class TypeConsents
{
    /// <summary>For more, the marks would not fit on the stack.</summary>
    private const int MostListed = 4096;

    private readonly Verdict _known;
    private readonly ResidualConsent[] _always;
    private readonly ResidualConsent[] _listed;
    private readonly TermIndex _index = new();
    private readonly int[] _lastWords = new int[(int)Verdict.Deny + 1];

    public TypeConsents(IEnumerable<ResidualConsent> consents, string type)
    {
        var always = new List<ResidualConsent>();
        var listed = new List<ResidualConsent>();
        foreach (ResidualConsent consent in consents.Select(consent => consent.Of(type)))
        {
            if (consent.Constant is { } constant)
            {
                _known = constant > _known ? constant : _known;
            }
            else if (listed.Count < MostListed && TermIndex.CanList(consent.Root!))
            {
                _index.List(consent.Root!, listed.Count);
                _lastWords[(int)consent.LastWord]++;
                listed.Add(consent);
            }
            else
            {
                always.Add(consent);
            }
        }

        _always = [.. always];
        _listed = [.. listed];
    }

    public Verdict Judge<T>(in T facts, Verdict known)
        where T : IResourceFacts, allows ref struct
    {
        Verdict verdict = ResidualConsent.Judge(_always, facts, _known > known ? _known : known);
        if (verdict == Verdict.Deny || _listed.Length == 0)
        {
            return verdict;
        }

        Span<ulong> marks = stackalloc ulong[MostListed / 64];
        marks = marks[..((_listed.Length + 63) / 64)];
        marks.Clear();
        return facts.Mark(_index, marks) ? JudgeMarked(facts, verdict, marks) : ResidualConsent.Judge(_listed, facts, verdict);
    }

    /// <summary>Those that are not marked have their last word.</summary>
    private Verdict JudgeMarked<T>(in T facts, Verdict known, scoped ReadOnlySpan<ulong> marks)
        where T : IResourceFacts, allows ref struct
    {
        Span<int> lastWords = stackalloc int[(int)Verdict.Deny + 1];
        _lastWords.CopyTo(lastWords);
        Verdict verdict = known;
        for (int word = 0; word < marks.Length; word++)
        {
            for (ulong rest = marks[word]; rest != 0; rest &= rest - 1)
            {
                ResidualConsent consent = _listed[(word << 6) + BitOperations.TrailingZeroCount(rest)];
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
