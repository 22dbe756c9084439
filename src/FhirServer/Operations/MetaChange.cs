using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// <c>$meta-add</c> and <c>$meta-delete</c>: put labels on a resource and take them off.
/// https://hl7.org/fhir/R4/resource-operation-meta-add.html, https://hl7.org/fhir/R4/resource-operation-meta-delete.html
/// </summary>
/// <remarks>
/// R4 allows labels to change without a new version, but does not ask for it. Here every change makes one: the ledger commits to the
/// bytes of a version, and what somebody could see of a resource yesterday must not depend on a label of today. Nothing to change
/// makes none. Labels of former versions cannot be changed for the same reason.
/// </remarks>
internal sealed class MetaChange(IResourceStore store, DefinitionSet definitions, string name) : IOperation
{
    public const string Add = "meta-add";
    public const string Remove = "meta-delete";

    /// <summary>How often the change is made anew when somebody else was quicker.</summary>
    private const int MaxAttempts = 8;

    public string Name => name;

    public string Definition => $"http://hl7.org/fhir/OperationDefinition/Resource-{name}";

    public OperationLevels Levels => OperationLevels.Instance;

    public IReadOnlyList<string> Types => [];

    public bool AffectsState => true;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!);
        if (!input.IsOk)
        {
            return input.Error;
        }

        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            Result<StoredVersion> version = await Read.FindAsync(store, request, cancellationToken);
            if (!version.IsOk)
            {
                return version.Error;
            }

            if (request.Conditions.IfMatch is { } tags && !EntityTags.Includes(tags, version.Value.Version))
            {
                return FhirError.Of(ErrorKind.PreconditionFailed, IssueType.Conflict, "The resource has another version than If-Match asks for.");
            }

            if (Change(version.Value, input.Value.Value("meta")) is not { } changed)
            {
                return Answer(version.Value);
            }

            Transaction transaction = Transaction.Of(new Put(version.Value.Key, changed), new AtVersion(version.Value.Key, version.Value.Version));
            Result<CommitResult> result = await store.CommitAsync(request.Requester.Scope, transaction, cancellationToken);
            if (!result.IsOk)
            {
                return result.Error;
            }

            if (result.Value is Committed { Versions: [{ } made] })
            {
                return Answer(made);
            }
        }

        return FhirError.Of(ErrorKind.Conflict, IssueType.Conflict, "The resource is being changed by others; try again.");
    }

    private static FhirResponse Answer(StoredVersion version) =>
        Meta.Answer(FhirJson.ToBytes(FhirJson.Read(version.Json).Root.Child("meta"))) with { Version = version };

    /// <summary>The resource with other labels; null when they are as they shall be.</summary>
    private Element? Change(StoredVersion version, Element given)
    {
        Element meta = FhirJson.Read(version.Json).Root.Child("meta");
        MetaLabels labels = MetaLabels.Of(meta);
        bool isChanged = name == Add ? labels.Add(given) : labels.Remove(given);
        if (!isChanged)
        {
            return null;
        }

        JsonObject resource = JsonNode.Parse(version.Json.Span)!.AsObject();
        resource["meta"] = JsonNode.Parse(labels.ToMeta(meta).Span);
        return FhirJson.Read(NodeJson.Of(resource)).Root;
    }
}
