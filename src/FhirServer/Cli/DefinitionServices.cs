using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;

namespace HealthChain.FhirServer.Cli;

/// <summary>
/// What the loaded definitions answer to FHIRPath: <c>memberOf()</c>, <c>subsumes()</c> and <c>conformsTo()</c>
/// (https://hl7.org/fhir/R4/fhirpath.html#functions).
/// </summary>
internal sealed class DefinitionServices : FhirPathServices
{
    private readonly DefinitionSet _definitions;
    private readonly TerminologyService _terminology;
    private readonly Validator _validator;

    public DefinitionServices(DefinitionSet definitions)
    {
        _definitions = definitions;
        _terminology = new TerminologyService(definitions);
        _validator = new Validator(definitions, _terminology);
    }

    public override bool? IsMember(string code, string valueSet) =>
        Any([_terminology.Get(valueSet).ContainsCode(Encoding.UTF8.GetBytes(code)).Answer]);

    public override bool? IsMember(Element coded, string valueSet)
    {
        if (coded.HasValue)
        {
            return Any([_terminology.Get(valueSet).ContainsCode(coded.Value).Answer]);
        }

        var members = _terminology.Get(valueSet);
        return Any(Codings(coded).Select(coding => members.Contains(coding.System, coding.Code).Answer));
    }

    public override bool? Subsumes(Element general, Element specific)
    {
        var answers =
            from above in Codings(general)
            from below in Codings(specific)
            where above.System == below.System
            let found = _terminology.Subsumes(above.System, above.Code, below.Code)
            select !found.IsOk ? Membership.CannotSay
                : found.Value is Subsumption.Equivalent or Subsumption.Subsumes ? Membership.Member
                : Membership.NotMember;
        return Any(answers);
    }

    public override bool? ConformsTo(Element element, string profile)
    {
        if (_definitions.Structure(profile) is not { } structure)
        {
            return null;
        }

        return structure.Type == element.Type.Name
            && !_validator.Validate(element, new ValidationRequest { Profiles = [profile] }).Any(issue => issue.IsError);
    }

    /// <summary>One yes suffices; where there is none, a code that nothing can be said of leaves the question open.</summary>
    private static bool? Any(IEnumerable<Membership> answers)
    {
        bool? result = false;
        foreach (var answer in answers)
        {
            if (answer == Membership.Member)
            {
                return true;
            }

            if (answer == Membership.CannotSay)
            {
                result = null;
            }
        }

        return result;
    }

    private readonly record struct SystemAndCode(string System, string Code);

    /// <summary>The codings of a CodeableConcept, or the one that a Coding or a Quantity is.</summary>
    private static List<SystemAndCode> Codings(Element coded)
    {
        var elements = coded.Type.Name == "CodeableConcept" ? coded.ChildrenOf("coding").ToList() : [coded];
        return [.. elements.Select(coding => new SystemAndCode(TextOf(coding, "system"), TextOf(coding, "code")))];
    }

    private static string TextOf(Element element, string name) => element.Child(name) is { Exists: true } child ? child.Text ?? "" : "";
}
