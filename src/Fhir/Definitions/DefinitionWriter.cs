using System.Buffers.Binary;
using System.Text;

namespace HealthChain.Fhir.Definitions;

/// <summary>
/// Writes definitions in the form that <see cref="DefinitionBinary"/> reads in place. Strings, constraints, types and bindings that
/// occur more than once are stored once. The file
/// never outlives the build that made it, so its form may change freely.
/// </summary>
internal sealed partial class DefinitionWriter
{
    private readonly Dictionary<string, int> _uses = [];
    private readonly SharedValues _constraints = new();
    private readonly SharedValues _types = new();
    private readonly SharedValues _bindings = new();
    private Dictionary<string, int>? _stringIds;
    private ByteBuffer _out = new();

    private DefinitionWriter()
    {
    }

    /// <summary>Compiles the definitions into one binary. The same definitions always give the same bytes.</summary>
    public static byte[] Write(IReadOnlyList<IDefinition> definitions)
    {
        IDefinition[] ordered = [.. definitions.OrderBy(definition => definition.Kind)];
        var writer = new DefinitionWriter();

        // The first pass only counts how often each string occurs, the second one writes.
        writer.Bodies(ordered);
        string[] strings = [.. writer._uses.Where(use => use.Value > 1).OrderByDescending(use => use.Value).Select(use => use.Key)];
        writer._stringIds = strings.Select((text, id) => (text, id)).ToDictionary(pair => pair.text, pair => pair.id);
        return writer.File(ordered, strings);
    }

    private byte[] File(IDefinition[] definitions, string[] strings)
    {
        uint[] entries = Bodies(definitions);
        ByteBuffer bodies = _out;
        int start = DefinitionBinary.HeaderBytes;
        Span<uint> header = stackalloc uint[DefinitionBinary.HeaderBytes / 4];
        var file = new ByteBuffer();
        file.Add(stackalloc byte[start]);
        file.Add(bodies.Bytes);
        header[DefinitionBinary.Magic] = DefinitionBinary.MagicValue;
        Section(DefinitionBinary.Entries, [.. entries.Select(offset => offset + (uint)start)], header, file);
        Values(DefinitionBinary.Constraints, _constraints, header, file);
        Values(DefinitionBinary.Types, _types, header, file);
        Values(DefinitionBinary.Bindings, _bindings, header, file);
        for (int kind = 0; kind <= DefinitionBinary.KindCount; kind++)
        {
            header[DefinitionBinary.Kinds + kind] = (uint)definitions.Count(definition => (int)definition.Kind < kind);
        }

        Section(DefinitionBinary.Index, [.. Index(definitions)], header, file);
        Strings(strings, header, file);
        byte[] bytes = file.Bytes.ToArray();
        for (int i = 0; i < header.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 4), header[i]);
        }

        return bytes;
    }

    // A section is a table of numbers; the header says how many there are and where.
    private static void Section(int slot, uint[] numbers, Span<uint> header, ByteBuffer file)
    {
        header[slot] = (uint)numbers.Length;
        header[slot + 1] = (uint)file.Length;
        foreach (uint number in numbers)
        {
            file.AddUInt32(number);
        }
    }

    private static void Values(int slot, SharedValues values, Span<uint> header, ByteBuffer file)
    {
        uint start = (uint)file.Length;
        file.Add(values.Bytes);
        Section(slot, [.. values.Offsets.Select(offset => offset + start)], header, file);
    }

    // One more offset than strings, so that each string's length is known.
    private static void Strings(string[] strings, Span<uint> header, ByteBuffer file)
    {
        var offsets = new List<uint>(strings.Length + 1);
        foreach (string text in strings)
        {
            offsets.Add((uint)file.Length);
            file.Add(Encoding.UTF8.GetBytes(text));
        }

        offsets.Add((uint)file.Length);
        Section(DefinitionBinary.Strings, [.. offsets], header, file);
    }

    // Pairs of (hash, entry), sorted: looking a name up is a binary search that decodes nothing but the candidates.
    private static IEnumerable<uint> Index(IDefinition[] definitions)
    {
        var pairs = new SortedSet<(uint Hash, uint Entry)>();
        for (int entry = 0; entry < definitions.Length; entry++)
        {
            foreach (string name in DefinitionBinary.NamesOf(definitions[entry]))
            {
                pairs.Add((DefinitionBinary.Hash(definitions[entry].Kind, name), (uint)entry));
            }
        }

        return pairs.SelectMany(pair => new[] { pair.Hash, pair.Entry });
    }

    private uint[] Bodies(IDefinition[] definitions)
    {
        _out = new ByteBuffer();
        _constraints.Clear();
        _types.Clear();
        _bindings.Clear();
        var offsets = new uint[definitions.Length];
        for (int i = 0; i < definitions.Length; i++)
        {
            offsets[i] = (uint)_out.Length;
            Body(definitions[i]);
        }

        return offsets;
    }

    private void Number(int value) => _out.AddVariable((uint)value);

    /// <summary>0 for null, 1 for "*", else the number + 2.</summary>
    private void Limit(int? value) => _out.AddVariable(value switch { null => 0u, int.MaxValue => 1u, _ => (uint)value.Value + 2 });

    private void Flag(bool? value) => _out.Add(value switch { null => 2, true => 1, false => 0 });

    private void Text(string? text)
    {
        if (text is null)
        {
            _out.AddVariable(DefinitionBinary.NoText);
        }
        else if (_stringIds is null)
        {
            _uses[text] = _uses.GetValueOrDefault(text) + 1;
            Inline(text);
        }
        else if (_stringIds.TryGetValue(text, out int id))
        {
            _out.AddVariable((uint)id + DefinitionBinary.FirstSharedText);
        }
        else
        {
            Inline(text);
        }
    }

    private void Inline(string text)
    {
        _out.AddVariable(DefinitionBinary.InlineText);
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        Number(utf8.Length);
        _out.Add(utf8);
    }

    private void Texts(IReadOnlyList<string> texts)
    {
        Number(texts.Count);
        foreach (string text in texts)
        {
            Text(text);
        }
    }

    private void List<T>(IReadOnlyList<T> items, Action<T> write)
    {
        Number(items.Count);
        foreach (T item in items)
        {
            write(item);
        }
    }

    /// <summary>Writes a value that other definitions are likely to repeat: the number under which it is stored, 0 for null.</summary>
    private void Shared<T>(SharedValues values, T? value, Action<T> write)
        where T : class
    {
        if (value is null)
        {
            Number(0);
            return;
        }

        ByteBuffer outer = _out;
        _out = new ByteBuffer();
        write(value);
        byte[] bytes = _out.Bytes.ToArray();
        _out = outer;
        Number(values.Add(bytes) + 1);
    }
}

