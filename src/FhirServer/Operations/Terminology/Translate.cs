using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Operations.Terminology;

/// <summary><c>$translate</c>: what a code is in another system. https://hl7.org/fhir/R4/conceptmap-operation-translate.html</summary>
internal sealed class Translate(DefinitionInput definitionInput, StoredDefinitions stored)
{
    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, OperationInput input, CancellationToken cancellationToken)
    {
        Result<CodeInput> code = CodeInput.Read(input, "system", "version");
        if (!code.IsOk)
        {
            return code.Error;
        }

        if (code.Value is { IsBareCode: true, Codings: [{ System: null }] } && request.Target.Id is null && !input.Has("url") && !input.Has("conceptMap"))
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, "A code needs its 'system'.");
        }

        var translation = new TranslationRequest
        {
            Codings = code.Value.Codings,
            Source = input.Text("source"),
            Target = input.Text("target"),
            TargetSystem = input.Text("targetsystem"),
            Reverse = input.Boolean("reverse") ?? false,
            Dependencies = [.. input.Values("dependency").SelectMany(Dependency)],
        };
        Result<IReadOnlyList<Needed>> maps = await StoredMapsAsync(request, translation, cancellationToken);
        if (!maps.IsOk)
        {
            return maps.Error;
        }

        Result<Subject> subject = await definitionInput.FindAsync(request, input, DefinitionKind.ConceptMap, "conceptMap", "conceptMapVersion", maps.Value, cancellationToken);
        if (!subject.IsOk)
        {
            return subject.Error;
        }

        Result<Translation> found = subject.Value.Knowledge.Terminology.Translate(translation with { ConceptMap = subject.Value.Canonical });
        return found.IsOk ? Answer(found.Value) : found.Error;
    }

    /// <summary>The maps stored here that may fit: by the systems of the codes.</summary>
    private async ValueTask<Result<IReadOnlyList<Needed>>> StoredMapsAsync(FhirRequest request, TranslationRequest translation, CancellationToken cancellationToken)
    {
        var maps = new List<Needed>();
        foreach (string system in translation.Codings.Select(coding => coding.System).OfType<string>().Distinct())
        {
            Result<IReadOnlyList<Needed>> found = await stored.MapsAsync(request.Requester.Scope, system, translation.Reverse, cancellationToken);
            if (!found.IsOk)
            {
                return found.Error;
            }

            maps.AddRange(found.Value);
        }

        return maps;
    }

    private static IEnumerable<ConceptMapDependency> Dependency(Element parameter)
    {
        List<Element> parts = parameter.ChildrenOf("part").ToList();
        string? element = PartOf(parts, "element") is { Exists: true } named ? named.Text : null;
        Element concept = PartOf(parts, "concept");
        return element is null || !concept.Exists
            ? []
            : concept.ChildrenOf("coding").ToList().Select(CodeInput.Of).Where(coding => coding.Code is not null)
                .Select(coding => new ConceptMapDependency(element, coding.System, coding.Code!, coding.Display));
    }

    private static Element PartOf(List<Element> parts, string name) =>
        parts.Find(part => part.Child("name") is { Exists: true } child && child.Text == name) is { Exists: true } found ? found.Child("value") : default;

    private static FhirResponse Answer(Translation translation)
    {
        using var answer = new ParametersWriter();
        answer.Boolean("result", translation.Result);
        answer.Text("message", translation.Message);
        foreach (TranslationMatch match in translation.Matches)
        {
            answer.StartParts("match");
            answer.Text("equivalence", match.Equivalence, "valueCode");
            if (match.Concept is { } concept)
            {
                answer.Coding("concept", concept);
            }

            foreach (ConceptMapDependency product in match.Products)
            {
                answer.StartParts("product");
                answer.Text("element", product.Property, "valueUri");
                answer.Coding("concept", new Coding(product.System, product.Value, product.Display));
                answer.EndParts();
            }

            answer.Text("source", match.ConceptMap, "valueUri");
            answer.EndParts();
        }

        return answer.ToResponse();
    }
}
