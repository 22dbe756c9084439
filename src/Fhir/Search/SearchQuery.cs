using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>How a value of a query is compared, in the order of R4's table of prefixes.</summary>
public enum SearchPrefix : byte
{
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterOrEqual,
    LessOrEqual,
    StartsAfter,
    EndsBefore,
    Approximate,
}

/// <summary>What stands behind the colon of a parameter's name.</summary>
public enum SearchModifier : byte
{
    None,
    Missing,
    Exact,
    Contains,
    Text,
    Not,
    In,
    NotIn,
    Above,
    Below,
    OfType,
    Identifier,

    /// <summary>The name of a resource type, for references.</summary>
    Type,
}

/// <summary>One value asked for, read and checked. Text is UTF-8 without escapes. Immutable.</summary>
public abstract record QueryValue;

public enum StringMatch : byte
{
    /// <summary>The folded text starts with it.</summary>
    Start,

    /// <summary>The folded text has it anywhere.</summary>
    Contains,

    /// <summary>The text as written is the same.</summary>
    Exact,

    /// <summary>The folded text ends with it; no modifier says so, but filters do.</summary>
    End,

    /// <summary>The folded text is the same; no modifier says so, but filters do.</summary>
    Equal,
}

/// <param name="Text">Folded, but as written for <see cref="StringMatch.Exact"/>.</param>
public sealed record StringQuery(StringMatch Match, ReadOnlyMemory<byte> Text) : QueryValue;

/// <param name="System">Null for any; empty when there must be none (<c>|code</c>).</param>
/// <param name="Code">Null for any code of the system (<c>system|</c>).</param>
public sealed record TokenQuery(ReadOnlyMemory<byte>? System, ReadOnlyMemory<byte>? Code) : QueryValue;

/// <summary><c>:text</c> on a token.</summary>
/// <param name="Text">Folded; texts that start with it match.</param>
public sealed record TokenTextQuery(ReadOnlyMemory<byte> Text) : QueryValue;

/// <summary><c>:of-type</c>: an identifier with its type.</summary>
public sealed record TypedIdentifierQuery(ReadOnlyMemory<byte>? System, ReadOnlyMemory<byte> Code, ReadOnlyMemory<byte> Value) : QueryValue;

/// <summary>
/// <c>:in</c>, <c>:not-in</c>, and <c>:above</c> or <c>:below</c> on a token: needs terminology. Whoever has one replaces it by the
/// <see cref="TokenQuery"/> values that it stands for; the matcher knows nothing of value sets.
/// </summary>
public sealed record TerminologyQuery(SearchModifier Modifier, string Text) : QueryValue;

/// <param name="Server">Empty for a reference within this server.</param>
/// <param name="Type">Null when only an id was given, or the reference names no type.</param>
/// <param name="Id">The id; the whole reference when it has no id.</param>
/// <param name="Version">Empty for any.</param>
public sealed record ReferenceQuery(
    ReadOnlyMemory<byte> Server, TypeSchema? Type, ReadOnlyMemory<byte> Id, ReadOnlyMemory<byte> Version) : QueryValue
{
    /// <summary>Without a type: those that the parameter may point at (R4, "reference" parameters); empty for any.</summary>
    public IReadOnlyList<TypeSchema> Among { get; init; } = [];
}

/// <summary><c>:identifier</c> on a reference.</summary>
public sealed record ReferenceIdentifierQuery(TokenQuery Identifier) : QueryValue;

/// <param name="Match">None, <see cref="SearchModifier.Above"/> or <see cref="SearchModifier.Below"/>.</param>
/// <param name="Version">Empty for any.</param>
public sealed record UriQuery(SearchModifier Match, ReadOnlyMemory<byte> Uri, ReadOnlyMemory<byte> Version) : QueryValue;

/// <param name="Range">For <see cref="SearchPrefix.Approximate"/> already widened by a tenth of the gap to now.</param>
public sealed record DateQuery(SearchPrefix Prefix, DateRange Range) : QueryValue;

public sealed record NumberQuery(SearchPrefix Prefix, NumberRange Range) : QueryValue;

/// <param name="System">Null when not given.</param>
/// <param name="Code">Code, or unit as people write it; null when not given.</param>
/// <param name="Canonical">The same in UCUM base units, for a UCUM unit.</param>
public sealed record QuantityQuery(
    SearchPrefix Prefix, NumberRange Range, ReadOnlyMemory<byte>? System, ReadOnlyMemory<byte>? Code, CanonicalQuantity? Canonical) : QueryValue;

/// <param name="Unit">UCUM base units, UTF-8.</param>
public sealed record CanonicalQuantity(NumberRange Range, ReadOnlyMemory<byte> Unit);

/// <summary>A place and how far from it, for <c>near</c>.</summary>
public sealed record PositionQuery(double Latitude, double Longitude, double Metres) : QueryValue;

/// <summary>A value for each component, all to be met by one tuple.</summary>
public sealed record CompositeQuery(IReadOnlyList<QueryValue> Parts) : QueryValue;

/// <summary><c>:missing</c></summary>
public sealed record MissingQuery(bool IsMissing) : QueryValue;

/// <summary>What a reader of queries must know of the moment and the server.</summary>
public sealed record SearchQueryOptions
{
    /// <summary>The present, which approximate dates are measured from.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>This server's base url without the last slash: references to it are relative ones. Null when it has none.</summary>
    public string? ServerBase { get; init; }

    /// <summary>How many alternatives one parameter may have.</summary>
    public int MaxAlternatives { get; init; } = 1000;

    /// <summary>Longest text of one parameter.</summary>
    public int MaxLength { get; init; } = 64 * 1024;
}
