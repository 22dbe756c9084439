using HealthChain.Consent.Rules;
using HealthChain.Fhir.Search;

namespace HealthChain.Consent;

/// <summary>
/// Compares what a patient agrees to with what she was asked for. It compares rules, not texts, and errs on one side alone: what it does not call wider
/// permits nobody anything that was not asked for.
/// </summary>
/// <param name="above">The organisation of which another is a part, both as <c>Organization/2</c>; null for none.</param>
public sealed class Narrowing(Vocabulary vocabulary, Func<string, string?> above)
{
    /// <summary>Organisations nest in departments and wards; whatever is deeper is a mistake, or a circle.</summary>
    private const int MaxDepth = 16;

    /// <summary>
    /// Why rules are nothing that can be asked for: a permission with refusals within it, or permissions and refusals side by side within a refusal of all
    /// else, and to somebody in either case. Null when they are.
    /// </summary>
    public static string? FaultOf(ConsentRules rules) =>
        rules.Fault
        ?? (!rules.Counts ? "Consent.scope is not about who sees what."
            : Grant.Of(rules) is not { } grant ? "Consent.provision is neither a permission with refusals within it, nor a refusal with permissions and refusals within it and nothing deeper."
            : grant.Permits.Any(permit => permit.Actors is null) ? "Consent.provision permits without saying to whom: it needs an actor."
            : null);

    /// <summary>Why what is agreed to is more than what was asked for, in words that name the element; null when it is not.</summary>
    public string? WiderIn(ConsentRules agreed, ConsentRules asked)
    {
        if ((Grant.Of(agreed), Grant.Of(asked)) is not ({ } now, { } before))
        {
            return "Consent.provision cannot be compared with what was asked for.";
        }

        if (!IsWithin(now.Period, before.Period))
        {
            return "Consent.provision.period is longer than was asked for.";
        }

        foreach (Criteria permit in now.Permits)
        {
            string?[] reasons = [.. before.Permits.Select(wide => StatedWider(permit, wide))];
            if (!reasons.Contains(null))
            {
                return $"Consent.provision permits by '{reasons[0]}' what was not asked for.";
            }

            if (!before.Denies.All(deny => now.Denies.Any(refusal => Covers(refusal, deny, permit))))
            {
                return "Consent.provision leaves out a refusal that was part of what was asked for.";
            }
        }

        return null;
    }

    /// <summary>The element by which a permission is not within another; null when it is.</summary>
    private string? StatedWider(Criteria narrow, Criteria wide) =>
        !IsWithin(narrow.Period, wide.Period) ? "period"
        : !AreWithin(narrow.Actors, wide.Actors, IsWithin) ? "actor"
        : !AreWithin(narrow.Actions, wide.Actions, string.Equals) ? "action"
        : !AreWithin(narrow.Purposes, wide.Purposes, vocabulary.IsAtOrBelow) ? "purpose"
        : !AreWithin(narrow.Classes, wide.Classes, Same) ? "class"
        : !AreWithin(narrow.Codes, wide.Codes, Same) ? "code"
        : !AreWithin(narrow.Data, wide.Data, IsWithin) ? "data"
        : !IsWithin(narrow.DataPeriod, wide.DataPeriod) ? "dataPeriod"
        : wide.Labels is { } ceiling && !(narrow.Labels is { } labels && labels.All(label => IsBelow(label, ceiling))) ? "securityLabel"
        : null;

    /// <summary>Whether whatever one refusal keeps from a permission is kept from it by another.</summary>
    private bool Covers(Criteria refusal, Criteria other, Criteria permit) =>
        Covers(refusal.Actors, other.Actors, permit.Actors, IsWithin)
        && Covers(refusal.Actions, other.Actions, permit.Actions, string.Equals)
        && Covers(refusal.Purposes, other.Purposes, permit.Purposes, vocabulary.IsAtOrBelow)
        && Covers(refusal.Classes, other.Classes, permit.Classes, Same)
        && Covers(refusal.Codes, other.Codes, permit.Codes, Same)
        && Covers(refusal.Data, other.Data, permit.Data, IsWithin)
        && (IsWithin(other.Period, refusal.Period) || IsWithin(permit.Period, refusal.Period))
        && IsWithin(other.DataPeriod, refusal.DataPeriod)
        && (refusal.Labels is not { } floor || (other.Labels is { } labels && labels.All(label => IsAbove(label, floor))));

