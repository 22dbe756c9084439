using HealthChain.Consent.Rules;

namespace HealthChain.Consent;

/// <summary>
/// What all consents of one patient say to one question, ready to be asked for resource after resource. Immutable; asking allocates nothing.
/// </summary>
public sealed class PatientDecision
{
    private static readonly PatientDecision Nothing = new(isPermitted: false);
    private static readonly PatientDecision Everything = new(isPermitted: true);

    private readonly ResidualConsent[] _consents;
    private readonly Verdict _known;
    private readonly bool _isPermittedByPolicy;

    private PatientDecision(ResidualConsent[] consents, Verdict known, bool isPermittedByPolicy)
    {
        _consents = consents;
        _known = known;
        _isPermittedByPolicy = isPermittedByPolicy;
    }

    private PatientDecision(bool isPermitted)
        : this([], isPermitted ? Verdict.Permit : Verdict.Deny, isPermitted)
    {
    }

    /// <summary>True when everything is withheld, whatever it is.</summary>
    public bool WithholdsEverything => _known == Verdict.Deny || (_consents.Length == 0 && _known != Verdict.Permit && !(_known == Verdict.Silent && _isPermittedByPolicy));

    /// <summary>True when nothing is withheld, whatever it is.</summary>
    public bool WithholdsNothing => _consents.Length == 0 && _known == Verdict.Permit;

    /// <param name="patient">Whose data is asked for: the references that are this patient's, such as <c>Patient/7</c> and those that it replaces.</param>
    /// <param name="consents">All consents of the patient; null when they cannot be read, which opens nothing.</param>
    public static PatientDecision For(
        Question question, IReadOnlyCollection<string> patient, IReadOnlyCollection<ConsentRules>? consents, ImplicitPolicy policy, Vocabulary vocabulary)
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

        var compiler = new RuleCompiler(question, vocabulary);
        var known = Verdict.Silent;
        var depending = new List<ResidualConsent>();
        foreach (ConsentRules consent in consents)
        {
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

        return known == Verdict.Deny ? Nothing : new PatientDecision([.. depending], known, policy.Permits(question, vocabulary));
    }

    /// <summary>Whether the resource exists for whoever asks, as far as this patient is concerned.</summary>
    public bool Permits<T>(in T facts)
        where T : IResourceFacts, allows ref struct => Judge(facts) switch
        {
            Verdict.Permit => true,
            Verdict.Silent => _isPermittedByPolicy && !facts.IsLabelled(Vocabulary.NoDisclosureWithoutConsent),
            _ => false,
        };

    private Verdict Judge<T>(in T facts)
        where T : IResourceFacts, allows ref struct
    {
        Verdict verdict = _known;
        foreach (ResidualConsent consent in _consents)
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
}
