using System.Text;

namespace HealthChain.Fhir.Ucum;

/// <summary>A UCUM prefix, as <c>k</c> for <c>1e3</c>.</summary>
internal sealed record UcumPrefix(string Code, string Factor);

/// <summary>How the magnitude of an atom comes about (UCUM §§ 11, 16, 21, 24).</summary>
internal enum UcumAtomKind : byte
{
    /// <summary>One of the seven base units.</summary>
    Base,

    /// <summary>A number times an expression of other units.</summary>
    Derived,

    /// <summary>On a scale that a function relates to a proper unit, as <c>Cel</c>, <c>[pH]</c> and <c>B</c>.</summary>
    Special,

    /// <summary>Defined by a procedure, comparable with itself alone, as <c>[iU]</c>.</summary>
    Arbitrary,
}

/// <summary>One unit atom: <c>1 Code = Factor Unit</c>, through <paramref name="Function"/> when special.</summary>
/// <param name="Code">The case-sensitive symbol.</param>
/// <param name="Name">The unit's English name.</param>
/// <param name="Kind">Which of the four sorts of unit it is.</param>
/// <param name="IsMetric">Whether it takes prefixes.</param>
/// <param name="Factor">A decimal, or two with a slash between, exactly as defined (<c>37e9</c>, <c>5/9</c>).</param>
/// <param name="Unit">The defining expression in other units; empty for a base unit.</param>
/// <param name="Function">The name of a special unit's function; else empty.</param>
internal sealed record UcumAtom(string Code, string Name, UcumAtomKind Kind, bool IsMetric, string Factor, string Unit, string Function);

/// <summary>
/// The tables of UCUM: prefixes and atoms. The build reads them from the published JSON and embeds the binary form.
/// </summary>
/// <remarks>
/// Depends on nothing but the base library, because the build tool compiles this type too.
/// Binary form: the magic bytes, then each list as a count and its records, strings as <see cref="BinaryWriter"/> writes them.
/// </remarks>
internal sealed partial class UcumDefinitions(IReadOnlyList<UcumPrefix> prefixes, IReadOnlyList<UcumAtom> atoms)
{
    /// <summary>The logical name of the embedded resource.</summary>
    public const string ResourceName = "ucum.bin";

    private const uint Magic = 0x314D4355; // "UCM1", little-endian; the digit is the version of the format.

    public IReadOnlyList<UcumPrefix> Prefixes { get; } = prefixes;

    public IReadOnlyList<UcumAtom> Atoms { get; } = atoms;

    /// <summary>Reads what <see cref="WriteBinary"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The stream holds something else.</exception>
    public static UcumDefinitions ReadBinary(Stream stream)
    {
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        if (reader.ReadUInt32() != Magic)
        {
            throw new InvalidDataException("These are no UCUM definitions of this version.");
        }

        var prefixes = new UcumPrefix[reader.ReadUInt16()];
        for (var i = 0; i < prefixes.Length; i++)
        {
            prefixes[i] = new UcumPrefix(reader.ReadString(), reader.ReadString());
        }

        var atoms = new UcumAtom[reader.ReadUInt16()];
        for (var i = 0; i < atoms.Length; i++)
        {
            atoms[i] = new UcumAtom(
                reader.ReadString(),
                reader.ReadString(),
                (UcumAtomKind)reader.ReadByte(),
                reader.ReadBoolean(),
                reader.ReadString(),
                reader.ReadString(),
                reader.ReadString());
        }

        return new UcumDefinitions(prefixes, atoms);
    }

    /// <summary>Writes the compact form; equal definitions give equal bytes.</summary>
    public void WriteBinary(Stream stream)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write(Magic);
        writer.Write((ushort)Prefixes.Count);
        foreach (var prefix in Prefixes)
        {
            writer.Write(prefix.Code);
            writer.Write(prefix.Factor);
        }

        writer.Write((ushort)Atoms.Count);
        foreach (var atom in Atoms)
        {
            writer.Write(atom.Code);
            writer.Write(atom.Name);
            writer.Write((byte)atom.Kind);
            writer.Write(atom.IsMetric);
            writer.Write(atom.Factor);
            writer.Write(atom.Unit);
            writer.Write(atom.Function);
        }
    }
}
