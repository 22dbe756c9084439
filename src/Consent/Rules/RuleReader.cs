using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;

namespace HealthChain.Consent.Rules;

/// <summary>
/// Reads the provision of a consent. Whatever a patient could have meant as a refusal and cannot be tested makes the whole consent closed: a form that was
/// filled in badly must not open what a good one would have kept shut.
/// </summary>
internal sealed class RuleReader(Vocabulary vocabulary, string? serverBase)
{
    /// <summary>How deep rules may nest, as everywhere on this server.</summary>
    public const int MaxDepth = 8;

    public const string ResourceTypes = "http://hl7.org/fhir/resource-types";
    public const string Uris = "urn:ietf:rfc:3986";

    /// <summary>Why the rules cannot be followed, in words that name the element; null when they can.</summary>
    public string? Fault { get; private set; }

    public Rule ReadRoot(Element provision) => Read(provision, Criteria.None, depth: 1);

    public DateRange? ReadPeriod(Element period)
    {
        if (!period.Exists)
        {
            return null;
        }

        DateRange start = Bound(period.Child("start"), new DateRange(long.MinValue, long.MinValue));
        DateRange end = Bound(period.Child("end"), new DateRange(long.MaxValue, long.MaxValue));
        if (start.Start >= end.End)
        {
            Close($"{period.Expression} ends before it begins.");
        }

        // A period that cannot be read bounds nothing: the consent is closed for ever.
        return Fault is null ? new DateRange(start.Start, end.End) : null;
    }

    private Rule Read(Element provision, Criteria inherited, int depth)
    {
        bool isRoot = depth == 1;
        CheckModifiers(provision);
        if (depth > MaxDepth)
        {
            Close($"The rules nest deeper than {MaxDepth} levels.");
            return new Rule(Verdict.Deny, inherited, []);
        }

        Verdict type = provision.TextOf("type") switch
        {
            "permit" => Verdict.Permit,
            "deny" => Verdict.Deny,
            null when isRoot && !provision.Child("type").Exists => Verdict.Silent,
            null => Close($"{provision.Expression} has no type."),
            _ => Close($"{provision.Expression}.type is neither permit nor deny."),
        };

        Criteria stated = ReadCriteria(provision, isRoot);
        if (type == Verdict.Silent && !stated.IsNone)
        {
            Close($"{provision.Expression} has conditions, but no type.");
        }

        Criteria criteria = stated.Over(inherited);
        if (type == Verdict.Deny)
        {
            CheckTestable(provision, criteria);
        }

        Rule[] exceptions = Fault is null ? [.. provision.ChildrenOf("provision").ToList().Select(child => Read(child, criteria, depth + 1))] : [];
        return new Rule(type, criteria, exceptions);
    }

    /// <param name="isRoot">The period of the root says when the whole consent counts; the caller reads it.</param>
    private Criteria ReadCriteria(Element provision, bool isRoot) => new()
    {
        Period = isRoot ? null : ReadPeriod(provision.Child("period")),
        Actors = Each(provision, "actor", ReadActor),
        Actions = Flat(provision, "action", Codings)?.Select(code => code.Code).ToList(),
        Labels = Each(provision, "securityLabel", Reading.ToCode),
        Purposes = Each(provision, "purpose", Reading.ToCode),
        Classes = Each(provision, "class", Reading.ToCode),
        Codes = Flat(provision, "code", Codings),
        DataPeriod = ReadPeriod(provision.Child("dataPeriod")),
        Data = Each(provision, "data", ReadData),
    };

    /// <summary>A refusal whose conditions name nothing that could be found would refuse nobody.</summary>
    private void CheckTestable(Element provision, Criteria criteria)
    {
        string? untestable =
            criteria.Actors?.Any(IsUntestable) == true ? "actor"
            : criteria.Labels?.Any(label => label.Code.Length == 0 || !vocabulary.Knows(label.System) || IsUnknownConfidentiality(label)) == true ? "securityLabel"
            : criteria.Classes?.Any(type => type.Code.Length == 0 || type.System is not (ResourceTypes or Uris)) == true ? "class"
            : criteria.Codes?.Any(code => code.Code.Length == 0) == true ? "code"
            : criteria.Actions?.Any(action => action.Length == 0) == true ? "action"
            : criteria.Purposes?.Any(purpose => purpose.Code.Length == 0 || purpose.System.Length == 0) == true ? "purpose"
            : criteria.Data?.Any(data => data.Reference.Length == 0) == true ? "data"
            : null;
        if (untestable is not null)
        {
            Close($"{provision.Expression} denies by a value of '{untestable}' that cannot be told from others.");
        }
    }

