using System.Text;
using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.GraphQl;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// <c>$graphql</c>: by GET with the query as a parameter, or by POST with the query as the content or within JSON.
/// https://hl7.org/fhir/R4/resource-operation-graphql.html
/// </summary>
internal sealed class GraphQlRequest(IResourceStore store, GraphQlService service) : IOperation
{
    private static readonly string[] Names = ["query", "operationName", "variables"];

    public string Name => "graphql";

    public string Definition => "http://hl7.org/fhir/OperationDefinition/Resource-graphql";

    public OperationLevels Levels => OperationLevels.System | OperationLevels.Instance;

    public IReadOnlyList<string> Types => [];

    public bool AffectsState => false;

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<GraphQlQuestion> question = Read(request);
        if (!question.IsOk)
        {
            return GraphQlService.Failure(question.Error);
        }

        if (request.Target.Id is null)
        {
            return await service.AnswerAsync(request, question.Value, null, cancellationToken);
        }

        Result<StoredVersion> version = await Interactions.Read.FindAsync(store, request, cancellationToken);
        if (!version.IsOk)
        {
            return GraphQlService.Failure(version.Error);
        }

        FhirResponse answer = await service.AnswerAsync(request, question.Value, FhirJson.Read(version.Value.Json).Root, cancellationToken);
        return answer.Status == System.Net.HttpStatusCode.OK ? answer with { Disclosed = [version.Value, .. answer.Disclosed] } : answer;
    }

    private static Result<GraphQlQuestion> Read(FhirRequest request)
    {
        if (request.Query.FirstOrDefault(parameter => !Names.Contains(parameter.Name)) is { Name: { } unknown })
        {
            return FhirError.Invalid($"There is no parameter '{SearchPath.Shown(unknown)}' here; there are {string.Join(", ", Names)}.");
        }

        string? query = request.Parameter("query");
        if (request.Verb == HttpVerb.Post && !request.Body.IsEmpty)
        {
            if (query is not null)
            {
                return FhirError.Invalid("The query stands in the url and in the content; send one.");
            }

            return request.Body.MediaType switch
            {
                "application/graphql" => Question(Encoding.UTF8.GetString(request.Body.Bytes.Span), request),
                "application/json" or "" => ReadJson(request),
                "application/fhir+json" or "application/fhir+xml" => ReadParameters(request),
                _ => FhirError.Of(ErrorKind.UnsupportedMediaType, IssueType.NotSupported, "A GraphQL request is application/graphql or application/json."),
            };
        }

        return Question(query, request);
    }

    private static Result<GraphQlQuestion> Question(string? query, FhirRequest request)
    {
        if (string.IsNullOrWhiteSpace(query))
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, "$graphql needs a 'query'.");
        }

        try
        {
            JsonElement? variables = request.Parameter("variables") is { } text ? JsonElement.Parse(text) : null;
            return new GraphQlQuestion(query, request.Parameter("operationName"), variables);
        }
        catch (JsonException)
        {
            return FhirError.Invalid("'variables' is not JSON.");
        }
    }

    /// <summary>https://graphql.org/learn/serving-over-http/#post-request-and-body; a JSON body may be a Parameters resource as well.</summary>
    private static Result<GraphQlQuestion> ReadJson(FhirRequest request)
    {
        try
        {
            JsonElement body = JsonElement.Parse(request.Body.Bytes.Span);
            if (body.ValueKind == JsonValueKind.Object && body.TryGetProperty("resourceType", out _))
            {
                return ReadParameters(request);
            }

            if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("query", out JsonElement query) || query.ValueKind != JsonValueKind.String || string.IsNullOrWhiteSpace(query.GetString()))
            {
                return FhirError.Of(ErrorKind.Invalid, IssueType.Required, "The JSON needs a member 'query' with the text of the query.");
            }

            string? name = body.TryGetProperty("operationName", out JsonElement operation) && operation.ValueKind == JsonValueKind.String ? operation.GetString() : null;
            return new GraphQlQuestion(query.GetString()!, name, body.TryGetProperty("variables", out JsonElement variables) ? variables : null);
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return FhirError.Invalid("The content is not JSON.");
        }
    }

    private static Result<GraphQlQuestion> ReadParameters(FhirRequest request)
    {
        Result<Element> content = ResourceBody.Read(request.Body);
        if (!content.IsOk)
        {
            return content.Error;
        }

        Element query = content.Value.Type.Name == "Parameters"
            ? content.Value.ChildrenOf("parameter").ToList().Find(parameter => parameter.Child("name") is { Exists: true, Text: "query" })
            : default;
        return Question(query.Exists && query.Child("value") is { Exists: true, HasValue: true } value ? value.Text : null, request);
    }
}
