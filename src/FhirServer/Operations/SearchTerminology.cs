using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// The terminology that the parameters of a search need: value sets of <c>:in</c> and <c>:not-in</c>, code systems of <c>:above</c>
/// and <c>:below</c> may be stored on this server. https://hl7.org/fhir/R4/search.html#token
/// </summary>
internal sealed class SearchTerminology(StoredDefinitions stored, IResourceStore store)
{
    private const string ValueSetPath = "ValueSet/";

    /// <summary>Null when what is loaded suffices.</summary>
    public async ValueTask<Result<TerminologyService?>> ForAsync(AccessScope scope, IReadOnlyList<QueryParameter> query, CancellationToken cancellationToken)
    {
        var needed = new List<Needed>();
        var given = new List<IDefinition>();
        foreach (QueryParameter parameter in query)
        {
            string modifier = parameter.Name[(parameter.Name.LastIndexOf(':') + 1)..];
            if (modifier is not ("in" or "not-in" or "above" or "below") || modifier.Length == parameter.Name.Length)
            {
                continue;
            }

            foreach (string value in parameter.Value.Split(','))
            {
                if (modifier is "above" or "below")
                {
                    // Without a bar it is no code but a uri, which needs no terminology.
                    int bar = value.IndexOf('|', StringComparison.Ordinal);
                    needed.AddRange(bar > 0 ? [new Needed(DefinitionKind.CodeSystem, value[..bar])] : []);
                }
                else if (value.StartsWith(ValueSetPath, StringComparison.Ordinal))
                {
                    given.AddRange(await NamedAsync(scope, value, cancellationToken));
                }
                else if (value.Length > 0)
                {
                    needed.Add(new Needed(DefinitionKind.ValueSet, value));
                }
            }
        }

        if (needed.Count + given.Count == 0)
        {
            return (TerminologyService?)null;
        }

        Result<Knowledge> knowledge = await stored.ForAsync(scope, needed, given, cancellationToken);
        return knowledge.IsOk ? knowledge.Value.Terminology : knowledge.Error;
    }

    /// <summary>R4: "the URI is a literal one, such as ValueSet/123". It is found under that name then, whatever its canonical is.</summary>
    private async ValueTask<IReadOnlyList<IDefinition>> NamedAsync(AccessScope scope, string reference, CancellationToken cancellationToken)
    {
        string id = reference[ValueSetPath.Length..];
        StoredVersion? version = RequestTarget.IsId(id) ? await store.ReadAsync(scope, new ResourceKey("ValueSet", id), cancellationToken) : null;
        return version is { IsDeleted: false } && DefinitionJson.Read(Terminology.DefinitionInput.WithUrl(version.Json, reference), "ValueSet") is { IsOk: true, Value: ValueSet valueSet }
            ? [valueSet with { Url = reference, Version = null }]
            : [];
    }
}