/// <summary>Byte strings without repetition.</summary>
internal sealed class SharedValues
{
    private readonly Dictionary<string, int> _ids = [];
    private readonly List<uint> _offsets = [];
    private readonly ByteBuffer _bytes = new();

    public IReadOnlyList<uint> Offsets => _offsets;
    public ReadOnlySpan<byte> Bytes => _bytes.Bytes;

    public int Add(byte[] value)
    {
        string key = Convert.ToHexString(value);
        if (!_ids.TryGetValue(key, out int id))
        {
            id = _ids.Count;
            _ids.Add(key, id);
            _offsets.Add((uint)_bytes.Length);
            _bytes.Add(value);
        }

        return id;
    }

    public void Clear()
    {
        _ids.Clear();
        _offsets.Clear();
        _bytes.Clear();
    }
}

/// <summary>A growing run of bytes.</summary>
internal sealed class ByteBuffer
{
    private byte[] _bytes = new byte[256];

    public int Length { get; private set; }
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Add(byte value)
    {
        Reserve(1);
        _bytes[Length++] = value;
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    public void AddUInt32(uint value)
    {
        Reserve(4);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(Length), value);
        Length += 4;
    }

    /// <summary>Seven bits to a byte, the lowest first; the high bit says that more follow.</summary>
    public void AddVariable(uint value)
    {
        while (value >= 0x80)
        {
            Add((byte)(value | 0x80));
            value >>= 7;
        }

        Add((byte)value);
    }

    private void Reserve(int count)
    {
        if (Length + count > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        }
    }
}
