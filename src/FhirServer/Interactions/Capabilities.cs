using System.Net;
using System.Security.Cryptography;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;

namespace HealthChain.FhirServer.Interactions;

/// <summary>capabilities: https://hl7.org/fhir/R4/http.html#capabilities</summary>
/// <remarks>Statements are written when first asked for, from what the server is made of, and stay the same while it runs.</remarks>
internal sealed class Capabilities : IInteraction
{
    private readonly Lazy<Statement> _server;
    private readonly Lazy<Statement> _terminology;

    /// <param name="service">Says what is served; asked when the first statement is written.</param>
    public Capabilities(
        ServerOptions options, TimeProvider time, Lazy<FhirService> service, OperationTable operations, SearchParameterSet parameters, DefinitionSet definitions)
    {
        DateTimeOffset date = time.GetUtcNow();
        _server = new Lazy<Statement>(() => new Statement(
            "CapabilityStatement", new CapabilityStatement(options, service.Value, operations, parameters, definitions).ToJson(date)));
        _terminology = new Lazy<Statement>(() => new Statement("TerminologyCapabilities", TerminologyCapabilities.ToJson(options, definitions, date)));
    }

    public ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Answer(request));

    private Result<FhirResponse> Answer(FhirRequest request)
    {
        Result<ElementSelection> selection = ElementSelection.Of(request);
        if (!selection.IsOk)
        {
            return selection.Error;
        }

        // All of CapabilityStatement is normative in R4, and so is its statement of what is normative.
        Lazy<Statement>? chosen = request.Parameter("mode") switch
        {
            null or "full" or "normative" => _server,
            "terminology" => _terminology,
            _ => null,
        };
        if (chosen is null)
        {
            return FhirError.Invalid($"'{SearchPath.Shown(request.Parameter("mode")!)}' is no value for 'mode': expected full, normative or terminology.");
        }

        Statement statement = chosen.Value;
        if (request.Conditions.IfNoneMatch is { } tags && EntityTags.Includes(tags, statement.EntityTag))
        {
            return new FhirResponse { Status = HttpStatusCode.NotModified, EntityTag = statement.EntityTag, MayBeCached = true };
        }

        return new FhirResponse
        {
            Status = HttpStatusCode.OK,
            Json = selection.Value.IsAll ? statement.Json : SubsetWriter.ToJson(statement.Json.Span, statement.Type, selection.Value),
            EntityTag = statement.EntityTag,
            MayBeCached = true,
        };
    }

    private sealed class Statement(string type, ReadOnlyMemory<byte> json)
    {
        public TypeSchema Type { get; } = ResourceTypes.Find(type)!;

        public ReadOnlyMemory<byte> Json => json;

        public string EntityTag { get; } = $"W/\"{Convert.ToHexStringLower(SHA256.HashData(json.Span).AsSpan(0, 8))}\"";
    }
}
