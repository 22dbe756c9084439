using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>A search parameter of a <c>SearchParameterSet</c>. Immutable; compare by reference.</summary>
public sealed class IndexedParameter
{
    internal IndexedParameter(ushort id, SearchParameter definition)
    {
        Id = id;
        Definition = definition;
        TypeSchema[] targets = [.. definition.Targets.Select(FhirSchema.R4.Type).OfType<TypeSchema>()];
        Targets = targets;
    }

    /// <summary>Small, and stable as long as the set holds the same definitions.</summary>
    public ushort Id { get; }

    public SearchParameter Definition { get; }

    /// <summary>The name in a query.</summary>
    public string Code => Definition.Code;

    public SearchParameterType Type => Definition.Type;

    /// <summary>Types that a reference may point at; empty when the definition names none.</summary>
    public IReadOnlyList<TypeSchema> Targets { get; }

    /// <summary>For a composite: what each part is searched as, in order.</summary>
    public IReadOnlyList<IndexedParameter> Components { get; internal set; } = [];

    /// <summary>
    /// False for parameters without an expression: <c>_text</c>, <c>_content</c>, <c>_query</c> and the like, which a store answers
    /// by other means than values or not at all.
    /// </summary>
    public bool IsExtracted => Definition.Expression is not null;

    public override string ToString() => $"{Code} ({Definition.Url})";
}
