using System.Numerics;
using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>For which contract, on which chain, a signature is meant (EIP-712). Members that are null are left out of the hash.</summary>
public sealed record TypedDataDomain
{
    public string? Name { get; init; }

    public string? Version { get; init; }

    public BigInteger? ChainId { get; init; }

    public EthereumAddress? VerifyingContract { get; init; }

    public Hash256? Salt { get; init; }

    /// <summary>The members that are there, in the order that the specification gives them.</summary>
    internal IReadOnlyList<(TypedDataMember Member, object Value)> Members() =>
    [
        .. new (string Name, string Type, object? Value)[]
        {
            ("name", "string", Name), ("version", "string", Version), ("chainId", "uint256", ChainId),
            ("verifyingContract", "address", VerifyingContract), ("salt", "bytes32", Salt),
        }.Where(static member => member.Value is not null).Select(static member => (new TypedDataMember(member.Name, member.Type), member.Value!)),
    ];
}

/// <summary>A member of a struct. Its type is one of the ABI's or another struct, with [] or [n] after it for arrays.</summary>
public sealed record TypedDataMember(string Name, string Type);

/// <summary>Structured data that people and contracts can sign and check (EIP-712).</summary>
/// <remarks>Values are those of <see cref="AbiKind"/>; a struct is an array of its members' values, in order.</remarks>
public sealed partial class TypedData
{
    private const string DomainType = "EIP712Domain";
    private const int MaxDepth = 32;
    private const int MaxTypes = 256;

    // Of 256 bits in decimal, with a sign.
    private const int MaxDigits = 79;

    private readonly Dictionary<string, IReadOnlyList<TypedDataMember>> _types;
    private readonly IReadOnlyList<object> _message;

    /// <param name="type">As <c>encodeType</c> writes it, the primary struct first: <c>Mail(Person from,string text)Person(string name)</c>.</param>
    /// <param name="message">Values of the members of the primary struct, in order.</param>
    /// <exception cref="FormatException">These are no types of EIP-712.</exception>
    /// <exception cref="ArgumentException">A value does not fit its type.</exception>
    public TypedData(TypedDataDomain domain, string type, params object[] message)
        : this(domain, ReadTypes(type, out string primaryType), primaryType, message)
    {
    }

    private TypedData(TypedDataDomain domain, Dictionary<string, IReadOnlyList<TypedDataMember>> types, string primaryType, IReadOnlyList<object> message)
    {
        Domain = domain;
        PrimaryType = primaryType;
        _types = types;
        _message = message;
        foreach (TypedDataMember member in types.Values.SelectMany(static members => members))
        {
            CheckType(member.Type);
        }

        // Computed at once, so that whoever holds an instance can hash it.
        DomainSeparator = HashDomain();
        StructHash = HashStruct(primaryType, message, 0);
    }

    public TypedDataDomain Domain { get; }

    public string PrimaryType { get; }

    /// <summary>What contracts keep as their <c>DOMAIN_SEPARATOR</c>.</summary>
    public Hash256 DomainSeparator { get; }

    /// <summary><c>hashStruct(message)</c>.</summary>
    public Hash256 StructHash { get; }

    /// <summary>The hash that is signed.</summary>
    public Hash256 Hash() => Keccak256.Of([0x19, 0x01, .. DomainSeparator.ToArray(), .. StructHash.ToArray()]);

    /// <summary>The primary struct and, sorted by name, all that it refers to.</summary>
    public string EncodeType() => EncodeType(PrimaryType);

    private string EncodeType(string type)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([type]);
        while (open.TryPop(out string? name))
        {
            foreach (TypedDataMember member in _types[name])
            {
                string atom = AtomOf(member.Type);
                if (atom != type && _types.ContainsKey(atom) && found.Add(atom))
                {
                    open.Push(atom);
                }
            }
        }

        var text = new StringBuilder();
        foreach (string name in found.Prepend(type))
        {
            text.Append(name).Append('(').AppendJoin(',', _types[name].Select(static member => $"{member.Type} {member.Name}")).Append(')');
        }

