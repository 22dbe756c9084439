namespace HealthChain.Fhir.Search;

/// <summary>What a <see cref="SearchValue"/> holds, and so which of its members mean something.</summary>
public enum SearchValueKind : byte
{
    /// <summary>Folded text in <see cref="SearchValue.Code"/>, the text as written in <see cref="SearchValue.Text"/>.</summary>
    String,

    /// <summary>System and code; the display in <see cref="SearchValue.Text"/>.</summary>
    Token,

    /// <summary>Text that stands for a token without being one (CodeableConcept.text, Identifier.type.text), for <c>:text</c>.</summary>
    TokenText,

    /// <summary>For <c>:of-type</c>: system and code of an identifier's type, the identifier's value in <see cref="SearchValue.Text"/>.</summary>
    TypedIdentifier,

    /// <summary>A literal reference: server in System, id in Code, version in Version, all of it in Text.</summary>
    Reference,

    /// <summary>A logical reference, for <c>:identifier</c>: system and value of the identifier.</summary>
    ReferenceIdentifier,

    /// <summary>A canonical or a uri: without version in Code, the version in Version, all of it in Text.</summary>
    Uri,

    /// <summary><see cref="SearchValue.Range"/>.</summary>
    Date,

    /// <summary><see cref="SearchValue.Low"/> and <see cref="SearchValue.High"/>.</summary>
    Number,

    /// <summary>Low and High in the unit of System and Code; the unit as people write it in Text.</summary>
    Quantity,

    /// <summary>Low and High in the UCUM base units of Code. Stands beside the <see cref="Quantity"/> it was made from.</summary>
    CanonicalQuantity,

    /// <summary>Latitude in Low, longitude in High.</summary>
    Position,

    /// <summary>The head of a tuple; the <see cref="SearchValue.PartCount"/> values behind it are its parts.</summary>
    Composite,
}

[Flags]
public enum SearchValueTraits : byte
{
    None = 0,

    /// <summary>The element has no system of its own; the system is that of the codes it is bound to.</summary>
    ImpliedSystem = 1,

    /// <summary>A reference into the resource itself (<c>#id</c>): no other resource is meant.</summary>
    Contained = 2,

    /// <summary>Low is a bound that the value does not reach (<c>&gt; 5 mg</c>).</summary>
    LowIsOpen = 4,

    /// <summary>High is a bound that the value does not reach (<c>&lt; 5 mg</c>).</summary>
    HighIsOpen = 8,
}

/// <summary>Where a text of a <see cref="SearchValue"/> stands; <see cref="IndexValues.Text"/> gives the UTF-8.</summary>
/// <remarks><c>default</c> is an absent text, which is not the same as an empty one.</remarks>
public readonly record struct TextSlice
{
    private const uint OffsetMask = (1u << 29) - 1;

    // Three bits of source, 29 bits of offset: a resource has less than 2^28 bytes.
    private readonly uint _place;

    internal TextSlice(TextSource source, int start, int length)
    {
        _place = ((uint)source << 29) | (uint)start;
        Length = length;
    }

    public int Length { get; }

    /// <summary>False when the element is not there at all.</summary>
    public bool Exists => _place != 0;

    internal TextSource Source => (TextSource)(_place >> 29);

    internal int Start => (int)(_place & OffsetMask);

    /// <summary>Part of the text; an empty one is absent.</summary>
    internal TextSlice this[Range range]
    {
        get
        {
            (int offset, int length) = range.GetOffsetAndLength(Length);
            return length == 0 ? default : new TextSlice(Source, Start + offset, length);
        }
    }
}

internal enum TextSource : byte
{
    None,

    /// <summary>The JSON that the tree was read from.</summary>
    Tree,

    /// <summary>The bytes that extraction wrote itself.</summary>
    Scratch,

    /// <summary>The texts that a parameter set keeps: systems that codes imply, canonical units.</summary>
    Constant,
}

/// <summary>
/// One value of one search parameter in one resource. A plain struct whose members mean what its <see cref="Kind"/> says; its texts
/// live in the <see cref="IndexValues"/> that it stands in and as long as that is not used for the next resource.
/// </summary>
public struct SearchValue
{
    /// <summary>The id of the parameter in its <c>SearchParameterSet</c>.</summary>
    public ushort Parameter { get; internal set; }

    public SearchValueKind Kind { get; internal set; }

    public SearchValueTraits Traits { get; internal set; }

    /// <summary>For a part of a composite its component, counted from 1; 0 for everything else.</summary>
    public byte Component { get; internal set; }

    /// <summary>For the head of a composite: how many values behind it belong to the tuple.</summary>
    public int PartCount { get; internal set; }

    /// <summary>For a reference: the id of the target's type in the schema, or <see cref="NoType"/> when it is not known.</summary>
    public ushort TargetType { get; internal set; }

    public TextSlice System { get; internal set; }
    public TextSlice Code { get; internal set; }
    public TextSlice Text { get; internal set; }
    public TextSlice Version { get; internal set; }

    public DateRange Range { get; internal set; }

    /// <summary>Lowest value meant; <see cref="decimal.MinValue"/> when there is no bound.</summary>
    public decimal Low { get; internal set; }

    /// <summary>Highest value meant; <see cref="decimal.MaxValue"/> when there is no bound. Equal to Low for a single value.</summary>
    public decimal High { get; internal set; }

    public const ushort NoType = ushort.MaxValue;
}
