using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>Checks one coding after the other and says what is wrong in words (<c>$validate-code</c>).</summary>
internal sealed class CodeValidator(SystemCatalog systems, CompiledValueSet? valueSet, Func<string?> allowedCodes, CodeValidationRequest request)
{
    public CodeValidation Validate()
    {
        CodeValidation[] results = [.. request.Codings.Select(ValidateCoding)];
        if (results.Length == 0)
        {
            return new CodeValidation(Membership.NotMember, null, false, [Issue.Error(IssueType.Required, "There is no coding to check.")]);
        }

        // R4: a CodeableConcept is valid if one of its codings is. What is wrong with the others is still worth a warning.
        CodeValidation best = results.FirstOrDefault(result => result.IsValid)
            ?? results.FirstOrDefault(result => result.Answer == Membership.CannotSay)
            ?? results[0];
        IEnumerable<Issue> others = results.Where(result => result != best).SelectMany(result => result.Issues);
        return best with
        {
            Issues = [.. best.Issues, .. best.Answer == Membership.NotMember ? others : others.Select(issue => issue with { Severity = IssueSeverity.Warning })],
        };
    }

    private CodeValidation ValidateCoding(Coding coding)
    {
        if (coding.Code is not { Length: > 0 } code)
        {
            return Invalid(coding, IssueType.Required, "The coding has no code.");
        }

        if (coding.System is null && !TryInferSystem(ref coding, code, out CodeValidation? failure))
        {
            return failure!;
        }

        string system = coding.System!;
        CodeSystemIndex? index = systems.Find(system, coding.Version);
        if (index is null && coding.Version is not null && systems.Find(system) is { } loaded)
        {
            return CannotSay(coding, $"Version {coding.Version} of code system {system} is not loaded, only {loaded.Definition.Version ?? "one without a version"} is.");
        }

        if (index is not null && index.Definition.Url != system)
        {
            return Invalid(coding, IssueType.Invalid, $"The system {system} is another name of {index.Definition.Url}; a coding names its system by that url.");
        }

        int concept = index?.Codes.Find(code) ?? -1;
        CodeValidation membership = CheckCode(coding, index, concept);
        return membership.IsValid && index is not null && concept >= 0 ? CheckConcept(membership, coding, index, concept) : membership;
    }

    private bool TryInferSystem(ref Coding coding, string code, out CodeValidation? failure)
    {
        failure = null;
        if (!request.InferSystem || valueSet is null)
        {
            failure = Invalid(coding, IssueType.Invalid, $"The code '{code}' has no system; without one it means nothing. Give the system it is from.");
            return false;
        }

        string[] candidates = [.. valueSet.SystemsOf(code)];
        switch (candidates.Length)
        {
            case 1:
                coding = coding with { System = candidates[0] };
                return true;
            case 0:
                CodeMembership answer = valueSet.ContainsCode(System.Text.Encoding.UTF8.GetBytes(code));
                failure = answer.Answer == Membership.CannotSay ? CannotSay(coding, Doubt(code, answer)) : NotInValueSet(coding);
                return false;
            default:
                failure = Invalid(coding, IssueType.MultipleMatches, $"The code '{code}' is in value set {valueSet} under several systems ({string.Join(", ", candidates)}); give the one that is meant.");
                return false;
        }
    }

    private CodeValidation CheckCode(Coding coding, CodeSystemIndex? index, int concept)
    {
        if (index is not null && concept < 0 && index.IsComplete)
        {
            return Invalid(coding, IssueType.CodeInvalid, DescribeUnknown(coding.Code!, index));
        }

        if (valueSet is null)
        {
            return CheckSystemOnly(coding, index, concept);
        }

        CodeMembership answer = valueSet.Contains(coding.System!, coding.Code!);
        return answer.Answer switch
        {
            Membership.Member => Valid(coding),
            Membership.NotMember => NotInValueSet(coding),
            _ => CannotSay(coding, Doubt(coding.Code!, answer)),
        };
    }

    private CodeValidation CheckSystemOnly(Coding coding, CodeSystemIndex? index, int concept)
    {
        if (index is not null)
        {
            return concept >= 0 ? Valid(coding) : CannotSay(coding, $"Whether '{coding.Code}' is a code of {coding.System} cannot be said: {index.IncompleteReason}.");
        }

        if (GrammarSystem.Find(coding.System!) is not { } grammar)
        {
            return CannotSay(coding, $"Code system {coding.System} is not loaded, so '{coding.Code}' cannot be checked.");
        }

        CodeMembership answer = grammar.Check(System.Text.Encoding.UTF8.GetBytes(coding.Code!));
        return answer.Answer switch
        {
            Membership.Member => Valid(coding),
            Membership.NotMember => Invalid(coding, IssueType.CodeInvalid, $"'{coding.Code}' does not have the form of {grammar.Name}."),
            _ => CannotSay(coding, $"'{coding.Code}' cannot be checked: {answer.Reason}."),
        };
    }

