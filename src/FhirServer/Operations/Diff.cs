using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Patch;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary><c>$diff</c>: what makes one version into another, as a FHIRPath Patch. Its definition is in Definitions/Resource-diff.json.</summary>
internal sealed class Diff(IResourceStore store, DefinitionSet definitions) : IOperation
{
    public string Name => "diff";

    public string Definition => OwnDefinitions.Canonical + "Resource-diff";

    public OperationLevels Levels => OperationLevels.System | OperationLevels.Type | OperationLevels.Instance | OperationLevels.Version;

    public IReadOnlyList<string> Types => [];

    public bool AffectsState => false;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<OperationInput> read = OperationInput.Read(request, definitions.Operation(Definition)!);
        if (!read.IsOk)
        {
            return read.Error;
        }

        OperationInput input = read.Value;
        bool isInstance = request.Target.Id is not null;
        if (isInstance ? input.Has("from") || input.Has("to") : input.Has("fromVersion"))
        {
            return FhirError.Invalid(isInstance ? "On a resource, 'fromVersion' says what to compare with; 'from' and 'to' are for the system and types." : "'fromVersion' is for resources; here 'from' and 'to' say what to compare.");
        }

        Result<StoredVersion> to = isInstance ? await Read.FindAsync(store, request, cancellationToken) : await NamedAsync(request, input, "to", cancellationToken);
        if (!to.IsOk)
        {
            return to.Error;
        }

        Result<StoredVersion> from = isInstance ? await EarlierAsync(request, to.Value, input.Text("fromVersion"), cancellationToken) : await NamedAsync(request, input, "from", cancellationToken);
        return from.IsOk ? Compare(from.Value, to.Value, input.Boolean("includeMeta") ?? false) : from.Error;
    }

    private static Result<FhirResponse> Compare(StoredVersion from, StoredVersion to, bool includesMeta)
    {
        Result<ElementTree> patch = FhirPathDiff.Compare(Content(from, includesMeta), Content(to, includesMeta));
        return patch.IsOk ? FhirResponse.Of(patch.Value.Json) with { Disclosed = [from, to] } : patch.Error;
    }

    /// <summary>The resource without its id, which no patch may change, and without the version and date that the server assigns.</summary>
    private static Element Content(StoredVersion version, bool includesMeta)
    {
        JsonObject resource = JsonNode.Parse(version.Json.Span)!.AsObject();
        resource.Remove("id");
        if (!includesMeta && resource["meta"] is JsonObject meta)
        {
            meta.Remove("versionId");
            meta.Remove("lastUpdated");
            if (meta.Count == 0)
            {
                resource.Remove("meta");
            }
        }

        return FhirJson.Read(NodeJson.Of(resource)).Root;
    }

    private async ValueTask<Result<StoredVersion>> EarlierAsync(FhirRequest request, StoredVersion to, string? version, CancellationToken cancellationToken)
    {
        if (version is null)
        {
            // Deletions are versions too, but nothing to compare with.
            for (long number = to.Version - 1; number > 0; number--)
            {
                if (await store.ReadVersionAsync(request.Requester.Scope, to.Key, number, cancellationToken) is { IsDeleted: false } earlier)
                {
                    return earlier;
                }
            }

            return FhirError.NotFound("There is no earlier version to compare with.");
        }

        return await Read.FindAsync(store, request with { Target = request.Target with { Version = version } }, cancellationToken);
    }

    private async ValueTask<Result<StoredVersion>> NamedAsync(FhirRequest request, OperationInput input, string name, CancellationToken cancellationToken)
    {
        if (input.Text(name) is not { } reference)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, "Both 'from' and 'to' are needed.");
        }

        byte[] text = Encoding.UTF8.GetBytes(reference.StartsWith(request.BaseUrl + "/", StringComparison.Ordinal) ? reference[(request.BaseUrl.Length + 1)..] : reference);
        LiteralReference literal = LiteralReference.Parse(text);
        if (literal.Type is not { } type || !text[literal.Server].AsSpan().IsEmpty || (request.Target.Type is { } wanted && type != wanted))
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Value, $"'{SearchPath.Shown(reference)}' is no value for '{name}': expected {request.Target.Type?.Name ?? "Type"}/id or {request.Target.Type?.Name ?? "Type"}/id/_history/version on this server.");
        }

        string version = Encoding.UTF8.GetString(text[literal.Version]);
        return await Read.FindAsync(
            store,
            request with { Target = new RequestTarget(TargetKind.Instance, type, Encoding.UTF8.GetString(text[literal.Id]), version.Length == 0 ? null : version) },
            cancellationToken);
    }
}
