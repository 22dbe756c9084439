using System.Buffers;
using System.Text.Json;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.GraphQl;

/// <summary>A request as it came in.</summary>
/// <param name="Operation">Which of several operations in the text is meant; null when there is one.</param>
internal readonly record struct GraphQlQuestion(string Text, string? Operation, JsonElement? Variables);

/// <summary>Answers requests in GraphQL, on the system or on one resource: https://hl7.org/fhir/R4/graphql.html</summary>
/// <remarks>Without state; what a request may cost is bounded by its <see cref="Limits"/>.</remarks>
internal sealed class GraphQlService(
    IResourceStore store, SearchReader searches, SearchTerminology terminology, SearchParameterSet parameters, DefinitionSet definitions, PageCursors cursors)
{
    /// <summary>What one expression within a request may take; there may be one for each element of each resource.</summary>
    private const int MaxFhirPathSteps = 100_000;

    public const string MediaType = "application/json; charset=utf-8";

    public IResourceStore Store => store;

    public SearchReader Searches => searches;

    public SearchTerminology Terminology => terminology;

    public SearchParameterSet Parameters => parameters;

    public PageCursors Cursors => cursors;

    public SchemaTypes Types { get; } = new(parameters, definitions);

    public GraphQlLimits Limits { get; } = GraphQlLimits.Default;

    public EvaluationContext Evaluation { get; } = new() { Limits = FhirPathLimits.Default with { MaxSteps = MaxFhirPathSteps } };

    /// <param name="resource">The resource that is asked about; null for the system.</param>
    public async ValueTask<FhirResponse> AnswerAsync(FhirRequest request, GraphQlQuestion question, Element? resource, CancellationToken cancellationToken)
    {
        Result<GraphQlDocument> document = Parser.Parse(question.Text, Limits);
        if (!document.IsOk)
        {
            return Failure(document.Error);
        }

        try
        {
            GraphQlOperation operation = Choose(document.Value, question.Operation);
            var run = new GraphQlRun(this, request, document.Value, new Variables(operation, question.Variables));
            OutputObject data = resource is { } root
                ? await run.OfResourceAsync(root, operation.Selections, cancellationToken)
                : await run.OfSystemAsync(operation.Selections, cancellationToken);
            return Write(System.Net.HttpStatusCode.OK, json => data.Write(json), null) with { Disclosed = run.Disclosed };
        }
        catch (FhirException fault)
        {
            return Failure(fault.Error);
        }
    }

    /// <summary>"SHALL return a 200 ok with a data field, or a 3xx, 4xx or 5xx response with a graphQL error".</summary>
    public static FhirResponse Failure(FhirError error) =>
        Write((System.Net.HttpStatusCode)Outcomes.StatusOf(error.Kind), static json => json.WriteNullValue(), error.Issues);

    private static GraphQlOperation Choose(GraphQlDocument document, string? name)
    {
        GraphQlOperation[] named = [.. document.Operations.Where(operation => string.IsNullOrEmpty(name) || operation.Name == name)];
        GraphQlOperation operation = named switch
        {
            [var only] => only,
            [] => throw new FhirException(FhirError.Invalid($"There is no operation '{SearchPath.Shown(name!)}' in the GraphQL request.")),
            _ => throw new FhirException(FhirError.Invalid("The GraphQL request has several operations; 'operationName' must say which one is meant.")),
        };
        return operation.Kind == "query"
            ? operation
            : throw new FhirException(FhirError.Unsupported($"A {operation.Kind} is not supported; resources are written by FHIR's own interactions."));
    }

    private static FhirResponse Write(System.Net.HttpStatusCode status, Action<Utf8JsonWriter> data, IReadOnlyList<Issue>? errors)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(body, OperationOutcome.Unescaped);
        json.WriteStartObject();
        json.WritePropertyName("data");
        data(json);
        if (errors is not null)
        {
            json.WriteStartArray("errors");
            foreach (Issue issue in errors)
            {
                json.WriteStartObject();
                json.WriteString("message", issue.Message);
                json.WriteStartObject("extensions");
                json.WritePropertyName("resource");
                json.WriteRawValue(OperationOutcome.ToJson([issue]).Span);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.Flush();
        return FhirResponse.Of(body.WrittenMemory, status) with { ContentType = MediaType };
    }
}
