using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Terminology;

namespace HealthChain.Fhir.Validation;

/// <summary>
/// One validation. Walks the tree once; every rule that applies to an element (of its type, of profiles, of slices) stands in one
/// frame of a stack while the element is visited, so nothing is allocated per element.
/// </summary>
internal sealed partial class ValidationRun
{
    /// <summary>Position of Element.id in every type that is not a resource.</summary>
    internal const int ElementId = 0;

    private const int MaxTrialDepth = 12;
    private readonly List<ElementRules> _rules = new(64);
    private readonly Dictionary<(Element Element, ElementRules Rules), bool> _trials = [];
    private int _trialDepth;
    private HashSet<string>? _mentioned;
    private HashSet<(int Resource, string Id)>? _elementIds;
    private int[] _counters = new int[256];
    private int _countersTop;

    public ValidationRun(Validator validator, Element root, ValidationRequest request)
    {
        Validator = validator;
        Request = request;
        Root = root;
        Resource = root;
        Findings = new Findings(validator.Options.MaxIssues);
        References = new ReferenceScope(this);
    }

    public Validator Validator { get; }
    public ValidationRequest Request { get; }
    public Findings Findings { get; }
    public ReferenceScope References { get; }
    public TerminologyService Terminology => Validator.Terminology;

    /// <summary>What is validated.</summary>
    public Element Root { get; }

    /// <summary>The resource being visited: contained resources and Bundle entries count as their own.</summary>
    public Element Resource { get; private set; }

    /// <summary>Validates everything from the root; the profiles asked for apply to it.</summary>
    public void Start()
    {
        foreach (string canonical in Request.Profiles)
        {
            if (Validator.Profile(canonical) is { } profile)
            {
                AddProfile(Root, profile, 0);
            }
            else
            {
                Findings.Error(
                    Root, IssueType.NotFound, canonical,
                    $"The profile {canonical} is not known, so the resource cannot be validated against it; load the package that defines it.");
            }
        }

        Visit(Root, 0);
    }

    /// <summary>True the first time something is mentioned, so that what holds for many elements is said once.</summary>
    public bool Mention(string what) => (_mentioned ??= []).Add(what);

    /// <summary>True when the element meets some rules, with everything below it. Reports nothing.</summary>
    public bool Meets(Element element, ElementRules rules)
    {
        // Each pair is tried once: references could otherwise lead through a Bundle along exponentially many ways. While it is being
        // tried it counts as met, so that a profile that leads back to itself (a patient linked to himself) comes to an end.
        if (_trials.TryGetValue((element, rules), out bool known))
        {
            return known;
        }

        if (_trialDepth >= MaxTrialDepth)
        {
            return true;
        }

        _trials.Add((element, rules), true);
        _trialDepth++;
        Element resource = Resource;
        int outer = Findings.BeginTrial();
        int first = _rules.Count;
        _rules.Add(rules);
        Visit(element, first);
        _rules.RemoveRange(first, _rules.Count - first);
        Resource = resource;
        _trialDepth--;
        bool met = Findings.EndTrial(outer);
        _trials[(element, rules)] = met;
        return met;
    }

    /// <summary>Says once that a profile which is demanded here is not loaded and so not checked.</summary>
    public void ReportUnknownProfile(Element element, string canonical)
    {
        if (Findings.IsReporting && Mention(canonical))
        {
            Findings.Warning(
                element, IssueType.NotFound, canonical,
                $"The profile {canonical} that is demanded here is not known, so it is not checked; load the package that defines it.");
        }
    }

