using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// <c>$meta</c>: the meta of a resource or of a version, or all the labels in use on a type or on the system.
/// https://hl7.org/fhir/R4/resource-operation-meta.html
/// </summary>
internal sealed class Meta(IResourceStore store, SearchParameterSet parameters, DefinitionSet definitions) : IOperation
{
    /// <summary>Most labelled resources that are looked through for a summary; beyond it the question is refused, as R4 allows.</summary>
    private const int MaxResources = 20_000;

    private const int PageSize = 500;

    private static readonly string[] LabelParameters = ["_profile", "_security", "_tag"];

    public string Name => "meta";

    public string Definition => "http://hl7.org/fhir/OperationDefinition/Resource-meta";

    public OperationLevels Levels => OperationLevels.System | OperationLevels.Type | OperationLevels.Instance | OperationLevels.Version;

    public IReadOnlyList<string> Types => [];

    public bool AffectsState => false;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<OperationInput> input = OperationInput.Read(request, definitions.Operation(Definition)!);
        if (!input.IsOk)
        {
            return input.Error;
        }

        return request.Target.Id is null
            ? await SummariseAsync(request, cancellationToken)
            : await OfResourceAsync(request, cancellationToken);
    }

    /// <summary>Meta is no resource, so it stands in a Parameters resource although it is the only answer.</summary>
    public static FhirResponse Answer(ReadOnlySpan<byte> meta)
    {
        using var answer = new ParametersWriter();
        answer.Json("return", "valueMeta", meta.SequenceEqual("{}"u8) ? NoLabels : meta);
        return answer.ToResponse();
    }

    /// <summary>FHIR has no empty objects, so that there are no labels must be said.</summary>
    private static ReadOnlySpan<byte> NoLabels => """{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"not-applicable"}]}"""u8;

    private async ValueTask<Result<FhirResponse>> OfResourceAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<StoredVersion> version = await Read.FindAsync(store, request, cancellationToken);
        return version.IsOk
            ? Answer(FhirJson.ToBytes(FhirJson.Read(version.Value.Json).Root.Child("meta"))) with { Disclosed = [version.Value] }
            : version.Error;
    }

    private async ValueTask<Result<FhirResponse>> SummariseAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        var search = new SearchRequest
        {
            Types = request.Target.Type is { } type ? [type] : [],
            Criterion = HasLabels(request.Target.Type ?? ResourceTypes.All[0]),
            Count = PageSize,
        };
        var labels = new MetaLabels();
        int seen = 0;
        while (true)
        {
            Result<SearchPage> page = await store.SearchAsync(request.Requester.Scope, search, cancellationToken);
            if (!page.IsOk)
            {
                return page.Error;
            }

            foreach (StoredVersion match in page.Value.Matches)
            {
                labels.Add(FhirJson.Read(match.Json).Root.Child("meta"));
            }

            seen += page.Value.Matches.Count;
            if (page.Value.Next is not { } next)
            {
                return Answer(labels.ToMeta().Span);
            }

            if (seen >= MaxResources)
            {
                return FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"More than {MaxResources} resources have labels; ask for the labels of one type or of one resource.");
            }

            search = search with { After = next };
        }
    }

    private OneOf HasLabels(TypeSchema anyType) =>
        new([.. LabelParameters.Select(code => new HasValue(parameters.Find(anyType, code)!, SearchModifier.Missing, [new MissingQuery(false)]))]);
}
