using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations.Terminology;

/// <summary>The value set, code system or concept map that a terminology operation works on, and all that is known beside it.</summary>
/// <param name="Canonical">With its version when that was said or follows; null when the operation was not told one.</param>
internal sealed record Subject(Knowledge Knowledge, string? Canonical);

/// <summary>
/// Finds the definition an operation is called on: the stored resource of the url, one that came with the request, one of that
/// canonical (stored or loaded), or for value sets the binding of an element.
/// </summary>
internal sealed class DefinitionInput(IResourceStore store, StoredDefinitions stored)
{
    /// <param name="kind">What is looked for.</param>
    /// <param name="inline">Name of the parameter that holds the resource itself; null when there is none.</param>
    /// <param name="version">Name of the parameter with the version of the definition; null when there is none.</param>
    /// <param name="further">What else the question needs to know.</param>
    public async ValueTask<Result<Subject>> FindAsync(
        FhirRequest request, OperationInput input, DefinitionKind kind, string? inline, string? version, IReadOnlyList<Needed> further, CancellationToken cancellationToken)
    {
        string[] ways = [.. new[] { "url", inline, "context" }.OfType<string>().Where(input.Has)];
        bool isInstance = request.Target.Id is not null;
        if (ways.Length + (isInstance ? 1 : 0) > 1)
        {
            return FhirError.Invalid(isInstance
                ? $"The operation is called on one {kind}; '{ways[0]}' cannot name another."
                : $"Give only one of {string.Join(" and ", ways)}.");
        }

        if (isInstance || (inline is not null && input.Has(inline)))
        {
            Result<IDefinition> given = isInstance ? await StoredAsync(request, kind, cancellationToken) : Read(FhirJson.ToBytes(input.Value(inline!)), kind, $"urn:{kind}");
            return given.IsOk
                ? await With(request, given.Value.Version is { } own ? $"{given.Value.Url}|{own}" : given.Value.Url, [given.Value], further, cancellationToken)
                : given.Error;
        }

        string? canonical = input.Text("url");
        if (canonical is not null && version is not null && input.Text(version) is { } wanted)
        {
            canonical = $"{canonical}|{wanted}";
        }

        return canonical is null && input.Has("context")
            ? await OfContextAsync(request, input.Text("context")!, further, cancellationToken)
            : await With(request, canonical, [], canonical is null ? further : [new Needed(kind, canonical), .. further], cancellationToken);
    }

    private async ValueTask<Result<Subject>> With(
        FhirRequest request, string? canonical, IReadOnlyList<IDefinition> given, IReadOnlyList<Needed> needed, CancellationToken cancellationToken)
    {
        Result<Knowledge> knowledge = await stored.ForAsync(request.Requester.Scope, needed, given, cancellationToken);
        return knowledge.IsOk ? new Subject(knowledge.Value, canonical) : knowledge.Error;
    }

    /// <summary>R4: the url of a StructureDefinition, a number sign, and the path or id of the element whose binding is meant.</summary>
    private async ValueTask<Result<Subject>> OfContextAsync(FhirRequest request, string context, IReadOnlyList<Needed> further, CancellationToken cancellationToken)
    {
        int mark = context.IndexOf('#', StringComparison.Ordinal);
        string structure = mark < 0 ? context : context[..mark];
        string path = mark < 0 ? "" : context[(mark + 1)..];
        Result<Knowledge> knowledge = await stored.ForAsync(request.Requester.Scope, [new Needed(DefinitionKind.StructureDefinition, structure)], [], cancellationToken);
        if (!knowledge.IsOk)
        {
            return knowledge.Error;
        }

        string? valueSet = knowledge.Value.Definitions.Structure(structure)?.Snapshot.FirstOrDefault(element => element.Id == path || element.Path == path)?.Binding?.ValueSet;
        return valueSet is null
            ? FhirError.NotFound($"The context '{SearchPath.Shown(context)}' leads to no value set: expected [url of a StructureDefinition]#[path of a bound element].")
            : await With(request, valueSet, [], [new Needed(DefinitionKind.ValueSet, valueSet), .. further], cancellationToken);
    }

    private async ValueTask<Result<IDefinition>> StoredAsync(FhirRequest request, DefinitionKind kind, CancellationToken cancellationToken)
    {
        Result<StoredVersion> version = await Interactions.Read.FindAsync(store, request, cancellationToken);
        return version.IsOk ? Read(version.Value.Json, kind, $"{request.BaseUrl}/{kind}/{request.Target.Id}") : version.Error;
    }

    private static Result<IDefinition> Read(ReadOnlyMemory<byte> json, DefinitionKind kind, string nameless) => DefinitionJson.Read(WithUrl(json, nameless), kind.ToString());

    /// <summary>The resource with a canonical, which R4 does not ask for.</summary>
    /// <param name="nameless">The canonical for one that has none.</param>
    public static ReadOnlyMemory<byte> WithUrl(ReadOnlyMemory<byte> json, string nameless)
    {
        JsonObject resource = JsonNode.Parse(json.Span)!.AsObject();
        if (resource["url"] is not null)
        {
            return json;
        }

        resource["url"] = nameless;
        return NodeJson.Of(resource);
    }
}