    /// <summary>Identifiers are known of those who ask; of those who keep or made a resource, the references that stand in it.</summary>
    private static bool IsUntestable(ActorTerm actor) => actor.Reference is null && (actor.Identifier is null || actor.Role != ActorRole.Recipient);

    private static bool IsUnknownConfidentiality(ConsentCode label) =>
        label.System == Vocabulary.ConfidentialitySystem && Vocabulary.ConfidentialityOf(label) is null;

    private ActorTerm ReadActor(Element actor)
    {
        CheckModifiers(actor);
        ActorRole? role = null;
        foreach (ConsentCode coding in Codings(actor.Child("role")))
        {
            role ??= coding.Code switch
            {
                "IRCP" or "PRCP" or "GRANTEE" or "PROV" => ActorRole.Recipient,
                "CST" => ActorRole.Custodian,
                "AUT" => ActorRole.Author,
                _ => null,
            };
        }

        Element reference = actor.Child("reference");
        Element identifier = reference.Exists ? reference.Child("identifier") : default;
        ConsentCode? named = identifier.TextOf("value") is { Length: > 0 } value ? new ConsentCode(identifier.TextOf("system") ?? "", value) : null;
        return role is { } known
            ? new ActorTerm(known, References.Read(reference.TextOf("reference"), serverBase), named)
            : new ActorTerm(ActorRole.Recipient, null, null);
    }

    private DataTerm ReadData(Element data)
    {
        CheckModifiers(data);
        DataMeaning? meaning = data.TextOf("meaning") switch
        {
            "instance" => DataMeaning.Instance,
            "related" => DataMeaning.Related,
            "dependents" => DataMeaning.Dependents,
            "authoredby" => DataMeaning.AuthoredBy,
            _ => null,
        };
        Element reference = data.Child("reference");
        string? named = References.Read(reference.TextOf("reference"), serverBase);
        return new DataTerm(meaning ?? DataMeaning.Instance, meaning is null ? "" : named ?? "");
    }

    /// <summary>The codes of a concept; one that has only text is one that nobody can compare.</summary>
    private static List<ConsentCode> Codings(Element concept)
    {
        if (!concept.Exists)
        {
            return [];
        }

        var codes = new List<ConsentCode>();
        foreach (Element coding in concept.ChildrenOf("coding"))
        {
            codes.Add(coding.ToCode());
        }

        return codes.Count > 0 ? codes : [new ConsentCode("", "")];
    }

    private static List<T>? Each<T>(Element parent, string name, Func<Element, T> read)
    {
        List<T>? values = null;
        foreach (Element child in parent.ChildrenOf(name))
        {
            (values ??= []).Add(read(child));
        }

        return values;
    }

    private static List<ConsentCode>? Flat(Element parent, string name, Func<Element, List<ConsentCode>> read)
    {
        List<ConsentCode>? values = null;
        foreach (Element child in parent.ChildrenOf(name))
        {
            (values ??= []).AddRange(read(child));
        }

        return values;
    }

    private DateRange Bound(Element bound, DateRange open)
    {
        if (!bound.Exists)
        {
            return open;
        }

        if (bound.HasValue && DateRange.TryParse(bound.Value, out DateRange range))
        {
            return range;
        }

        Close($"{bound.Expression} is no date.");
        return open;
    }

    /// <summary>https://hl7.org/fhir/R4/extensibility.html#modifierExtension: who does not know it must not act on the rest.</summary>
    private void CheckModifiers(Element element)
    {
        if (element.Child("modifierExtension").Exists)
        {
            Close($"{element.Expression} has a modifier extension that nobody here knows.");
        }
    }

    private Verdict Close(string fault)
    {
        Fault ??= fault;
        return Verdict.Deny;
    }
}