    /// <summary>A condition of a refusal does no harm when all that is permitted meets it, or all that the other refusal is about.</summary>
    private static bool Covers<T>(IReadOnlyList<T>? refusal, IReadOnlyList<T>? other, IReadOnlyList<T>? permit, Func<T, T, bool> isWithin) =>
        AreWithin(other, refusal, isWithin) || AreWithin(permit, refusal, isWithin);

    private static bool AreWithin<T>(IReadOnlyList<T>? narrow, IReadOnlyList<T>? wide, Func<T, T, bool> isWithin) =>
        wide is null || (narrow is not null && narrow.All(one => wide.Any(other => isWithin(one, other))));

    private static bool IsWithin(DateRange? narrow, DateRange? wide) =>
        wide is not { } outer || (narrow is { } inner && outer.Start <= inner.Start && inner.End <= outer.End);

    private static bool Same(ConsentCode one, ConsentCode other) => one == other;

    private bool IsWithin(ActorTerm narrow, ActorTerm wide)
    {
        if (narrow == wide)
        {
            return true;
        }

        string? organisation = narrow.Role == wide.Role && wide.Reference is not null ? narrow.Reference : null;
        for (int depth = 0; depth < MaxDepth && organisation is not null; depth++)
        {
            organisation = above(organisation);
            if (organisation == wide.Reference)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The meanings that name instances stand from the least to the most; see <see cref="DataMeaning"/>.</summary>
    private static bool IsWithin(DataTerm narrow, DataTerm wide) => narrow.Reference == wide.Reference && narrow.Meaning switch
    {
        DataMeaning.Instance => wide.Meaning != DataMeaning.AuthoredBy,
        DataMeaning.Dependents => wide.Meaning is DataMeaning.Dependents or DataMeaning.Related,
        _ => wide.Meaning == narrow.Meaning,
    };

    /// <summary>Whether a label of a permission opens no more than others do.</summary>
    private bool IsBelow(ConsentCode label, IReadOnlyList<ConsentCode> others)
    {
        Confidentiality? ceiling = others.Max(Vocabulary.ConfidentialityOf);
        if (Vocabulary.ConfidentialityOf(label) is { } rank)
        {
            return rank <= ceiling;
        }

        UInt128 sensitivities = vocabulary.SensitivitiesUnder(label);
        return sensitivities == UInt128.Zero
            ? others.Contains(label)
            : ceiling >= Confidentiality.Restricted || (sensitivities & ~Sensitivities(others)) == UInt128.Zero;
    }

    /// <summary>Whether what a label of a refusal closes is closed by others.</summary>
    private bool IsAbove(ConsentCode label, IReadOnlyList<ConsentCode> others)
    {
        Confidentiality? floor = others.Min(Vocabulary.ConfidentialityOf);
        if (Vocabulary.ConfidentialityOf(label) is { } rank)
        {
            return rank >= floor;
        }

        UInt128 sensitivities = vocabulary.SensitivitiesUnder(label);
        return sensitivities == UInt128.Zero
            ? others.Contains(label)
            : floor <= Confidentiality.Restricted || (sensitivities & ~Sensitivities(others)) == UInt128.Zero;
    }

    private UInt128 Sensitivities(IReadOnlyList<ConsentCode> labels) => labels.Aggregate(UInt128.Zero, (set, label) => set | vocabulary.SensitivitiesUnder(label));

    /// <summary>Rules as what they permit and what they refuse of it.</summary>
    private sealed record Grant(DateRange? Period, IReadOnlyList<Criteria> Permits, IReadOnlyList<Criteria> Denies)
    {
        /// <summary>Null when they have another form.</summary>
        public static Grant? Of(ConsentRules rules) => rules.Root switch
        {
            { Type: Verdict.Permit } root when root.Exceptions.All(rule => rule is { Type: Verdict.Deny, Exceptions.Count: 0 }) =>
                new Grant(rules.Period, [root.Criteria], [.. root.Exceptions.Select(rule => rule.Criteria)]),

            // An opt-in would permit all of which such a refusal does not speak.
            { Type: Verdict.Deny } root when rules.PolicyRule != PolicyRule.OptIn && root.Exceptions.All(rule => rule.Exceptions.Count == 0) =>
                new Grant(rules.Period, CriteriaOf(root, Verdict.Permit), CriteriaOf(root, Verdict.Deny)) is { Permits.Count: > 0 } grant ? grant : null,
            _ => null,
        };

        private static Criteria[] CriteriaOf(Rule root, Verdict type) => [.. root.Exceptions.Where(rule => rule.Type == type).Select(rule => rule.Criteria)];
    }
}
