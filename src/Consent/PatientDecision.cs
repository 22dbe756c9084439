using HealthChain.Consent.Rules;

namespace HealthChain.Consent;

/// <summary>
/// What all consents of one patient say to one question, ready to be asked for resource after resource. Immutable; asking allocates nothing.
/// </summary>
public sealed class PatientDecision
{
    private static readonly DependingConsents None = new([], hasKeys: false);
    private static readonly PatientDecision Nothing = new(None, Verdict.Deny, isPermittedByPolicy: false, default, DateTimeOffset.MaxValue);
    private static readonly PatientDecision Everything = new(None, Verdict.Permit, isPermittedByPolicy: true, default, DateTimeOffset.MaxValue);

    private readonly DependingConsents _depending;
    private readonly Verdict _known;
    private readonly bool _isPermittedByPolicy;
    private readonly CodeTerm _undisclosed;

    private PatientDecision(DependingConsents depending, Verdict known, bool isPermittedByPolicy, CodeTerm undisclosed, DateTimeOffset until)
    {
        _depending = depending;
        _known = known;
        _isPermittedByPolicy = isPermittedByPolicy;
        _undisclosed = undisclosed;
        Until = until;
    }

    /// <summary>From when on it may be another, because something begins or ends to count: to the same question at an earlier time it is the answer still.</summary>
    public DateTimeOffset Until { get; }

    /// <summary>True when everything is withheld, whatever it is.</summary>
    public bool WithholdsEverything => _known == Verdict.Deny || (_depending.IsNone && _known != Verdict.Permit && !(_known == Verdict.Silent && _isPermittedByPolicy));

    /// <summary>True when nothing is withheld, whatever it is.</summary>
    public bool WithholdsNothing => _depending.IsNone && _known == Verdict.Permit;

    /// <param name="patient">Whose data is asked for: the references that are this patient's, such as <c>Patient/7</c> and those that it replaces.</param>
    /// <param name="consents">All consents of the patient; null when they cannot be read, which opens nothing.</param>
    /// <param name="keys">What resources will be known by, where they are not at hand.</param>
    public static PatientDecision For(
        Question question,
        IReadOnlyCollection<string> patient,
        IReadOnlyCollection<ConsentRules>? consents,
        ImplicitPolicy policy,
        Vocabulary vocabulary,
        ITermKeys? keys = null)
    {
        if (question.Actors.Count == 0 || question.IsAdministrator)
        {
            return Nothing;
        }

        if (question.Purposes.Contains(Vocabulary.BreakGlass) && question is not { MayBreakGlass: true, DeclaresBreakGlass: true })
        {
            return Nothing;
        }

        if (question.Person is { } person && patient.Contains(person))
        {
            return Everything;
        }

        if (consents is null)
        {
            return Nothing;
        }

        keys ??= NoTermKeys.Instance;
        var compiler = new RuleCompiler(question, vocabulary, keys);
        long until = DateTimeOffset.MaxValue.UtcTicks;
        var known = Verdict.Silent;
        var depending = new List<ResidualConsent>();

        // Many patients sign the same form, and some sign it more than once.
        foreach (ConsentRules consent in consents.Distinct())
        {
            until = Math.Min(until, NextOf(consent.Moments, question.Time.UtcTicks));
            if (compiler.Compile(consent) is not { } residual)
            {
                continue;
            }

            if (residual.Constant is not { } constant)
            {
                depending.Add(residual);
            }
            else if (constant > known)
            {
                known = constant;
            }
        }

        return new PatientDecision(
            known == Verdict.Deny ? None : new DependingConsents(depending, hasKeys: keys != NoTermKeys.Instance),
            known,
            policy.Permits(question, vocabulary),
            new CodeTerm(Vocabulary.NoDisclosureWithoutConsent, keys.OfCode(Vocabulary.NoDisclosureWithoutConsent)),
            new DateTimeOffset(until, TimeSpan.Zero));
    }

    /// <summary>Whether the resource exists for whoever asks, as far as this patient is concerned.</summary>
    public bool Permits<T>(in T facts)
        where T : IResourceFacts, allows ref struct => _depending.Judge(facts, _known) switch
        {
            Verdict.Permit => true,
            Verdict.Silent => _isPermittedByPolicy && !facts.IsLabelled(_undisclosed),
            _ => false,
        };

    private static long NextOf(IReadOnlyList<long> moments, long now)
    {
        foreach (long moment in moments)
        {
            if (moment > now)
            {
                return moment;
            }
        }

        return DateTimeOffset.MaxValue.UtcTicks;
    }
}
