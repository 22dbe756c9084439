using System.Collections.Frozen;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.FhirServer.Searching;

/// <summary>The resource types that a search may meet.</summary>
internal static class ResourceTypes
{
    public static IReadOnlyList<TypeSchema> All { get; } = [.. FhirSchema.R4.Types.Where(IsConcrete)];

    private static readonly FrozenDictionary<string, TypeSchema>.AlternateLookup<ReadOnlySpan<char>> ByName =
        All.ToFrozenDictionary(type => type.Name).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The type of that name; null when it is none that resources can have.</summary>
    public static TypeSchema? Find(string name) => Find(name.AsSpan());

    public static TypeSchema? Find(ReadOnlySpan<char> name) => ByName.TryGetValue(name, out TypeSchema? type) ? type : null;

    /// <summary>Types that a reference may lead to: all where the definition names none, or one that all derive from.</summary>
    public static IReadOnlyList<TypeSchema> TargetsOf(IndexedParameter reference) =>
        reference.Targets.Count > 0 && reference.Targets.All(IsConcrete) ? reference.Targets : All;

    private static bool IsConcrete(TypeSchema type) => type is { IsResource: true, IsAbstract: false };
}
