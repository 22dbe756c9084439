using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>The JSON form that wallets and signers take: <c>eth_signTypedData_v4</c>.</summary>
public sealed partial class TypedData
{
    /// <summary>Reads what a wallet was asked to sign.</summary>
    /// <exception cref="FormatException">It is not that, or has members that the signature would not cover.</exception>
    public static TypedData Parse(JsonElement json)
    {
        var types = new Dictionary<string, IReadOnlyList<TypedDataMember>>();
        foreach ((string name, JsonElement members) in json.Member("types").Members())
        {
            if (!types.TryAdd(name, [.. members.List().Select(static member => new TypedDataMember(member.Text("name") ?? "", member.Text("type") ?? ""))]))
            {
                throw new FormatException("A type is declared twice.");
            }
        }

        TypedDataDomain domain = ReadDomain(json.Member("domain"));
        if (types.Remove(DomainType, out var declared) && !declared.SequenceEqual(domain.Members().Select(static member => member.Member)))
        {
            throw new FormatException("The domain has other members than are declared for it, or in another order.");
        }

        string primaryType = json.Text("primaryType") ?? "";
        if (!types.ContainsKey(primaryType) || types.Count > MaxTypes)
        {
            throw new FormatException("The primary type is not declared, or there are too many types.");
        }

        try
        {
            return new TypedData(domain, types, primaryType, ReadStruct(types, primaryType, json.Member("message"), 0));
        }
        catch (ArgumentException e)
        {
            throw new FormatException("A value does not fit its type.", e);
        }
    }

    public JsonObject ToJson()
    {
        var domain = Domain.Members();
        var types = new JsonObject { [DomainType] = Members(domain.Select(static member => member.Member)) };
        foreach ((string name, var members) in _types)
        {
            types[name] = Members(members);
        }

        return new JsonObject
        {
            ["types"] = types,
            ["primaryType"] = PrimaryType,
            ["domain"] = new JsonObject(domain.Select(static member => KeyValuePair.Create(member.Member.Name, Atom(member.Value)))),
            ["message"] = ToJson(PrimaryType, _message),
        };

        static JsonArray Members(IEnumerable<TypedDataMember> members) =>
            [.. members.Select(static member => new JsonObject { ["name"] = member.Name, ["type"] = member.Type })];
    }

    private JsonNode? ToJson(string type, object value)
    {
        if (ElementOf(type, out int? length) is { } element)
        {
            return new JsonArray([.. AbiValue.List(value, type, length).Select(one => ToJson(element, one))]);
        }

        return _types.TryGetValue(type, out var members)
            ? new JsonObject(members.Zip(AbiValue.List(value, type), (member, one) => KeyValuePair.Create(member.Name, ToJson(member.Type, one))))
            : Atom(value);
    }

    // Numbers go as text: JSON's readers often keep 53 bits of them.
    private static JsonNode? Atom(object value) => value switch
    {
        bool truth => truth,
        byte[] or Hash256 or ReadOnlyMemory<byte> => Hex.Data(AbiValue.Bytes(value)),
        _ => value.ToString(),
    };

    private static TypedDataDomain ReadDomain(JsonElement json)
    {
        var domain = new TypedDataDomain
        {
            Name = json.Has("name") ? json.Text("name") : null,
            Version = json.Has("version") ? json.Text("version") : null,
            ChainId = json.Has("chainId") ? ReadInteger(json.Member("chainId")) : null,
            VerifyingContract = json.OptionalAddress("verifyingContract"),
            Salt = json.Has("salt") ? json.Hash("salt") : null,
        };
        return json.Members().Count(static member => member.Value.ValueKind != JsonValueKind.Null) == domain.Members().Count
            ? domain
            : throw new FormatException("A domain has members that EIP-712 does not know, or one twice.");
    }

    private static object[] ReadStruct(Dictionary<string, IReadOnlyList<TypedDataMember>> types, string type, JsonElement json, int depth)
    {
        var members = types[type];
        if (depth > MaxDepth || json.Members().Count != members.Count)
        {
            throw new FormatException("A struct has other members than are declared for it, or nests too deep.");
        }

        return [.. members.Select(member => ReadValue(types, member.Type, json.Member(member.Name), depth))];
    }

    private static object ReadValue(Dictionary<string, IReadOnlyList<TypedDataMember>> types, string type, JsonElement json, int depth)
    {
        if (ElementOf(type, out _) is { } element)
        {
            return json.List().Select(one => ReadValue(types, element, one, depth)).ToArray();
        }

        if (types.ContainsKey(type))
        {
            return ReadStruct(types, type, json, depth + 1);
        }

        return AbiType.Parse(type).Kind switch
        {
            AbiKind.Bool => json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : throw new FormatException("There is something else where a bool belongs."),
            AbiKind.Address => EthereumAddress.Parse(json.Text() ?? ""),
            AbiKind.Text => json.Text() ?? throw new FormatException("There is nothing where a string belongs."),
            AbiKind.Bytes or AbiKind.FixedBytes => Hex.ParseData(json.Text()),
            _ => ReadInteger(json),
        };
    }

    private static BigInteger ReadInteger(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Number)
        {
            return json.TryGetInt64(out long number) ? number : throw new FormatException("A number is not whole, or so large that it has to be a text.");
        }

        string text = json.Text() ?? "";
        return text.StartsWith("0x", StringComparison.Ordinal) ? Hex.ParseQuantity(text)
            : text.Length <= MaxDigits && BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger large) ? large
            : throw new FormatException("There is something else where a number belongs.");
    }
}
