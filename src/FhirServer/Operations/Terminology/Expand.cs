using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Http;

namespace HealthChain.FhirServer.Operations.Terminology;

/// <summary><c>$expand</c>: the codes of a value set. https://hl7.org/fhir/R4/valueset-operation-expand.html</summary>
internal sealed class Expand(DefinitionInput definitionInput, TimeProvider time)
{
    private static readonly string[] Unsupported = ["date", "system-version", "check-system-version", "force-system-version"];

    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, OperationInput input, CancellationToken cancellationToken)
    {
        if (Array.Find(Unsupported, input.Has) is { } unsupported)
        {
            // Left out silently, it would give other codes than the client asked for.
            return FhirError.Unsupported($"The parameter '{unsupported}' is not supported: the definitions that are at hand are used as they are.");
        }

        Result<Subject> subject = await definitionInput.FindAsync(request, input, DefinitionKind.ValueSet, "valueSet", "valueSetVersion", [], cancellationToken);
        if (!subject.IsOk)
        {
            return subject.Error;
        }

        if (subject.Value.Canonical is not { } canonical)
        {
            return FhirError.Of(ErrorKind.Invalid, IssueType.Required, "There is no value set: give url, valueSet or context, or call the operation on one.");
        }

        return ExpandIt(subject.Value.Knowledge, canonical, input);
    }

    private Result<FhirResponse> ExpandIt(Knowledge knowledge, string canonical, OperationInput input)
    {
        var expansionRequest = new ExpansionRequest
        {
            Filter = input.Text("filter"),
            Offset = input.Integer("offset") ?? 0,
            Count = input.Integer("count"),
            ActiveOnly = input.Boolean("activeOnly") ?? false,
            IncludeDesignations = input.Boolean("includeDesignations") ?? input.Has("designation"),
            DisplayLanguage = input.Text("displayLanguage"),
            ExcludeNested = input.Boolean("excludeNested") ?? false,
            ExcludeNotForUI = input.Boolean("excludeNotForUI") ?? false,
        };
        ValueSet? definition = knowledge.Definitions.ValueSet(canonical);
        string[] excluded = [.. input.Texts("exclude-system")];
        if (excluded.Length > 0 && definition is { HasCompose: true })
        {
            definition = definition with { Excludes = [.. definition.Excludes, .. excluded.Select(Everything)] };
        }
        else if (excluded.Length > 0)
        {
            return FhirError.Unsupported("'exclude-system' is supported for value sets with a compose only.");
        }

        Result<Expansion> expansion = definition is null ? knowledge.Terminology.Expand(canonical, expansionRequest) : knowledge.Terminology.Expand(definition, expansionRequest);
        if (!expansion.IsOk)
        {
            return expansion.Error;
        }

        var writer = new ExpansionWriter(input, time.GetUtcNow());
        return FhirResponse.Of(writer.Write(definition ?? new ValueSet { Url = expansion.Value.ValueSet, Version = expansion.Value.Version }, expansion.Value));
    }

    private static ConceptSet Everything(string canonical)
    {
        string[] parts = canonical.Split('|', 2);
        return new ConceptSet(parts[0], parts.Length > 1 ? parts[1] : null, [], [], []);
    }
}
