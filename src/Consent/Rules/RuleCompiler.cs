namespace HealthChain.Consent.Rules;

/// <summary>Answers all of a rule that can be answered without a resource.</summary>
internal sealed class RuleCompiler(Question question, Vocabulary vocabulary, ITermKeys keys)
{
    private readonly long _now = question.Time.UtcTicks;

    /// <summary>What is left of a consent; null when it says nothing about such a question.</summary>
    public ResidualConsent? Compile(ConsentRules consent)
    {
        bool isResearch = question.Purposes.Any(IsResearch);
        if (!consent.Counts || (consent.IsResearch && !isResearch) || (consent.Period is { } period && !(period.Start <= _now && _now < period.End)))
        {
            return null;
        }

        if (consent.Fault is not null)
        {
            return ResidualConsent.Closed;
        }

        if (consent.Root is not { } root)
        {
            return new ResidualConsent(null, Base(consent, Verdict.Permit), consent.MayPermit);
        }

        Verdict otherwise = root.Type switch
        {
            Verdict.Permit when root.Criteria.Purposes is { } purposes && purposes.All(IsResearch) && !isResearch => Verdict.Silent,
            Verdict.Permit => consent.PolicyRule == PolicyRule.OptOut ? Verdict.Deny : Verdict.Governs,
            Verdict.Deny => consent.PolicyRule == PolicyRule.OptIn ? Verdict.Permit : Verdict.Silent,

            // Under an opt-in with rules that permit, only what those permit.
            _ => Base(consent, HasPermit(root) ? Verdict.Governs : Verdict.Permit),
        };
        return new ResidualConsent(Compile(root), otherwise, consent.MayPermit);
    }

    private Verdict Base(ConsentRules consent, Verdict optedIn) => consent.PolicyRule switch
    {
        PolicyRule.OptIn => optedIn,
        PolicyRule.OptOut => Verdict.Deny,
        _ when consent.Policy == ImplicitPolicy.Deny => Verdict.Deny,
        _ => consent.Policy!.Permits(question, vocabulary) ? optedIn : Verdict.Governs,
    };

    private static bool HasPermit(Rule rule) => rule.Exceptions.Any(exception => exception.Type == Verdict.Permit || HasPermit(exception));

    private bool IsResearch(ConsentCode purpose) => vocabulary.IsAtOrBelow(purpose, Vocabulary.Research);

    private ResidualRule? Compile(Rule rule)
    {
        ResidualRule[] exceptions = [.. rule.Exceptions.Select(Compile).OfType<ResidualRule>()];
        var conditions = new List<Condition>();
        bool canApply = rule.Type != Verdict.Silent && CanApply(rule, conditions);
        return canApply ? new ResidualRule(rule.Type, [.. conditions], exceptions)
            : exceptions.Length > 0 ? new ResidualRule(Verdict.Silent, [], exceptions)
            : null;
    }

    private bool CanApply(Rule rule, List<Condition> conditions)
    {
        Criteria criteria = rule.Criteria;
        if ((criteria.Period is { } period && !(period.Start <= _now && _now < period.End))
            || (criteria.Actions is { } actions && !actions.Contains(question.Action))
            || (criteria.Purposes is { } purposes && !question.Purposes.Any(asked => purposes.Any(stated => vocabulary.IsAtOrBelow(asked, stated))))
            || (criteria.Actors is { } actors && !CanBe(actors, conditions)))
        {
            return false;
        }

        if (criteria.Classes is { } classes)
        {
            conditions.Add(new OfClass(CodesOf(classes, RuleReader.ResourceTypes), [.. CodesOf(classes, RuleReader.Uris).Select(profile => new TextTerm(profile, keys.OfProfile(profile)))]));
        }

        if (criteria.Codes is { } codes)
        {
            conditions.Add(new WithCode([.. codes.Where(code => code.Code.Length > 0).Select(CodeOf)]));
        }

        if (criteria.Labels is { } labels)
        {
            conditions.Add(Labelled(rule.Type, labels));
        }

        if (criteria.DataPeriod is { } time)
        {
            conditions.Add(rule.Type == Verdict.Permit ? new During(time) : new Touching(time));
        }

        if (criteria.Data is { } data)
        {
            conditions.Add(Concerns(data));
        }

        return true;
    }

    private bool CanBe(IReadOnlyList<ActorTerm> actors, List<Condition> conditions)
    {
        if (actors.Any(actor => actor.Role == ActorRole.Recipient && IsRequester(actor)))
        {
            return true;
        }

        TextTerm[] keepers = [.. actors.Where(actor => actor is { Role: ActorRole.Custodian, Reference: not null }).Select(actor => ReferenceOf(actor.Reference!))];
        TextTerm[] makers = [.. actors.Where(actor => actor is { Role: ActorRole.Author, Reference: not null }).Select(actor => ReferenceOf(actor.Reference!))];
        conditions.Add(new KeptOrMadeBy(keepers, makers));
        return keepers.Length + makers.Length > 0;
    }

    private bool IsRequester(ActorTerm actor) =>
        (actor.Reference is { } reference && question.Actors.Contains(reference)) || (actor.Identifier is { } identifier && question.Identifiers.Contains(identifier));

    private static string[] CodesOf(IReadOnlyList<ConsentCode> classes, string system) =>
        [.. classes.Where(code => code.System == system && code.Code.Length > 0).Select(code => code.Code)];

    private Condition Labelled(Verdict type, IReadOnlyList<ConsentCode> labels)
    {
        Confidentiality[] ranks = [.. labels.Select(Vocabulary.ConfidentialityOf).OfType<Confidentiality>()];
        UInt128 sensitivities = labels.Aggregate(UInt128.Zero, (set, label) => set | vocabulary.SensitivitiesUnder(label));
        CodeTerm[] others =
        [
            .. labels.Where(label => label.Code.Length > 0 && label.System != Vocabulary.ConfidentialitySystem && vocabulary.SensitivityOf(label) == UInt128.Zero).Select(CodeOf),
        ];
        return type == Verdict.Permit
            ? new UpTo(ranks.Length > 0 ? ranks.Max() : null, sensitivities, others)
            : new From(
                ranks.Length > 0 ? ranks.Min() : null,
                sensitivities,
                [.. vocabulary.Sensitivities.Where(label => (vocabulary.SensitivityOf(label) & sensitivities) != UInt128.Zero).Select(CodeOf)],
                others);
    }

    private Concerning Concerns(IReadOnlyList<DataTerm> data)
    {
        DataTerm[] known = [.. data.Where(term => term.Reference.Length > 0)];
        IEnumerable<string> Of(params DataMeaning[] meanings) => known.Where(term => meanings.Contains(term.Meaning)).Select(term => term.Reference);
        TextTerm[] Terms(IEnumerable<string> references) => [.. references.Distinct(StringComparer.Ordinal).Select(ReferenceOf)];
        return new Concerning(
            Terms([.. Of(DataMeaning.Instance, DataMeaning.Dependents, DataMeaning.Related), .. Of(DataMeaning.Related).SelectMany(question.ReferencesOf)]),
            Terms(Of(DataMeaning.Dependents, DataMeaning.Related)),
            Terms(Of(DataMeaning.AuthoredBy)));
    }

    private CodeTerm CodeOf(ConsentCode code) => new(code, keys.OfCode(code));

    private TextTerm ReferenceOf(string reference) => new(reference, keys.OfReference(reference));
}
