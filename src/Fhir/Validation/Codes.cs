using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;

namespace HealthChain.Fhir.Validation;

/// <summary>Codings on their own, whatever they are bound to: the code must exist in the system it names. See R4 datatypes.html#Coding.</summary>
internal static class Codes
{
    public static void CheckCoding(Element coding, ValidationRun run)
    {
        Element system = coding.Child(Known.CodingSystem);
        Element code = coding.Child(Known.CodingCode);
        if (!system.HasLiteral())
        {
            if (code.HasLiteral() && !system.Exists)
            {
                run.Findings.Warning(
                    coding, IssueType.CodeInvalid, "system", $"The code '{code.Value}' has no system; without one it means nothing to others.");
            }

            return;
        }

        if (system.Value.IndexOf((byte)':') < 1)
        {
            run.Findings.Error(system, IssueType.Value, "system", $"A code system is named by an absolute uri; '{system.Value}' is not.");
        }
        else if (run.Validator.System(system.Value) is var named && named.Index is { } index)
        {
            CheckCode(coding, code, index, run);
        }
        else if (GrammarSystem.Find(system.Value) is { } grammar)
        {
            CheckByGrammar(code, grammar, run);
        }
        else
        {
            CheckUnknownSystem(system, named, run);
        }
    }

    private static void CheckByGrammar(Element code, GrammarSystem grammar, ValidationRun run)
    {
        if (code.HasLiteral() && grammar.Check(code.Value).Answer == Membership.NotMember)
        {
            run.Findings.Error(
                code, IssueType.CodeInvalid, grammar.Url, $"The code '{code.Value}' does not have the form of {grammar.Name}; correct the code or the system.");
        }
    }

    /// <summary>The unit of a quantity must be one of its system's, nearly always UCUM's.</summary>
    public static void CheckQuantity(Element quantity, ValidationRun run)
    {
        Element system = quantity.Child("system");
        if (system.HasLiteral() && GrammarSystem.Find(system.Value) is { } grammar)
        {
            CheckByGrammar(quantity.Child("code"), grammar, run);
        }
    }

    private static void CheckCode(Element coding, Element code, CodeSystemIndex index, ValidationRun run)
    {
        if (!code.HasLiteral())
        {
            return;
        }

        int concept = index.Codes.Find(code.Value);
        if (concept < 0)
        {
            // A version that is not the loaded one may have other codes.
            if (!index.IsComplete || !VersionFits(coding, index.Definition))
            {
                return;
            }

            if (WasInR4(code, index.Definition, run))
            {
                run.Findings.Warning(
                    code, IssueType.CodeInvalid, index.Definition.Url,
                    $"The code '{code.Value}' was in {index.Definition.Url} when R4 was published, but no longer is.");
            }
            else
            {
                run.Findings.Error(
                    code, IssueType.CodeInvalid, index.Definition.Url,
                    $"The code '{code.Value}' does not exist in the code system {index.Definition.Url}; correct the code or the system.");
            }

            return;
        }

        Element display = coding.Child("display");
        if (display.HasLiteral() && !IsDisplayOf(display.Value, index[concept]))
        {
            run.Findings.Warning(
                display, IssueType.CodeInvalid, index.Definition.Url,
                $"'{display.Value}' is no display of the code '{code.Value}'; the code system has '{index[concept].Display}'.");
        }
    }

    private static void CheckUnknownSystem(Element system, NamedSystem named, ValidationRun run)
    {
        if (!run.Findings.IsReporting)
        {
            return;
        }

        string url = named.Url;
        if (named.Nature == SystemNature.Supplement)
        {
            run.Findings.Error(
                system, IssueType.CodeInvalid, url,
                $"{url} is a supplement of a code system and has no codes of its own; name the system that it supplements.");
        }
        else if (named.Nature == SystemNature.ValueSet)
        {
            run.Findings.Error(
                system, IssueType.CodeInvalid, url, $"{url} is a value set; name the code system that the code is from.");
        }
        else if (run.Mention(url))
        {
            run.Findings.Information(
                system, IssueType.NotSupported, url, $"The codes of {url} are not loaded here, so they are not checked.");
        }
    }

    // HL7 maintains its terminology apart from R4 and has dropped codes; R4's own state of a system carries R4's version.
    private static bool WasInR4(Element code, CodeSystem system, ValidationRun run) =>
        system.Version != "4.0.1" && run.Terminology.System(system.Url, "4.0.1") is { } published && published.Codes.Find(code.Value) >= 0;

    private static bool VersionFits(Element coding, CodeSystem system)
    {
        Element version = coding.Child("version");
        return !version.HasLiteral() || system.Version is null || version.TextOrNull() == system.Version;
    }

    // Case and spaces are no difference of meaning.
    private static bool IsDisplayOf(ReadOnlySpan<byte> display, Concept concept)
    {
        string given = Encoding.UTF8.GetString(display).Trim();
        if (concept.Display is null || given.Equals(concept.Display.Trim(), StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        foreach (Designation designation in concept.Designations)
        {
            if (given.Equals(designation.Value.Trim(), StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
