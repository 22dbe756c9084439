namespace HealthChain.Fhir.Terminology;

/// <content><c>$validate-code</c>: https://hl7.org/fhir/R4/valueset-operation-validate-code.html and that of CodeSystem.</content>
public sealed partial class TerminologyService
{
    private const int MostCodesInMessage = 12;

    /// <summary>Checks codings against a value set or their code systems. An unknown value set is an error; a doubtful code is an answer.</summary>
    public Result<CodeValidation> ValidateCode(CodeValidationRequest request)
    {
        CompiledValueSet? valueSet = null;
        if (request.ValueSet is { } canonical)
        {
            valueSet = Get(canonical);
            if (valueSet.Definition is null)
            {
                return FhirError.NotFound($"Value set {canonical} is not loaded.");
            }
        }

        return new CodeValidator(_systems, valueSet, () => AllowedCodes(valueSet), request).Validate();
    }

    /// <summary>The codes of a small value set, for a message; null when there are too many or they cannot be listed.</summary>
    public string? AllowedCodes(CompiledValueSet? valueSet) =>
        valueSet?.Definition is null ? null : (valueSet.Codes ??= new Lazy<string?>(() => ListForMessage(valueSet))).Value;

    private string? ListForMessage(CompiledValueSet valueSet)
    {
        Result<Expansion> expansion = Run(() => Expand(valueSet, new ExpansionRequest { Count = MostCodesInMessage, ExcludeNotForUI = true }));
        return expansion is { IsOk: true, Value: { Total: > 0 and <= MostCodesInMessage } found }
            ? string.Join(", ", found.Contains.Select(entry => entry.Code))
            : null;
    }
}