    private CodeValidation CheckConcept(CodeValidation valid, Coding coding, CodeSystemIndex index, int concept)
    {
        var issues = new List<Issue>(valid.Issues);
        string[] displays = [.. AllowedDisplays(index, concept)];
        IReadOnlyList<string> languages = Displays.Languages(request.DisplayLanguage);
        string? preferred = Displays.Choose(displays.FirstOrDefault(), index.Definition.Language, systems.Designations(index, concept), languages);
        if (index.Abstract[concept] && !request.AllowAbstract)
        {
            issues.Add(Issue.Error(IssueType.BusinessRule, $"The code '{coding.Code}' of {coding.System} is abstract: it groups other codes and must not be used itself. Use one of the codes below it."));
        }

        if (coding.Display is { } display && displays.Length > 0 && !Array.Exists(displays, allowed => Displays.AreSame(allowed, display)))
        {
            issues.Add(Issue.Error(IssueType.Invalid, $"The display '{display}' is not that of the code '{coding.Code}' of {coding.System}; use {Quote(displays)}."));
        }

        bool isInactive = index.Inactive[concept];
        if (isInactive)
        {
            issues.Add(Issue.Warning(IssueType.BusinessRule, $"The code '{coding.Code}' of {coding.System} is no longer active."));
        }

        return new CodeValidation(
            issues.Exists(issue => issue.IsError) ? Membership.NotMember : Membership.Member,
            new Coding(coding.System, index[concept].Code, preferred, index.Definition.Version),
            isInactive,
            issues);
    }

    /// <summary>The displays a code may carry: the code system's, its supplements' and the value set's own, in the language asked for.</summary>
    private IEnumerable<string> AllowedDisplays(CodeSystemIndex index, int concept)
    {
        IReadOnlyList<string> languages = Displays.Languages(request.DisplayLanguage);
        bool IsWanted(string? language) => languages.Count == 0 || language is null || languages.Any(wanted => Displays.Speaks(language, wanted));
        var displays = new List<string>();
        if (index[concept].Display is { } display && IsWanted(index.Definition.Language))
        {
            displays.Add(display);
        }

        foreach (ConceptReference reference in valueSet?.Definition?.Includes.Where(set => set.System == index.Definition.Url).SelectMany(set => set.Concepts) ?? [])
        {
            if (reference.Code == index[concept].Code)
            {
                displays.AddRange(reference.Display is null ? [] : [reference.Display]);
                displays.AddRange(reference.Designations.Where(designation => IsWanted(designation.Language)).Select(designation => designation.Value));
            }
        }

        displays.AddRange(systems.Designations(index, concept).Where(designation => IsWanted(designation.Language)).Select(designation => designation.Value));
        return displays.Distinct();
    }

    /// <summary>Says that a code system does not have a code, and which one may be meant.</summary>
    public static string DescribeUnknown(string code, CodeSystemIndex index)
    {
        Concept? otherCase = index.Definition.Concepts.FirstOrDefault(concept => concept.Code.Equals(code, StringComparison.OrdinalIgnoreCase));
        Concept? byDisplay = index.Definition.Concepts.FirstOrDefault(concept => concept.Display is { } display && Displays.AreSame(display, code));
        string hint = otherCase is not null ? $" Its codes are case sensitive: did you mean '{otherCase.Code}'?"
            : byDisplay is not null ? $" This is the display of '{byDisplay.Code}'."
            : "";
        return $"The code '{code}' is not in code system {index.Definition}.{hint}";
    }

    private CodeValidation NotInValueSet(Coding coding)
    {
        string code = coding.System is null ? $"'{coding.Code}'" : $"'{coding.Code}' of {coding.System}";
        string[] expected = [.. valueSet!.Systems];
        string hint = allowedCodes() is { } allowed ? $" Allowed: {allowed}."
            : coding.System is not null && expected.Length is > 0 and <= 5 && !expected.Contains(coding.System) ? $" It has codes of {string.Join(", ", expected)} only."
            : "";
        return Invalid(coding, IssueType.CodeInvalid, $"The code {code} is not in value set {valueSet}.{hint}");
    }

    private string Doubt(string code, CodeMembership answer) => $"Whether '{code}' is in value set {valueSet} cannot be said: {answer.Reason}.";

    private CodeValidation Valid(Coding coding) => new(
        Membership.Member,
        coding,
        false,
        [.. (valueSet?.Notes ?? []).Select(note => Issue.Warning(IssueType.Informational, $"{note}."))]);

    private static CodeValidation Invalid(Coding coding, IssueType type, string message) =>
        new(Membership.NotMember, coding, false, [Issue.Error(type, message)]);

    private static CodeValidation CannotSay(Coding coding, string message) =>
        new(Membership.CannotSay, coding, false, [Issue.Warning(IssueType.NotSupported, message)]);

    private static string Quote(IEnumerable<string> texts) => string.Join(" or ", texts.Take(5).Select(text => $"'{text}'"));
}