    /// <summary>True when the element meets one of the profiles; a profile nobody knows counts as met, since it cannot be refuted.</summary>
    public bool MeetsAny(Element element, string[] canonicals)
    {
        foreach (string canonical in canonicals)
        {
            if (RuleParts.CoreType(canonical) is { } core)
            {
                if (element.Type.Is(core))
                {
                    return true;
                }
            }
            else if (Validator.Profile(canonical) is not { } profile)
            {
                ReportUnknownProfile(element, canonical);
                return true;
            }
            else if (element.Type.Is(profile.Type) && Meets(element, profile.Root))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Visits an element whose rules stand on the stack from <paramref name="first"/>. May leave more rules there; the caller removes them.</summary>
    private void Visit(Element element, int first)
    {
        TypeRules type = Validator.RulesOf(element.Type);
        Element outerResource = Resource;
        if (type.Check >= TypeCheck.Resource)
        {
            Resource = element;
            AddClaimedProfiles(element, first);
        }
        else if (type.Check == TypeCheck.Extension && Extensions.Check(element, this) is { } extension)
        {
            AddProfile(element, extension, first);
        }

        if (!element.HasValue && !HasContent(element))
        {
            Findings.Error(
                element, IssueType.Invariant, "ele-1", $"The element is empty; give it a value or children, or leave it out (ele-1).");
        }

        // Rules can add rules, for the profile of an extension or of a type; those are checked in the same loop.
        for (int i = first; i < _rules.Count; i++)
        {
            if (!_rules[i].HasNoValueRules)
            {
                CheckValue(element, _rules[i], first);
            }
        }

        if (type.Check != TypeCheck.None)
        {
            CheckType(element, type.Check);
        }

        foreach (Invariant invariant in type.Invariants)
        {
            invariant.Check(element, this);
        }

        if (element.HasChildren || type.Required.Length > 0 || _rules.Count > first)
        {
            VisitChildren(element, type, first);
        }

        if (type.Check >= TypeCheck.Resource)
        {
            ResourceChecks.Check(element, this);
            Resource = outerResource;
        }
    }

    private void CheckValue(Element element, ElementRules rules, int first)
    {
        if (rules.Types is { } types && !IsOneOf(element.Type, types))
        {
            Findings.Error(
                element, IssueType.Structure, rules.Source,
                $"The type {element.Type.Name} is not allowed here; {rules.Definition.Path} must be {Names(types)} ({rules.Source}).");
        }

        foreach (TypeProfiles profiles in rules.Profiles)
        {
            if (element.Type.Is(profiles.Type))
            {
                ApplyProfiles(element, profiles.Canonicals, first);
            }
        }

        Values.Check(element, rules, Findings);
        rules.Binding?.Check(element, this);
        if (rules.References is { } references)
        {
            References.Check(element, references, rules.Source);
        }

        foreach (Invariant invariant in rules.Invariants)
        {
            invariant.Check(element, this);
        }
    }

    private void CheckType(Element element, TypeCheck check)
    {
        switch (check)
        {
            case TypeCheck.Reference:
                References.CheckLiteral(element);
                break;
            case TypeCheck.Narrative:
                Narrative.Check(element, this);
                break;
            case TypeCheck.Attachment:
                Datatypes.CheckAttachment(element, this);
                break;
            case TypeCheck.Coding:
                Codes.CheckCoding(element, this);
                break;
            case TypeCheck.Quantity:
                Codes.CheckQuantity(element, this);
                break;
            case TypeCheck.Date:
                Datatypes.CheckYear(element, this);
                break;
            case TypeCheck.Identifier:
                Datatypes.CheckIdentifier(element, this);
                break;
        }
    }

    /// <summary>Adds a profile's rules to the frame that starts at <paramref name="first"/>, once.</summary>
    private void AddProfile(Element element, ProfileSchema profile, int first)
    {
        for (int i = first; i < _rules.Count; i++)
        {
            if (ReferenceEquals(_rules[i], profile.Root))
            {
                return;
            }
        }

        if (!element.Type.Is(profile.Type))
        {
            Findings.Error(
                element, IssueType.Structure, profile.Canonical,
                $"The profile {profile.Canonical} is for {profile.Type.Name}, but this is a {element.Type.Name}.");
            return;
        }

        _rules.Add(profile.Root);
    }

    private void ApplyProfiles(Element element, string[] canonicals, int first)
    {
        if (canonicals.Length == 1)
        {
            if (RuleParts.CoreType(canonicals[0]) is not null)
            {
                return;
            }

            if (Validator.Profile(canonicals[0]) is { } profile)
            {
                AddProfile(element, profile, first);
                return;
            }

            ReportUnknownProfile(element, canonicals[0]);
            return;
        }

        if (!MeetsAny(element, canonicals))
        {
            Findings.Error(
                element, IssueType.Structure, canonicals[0],
                $"The value meets none of the profiles allowed here: {string.Join(", ", canonicals)}.");
        }
    }

    private void AddClaimedProfiles(Element resource, int first)
    {
        Element meta = resource.Child("meta");
        if (!meta.Exists || !Request.ClaimedProfiles)
        {
            return;
        }

        foreach (Element claim in meta.ChildrenOf("profile"))
        {
            if (!claim.HasValue)
            {
                continue;
            }

            string canonical = claim.Text!;
            if (RuleParts.CoreType(canonical) is { } core && resource.Type.Is(core))
            {
                continue;
            }

            if (Validator.Profile(canonical) is { } profile)
            {
                AddProfile(resource, profile, first);
            }
            else
            {
                Findings.Report(
                    Validator.Options.UnknownProfile, claim, IssueType.NotFound, canonical,
                    $"The resource claims the profile {canonical}, which is not known, so the claim is not checked; load the package that defines it.");
            }
        }
    }

    private static bool HasContent(Element element)
    {
        if (element.Type.IsResource)
        {
            return true;
        }

        for (Element child = element.FirstChild; child.Exists; child = child.NextSibling)
        {
            // An id alone is no content (ele-1).
            if (child.Schema!.Index != ElementId)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsOneOf(TypeSchema type, TypeSchema[] types)
    {
        foreach (TypeSchema candidate in types)
        {
            if (type.Is(candidate))
            {
                return true;
            }
        }

        return false;
    }

    private static string Names(TypeSchema[] types) => string.Join(" or ", types.Select(type => type.Name));
}
