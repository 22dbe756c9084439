using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Operations;

/// <summary>Answers an operation whose input was read and checked.</summary>
internal delegate ValueTask<Result<FhirResponse>> OperationAnswer(FhirRequest request, OperationInput input, CancellationToken cancellationToken);

/// <summary>An operation of which all but the answer follows from its OperationDefinition: name, levels, types, and what it may be called with.</summary>
internal sealed class DefinedOperation(OperationDefinition definition, OperationAnswer answer) : IOperation
{
    public string Name => definition.Code;

    public string Definition => definition.Url;

    public OperationLevels Levels { get; } =
        (definition.OnSystem ? OperationLevels.System : 0) | (definition.OnType ? OperationLevels.Type : 0) | (definition.OnInstance ? OperationLevels.Instance : 0);

    public IReadOnlyList<string> Types => definition.ResourceTypes;

    public bool AffectsState => definition.AffectsState ?? false;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<OperationInput> input = OperationInput.Read(request, definition);
        return input.IsOk ? await answer(request, input.Value, cancellationToken) : input.Error;
    }
}
