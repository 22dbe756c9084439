using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Labelling;
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
internal sealed class MetaChange(IResourceStore store, Commits commits, Content content, Labeller labeller, DefinitionSet definitions, string name) : IOperation
{
    public const string Add = "meta-add";
    public const string Remove = "meta-delete";

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

        Element meta = input.Value.Value("meta");
        return await commits.CommitAsync(request, token => ThinkAsync(request, meta, token), cancellationToken);
    }

    private async ValueTask<Result<Draft>> ThinkAsync(FhirRequest request, Element given, CancellationToken cancellationToken)
    {
        Result<StoredVersion> found = await Read.FindAsync(store, request, cancellationToken);
        if (!found.IsOk)
        {
            return found.Error;
        }

        StoredVersion version = found.Value;
        if (Preconditioned.Check(request.Conditions, version) is { } failed)
        {
            return failed;
        }

        if (Change(version, given) is not { } changed)
        {
            return new Draft(new Transaction([], []), _ => ValueTask.FromResult(Answer(version)));
        }

        bool takesLabelsOff = name == Remove && given.ChildrenOf("security").Count() > 0;
        if (takesLabelsOff && !labeller.MayRelabel(request.Requester))
        {
            return FhirError.Of(ErrorKind.Forbidden, IssueType.Forbidden, "Security labels can be added; to take them off needs a role that may.", "meta.security");
        }

        // A profile is a claim, which is checked like that of an update.
        var plan = new PutPlan(version.Key, changed, [Preconditioned.At(version.Key, version)]) { Before = version, Relabels = takesLabelsOff };
        Result<CheckedPut> put = content.ToPut(plan, new ResourceEdit(changed), request);
        return put.IsOk
            ? new Draft(new Transaction([put.Value.Put], plan.Guards), versions => ValueTask.FromResult(Answer(versions[0]!)))
            : put.Error;
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
