using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.EthersDifferential;

/// <summary>Random structs and values through EIP-712: types, hashes, signatures, and the JSON that wallets get.</summary>
internal static class TypedDataCases
{
    public static Case Hash(Draw draw)
    {
        var structs = new List<Struct>();
        Struct primary = Make(draw, structs, 0);
        string type = string.Concat(structs.Prepend(primary).Distinct().Select(static one => one.Text));
        var data = new TypedData(Domain(draw), type, primary.Values());
        byte[] secret = draw.Secret();
        JsonObject question = data.ToJson();
        question["kind"] = "typedData";
        question["secret"] = Hex.Data(secret);
        question["types"]!.AsObject().Remove("EIP712Domain");
        return new Case(
            question,
            new JsonObject
            {
                ["type"] = data.EncodeType(),
                ["separator"] = Hex.Data(data.DomainSeparator),
                ["struct"] = Hex.Data(data.StructHash),
                ["hash"] = Hex.Data(data.Hash()),
                ["signature"] = Hex.Data(EthereumSignature.ToBytes(Curves.SignSecp256k1(secret, data.Hash()))),
            },
            answer =>
            {
                using var payload = JsonDocument.Parse(answer.GetProperty("payload").GetString()!);
                return TypedData.Parse(payload.RootElement).Hash() == data.Hash() ? null : "what we read of the payload has another hash";
            });
    }

    private static TypedDataDomain Domain(Draw draw) => new()
    {
        Name = draw.Chance(70) ? draw.Text() : null,
        Version = draw.Chance(70) ? draw.Text() : null,
        ChainId = draw.Chance(70) ? draw.Number(256) : null,
        VerifyingContract = draw.Chance(70) ? draw.Address() : null,
        Salt = draw.Chance(30) ? draw.Hash() : null,
    };

    // A struct refers to others that are made on the way, or were made before: ethers refuses types that nothing refers to.
    private static Struct Make(Draw draw, List<Struct> made, int depth)
    {
        var text = new StringBuilder();
        var values = new List<Func<object>>();
        for (int i = 1 + draw.Below(5); i > 0; i--)
        {
            (string type, Func<object> value) = Member(draw, made, depth);
            text.Append(text.Length == 0 ? "" : ",").Append(type).Append(' ').Append('m').Append(i);
            values.Add(value);
        }

        var one = new Struct($"{draw.Of("A", "b", "Zz", "_x")}{draw.Below(1000)}x{made.Count}", text.ToString(), [.. values]);
        made.Add(one);
        return one;
    }

    private static (string Type, Func<object> Value) Member(Draw draw, List<Struct> made, int depth)
    {
        (string type, Func<object> value) = (depth < 3 && draw.Chance(35)) ? OfStruct(made.Count > 0 && draw.Chance(40) ? draw.Of(made) : Make(draw, made, depth + 1)) : OfAtom(AbiCases.Atom(draw));
        while (draw.Chance(20))
        {
            Func<object> element = value;
            int? length = draw.Chance(50) ? 1 + draw.Below(3) : null;
            type += $"[{length}]";
            value = () => Enumerable.Range(0, length ?? draw.Below(4)).Select(_ => element()).ToArray();
        }

        return (type, value);
    }

    private static (string Type, Func<object> Value) OfStruct(Struct one) => (one.Name, one.Values);

    private static (string Type, Func<object> Value) OfAtom(Func<TypedValue> atom) => (atom().Type, () => atom().Value);

    private sealed record Struct(string Name, string Members, Func<object>[] Makers)
    {
        public string Text => $"{Name}({Members})";

        public object[] Values() => [.. Makers.Select(static make => make())];
    }
}
