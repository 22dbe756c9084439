using System.Globalization;
using System.Text.Json.Nodes;
using HealthChain.LedgerAnchor.Chain;

namespace HealthChain.EthersDifferential;

/// <summary>Signed transactions, byte by byte, and RLP.</summary>
internal static class TransactionCases
{
    public static Case Legacy(Draw draw) => Transaction(draw, new GasFee(draw.Number(100), null), null);

    public static Case AccessList(Draw draw) => Transaction(draw, new GasFee(draw.Number(100), null), Entries(draw));

    /// <summary>Some with a tip above the fee, which both must refuse.</summary>
    public static Case DynamicFee(Draw draw) => Transaction(draw, new GasFee(draw.Number(100), draw.Number(draw.Chance(10) ? 110 : 40)), draw.Chance(50) ? Entries(draw) : null);

    public static Case Rlp(Draw draw)
    {
        var rlp = new RlpWriter();
        JsonNode items = Item(draw, rlp, 0);
        return new Case(new JsonObject { ["kind"] = "rlp", ["items"] = items }, new JsonObject { ["data"] = Hex.Data(rlp.ToArray()) });
    }

    /// <summary>Damaged RLP: whatever we read, ethers reads as the same. It lets some forms pass that are not canonical, and that we refuse.</summary>
    public static Case RlpNoise(Draw draw)
    {
        var rlp = new RlpWriter();
        Item(draw, rlp, 0);
        byte[] data = rlp.ToArray();
        if (draw.Chance(80))
        {
            data[draw.Below(Math.Min(data.Length, 4))] = (byte)draw.Below(256);
        }

        string? ours = Read(data)?.ToJsonString();
        return new Case(
            new JsonObject { ["kind"] = "unrlp", ["data"] = Hex.Data(data) },
            ours is null ? null : [],
            answer => JsonNode.DeepEquals(JsonNode.Parse(ours!), JsonNode.Parse(answer.GetProperty("items").GetRawText())) ? null : $"we read {ours}")
        { WeAreStricter = true };
    }

    private static Case Transaction(Draw draw, GasFee fee, AccessListEntry[]? access)
    {
        byte[] secret = draw.Secret();
        var transaction = new EthereumTransaction(
            1 + (long)draw.Number(45),
            (long)draw.Number(50),
            fee,
            (long)draw.Number(50),
            draw.Chance(85) ? draw.Address() : null,
            draw.Number(256),
            draw.Bytes(draw.Of(0, 1, 4, 36, 68, draw.Below(700))))
        {
            AccessList = access,
        };
        var question = new JsonObject { ["kind"] = "transaction", ["secret"] = Hex.Data(secret), ["fields"] = Fields(transaction) };
        using var signer = new LocalSigner(secret);
        SignedTransaction signed;
        try
        {
            signed = signer.Sign(transaction);
        }
        catch (ArgumentException)
        {
            return new Case(question, null);
        }

        return new Case(
            question,
            new JsonObject
            {
                ["unsigned"] = Hex.Data(transaction.SigningHash()),
                ["raw"] = Hex.Data(signed.Raw.Span),
                ["hash"] = Hex.Data(signed.Hash),
                ["from"] = signer.Address.ToString(),
            },
            answer => Compare(SignedTransaction.Decode(Hex.ParseData(answer.GetProperty("raw").GetString())), signed));
    }

    private static string? Compare(SignedTransaction read, SignedTransaction signed) =>
        read.From == signed.From && Fields(read.Transaction).ToJsonString() == Fields(signed.Transaction with { AccessList = signed.Transaction.AccessList ?? read.Transaction.AccessList }).ToJsonString()
            ? null
            : "what we read of it is something else";

    private static JsonObject Fields(EthereumTransaction transaction)
    {
        var fields = new JsonObject
        {
            ["type"] = transaction.Type,
            ["chainId"] = transaction.ChainId,
            ["nonce"] = transaction.Nonce,
            ["gasLimit"] = transaction.GasLimit.ToString(CultureInfo.InvariantCulture),
            ["to"] = transaction.To?.ToString(),
            ["value"] = transaction.Value.ToString(CultureInfo.InvariantCulture),
            ["data"] = Hex.Data(transaction.Data.Span),
        };
        fields[transaction.Fee.Tip is null ? "gasPrice" : "maxFeePerGas"] = transaction.Fee.Max.ToString(CultureInfo.InvariantCulture);
        if (transaction.Fee.Tip is { } tip)
        {
            fields["maxPriorityFeePerGas"] = tip.ToString(CultureInfo.InvariantCulture);
        }

        if (transaction.Type != 0)
        {
            fields["accessList"] = new JsonArray([.. (transaction.AccessList ?? []).Select(static entry => new JsonObject
            {
                ["address"] = entry.Address.ToString(),
                ["storageKeys"] = new JsonArray([.. entry.StorageKeys.Select(static key => JsonValue.Create(Hex.Data(key)))]),
            })]);
        }

        return fields;
    }

    private static AccessListEntry[] Entries(Draw draw) =>
        [.. Enumerable.Range(0, draw.Below(3)).Select(_ => new AccessListEntry(draw.Address(), [.. Enumerable.Range(0, draw.Below(4)).Select(_ => draw.Hash())]))];

    private static JsonNode Item(Draw draw, RlpWriter rlp, int depth)
    {
        if (depth > 3 || draw.Chance(50))
        {
            byte[] text = draw.Bytes(draw.Of(0, 1, 2, 55, 56, draw.Below(400)));
            rlp.Write(text);
            return Hex.Data(text);
        }

        rlp.BeginList();
        var list = new JsonArray();
        for (int i = draw.Below(6); i > 0; i--)
        {
            list.Add(Item(draw, rlp, depth + 1));
        }

        rlp.EndList();
        return list;
    }

    private static JsonNode? Read(byte[] data)
    {
        try
        {
            var reader = new RlpReader(data);
            JsonNode item = Read(ref reader);
            reader.ExpectEnd();
            return item;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static JsonNode Read(ref RlpReader reader)
    {
        if (!reader.IsAtList)
        {
            return Hex.Data(reader.ReadText());
        }

        var items = reader.ReadList();
        var list = new JsonArray();
        while (!items.IsAtEnd)
        {
            list.Add(Read(ref items));
        }

        return list;
    }
}
