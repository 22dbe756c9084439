using HealthChain.Consent.Rules;

namespace HealthChain.Consent;

/// <summary>
/// Which of many consents can say anything but their last word of a resource of one type: those of which a rule names something that the resource has. A rule is
/// listed under the terms of one of its conditions, since it applies only if all of them are met; a consent that has a rule without such a condition is
/// not listed at all. So a patient with a thousand consents costs little more than one with a few. Immutable once it is built.
/// </summary>
public sealed class TermIndex
{
    private const int FilterWords = 512;

    /// <summary>A bit for each key, by its last bits, which are as good as random: hardly any key of a resource is listed, and most are told so by one look.</summary>
    private readonly ulong[] _filter = new ulong[FilterWords];
    private readonly Dictionary<long, List<int>> _byKey = [];
    private readonly List<int> _labelled = [];

    internal TermIndex()
    {
    }

    /// <summary>Whether each rule of a consent has a condition that it can be listed under.</summary>
    internal static bool CanList(ResidualRule rule) =>
        (rule.Type == Verdict.Silent || BestOf(rule) is not null) && Array.TrueForAll(rule.Exceptions, CanList);

    /// <param name="rule">The root of the consent.</param>
    internal void List(ResidualRule rule, int consent)
    {
        if (rule.Type != Verdict.Silent)
        {
            switch (BestOf(rule))
            {
                case WithCode about:
                    Add(about.Codes.Select(code => code.Key), consent);
                    break;
                case Concerning about:
                    Add(about.Instances.Concat(about.Referred).Concat(about.Makers).Select(term => term.Key), consent);
                    break;
                case KeptOrMadeBy about:
                    Add(about.Keepers.Concat(about.Makers).Select(term => term.Key), consent);
                    break;
                case OfClass about:
                    Add(about.Profiles.Select(profile => profile.Key), consent);
                    break;
                case From { Floor: null } about:
                    Add(about.Sensitive.Concat(about.Others).Select(label => label.Key), consent);
                    break;
                default:
                    _labelled.Add(consent);
                    break;
            }
        }

        foreach (ResidualRule exception in rule.Exceptions)
        {
            List(exception, consent);
        }
    }

    /// <summary>Marks the consents that name a term of the resource, or the resource itself, by its key.</summary>
    /// <param name="marks">A bit for each consent.</param>
    public void MarkKey(long key, Span<ulong> marks)
    {
        if ((WordOf(key) & (1UL << (int)key)) != 0 && _byKey.TryGetValue(key, out List<int>? consents))
        {
            Mark(consents, marks);
        }
    }

    /// <summary>Marks the consents that ask for labels; for a resource that has any.</summary>
    public void MarkLabelled(Span<ulong> marks) => Mark(_labelled, marks);

    /// <summary>The condition that fewest resources meet, by experience; null when what meets one cannot be listed.</summary>
    private static Condition? BestOf(ResidualRule rule) =>
        Array.Find(rule.Conditions, condition => condition is WithCode)
        ?? Array.Find(rule.Conditions, condition => condition is Concerning or KeptOrMadeBy)
        ?? Array.Find(rule.Conditions, condition => condition is From { Floor: null })
        ?? Array.Find(rule.Conditions, condition => condition is OfClass { Types: [] })
        ?? Array.Find(rule.Conditions, condition => condition is From { Floor: > Confidentiality.Normal });

    private ref ulong WordOf(long key) => ref _filter[(int)(key >> 6) & (FilterWords - 1)];

    private static void Mark(List<int> consents, Span<ulong> marks)
    {
        foreach (int consent in consents)
        {
            marks[consent >> 6] |= 1UL << consent;
        }
    }

    private void Add(IEnumerable<long> keys, int consent)
    {
        foreach (long key in keys)
        {
            if (!_byKey.TryGetValue(key, out List<int>? consents))
            {
                WordOf(key) |= 1UL << (int)key;
                _byKey.Add(key, consents = []);
            }

            consents.Add(consent);
        }
    }
}
