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

    /// <summary>What is left of it for resources of one type; null when nothing is.</summary>
    public ResidualRule? Of(string type)
    {
        ResidualRule[] exceptions = [.. Exceptions.Select(exception => exception.Of(type)).OfType<ResidualRule>()];
        var conditions = new List<Condition>();
        bool canApply = Type != Verdict.Silent;
        foreach (Condition condition in Conditions)
        {
            if (condition is not OfClass about)
            {
                conditions.Add(condition);
            }
            else if (!about.Types.Contains(type))
            {
                canApply &= about.Profiles.Length > 0;
                conditions.Add(about with { Types = [] });
            }
        }

        return canApply ? new ResidualRule(Type, [.. conditions], exceptions)
            : exceptions.Length > 0 ? new ResidualRule(Verdict.Silent, [], exceptions)
            : null;
    }

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

    /// <summary>What is left of it for resources of one type. A root that asks nothing of them is its last word.</summary>
    public ResidualConsent Of(string type) => Root?.Of(type) switch
    {
        { Type: not Verdict.Silent, Conditions: [], Exceptions.Length: > 0 } root => this with { Root = root with { Type = Verdict.Silent }, Otherwise = root.Type },
        var root => this with { Root = root },
    };

    /// <summary>What several say, or <paramref name="known"/> where that is higher: a refusal wins over all.</summary>
    public static Verdict Judge<T>(ResidualConsent[] consents, in T facts, Verdict known)
        where T : IResourceFacts, allows ref struct
    {
        Verdict verdict = known;
        foreach (ResidualConsent consent in consents)
        {
            if (verdict == Verdict.Deny)
            {
                break;
            }

            Verdict one = consent.Judge(facts);
            verdict = one > verdict ? one : verdict;
        }

        return verdict;
    }

    /// <summary>What it says when no rule applies.</summary>
    public Verdict LastWord => Limited(Otherwise);

    private Verdict Limited(Verdict verdict) => MayPermit || verdict == Verdict.Deny ? verdict : Verdict.Silent;
}
