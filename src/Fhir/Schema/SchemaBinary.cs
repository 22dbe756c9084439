using System.Runtime.InteropServices;
using System.Text;

namespace HealthChain.Fhir.Schema;

/// <summary>
/// The compiled form of the schema: a table of strings, then types, then their elements, all numbers as variable-length integers.
/// Written by <see cref="SchemaCompiler"/> at build time, embedded as <c>schema.bin</c>, read at start in a few milliseconds.
/// </summary>
internal static class SchemaBinary
{
    public const string ResourceName = "schema.bin";

    public static FhirSchema LoadEmbedded()
    {
        using Stream stream = typeof(SchemaBinary).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"The assembly lacks its embedded resource {ResourceName}.");
        byte[] bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return Read(bytes);
    }

    public static FhirSchema Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new Reader(bytes);
        string[] strings = new string[reader.Number()];
        byte[][] utf8 = new byte[strings.Length][];
        for (int i = 0; i < strings.Length; i++)
        {
            ReadOnlySpan<byte> text = reader.Bytes();
            utf8[i] = text.ToArray();
            strings[i] = Encoding.UTF8.GetString(text);
        }

        var types = new TypeSchema[reader.Number()];
        int[] bases = new int[types.Length];
        for (int i = 0; i < types.Length; i++)
        {
            string name = strings[reader.Number()];
            var kind = (TypeKind)reader.Number();
            var primitive = (PrimitiveKind)reader.Number();
            bool isAbstract = reader.Number() != 0;
            bases[i] = reader.Number() - 1;
            types[i] = new TypeSchema((ushort)i, name, kind, primitive, isAbstract);
        }

        var all = new ElementSchema[reader.Number()];
        int next = 0;
        for (int i = 0; i < types.Length; i++)
        {
            var elements = new ElementSchema[reader.Number()];
            for (int e = 0; e < elements.Length; e++)
            {
                elements[e] = all[next] = ReadElement(ref reader, strings, utf8, types, (ushort)next, e);
                elements[e].Owner = types[i];
                next++;
            }

            types[i].Complete(bases[i] < 0 ? null : types[bases[i]], elements);
        }

        return new FhirSchema(types, all);
    }

    private static ElementSchema ReadElement(ref Reader reader, string[] strings, byte[][] utf8, TypeSchema[] types, ushort id, int index)
    {
        string name = strings[reader.Number()];
        string path = strings[reader.Number()];
        string basePath = strings[reader.Number()];
        int min = reader.Number();
        int max = reader.Number() - 1;
        var traits = (ElementTraits)reader.Number();
        var allowed = new ElementType[reader.Number()];
        for (int t = 0; t < allowed.Length; t++)
        {
            TypeSchema type = types[reader.Number()];
            allowed[t] = new ElementType(type, utf8[reader.Number()]);
        }

        return new ElementSchema(id, name, path, basePath, index, min, max < 0 ? int.MaxValue : max, traits) { Types = allowed };
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private int _position;

        public int Number()
        {
            int value = 0;
            for (int shift = 0; ; shift += 7)
            {
                byte next = _bytes[_position++];
                value |= (next & 0x7F) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }
        }

        public ReadOnlySpan<byte> Bytes()
        {
            int length = Number();
            ReadOnlySpan<byte> slice = _bytes.Slice(_position, length);
            _position += length;
            return slice;
        }
    }
}

/// <summary>The writing side of <see cref="SchemaBinary"/>'s format.</summary>
internal sealed class SchemaBinaryWriter
{
    private readonly List<string> _strings = [];
    private readonly Dictionary<string, int> _indexes = [];
    private readonly List<byte> _body = [];

    public void Number(int value) => Append(_body, value);

    public void Text(string value)
    {
        if (!_indexes.TryGetValue(value, out int index))
        {
            index = _strings.Count;
            _strings.Add(value);
            _indexes.Add(value, index);
        }

        Number(index);
    }

    public void CopyTo(Stream output)
    {
        var head = new List<byte>();
        Append(head, _strings.Count);
        foreach (string text in _strings)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            Append(head, bytes.Length);
            head.AddRange(bytes);
        }

        output.Write(CollectionsMarshal.AsSpan(head));
        output.Write(CollectionsMarshal.AsSpan(_body));
    }

    private static void Append(List<byte> bytes, int value)
    {
        uint rest = (uint)value;
        while (rest >= 0x80)
        {
            bytes.Add((byte)(rest | 0x80));
            rest >>= 7;
        }

        bytes.Add((byte)rest);
    }
}
