using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Operations.Terminology;

/// <summary>
/// <c>$validate-code</c>: whether a code is in a value set, or is one of a code system.
/// https://hl7.org/fhir/R4/valueset-operation-validate-code.html, https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
/// </summary>
internal sealed class ValidateCode(DefinitionInput definitionInput, DefinitionKind kind)
{
    private bool IsValueSet => kind == DefinitionKind.ValueSet;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, OperationInput input, CancellationToken cancellationToken)
    {
        Result<CodeInput> code = CodeInput.Read(input, IsValueSet ? "system" : null, IsValueSet ? "systemVersion" : "version");
        if (!code.IsOk)
        {
            return code.Error;
        }

        if (input.Has("date"))
        {
            return FhirError.Unsupported("'date' is not supported: only the definitions of today are at hand.");
        }

        Needed[] systems = [.. code.Value.Codings.Select(coding => coding.System).OfType<string>().Select(system => new Needed(DefinitionKind.CodeSystem, system))];
        Result<Subject> subject = await definitionInput.FindAsync(
            request, input, kind, IsValueSet ? "valueSet" : "codeSystem", IsValueSet ? "valueSetVersion" : null, systems, cancellationToken);
        return !subject.IsOk ? subject.Error
            : subject.Value.Canonical is not { } canonical ? Missing()
            : IsValueSet ? InValueSet(subject.Value.Knowledge, canonical, code.Value, input)
            : OfCodeSystem(subject.Value.Knowledge, canonical, code.Value, input);
    }

    private FhirError Missing() => FhirError.Of(ErrorKind.Invalid, IssueType.Required, IsValueSet
        ? "There is no value set: give url, valueSet or context, or call the operation on one."
        : "There is no code system: give url or codeSystem, or call the operation on one.");

    private static Result<FhirResponse> InValueSet(Knowledge knowledge, string canonical, CodeInput code, OperationInput input)
    {
        Result<CodeValidation> answer = knowledge.Terminology.ValidateCode(Request(canonical, code.Codings, input) with { InferSystem = code is { IsBareCode: true, Codings: [{ System: null }] } });
        return answer.IsOk ? Answer(answer.Value.IsValid, answer.Value.Message, answer.Value.Coding?.Display) : answer.Error;
    }

    private static Result<FhirResponse> OfCodeSystem(Knowledge knowledge, string canonical, CodeInput code, OperationInput input)
    {
        string url = canonical.Split('|')[0];
        if (knowledge.Definitions.CodeSystem(canonical) is null && !knowledge.Terminology.Knows(url))
        {
            return FhirError.NotFound($"The code system {Searching.SearchPath.Shown(canonical)} is not known here.");
        }

        // A bare code is one of the code system asked about; a coding says itself which system it is of.
        Coding[] codings = [.. code.Codings.Select(coding => coding.System is null ? coding with { System = url } : coding)];
        if (Array.Find(codings, coding => coding.System == url) is null)
        {
            return Answer(false, $"The code is of {codings[0].System}, not of {url}.", null);
        }

        Result<CodeValidation> answer = knowledge.Terminology.ValidateCode(Request(null, [.. codings.Where(coding => coding.System == url)], input));
        return answer.IsOk ? Answer(answer.Value.IsValid, answer.Value.Message, answer.Value.Coding?.Display) : answer.Error;
    }

    private static CodeValidationRequest Request(string? valueSet, IReadOnlyList<Coding> codings, OperationInput input) => new()
    {
        ValueSet = valueSet,
        Codings = codings,
        AllowAbstract = input.Boolean("abstract") ?? false,
        DisplayLanguage = input.Text("displayLanguage"),
    };

    private static FhirResponse Answer(bool isValid, string? message, string? display)
    {
        using var answer = new ParametersWriter();
        answer.Boolean("result", isValid);
        answer.Text("message", message);
        answer.Text("display", display);
        return answer.ToResponse();
    }
}
