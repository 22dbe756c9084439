using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Terminology;

namespace HealthChain.Fhir.Validation;

/// <summary>The value sets that an element's codes must or should come from. See R4 terminologies.html#strength.</summary>
internal sealed class BindingRules(Binding binding)
{
    private volatile CompiledValueSet? _codes;
    private volatile CompiledValueSet? _outermost;

    /// <summary>
    /// Checks a coded element of any type that can be bound: required and max refuse, extensible warns, preferred informs. What
    /// the terminology cannot decide is always said.
    /// </summary>
    public void Check(Element element, ValidationRun run)
    {
        if (binding.ValueSet is { } canonical && binding.Strength != BindingStrength.Example)
        {
            CheckAgainst(element, _codes ??= run.Terminology.Get(canonical), Severity(binding.Strength), asksForCode: true, run);
        }

        if (binding.MaxValueSet is { } outermost)
        {
            // It bounds which codes there may be; that there must be one, only the binding itself can say.
            bool asksForCode = binding.Strength is BindingStrength.Required or BindingStrength.Extensible;
            CheckAgainst(element, _outermost ??= run.Terminology.Get(outermost), IssueSeverity.Error, asksForCode, run);
        }
    }

    /// <summary>True when the element's code, or one of its codings, is certainly in the value set.</summary>
    public bool HasMember(Element element, ValidationRun run) =>
        binding.ValueSet is { } canonical && Test(element, _codes ??= run.Terminology.Get(canonical), out _).IsMember;

    private static void CheckAgainst(Element element, CompiledValueSet codes, IssueSeverity severity, bool asksForCode, ValidationRun run)
    {
        CodeMembership membership = Test(element, codes, out bool hasCode);
        if (membership.IsMember)
        {
            return;
        }

        string name = codes.Definition?.ToString() ?? codes.Canonical;
        if (!hasCode)
        {
            // A preferred value set asks for nothing where no code is given; a coded element without any code breaks the stronger ones.
            if (asksForCode && severity < IssueSeverity.Information && !IsEmptyByExtension(element))
            {
                run.Findings.Report(
                    severity, element, IssueType.CodeInvalid, name,
                    $"No code is given, but one from the value set {name} is {Demand(severity)}; add a coding with system and code.");
            }

            return;
        }

        if (membership.Answer == Membership.CannotSay)
        {
            run.Findings.Report(
                severity < IssueSeverity.Information ? IssueSeverity.Warning : IssueSeverity.Information,
                element, IssueType.NotSupported, name,
                $"Whether {Given(element)} is in the value set {name} cannot be checked here: {membership.Reason}.");
            return;
        }

        string? allowed = run.Findings.IsReporting ? run.Terminology.AllowedCodes(codes) : null;
        string choice = allowed is null ? "" : $" It has: {allowed}.";
        run.Findings.Report(
            severity, element, IssueType.CodeInvalid, name,
            $"{Given(element)} is not in the value set {name}; a code from it is {Demand(severity)}.{choice}");
    }

    internal static CodeMembership Test(Element element, CompiledValueSet codes, out bool hasCode)
    {
        TypeSchema type = element.Type;
        if (type.IsPrimitive)
        {
            hasCode = element.HasValue;
            return hasCode ? codes.ContainsCode(element.Value) : CodeMembership.NotMember;
        }

        if (ReferenceEquals(type, Known.CodeableConcept))
        {
            hasCode = false;
            CodeMembership best = CodeMembership.NotMember;
            foreach (Element coding in element.ChildrenOf(Known.CodeableConceptCoding))
            {
                CodeMembership membership = TestCoding(coding, Known.CodingSystem, Known.CodingCode, codes, out bool hasThis);
                hasCode |= hasThis;
                if (membership.IsMember)
                {
                    return membership;
                }

                best = membership.Answer == Membership.CannotSay ? membership : best;
            }

            return best;
        }

        if (ReferenceEquals(type, Known.Coding))
        {
            return TestCoding(element, Known.CodingSystem, Known.CodingCode, codes, out hasCode);
        }

        if (type.Element("system") is { } system && type.Element("code") is { } code)
        {
            return TestCoding(element, system, code, codes, out hasCode);
        }

        // A binding on anything else means nothing.
        hasCode = true;
        return CodeMembership.Member;
    }

    private static CodeMembership TestCoding(
        Element element, ElementSchema systemSchema, ElementSchema codeSchema, CompiledValueSet codes, out bool hasCode)
    {
        Element code = element.Child(codeSchema);
        hasCode = code.HasLiteral();
        if (!hasCode)
        {
            return CodeMembership.NotMember;
        }

        Element system = element.Child(systemSchema);
        return codes.Contains(system.Exists ? system.Value : default, code.Value);
    }

    private static IssueSeverity Severity(BindingStrength strength) => strength switch
    {
        BindingStrength.Required => IssueSeverity.Error,
        BindingStrength.Extensible => IssueSeverity.Warning,
        _ => IssueSeverity.Information,
    };

    private static string Demand(IssueSeverity severity) => severity switch
    {
        IssueSeverity.Error => "required",
        IssueSeverity.Warning => "expected, unless none fits",
        _ => "preferred",
    };

    // Data that is known to be absent says so in an extension instead of a code.
    private static bool IsEmptyByExtension(Element element) =>
        !element.Type.IsPrimitive && element.Child("extension").Exists && !element.Child("coding").Exists && !element.Child("text").Exists;

    private static string Given(Element element)
    {
        if (element.Type.IsPrimitive)
        {
            return $"The code '{element.Text}'";
        }

        Element coding = ReferenceEquals(element.Type, Known.CodeableConcept) ? element.Child(Known.CodeableConceptCoding) : element;
        string more = ReferenceEquals(element.Type, Known.CodeableConcept) && element.ChildrenOf(Known.CodeableConceptCoding).Count() > 1
            ? " (and none of the further codings)"
            : "";
        Element system = coding.Child("system");
        string owner = system.Exists ? system.Text ?? "" : "no system";
        return $"The code '{coding.Child("code").Text}' of {owner}{more}";
    }
}
