using System.Globalization;

namespace HealthChain.LedgerAnchor.Chain;

public enum AbiKind
{
    /// <summary><c>uint8</c> to <c>uint256</c>; values are BigInteger, and any integer of .NET is taken.</summary>
    UnsignedInteger,

    /// <summary><c>int8</c> to <c>int256</c>; values as above.</summary>
    SignedInteger,

    /// <summary>Values are <see cref="EthereumAddress"/>.</summary>
    Address,

    Bool,

    /// <summary><c>bytes1</c> to <c>bytes32</c>; values are arrays of bytes, and for <c>bytes32</c> a <c>Hash256</c> is taken.</summary>
    FixedBytes,

    /// <summary>Values are arrays of bytes.</summary>
    Bytes,

    Text,

    /// <summary><c>T[]</c> and <c>T[n]</c>; values are arrays of objects.</summary>
    Array,

    /// <summary><c>(T1,T2)</c>; values are arrays of objects, in order.</summary>
    Tuple,
}

/// <summary>A type of the contract ABI (Solidity's specification, "Formal Specification of the Encoding").</summary>
/// <remarks>Types without any content (<c>T[0]</c>, <c>()</c>) are refused: a few bytes could then claim any number of them.</remarks>
public sealed class AbiType
{
    internal const int WordBytes = 32;
    private const int MaxDepth = 16;
    private const int MaxHeadBytes = 1 << 20;

    private AbiType(AbiKind kind, string name, int headBytes)
    {
        Kind = kind;
        Name = name;
        HeadBytes = headBytes;
    }

    public AbiKind Kind { get; }

    /// <summary>Canonical, as signatures have it: <c>uint</c> is <c>uint256</c>.</summary>
    public string Name { get; }

    /// <summary>How many bits an integer has, or how many bytes a <c>bytesN</c>.</summary>
    public int Size { get; private init; }

    /// <summary>Of an array.</summary>
    public AbiType? Element { get; private init; }

    /// <summary>How many elements a <c>T[n]</c> has; null when the value says it.</summary>
    public int? Length { get; private init; }

    /// <summary>Of a tuple.</summary>
    public IReadOnlyList<AbiParameter> Components { get; private init; } = [];

    /// <summary>Whether the place of a value holds only an offset to it.</summary>
    public bool IsDynamic { get; private init; }

    internal int HeadBytes { get; }

    /// <exception cref="FormatException">It is no type of the ABI.</exception>
    public static AbiType Parse(string text)
    {
        var scanner = new AbiScanner(text);
        AbiType type = Read(scanner, 0);
        scanner.ExpectEnd();
        return type;
    }

    public override string ToString() => Name;

    internal static AbiType Read(AbiScanner scanner, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new FormatException($"Types of the ABI may nest {MaxDepth} deep.");
        }

        AbiType type = scanner.IsAt('(') ? TupleOf(AbiParameter.ReadList(scanner, depth + 1)) : Elementary(scanner.ReadWord());
        for (; scanner.Skip('['); depth++)
        {
            int? length = scanner.IsAt(']') ? null : scanner.ReadNumber();
            scanner.Expect(']');
            type = depth < MaxDepth ? ArrayOf(type, length) : throw new FormatException($"Types of the ABI may nest {MaxDepth} deep.");
        }

