using System.Buffers.Binary;
using System.Text;

namespace HealthChain.Fhir.Definitions;

/// <summary>
/// The definitions of one package as <see cref="DefinitionWriter"/> compiled them. Opening reads the header only: names are found
/// through a sorted table of hashes, and a definition, like each string it shares with others, is decoded when first asked for.
/// </summary>
internal sealed unsafe class DefinitionBinary : IDefinitionSource
{
    // Header: a magic number, then (count, offset) of each table, then where each kind starts among the entries.
    internal const int Magic = 0;
    internal const int Entries = 1;
    internal const int Index = 3;
    internal const int Strings = 5;
    internal const int Constraints = 7;
    internal const int Types = 9;
    internal const int Bindings = 11;
    internal const int Kinds = 13;
    internal const int KindCount = 8;
    internal const int HeaderBytes = 4 * (Kinds + KindCount + 1);
    internal const uint MagicValue = 0x31444348;

    // How a text starts: not there, spelled out here, or the number of a shared string + 2.
    internal const uint NoText = 0;
    internal const uint InlineText = 1;
    internal const uint FirstSharedText = 2;

    private readonly byte* _data;
    private readonly int _length;
    private readonly byte[]? _owner;
    private readonly IDefinition?[] _entries;
    private readonly string?[] _strings;
    private readonly Constraint?[] _constraints;
    private readonly TypeReference?[] _types;
    private readonly Binding?[] _bindings;

    /// <param name="data">Start of the binary.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="owner">The pinned array it is in; null when it is part of a loaded assembly.</param>
    private DefinitionBinary(byte* data, int length, byte[]? owner)
    {
        _data = data;
        _length = length;
        _owner = owner;
        if (length < HeaderBytes || Header(Magic) != MagicValue)
        {
            throw new InvalidDataException("The compiled definitions do not have the form that this code reads; build again.");
        }

        _entries = new IDefinition?[Header(Entries)];
        _strings = new string?[Header(Strings) - 1];
        _constraints = new Constraint?[Header(Constraints)];
        _types = new TypeReference?[Header(Types)];
        _bindings = new Binding?[Header(Bindings)];
    }

    /// <summary>Opens a binary that is embedded in this assembly.</summary>
    public static DefinitionBinary OpenEmbedded(string name)
    {
        // Sound: the runtime hands out resources of an assembly on disk as a stream over its mapped image, which stays mapped and
        // unchanged as long as the assembly is loaded, and this assembly is never unloaded while its own code runs.
        var stream = (UnmanagedMemoryStream)(typeof(DefinitionBinary).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidDataException($"This assembly was built without {name}."));
        return new DefinitionBinary(stream.PositionPointer, checked((int)stream.Length), null);
    }

    public static DefinitionBinary Open(ReadOnlySpan<byte> bytes)
    {
        byte[] pinned = GC.AllocateUninitializedArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(pinned);
        fixed (byte* start = pinned)
        {
            // Sound: the array lives on the pinned heap, never moves, and this object keeps it alive.
            return new DefinitionBinary(start, pinned.Length, pinned);
        }
    }

    public IEnumerable<IDefinition> All(DefinitionKind kind)
    {
        int end = (int)Header(Kinds + (int)kind + 1);
        for (int entry = (int)Header(Kinds + (int)kind); entry < end; entry++)
        {
            yield return Entry(entry);
        }
    }

    public IEnumerable<IDefinition> Find(DefinitionKind kind, string name)
    {
        uint hash = Hash(kind, name);
        int pairs = (int)Header(Index) / 2;
        for (int i = FirstAtLeast(hash, pairs); i < pairs && IndexNumber(2 * i) == hash; i++)
        {
            IDefinition definition = Entry((int)IndexNumber((2 * i) + 1));
            if (definition.Kind == kind && NamesOf(definition).Contains(name))
            {
                yield return definition;
            }
        }
    }

    internal static IEnumerable<string> NamesOf(IDefinition definition) =>
        definition.Url is { } url ? definition.Aliases.Prepend(url) : definition.Aliases;

    // FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv): string.GetHashCode differs from process to process.
    internal static uint Hash(DefinitionKind kind, string name)
    {
        uint hash = (2166136261 ^ (uint)kind) * 16777619;
        foreach (char c in name)
        {
            hash = (hash ^ c) * 16777619;
        }

        return hash;
    }

    internal ReadOnlySpan<byte> From(int position) => new(_data + position, _length - position);

    // Two threads may decode the same value at once; both get the one that was stored first.
    internal string SharedText(int id)
    {
        if (_strings[id] is { } known)
        {
            return known;
        }

        int start = (int)Number(Strings, id);
        string text = Encoding.UTF8.GetString(From(start)[..((int)Number(Strings, id + 1) - start)]);
        return Interlocked.CompareExchange(ref _strings[id], text, null) ?? text;
    }

    internal Constraint SharedConstraint(int id)
    {
        if (_constraints[id] is { } known)
        {
            return known;
        }

        Constraint value = Reader(Constraints, id).Constraint();
        return Interlocked.CompareExchange(ref _constraints[id], value, null) ?? value;
    }

    internal TypeReference SharedType(int id)
    {
        if (_types[id] is { } known)
        {
            return known;
        }

        TypeReference value = Reader(Types, id).Type();
        return Interlocked.CompareExchange(ref _types[id], value, null) ?? value;
    }

    internal Binding SharedBinding(int id)
    {
        if (_bindings[id] is { } known)
        {
            return known;
        }

        Binding value = Reader(Bindings, id).Binding();
        return Interlocked.CompareExchange(ref _bindings[id], value, null) ?? value;
    }

    private IDefinition Entry(int entry)
    {
        if (_entries[entry] is { } known)
        {
            return known;
        }

        var kind = default(DefinitionKind);
        while (Header(Kinds + (int)kind + 1) <= entry)
        {
            kind++;
        }

        IDefinition definition = Reader(Entries, entry).Body(kind);
        return Interlocked.CompareExchange(ref _entries[entry], definition, null) ?? definition;
    }

    private DefinitionReader Reader(int table, int index) => new(this, (int)Number(table, index));

    private int FirstAtLeast(uint hash, int pairs)
    {
        int low = 0;
        int high = pairs;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (IndexNumber(2 * middle) < hash)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private uint IndexNumber(int index) => Number(Index, index);

    private uint Number(int table, int index) => UInt32((int)Header(table + 1) + (4 * index));

    private uint Header(int slot) => UInt32(4 * slot);

    private uint UInt32(int position) => BinaryPrimitives.ReadUInt32LittleEndian(From(position));
}
