using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Operations.Terminology;

/// <summary><c>$subsumes</c>: how two codes stand to each other. https://hl7.org/fhir/R4/codesystem-operation-subsumes.html</summary>
internal sealed class Subsumes(DefinitionInput definitionInput)
{
    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, OperationInput input, CancellationToken cancellationToken)
    {
        Result<Coding> a = Code(input, "A");
        Result<Coding> b = Code(input, "B");
        if (!a.IsOk || !b.IsOk)
        {
            return a.Error ?? b.Error!;
        }

        string? named = input.Text("system") ?? a.Value.System ?? b.Value.System;
        Needed[] needed = named is null ? [] : [new Needed(DefinitionKind.CodeSystem, named)];
        Result<Subject> subject = await definitionInput.FindAsync(request, input, DefinitionKind.CodeSystem, null, null, needed, cancellationToken);
        if (!subject.IsOk)
        {
            return subject.Error;
        }

        if ((subject.Value.Canonical?.Split('|')[0] ?? named) is not { } system)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, "The code system is missing: give 'system', or call the operation on a CodeSystem.");
        }

        if ((a.Value.System ?? system) != system || (b.Value.System ?? system) != system)
        {
            return FhirError.Unsupported("How codes of different code systems stand to each other is not known here.");
        }

        string? version = input.Text("version") ?? a.Value.Version ?? b.Value.Version;
        Result<Subsumption> found = subject.Value.Knowledge.Terminology.Subsumes(system, a.Value.Code!, b.Value.Code!, version);
        if (!found.IsOk)
        {
            return found.Error;
        }

        using var answer = new ParametersWriter();
        answer.Text("outcome", found.Value.Code(), "valueCode");
        return answer.ToResponse();
    }

    private static Result<Coding> Code(OperationInput input, string letter)
    {
        bool hasCode = input.Has("code" + letter);
        bool hasCoding = input.Has("coding" + letter);
        if (hasCode == hasCoding)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, $"Give one of code{letter} and coding{letter}.");
        }

        Coding coding = hasCode ? new Coding(null, input.Text("code" + letter)) : CodeInput.Of(input.Value("coding" + letter));
        return coding.Code is not null ? coding : FhirError.Invalid($"coding{letter} has no code.");
    }
}
