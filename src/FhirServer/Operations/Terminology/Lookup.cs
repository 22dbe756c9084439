using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Operations.Terminology;

/// <summary><c>$lookup</c>: what is known of a code. https://hl7.org/fhir/R4/codesystem-operation-lookup.html</summary>
internal sealed class Lookup(StoredDefinitions stored)
{
    private const string LanguagePrefix = "lang.";

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, OperationInput input, CancellationToken cancellationToken)
    {
        Result<CodeInput> code = CodeInput.Read(input, "system", "version");
        if (!code.IsOk)
        {
            return code.Error;
        }

        if (code.Value.Codings[0] is not { System: { } system, Code: { } wanted } coding)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, "A lookup needs a system and a code.");
        }

        if (input.Has("date"))
        {
            return FhirError.Unsupported("'date' is not supported: only the definitions of today are at hand.");
        }

        Result<Knowledge> knowledge = await stored.ForAsync(request.Requester.Scope, [new Needed(DefinitionKind.CodeSystem, system)], [], cancellationToken);
        if (!knowledge.IsOk)
        {
            return knowledge.Error;
        }

        Result<LookupResult> found = knowledge.Value.Terminology.Lookup(system, wanted, coding.Version, input.Text("displayLanguage"));
        return !found.IsOk ? NotFound(found.Error) : Answer(found.Value, [.. input.Texts("property")]);
    }

    /// <summary>A code system that is not at hand is, for whoever asks, as absent as a code that does not exist.</summary>
    private static FhirError NotFound(FhirError error) =>
        error.Kind == ErrorKind.Unsupported ? new FhirError(ErrorKind.NotFound, [.. error.Issues.Select(issue => issue with { Type = IssueType.NotFound })]) : error;

    private static FhirResponse Answer(LookupResult found, IReadOnlyList<string> wanted)
    {
        using var answer = new ParametersWriter();
        answer.Text("name", found.Name ?? found.System);
        answer.Text("version", found.Version);

        // display is mandatory in the answer; a code without words stands for itself.
        answer.Text("display", found.Display ?? found.Code);
        foreach (Designation designation in found.Designations.Where(designation => IsWanted(designation, wanted)))
        {
            answer.StartParts("designation");
            answer.Text("language", designation.Language, "valueCode");
            if (designation.Use is { } use)
            {
                answer.Coding("use", use);
            }

            answer.Text("value", designation.Value);
            answer.EndParts();
        }

        foreach (ConceptProperty property in AllProperties(found).Where(property => wanted.Count == 0 || wanted.Contains(property.Code)))
        {
            WriteProperty(answer, property);
        }

        return answer.ToResponse();
    }

    private static bool IsWanted(Designation designation, IReadOnlyList<string> wanted) =>
        wanted.Count == 0 || wanted.Contains("designation") || (designation.Language is { } language && wanted.Contains(LanguagePrefix + language));

    private static IEnumerable<ConceptProperty> AllProperties(LookupResult found)
    {
        IEnumerable<ConceptProperty> properties = found.Properties;
        if (found.Definition is { } definition)
        {
            properties = properties.Prepend(new ConceptProperty("definition", "string", definition));
        }

        bool saysInactive = found.Properties.Any(property => property.Code == "inactive");
        return found.IsInactive && !saysInactive ? properties.Append(new ConceptProperty("inactive", "boolean", "true")) : properties;
    }

    private static void WriteProperty(ParametersWriter answer, ConceptProperty property)
    {
        answer.StartParts("property");
        answer.Text("code", property.Code, "valueCode");
        if (property.Coding is { } coding)
        {
            answer.Coding("value", coding);
        }
        else if (property.Type is "boolean" or "integer" or "decimal")
        {
            answer.Json("value", MemberOf(property.Type), System.Text.Encoding.UTF8.GetBytes(property.Value));
        }
        else
        {
            answer.Text("value", property.Value, MemberOf(property.Type));
        }

        answer.EndParts();
    }

    private static string MemberOf(string type) => $"value{char.ToUpperInvariant(type[0])}{type[1..]}";
}
