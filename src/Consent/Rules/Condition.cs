using HealthChain.Fhir.Search;

namespace HealthChain.Consent.Rules;

/// <summary>What a rule asks of a resource, when all that it asks of the requester is answered.</summary>
internal abstract record Condition
{
    public static bool Holds<T>(Condition condition, in T facts)
        where T : IResourceFacts, allows ref struct => condition switch
        {
            OfClass about => about.IsMetBy(facts),
            WithCode about => about.IsMetBy(facts),
            UpTo about => about.IsMetBy(facts),
            From about => about.IsMetBy(facts),
            During about => facts.ClinicalTime is { } time && about.Period.Contains(time),
            Touching about => facts.ClinicalTime is not { } time || about.Period.Overlaps(time),
            Concerning about => about.IsMetBy(facts),
            _ => ((KeptOrMadeBy)condition).IsMetBy(facts),
        };
}

/// <summary>It is of a type, or claims a profile.</summary>
internal sealed record OfClass(string[] Types, TextTerm[] Profiles) : Condition
{
    public bool IsMetBy<T>(in T facts)
        where T : IResourceFacts, allows ref struct
    {
        foreach (string type in Types)
        {
            if (facts.Type == type)
            {
                return true;
            }
        }

        foreach (TextTerm profile in Profiles)
        {
            if (facts.Claims(profile))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>It holds a code.</summary>
internal sealed record WithCode(CodeTerm[] Codes) : Condition
{
    public bool IsMetBy<T>(in T facts)
        where T : IResourceFacts, allows ref struct
    {
        foreach (CodeTerm code in Codes)
        {
            if (facts.Holds(code))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Labels of a permission: what is confidential up to a ceiling, and sensitive for no other reasons than these.</summary>
internal sealed record UpTo(Confidentiality? Ceiling, UInt128 Sensitivities, CodeTerm[] Others) : Condition
{
    public bool IsMetBy<T>(in T facts)
        where T : IResourceFacts, allows ref struct
    {
        ResourceLabels labels = facts.Labels;
        if (labels.Effective <= Ceiling)
        {
            return true;
        }

        if (Sensitivities != UInt128.Zero && (labels.Sensitivities & ~Sensitivities) == UInt128.Zero && labels.Effective <= Confidentiality.Restricted)
        {
            return true;
        }

        foreach (CodeTerm label in Others)
        {
            if (facts.IsLabelled(label))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Labels of a refusal: what is confidential from a floor on, or sensitive for one of these reasons.</summary>
/// <param name="Sensitive">The labels that have <paramref name="Sensitivities"/>.</param>
internal sealed record From(Confidentiality? Floor, UInt128 Sensitivities, CodeTerm[] Sensitive, CodeTerm[] Others) : Condition
{
    public bool IsMetBy<T>(in T facts)
        where T : IResourceFacts, allows ref struct
    {
        ResourceLabels labels = facts.Labels;
        if (labels.Effective >= Floor || (labels.Sensitivities & Sensitivities) != UInt128.Zero)
        {
            return true;
        }

        foreach (CodeTerm label in Others)
        {
            if (facts.IsLabelled(label))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>It happened wholly within a time; what has no time did not.</summary>
internal sealed record During(DateRange Period) : Condition;

/// <summary>It happened in part within a time; what has no time may have.</summary>
internal sealed record Touching(DateRange Period) : Condition;

/// <summary>It is one of these, refers to one of these, or was made by one of these.</summary>
internal sealed record Concerning(TextTerm[] Instances, TextTerm[] Referred, TextTerm[] Makers) : Condition
{
    public bool IsMetBy<T>(in T facts)
        where T : IResourceFacts, allows ref struct
    {
        foreach (TextTerm instance in Instances)
        {
            if (facts.Is(instance))
            {
                return true;
            }
        }

        foreach (TextTerm referred in Referred)
        {
            if (facts.RefersTo(referred))
            {
                return true;
            }
        }

        foreach (TextTerm maker in Makers)
        {
            if (facts.IsBy(maker))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>It is kept or was made by somebody whom the rule names in that role.</summary>
internal sealed record KeptOrMadeBy(TextTerm[] Keepers, TextTerm[] Makers) : Condition
{
    public bool IsMetBy<T>(in T facts)
        where T : IResourceFacts, allows ref struct
    {
        foreach (TextTerm keeper in Keepers)
        {
            if (facts.IsKeptBy(keeper))
            {
                return true;
            }
        }

        foreach (TextTerm maker in Makers)
        {
            if (facts.IsBy(maker))
            {
                return true;
            }
        }

        return false;
    }
}
