using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// <c>$convert</c>: a resource from one form to the other. Which one comes out is what the client accepts, as for any answer.
/// https://hl7.org/fhir/R4/resource-operation-convert.html
/// </summary>
internal sealed class Conversion : IOperation
{
    public string Name => "convert";

    public string Definition => "http://hl7.org/fhir/OperationDefinition/Resource-convert";

    public OperationLevels Levels => OperationLevels.System;

    public IReadOnlyList<string> Types => [];

    public bool AffectsState => false;

    public ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(Answer(request));

    private static Result<FhirResponse> Answer(FhirRequest request)
    {
        if (request.Query.Count > 0)
        {
            return FhirError.Unsupported($"$convert takes no parameter in the query, such as '{Searching.SearchPath.Shown(request.Query[0].Name)}'; the resource is the content.");
        }

        // The input may be any resource, a Parameters too; it is only unwrapped when it says itself that it is the envelope.
        Result<Element> content = ResourceBody.Read(request.Body);
        return content.IsOk ? FhirResponse.Of(FhirJson.ToBytes(Envelope(content.Value) ?? content.Value)) : content.Error;
    }

    private static Element? Envelope(Element content) =>
        content.Type.Name == "Parameters"
        && content.ChildrenOf("parameter").ToList() is [var only]
        && only.Child("name") is { Exists: true } name
        && name.ValueIs("input"u8)
        && only.Child("resource") is { Exists: true } resource
            ? resource
            : null;
}
