using System.Runtime.InteropServices;

namespace HealthChain.Storage;

/// <summary>
/// What an <see cref="IndexKey"/> says, and so which of its members mean something. Some kinds are looked up; the others only narrow
/// down what was found through one of those, because an index of them would cost more than it saves.
/// </summary>
public enum IndexKeyKind : byte
{
    /// <summary>Hash of a code, of whatever system. Looked up.</summary>
    Code,

    /// <summary>Hash of system and code, an empty system for none. Beside each stands a <see cref="Code"/>.</summary>
    Token,

    /// <summary>Hash of a system, of whatever code.</summary>
    System,

    /// <summary>Hash of the target with its type; without one when the type is not known. Looked up.</summary>
    Reference,

    /// <summary>Hash of the target without its type, beside a <see cref="Reference"/> with it.</summary>
    ReferenceId,

    /// <summary>Hash of a canonical or uri, with and without its version. Looked up.</summary>
    Uri,

    /// <summary>Hash of a beginning of the uri, for <c>:below</c>.</summary>
    UriTop,

    /// <summary>Hash of the first letters of a folded text (a tag each for 1 to 12 letters), or of the exact text. Looked up.</summary>
    Text,

    /// <summary>From <see cref="IndexKey.Low"/> to <see cref="IndexKey.High"/> in ticks of UTC. Looked up.</summary>
    Date,

    /// <summary>From Low to High as <see cref="OrderedNumber"/>; the hash of the canonical unit in <see cref="IndexKey.Hash"/>, or 0 for as written. Looked up.</summary>
    Number,

    /// <summary>The numbers of a quantity as written, with the hash of its unit. Beside each stands a <see cref="Number"/> with 0.</summary>
    UnitNumber,

    /// <summary>
    /// A tuple of a composite parameter: hash of its discrete parts, Low and High of its ordered part. Looked up. Made of parts whose
    /// kinds are looked up themselves.
    /// </summary>
    Tuple,

    /// <summary>A tuple with a part that is not looked up. Beside each stands a <see cref="Tuple"/> of the parts that are.</summary>
    TupleDetail,

    /// <summary>The parameter has a value; for <c>:missing</c>.</summary>
    Present,

    /// <summary>Latitude in Low, longitude in High, as <see cref="OrderedNumber"/>. Looked up.</summary>
    Position,

    /// <summary>What decisions ask of a resource (<see cref="Fhir.Search.ResourceFact"/>): hash of a value, or Low and High of a time.</summary>
    Fact,
}

/// <summary>
/// One row of a search index: a parameter and the keyed hash or the range of one value. Holds nothing readable except dates and
/// numbers, which must stay comparable and never leave the identity zone.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct IndexKey(ushort Parameter, IndexKeyKind Kind, long Hash, long Low, long High) : IComparable<IndexKey>
{
    /// <summary>Whether keys of the kind are looked up, and so have a row in an engine's index.</summary>
    public static bool IsLookedUp(IndexKeyKind kind) => kind is not (IndexKeyKind.Token or IndexKeyKind.System or IndexKeyKind.ReferenceId
        or IndexKeyKind.UriTop or IndexKeyKind.UnitNumber or IndexKeyKind.TupleDetail or IndexKeyKind.Present or IndexKeyKind.Fact);

    /// <summary>By parameter, kind, hash and range.</summary>
    public int CompareTo(IndexKey other)
    {
        int order = Parameter.CompareTo(other.Parameter);
        order = order != 0 ? order : (int)Kind - (int)other.Kind;
        order = order != 0 ? order : Hash.CompareTo(other.Hash);
        order = order != 0 ? order : Low.CompareTo(other.Low);
        return order != 0 ? order : High.CompareTo(other.High);
    }

    public static bool operator <(IndexKey left, IndexKey right) => left.CompareTo(right) < 0;

    public static bool operator >(IndexKey left, IndexKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(IndexKey left, IndexKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(IndexKey left, IndexKey right) => left.CompareTo(right) >= 0;
}
