using HealthChain.Consent.Rules;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;

namespace HealthChain.Consent;

/// <summary>
/// What one Consent says, read once: whether and when it counts, and its rules. A consent that cannot be followed is closed: it denies all to
/// everybody but the patient. Immutable.
/// </summary>
public sealed class ConsentRules
{
    private const string ScopeSystem = "http://terminology.hl7.org/CodeSystem/consentscope";

    private ConsentRules(string patient) => Patient = patient;

    /// <summary>Whose consent it is, such as <c>Patient/7</c>; empty when it does not say.</summary>
    public string Patient { get; }

    /// <summary>Whether it has any effect: it is active, and of a scope that is about who sees what.</summary>
    public bool Counts { get; private init; }

    /// <summary>Why it is closed, in words that name the element and nothing else; null when it can be followed.</summary>
    public string? Fault { get; private init; }

    /// <summary>When it counts; null for always.</summary>
    internal DateRange? Period { get; private init; }

    internal bool IsResearch { get; private init; }

    /// <summary>Null when it has no rules and its policy decides.</summary>
    internal Rule? Root { get; private init; }

    internal PolicyRule PolicyRule { get; private init; }

    internal ImplicitPolicy? Policy { get; private init; }

    /// <summary>Resources that its rules name together with what these refer to (<see cref="Question.ReferencesOf"/>), such as <c>CarePlan/7</c>.</summary>
    public IReadOnlyCollection<string> Related { get; private init; } = [];

    /// <summary>When what it says may change by time alone, in order; in ticks of UTC.</summary>
    internal IReadOnlyList<long> Moments { get; private init; } = [];

    /// <summary>False when it says that it was verified by nobody: then it cannot permit.</summary>
    internal bool MayPermit { get; private init; } = true;

    /// <param name="consent">A Consent; anything else counts for nobody.</param>
    /// <param name="serverBase">The FHIR base of this server, without the last slash, for absolute references to it.</param>
    public static ConsentRules Read(Element consent, Vocabulary vocabulary, string? serverBase = null)
    {
        string patient = References.Read(consent.Child("patient").TextOf("reference"), serverBase) ?? "";
        var reader = new RuleReader(vocabulary, serverBase);
        (bool counts, bool isResearch, string? fault) = Standing(consent);
        if (!counts)
        {
            return new ConsentRules(patient);
        }

        Element provision = consent.Child("provision");
        DateRange? period = provision.Exists ? reader.ReadPeriod(provision.Child("period")) : null;
        PolicyRule policyRule = ReadPolicyRule(consent.Child("policyRule"));
        ImplicitPolicy? policy = ReadPolicy(consent);
        Rule? root = provision.Exists ? reader.ReadRoot(provision) : null;
        fault ??= reader.Fault ?? FaultOf(consent, root, policyRule, policy);
        return new ConsentRules(patient)
        {
            Counts = true,
            Fault = fault,
            Period = period,
            IsResearch = isResearch,
            Root = root,
            PolicyRule = policyRule,
            Policy = policy,
            MayPermit = IsVerified(consent),
            Moments = MomentsOf(period, root),
            Related = root is null ? [] : [.. RelatedOf(root).Distinct(StringComparer.Ordinal)],
        };
    }

    /// <summary>A consent as it stands in a store: where it is no valid FHIR nobody knows what it said, so it is closed.</summary>
    public static ConsentRules Read(ReadResult consent, Vocabulary vocabulary, string? serverBase = null)
    {
        ConsentRules? rules = consent.Tree is { } tree ? Read(tree.Root, vocabulary, serverBase) : null;
        return rules is null ? new ConsentRules("")
            : consent.IsOk || !rules.Counts ? rules
            : new ConsentRules(rules.Patient) { Counts = true, Fault = rules.Fault ?? "Consent is not valid." };
    }

    private static IEnumerable<string> RelatedOf(Rule rule) => (rule.Criteria.Data ?? [])
        .Where(data => data.Meaning == DataMeaning.Related && data.Reference.Length > 0).Select(data => data.Reference).Concat(rule.Exceptions.SelectMany(RelatedOf));