        return text.ToString();
    }

    private Hash256 HashDomain()
    {
        var members = Domain.Members();
        string type = $"{DomainType}({string.Join(',', members.Select(static m => $"{m.Member.Type} {m.Member.Name}"))})";
        byte[] encoded = new byte[(1 + members.Count) * Hash256.Bytes];
        Abi.HashOf(type).Write(encoded);
        for (int i = 0; i < members.Count; i++)
        {
            EncodeValue(members[i].Member.Type, members[i].Value, encoded.AsSpan((i + 1) * Hash256.Bytes, Hash256.Bytes), 0);
        }

        return Keccak256.Of(encoded);
    }

    private Hash256 HashStruct(string type, IReadOnlyList<object> values, int depth)
    {
        var members = _types[type];
        if (values.Count != members.Count || depth > MaxDepth)
        {
            throw new ArgumentException($"A {type} has {members.Count} members, and structs may nest {MaxDepth} deep.", nameof(values));
        }

        byte[] encoded = new byte[(1 + members.Count) * Hash256.Bytes];
        Keccak256.Of(Encoding.UTF8.GetBytes(EncodeType(type))).Write(encoded);
        for (int i = 0; i < members.Count; i++)
        {
            EncodeValue(members[i].Type, values[i], encoded.AsSpan((i + 1) * Hash256.Bytes, Hash256.Bytes), depth);
        }

        return Keccak256.Of(encoded);
    }

    private void EncodeValue(string type, object value, Span<byte> word, int depth)
    {
        if (ElementOf(type, out int? length) is { } element)
        {
            var values = AbiValue.List(value, type, length);
            byte[] encoded = new byte[values.Count * Hash256.Bytes];
            for (int i = 0; i < values.Count; i++)
            {
                EncodeValue(element, values[i], encoded.AsSpan(i * Hash256.Bytes, Hash256.Bytes), depth);
            }

            Keccak256.Of(encoded).Write(word);
        }
        else if (_types.ContainsKey(type))
        {
            HashStruct(type, AbiValue.List(value, type), depth + 1).Write(word);
        }
        else
        {
            AbiType atom = AbiType.Parse(type);
            switch (atom.Kind)
            {
                case AbiKind.Bytes:
                    Keccak256.Of(AbiValue.Bytes(value)).Write(word);
                    break;
                case AbiKind.Text:
                    Keccak256.Of(Encoding.UTF8.GetBytes(AbiValue.As<string>(value, atom))).Write(word);
                    break;
                default:
                    AbiValue.WriteWord(atom, value, word);
                    break;
            }
        }
    }

    private void CheckType(string type)
    {
        string atom = AtomOf(type);
        if (!_types.ContainsKey(atom) && AbiType.Parse(atom).Kind is AbiKind.Tuple or AbiKind.Array)
        {
            throw new FormatException("A struct of EIP-712 has a name.");
        }

        for (string? rest = type; rest is not null; rest = ElementOf(rest, out _))
        {
        }
    }

    private static string AtomOf(string type) => type.IndexOf('[', StringComparison.Ordinal) is var at and >= 0 ? type[..at] : type;

    /// <summary>The type of an array's elements; null when the type is no array. The brackets furthest right are the outermost.</summary>
    private static string? ElementOf(string type, out int? length)
    {
        length = null;
        if (!type.EndsWith(']'))
        {
            return null;
        }

        int open = type.LastIndexOf('[');
        if (open <= 0)
        {
            throw new FormatException("An array of EIP-712 has elements.");
        }

        string digits = type[(open + 1)..^1];
        length = digits.Length == 0 ? null : new AbiScanner(digits).ReadNumber();
        return type[..open];
    }

    private static Dictionary<string, IReadOnlyList<TypedDataMember>> ReadTypes(string text, out string primaryType)
    {
        var types = new Dictionary<string, IReadOnlyList<TypedDataMember>>();
        string first = "";
        while (text.Length > 0)
        {
            int open = text.IndexOf('(', StringComparison.Ordinal);
            int close = text.IndexOf(')', StringComparison.Ordinal);
            if (open <= 0 || close < open || !types.TryAdd(text[..open], ReadMembers(text[(open + 1)..close])))
            {
                throw new FormatException("These are no types of EIP-712, or one is there twice.");
            }

            first = first.Length == 0 ? text[..open] : first;
            text = text[(close + 1)..];
        }

        primaryType = first.Length > 0 ? first : throw new FormatException("These are no types of EIP-712.");
        return types;
    }

    private static TypedDataMember[] ReadMembers(string text) =>
    [
        .. text.Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(static member => member.Split(' '))
            .Select(static parts => parts is [{ Length: > 0 } type, { Length: > 0 } name]
                ? new TypedDataMember(name, type)
                : throw new FormatException("A member of EIP-712 is a type, a blank and a name.")),
    ];
}
