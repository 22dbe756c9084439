using System.Runtime.InteropServices;

namespace HealthChain.Storage;

/// <summary>What an <see cref="IndexKey"/> says, and so which of its members mean something.</summary>
public enum IndexKeyKind : byte
{
    /// <summary>Hash of system and code, of the code alone, or of the system alone.</summary>
    Token,

    /// <summary>Hash of the target, with or without its type.</summary>
    Reference,

    /// <summary>Hash of a canonical or uri, of its version-less form, or of a prefix for <c>:above</c> and <c>:below</c>.</summary>
    Uri,

    /// <summary>Hash of the first letters of a folded text (a tag each for 1 to 12 letters), or of the exact text.</summary>
    Text,

    /// <summary>From <see cref="IndexKey.Low"/> to <see cref="IndexKey.High"/> in ticks of UTC.</summary>
    Date,

    /// <summary>From Low to High as order-preserving numbers; the hash of the unit in <see cref="IndexKey.Hash"/> for quantities.</summary>
    Number,

    /// <summary>A tuple of a composite parameter: hash of its discrete parts, Low and High of its ordered part.</summary>
    Tuple,

    /// <summary>The parameter has a value; for <c>:missing</c>.</summary>
    Present,

    /// <summary>Latitude in Low, longitude in High, as order-preserving numbers.</summary>
    Position,
}

/// <summary>
/// One row of a search index: a parameter and the keyed hash or the range of one value. Holds nothing readable except dates and
/// numbers, which must stay comparable and never leave the identity zone.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct IndexKey(ushort Parameter, IndexKeyKind Kind, long Hash, long Low, long High) : IComparable<IndexKey>
{
    /// <summary>By parameter, kind, hash and range.</summary>
    public int CompareTo(IndexKey other)
    {
        int order = Parameter.CompareTo(other.Parameter);
        order = order != 0 ? order : Kind.CompareTo(other.Kind);
        order = order != 0 ? order : Hash.CompareTo(other.Hash);
        order = order != 0 ? order : Low.CompareTo(other.Low);
        return order != 0 ? order : High.CompareTo(other.High);
    }

    public static bool operator <(IndexKey left, IndexKey right) => left.CompareTo(right) < 0;

    public static bool operator >(IndexKey left, IndexKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(IndexKey left, IndexKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(IndexKey left, IndexKey right) => left.CompareTo(right) >= 0;
}
