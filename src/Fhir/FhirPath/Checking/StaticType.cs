using System.Collections.Immutable;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.FhirPath;

/// <summary>A type that an item can have: one of FHIR, or one of System.</summary>
internal readonly record struct ItemType(TypeSchema? Fhir, FhirPathKind System)
{
    /// <summary>The System type that the item is or converts to; None for elements that convert to none.</summary>
    public FhirPathKind Value => Fhir is null ? System
        : Fhir.IsPrimitive ? FhirTypes.SystemKind(Fhir)
        : FhirTypes.IsQuantity(Fhir) ? FhirPathKind.Quantity
        : FhirPathKind.None;

    /// <summary>An abstract type of FHIR stands for all that derive from it, so little is known of the item.</summary>
    public bool IsOpen => Fhir is { IsAbstract: true };

    public override string ToString() => Fhir?.Name ?? System.ToString();
}

/// <summary>What is known of a collection before there is data: the types its items can have, and how many there can be.</summary>
/// <param name="Types">The possible types; none for a collection that is always empty.</param>
/// <param name="IsUnknown">Nothing is known of the types.</param>
/// <param name="IsMany">There can be more than one item.</param>
/// <param name="IsUnordered">The order of the items means nothing.</param>
internal sealed record StaticType(ImmutableArray<ItemType> Types, bool IsUnknown = false, bool IsMany = false, bool IsUnordered = false)
{
    public static readonly StaticType Empty = new([]);
    public static readonly StaticType Unknown = new([], IsUnknown: true, IsMany: true);

    public static StaticType Of(FhirPathKind system) => new([new ItemType(null, system)]);

    public static StaticType Of(TypeSchema type) => new([new ItemType(type, FhirPathKind.None)]);

    public bool IsEmpty => Types.IsEmpty && !IsUnknown;

    public StaticType Many(bool many = true) => this with { IsMany = many };

    /// <summary>One item of the collection.</summary>
    public StaticType Item() => this with { IsMany = false, IsUnordered = false };

    public StaticType Or(StaticType other) => new(
        [.. Types.Union(other.Types)], IsUnknown || other.IsUnknown, IsMany || other.IsMany, IsUnordered || other.IsUnordered);

    /// <summary>True when an item may be of one of these System types, or convert to it.</summary>
    public bool MayBe(params ReadOnlySpan<FhirPathKind> kinds)
    {
        if (IsUnknown || Types.IsEmpty)
        {
            return true;
        }

        foreach (ItemType type in Types)
        {
            if (type.IsOpen || kinds.Contains(type.Value))
            {
                return true;
            }
        }

        return false;
    }

    public override string ToString() => IsUnknown ? "anything" : IsEmpty ? "nothing" : string.Join(" or ", Types);
}
