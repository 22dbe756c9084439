using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;

namespace HealthChain.FhirServer.Operations.Terminology;

/// <summary>The code that a terminology operation is asked about: as a code with its system, a Coding or a CodeableConcept; exactly one of them.</summary>
internal sealed record CodeInput(IReadOnlyList<Coding> Codings, bool IsBareCode)
{
    /// <param name="system">Name of the parameter with the system of a bare code; null where the system follows from elsewhere.</param>
    /// <param name="version">Name of the parameter with the version of the code system.</param>
    public static Result<CodeInput> Read(OperationInput input, string? system, string version)
    {
        string[] forms = [.. new List<string> { "code", "coding", "codeableConcept" }.Where(input.Has)];
        if (forms.Length != 1)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, forms.Length == 0
                ? "There is no code: give one of code, coding and codeableConcept."
                : $"Give only one of {string.Join(" and ", forms)}.");
        }

        Element concept = input.Value("codeableConcept");
        if (concept.Exists)
        {
            Coding[] codings = [.. concept.ChildrenOf("coding").ToList().Select(Of)];
            return codings.Length > 0 ? new CodeInput(codings, false) : FhirError.Invalid("The codeableConcept has no coding.");
        }

        return input.Has("coding")
            ? new CodeInput([Of(input.Value("coding"))], false)
            : new CodeInput([new Coding(system is null ? null : input.Text(system), input.Text("code"), input.Has("display") ? input.Text("display") : null, input.Text(version))], true);
    }

    public static Coding Of(Element coding) => new(TextOf(coding, "system"), TextOf(coding, "code"), TextOf(coding, "display"), TextOf(coding, "version"));

    private static string? TextOf(Element element, string name) => element.Child(name) is { Exists: true } child ? child.Text : null;
}
