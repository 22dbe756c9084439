using System.Collections.Frozen;
using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Searching;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>A rule for each resource type. Immutable.</summary>
internal sealed class TypeRules
{
    private static readonly FrozenDictionary<string, int> Places =
        ResourceTypes.All.Select((type, place) => (type.Name, place)).ToFrozenDictionary(type => type.Name, type => type.place, StringComparer.Ordinal);

    private readonly FactRule[] _rules;

    public TypeRules(Func<TypeSchema, FactRule> ruleOf) => _rules = [.. ResourceTypes.All.Select(ruleOf)];

    public FactRule this[string type] => _rules[Places[type]];

    /// <summary>Whether there can be anything at all for which they hold.</summary>
    public bool IsNever => Array.TrueForAll(_rules, rule => rule == FactRule.Never);
}