        return type;
    }

    internal static AbiType TupleOf(IReadOnlyList<AbiParameter> components)
    {
        bool isDynamic = components.Any(static component => component.Type.IsDynamic);
        string name = "(" + string.Join(',', components.Select(static component => component.Type.Name)) + ")";
        long head = isDynamic ? WordBytes : components.Sum(static component => (long)component.Type.HeadBytes);
        return components.Count > 0
            ? new AbiType(AbiKind.Tuple, name, Bounded(head)) { Components = components, IsDynamic = isDynamic }
            : throw new FormatException("A tuple of the ABI needs a component.");
    }

    internal static AbiType ArrayOf(AbiType element, int? length)
    {
        bool isDynamic = length is null || element.IsDynamic;
        long head = isDynamic ? WordBytes : (long)length!.Value * element.HeadBytes;
        return length is null or > 0
            ? new AbiType(AbiKind.Array, $"{element.Name}[{length}]", Bounded(head)) { Element = element, Length = length, IsDynamic = isDynamic }
            : throw new FormatException("An array of the ABI needs an element.");
    }

    private static AbiType Elementary(string word) => word switch
    {
        "address" => new AbiType(AbiKind.Address, word, WordBytes),
        "bool" => new AbiType(AbiKind.Bool, word, WordBytes),
        "bytes" => new AbiType(AbiKind.Bytes, word, WordBytes) { IsDynamic = true },
        "string" => new AbiType(AbiKind.Text, word, WordBytes) { IsDynamic = true },
        "uint" or "int" => Elementary(word + "256"),
        _ when word.StartsWith("uint", StringComparison.Ordinal) => Sized(AbiKind.UnsignedInteger, word, word[4..], 256, 8),
        _ when word.StartsWith("int", StringComparison.Ordinal) => Sized(AbiKind.SignedInteger, word, word[3..], 256, 8),
        _ when word.StartsWith("bytes", StringComparison.Ordinal) => Sized(AbiKind.FixedBytes, word, word[5..], WordBytes, 1),
        _ => throw Unknown(),
    };

    private static AbiType Sized(AbiKind kind, string name, string digits, int most, int step) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && digits[0] != '0' && size <= most && size % step == 0
            ? new AbiType(kind, name, WordBytes) { Size = size }
            : throw Unknown();

    private static int Bounded(long headBytes) =>
        headBytes <= MaxHeadBytes ? (int)headBytes : throw new FormatException($"Values of this type take more than {MaxHeadBytes} bytes.");

    private static FormatException Unknown() => new("This is no type of the ABI that contracts of today have.");
}

/// <summary>A value that a function, an event, an error or a tuple has: its type and what the source calls it.</summary>
/// <param name="IsIndexed">In an event: whether it is a topic and not part of the data.</param>
public sealed record AbiParameter(AbiType Type, string Name = "", bool IsIndexed = false)
{
    private const int MaxParameters = 256;

    internal static IReadOnlyList<AbiParameter> ReadList(AbiScanner scanner, int depth)
    {
        var list = new List<AbiParameter>();
        scanner.Expect('(');
        if (scanner.Skip(')'))
        {
            return list;
        }

        do
        {
            AbiType type = AbiType.Read(scanner, depth);
            string word = scanner.ReadOptionalWord();
            bool isIndexed = word == "indexed";
            list.Add(new AbiParameter(type, isIndexed ? scanner.ReadOptionalWord() : word, isIndexed));
        }
        while (scanner.Skip(',') && list.Count < MaxParameters);

        scanner.Expect(')');
        return list;
    }
}

/// <summary>Walks over a type or a signature.</summary>
internal sealed class AbiScanner(string text)
{
    private int _at;

    public bool IsAt(char expected)
    {
        SkipBlanks();
        return _at < text.Length && text[_at] == expected;
    }

    public bool Skip(char expected)
    {
        bool there = IsAt(expected);
        _at += there ? 1 : 0;
        return there;
    }

    public void Expect(char expected)
    {
        if (!Skip(expected))
        {
            throw new FormatException($"A type or signature of the ABI lacks '{expected}'.");
        }
    }

    public void ExpectEnd()
    {
        SkipBlanks();
        if (_at < text.Length)
        {
            throw new FormatException("A type or signature of the ABI goes on after its end.");
        }
    }

    public string ReadWord() => ReadOptionalWord() is { Length: > 0 } word ? word : throw new FormatException("A type or signature of the ABI lacks a name.");

    public string ReadOptionalWord()
    {
        SkipBlanks();
        int start = _at;
        while (_at < text.Length && (char.IsAsciiLetterOrDigit(text[_at]) || text[_at] is '_' or '$'))
        {
            _at++;
        }

        return text[start.._at];
    }

    public int ReadNumber() =>
        int.TryParse(ReadWord(), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new FormatException("The length of an array is no number.");

    private void SkipBlanks()
    {
        while (_at < text.Length && text[_at] == ' ')
        {
            _at++;
        }
    }
}
