namespace HealthChain.Consent.Rules;

/// <summary>What is left of a rule for one question: conditions on the resource. Null in its place means that neither it nor an exception can apply.</summary>
/// <param name="Type">What it says when it applies; <see cref="Verdict.Silent"/> when only its exceptions can.</param>
internal sealed record ResidualRule(Verdict Type, Condition[] Conditions, ResidualRule[] Exceptions)
{
    /// <summary>The deepest rules that apply decide; among several exceptions a refusal wins.</summary>
    public Verdict Judge<T>(in T facts)
        where T : IResourceFacts, allows ref struct
    {
        var verdict = Verdict.Silent;
        foreach (ResidualRule exception in Exceptions)
        {
            Verdict one = exception.Judge(facts);
            if (one == Verdict.Deny)
            {
                return Verdict.Deny;
            }

            verdict = one > verdict ? one : verdict;
        }

        return verdict != Verdict.Silent || Type == Verdict.Silent || !Applies(facts) ? verdict : Type;
    }

    /// <summary>Its exceptions cannot apply and it asks nothing of the resource.</summary>
    public bool IsConstant => Conditions.Length == 0 && Exceptions.Length == 0;

    private bool Applies<T>(in T facts)
        where T : IResourceFacts, allows ref struct
    {
        foreach (Condition condition in Conditions)
        {
            if (!Condition.Holds(condition, facts))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>What is left of a consent for one question.</summary>
/// <param name="Root">Null when no rule can apply.</param>
/// <param name="Otherwise">What it says when none does.</param>
/// <param name="MayPermit">False for a consent that nobody verified.</param>
internal sealed record ResidualConsent(ResidualRule? Root, Verdict Otherwise, bool MayPermit)
{
    public static ResidualConsent Closed { get; } = new(null, Verdict.Deny, MayPermit: false);

    /// <summary>What it says whatever the resource is; null when that depends on the resource.</summary>
    public Verdict? Constant => Root is null ? LastWord : Root.IsConstant && Root.Type != Verdict.Silent ? Limited(Root.Type) : null;

    public Verdict Judge<T>(in T facts)
        where T : IResourceFacts, allows ref struct
    {
        Verdict verdict = Root is null ? Verdict.Silent : Root.Judge(facts);
        return verdict == Verdict.Silent ? LastWord : Limited(verdict);
    }

    /// <summary>What it says when no rule applies.</summary>
    public Verdict LastWord => Limited(Otherwise);

    private Verdict Limited(Verdict verdict) => MayPermit || verdict == Verdict.Deny ? verdict : Verdict.Silent;
}