    private static long[] MomentsOf(DateRange? period, Rule? root)
    {
        var moments = new SortedSet<long>();
        void Add(DateRange? bounds)
        {
            if (bounds is { } range)
            {
                moments.UnionWith([range.Start, range.End]);
            }
        }

        void AddAll(Rule rule)
        {
            Add(rule.Criteria.Period);
            foreach (Rule exception in rule.Exceptions)
            {
                AddAll(exception);
            }
        }

        Add(period);
        if (root is not null)
        {
            AddAll(root);
        }

        // What is open, or ends with the last year that dates can name, does not change.
        return [.. moments.Where(moment => moment > 0 && moment <= DateTimeOffset.MaxValue.UtcTicks)];
    }

    private static (bool Counts, bool IsResearch, string? Fault) Standing(Element consent)
    {
        string? fault = null;
        switch (consent.TextOf("status"))
        {
            case "active":
                break;
            case "draft" or "proposed" or "rejected" or "inactive" or "entered-in-error":
                return (false, false, null);
            default:
                fault = "Consent.status is not known.";
                break;
        }

        string? scope = null;
        bool isResearch = false;
        if (consent.Child("scope") is { Exists: true } stated)
        {
            foreach (Element coding in stated.ChildrenOf("coding"))
            {
                string? code = coding.TextOf("code");
                bool isKnown = coding.TextOf("system") == ScopeSystem && code is not null;
                scope = isKnown && scope != "patient-privacy" ? code : scope;
                isResearch |= isKnown && code == "research";
            }
        }

        return scope switch
        {
            "patient-privacy" => (true, false, fault),
            "research" => (true, isResearch, fault),
            null => (true, false, fault ?? "Consent.scope has no code that is known."),
            _ => (false, false, null),
        };
    }

    private static string? FaultOf(Element consent, Rule? root, PolicyRule policyRule, ImplicitPolicy? policy)
    {
        // Those of rules are found where rules are read.
        if (HasModifier(consent) || consent.ChildrenOf("policy").ToList().Exists(HasModifier) || consent.ChildrenOf("verification").ToList().Exists(HasModifier))
        {
            return "Consent has a modifier extension that nobody here knows.";
        }

        if (consent.Child("implicitRules").Exists)
        {
            return "Consent.implicitRules is not known here.";
        }

        if (!consent.Child("policy").Exists && !consent.Child("policyRule").Exists)
        {
            return "Consent has neither policy nor policyRule.";
        }

        bool hasBase = policyRule != PolicyRule.None || policy is not null;
        return root switch
        {
            null when !hasBase => "Consent has no provision, and its policy is not known here.",
            { Type: Verdict.Silent } when !hasBase => "Consent.provision has no type, and the policy is not known here.",
            _ => null,
        };
    }

    private static bool HasModifier(Element element) => element.Child("modifierExtension").Exists;

    private static PolicyRule ReadPolicyRule(Element policyRule)
    {
        if (policyRule.Exists)
        {
            foreach (Element coding in policyRule.ChildrenOf("coding"))
            {
                if (coding.TextOf("system") == Vocabulary.ActCodeSystem)
                {
                    switch (coding.TextOf("code"))
                    {
                        case "OPTIN" or "OPTINR":
                            return PolicyRule.OptIn;
                        case "OPTOUT" or "OPTOUTE":
                            return PolicyRule.OptOut;
                    }
                }
            }
        }

        return PolicyRule.None;
    }

    private static ImplicitPolicy? ReadPolicy(Element consent)
    {
        foreach (Element policy in consent.ChildrenOf("policy"))
        {
            if (ImplicitPolicy.Find(policy.TextOf("uri")) is { } known)
            {
                return known;
            }
        }

        return null;
    }

    private static bool IsVerified(Element consent)
    {
        bool isAsked = false;
        foreach (Element verification in consent.ChildrenOf("verification"))
        {
            isAsked = true;
            if (verification.TextOf("verified") == "true")
            {
                return true;
            }
        }

        return !isAsked;
    }
}

/// <summary>What holds where no rule of a consent speaks: codes of v3-ActConsentType.</summary>
internal enum PolicyRule : byte
{
    None,
    OptIn,
    OptOut,
}
