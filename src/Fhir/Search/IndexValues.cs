using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Search;

/// <summary>
/// The search values of one resource, in a list that is filled again and again: after a few resources it has grown to fit and
/// extraction allocates nothing. Belongs to one thread at a time.
/// </summary>
/// <remarks>Values and texts are valid until the next extraction into the same object.</remarks>
public sealed class IndexValues
{
    private const int FirstValues = 64;
    private const int FirstFacts = 16;
    private const int FirstScratch = 1024;

    /// <summary>What is kept between resources; one giant must not hold its memory for good.</summary>
    private const int MostKept = 1 << 20;

    private SearchValue[] _values = new SearchValue[FirstValues];
    private SearchValue[] _facts = new SearchValue[FirstFacts];
    private int _factCount;
    private byte[] _scratch = new byte[FirstScratch];
    private int _scratchLength;
    private ElementTree? _tree;
    private byte[] _constants = [];

    /// <summary>Number of values; the parts of composites are counted too.</summary>
    public int Count { get; private set; }

    public ref readonly SearchValue this[int index] => ref Values[index];

    /// <summary>All values. Behind the head of a composite stand its parts; skip <see cref="SearchValue.PartCount"/> to leave them out.</summary>
    public ReadOnlySpan<SearchValue> Values => _values.AsSpan(0, Count);

    /// <summary>What decisions ask of the resource, in no particular order: values of the parameters of each <see cref="ResourceFact"/>.</summary>
    public ReadOnlySpan<SearchValue> Facts => _facts.AsSpan(0, _factCount);

    /// <summary>The UTF-8 of a text; empty when it is absent.</summary>
    public ReadOnlySpan<byte> Text(TextSlice slice) => slice.Source switch
    {
        TextSource.Tree => _tree!.Json.Span.Slice(slice.Start, slice.Length),
        TextSource.Scratch => _scratch.AsSpan(slice.Start, slice.Length),
        TextSource.Constant => _constants.AsSpan(slice.Start, slice.Length),
        _ => default,
    };

    /// <summary>Bytes held for texts, used or not.</summary>
    internal int ScratchCapacity => _scratch.Length;

    public void Clear()
    {
        Count = 0;
        _factCount = 0;
        _scratchLength = 0;
        _tree = null;
        if (_scratch.Length > MostKept)
        {
            _scratch = new byte[FirstScratch];
        }

        if (_values.Length > MostKept / 64)
        {
            _values = new SearchValue[FirstValues];
        }

        if (_facts.Length > MostKept / 64)
        {
            _facts = new SearchValue[FirstFacts];
        }
    }

    internal void Start(ElementTree tree, byte[] constants)
    {
        Clear();
        _tree = tree;
        _constants = constants;
    }

    /// <summary>Appends a value with nothing but its parameter and kind set.</summary>
    internal ref SearchValue Add(ushort parameter, byte component, SearchValueKind kind)
    {
        ref SearchValue value = ref Append(ref _values, Count++, parameter, kind);
        value.Component = component;
        return ref value;
    }

    /// <summary>Appends a fact with nothing but its parameter and kind set.</summary>
    internal ref SearchValue AddFact(ushort parameter, SearchValueKind kind) => ref Append(ref _facts, _factCount++, parameter, kind);

    private static ref SearchValue Append(ref SearchValue[] list, int count, ushort parameter, SearchValueKind kind)
    {
        if (count == list.Length)
        {
            Array.Resize(ref list, list.Length * 2);
        }

        ref SearchValue value = ref list[count];
        value = default;
        value.Parameter = parameter;
        value.Kind = kind;
        value.TargetType = SearchValue.NoType;
        return ref value;
    }

    internal ref SearchValue At(int index) => ref _values[index];

    /// <summary>Takes back everything from that value on.</summary>
    internal void Truncate(int count) => Count = count;

    /// <summary>The value of a primitive, which costs a copy only when the JSON has escapes.</summary>
    internal TextSlice TextOf(Element primitive)
    {
        if (!primitive.HasValue)
        {
            return default;
        }

        if (primitive.IsEscaped)
        {
            return Copy(primitive.Value);
        }

        ref readonly Node node = ref primitive.Node;
        return new TextSlice(TextSource.Tree, node.Start, node.Length);
    }

    internal TextSlice Copy(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Reserve(text.Length));
        return Commit(text.Length);
    }

    /// <summary>Room for that many bytes at the end of the scratch; <see cref="Commit"/> says how many were used.</summary>
    internal Span<byte> Reserve(int length)
    {
        if (_scratch.Length - _scratchLength < length)
        {
            Array.Resize(ref _scratch, Math.Max(_scratch.Length * 2, _scratchLength + length));
        }

        return _scratch.AsSpan(_scratchLength, length);
    }

    internal TextSlice Commit(int length)
    {
        var slice = new TextSlice(TextSource.Scratch, _scratchLength, length);
        _scratchLength += length;
        return slice;
    }
}
