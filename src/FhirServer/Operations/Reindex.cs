using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Http;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary><c>$reindex</c>: computes the search index of a type, or of all, again. Its definition is in Definitions/Resource-reindex.json.</summary>
internal sealed class Reindex(IResourceStore store, DefinitionSet definitions) : IOperation
{
    public string Name => "reindex";

    public string Definition => OwnDefinitions.Canonical + "Resource-reindex";

    public OperationLevels Levels => OperationLevels.System | OperationLevels.Type;

    public IReadOnlyList<string> Types => [];

    public bool AffectsState => true;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        if (Administrators.Refuse(request.Requester) is { } refusal)
        {
            return refusal;
        }

        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!);
        if (!input.IsOk)
        {
            return input.Error;
        }

        long count = await store.ReindexAsync(AccessScope.System("computing the index again"), request.Target.Type?.Name, cancellationToken);
        using var answer = new ParametersWriter();
        answer.Integer("count", count);
        return answer.ToResponse();
    }
}
