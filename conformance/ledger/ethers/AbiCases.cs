using System.Text.Json.Nodes;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.EthersDifferential;

/// <summary>A type of the ABI and a value of it.</summary>
internal sealed record TypedValue(string Type, object Value);

/// <summary>Values of random types through the ABI, both ways; calls, events, errors.</summary>
internal static class AbiCases
{
    public static Case Encode(Draw draw)
    {
        TypedValue[] values = Values(draw, 1 + draw.Below(5));
        byte[] data = Abi.Encode(List(values), Objects(values));
        return new Case(Question("encode", values), new JsonObject { ["data"] = Hex.Data(data) }, _ => Differs(values, Abi.Decode(List(values), data)));
    }

    public static Case Decode(Draw draw)
    {
        TypedValue[] values = Values(draw, 1 + draw.Below(5));
        var question = new JsonObject { ["kind"] = "decode", ["types"] = Types(values), ["data"] = Hex.Data(Abi.Encode(List(values), Objects(values))) };
        return new Case(question, new JsonObject { ["values"] = Json(values) });
    }

    public static Case Call(Draw draw)
    {
        TypedValue[] values = Values(draw, draw.Below(5));
        string name = "f" + draw.Name();
        var function = new AbiFunction(name + List(values));
        JsonObject question = Question("call", values);
        question["name"] = name;
        question["signature"] = name + List(values);
        return new Case(
            question,
            new JsonObject
            {
                ["selector"] = Hex.Data(function.Selector),
                ["signature"] = function.Signature,
                ["data"] = Hex.Data(function.Encode(Objects(values))),
            },
            answer => Differs(values, function.DecodeInput(Hex.ParseData(answer.GetProperty("data").GetString()))));
    }

    /// <summary>Up to three values are indexed; ethers does so with values of one word, strings and bytes.</summary>
    public static Case Event(Draw draw)
    {
        TypedValue[] values = Values(draw, draw.Below(6));
        string name = "E" + draw.Name();
        int indexed = 0;
        string[] parameters = [.. values.Select((value, index) => $"{value.Type}{(!value.Type.AsSpan().ContainsAny('[', '(') && draw.Chance(60) && ++indexed <= 3 ? " indexed" : "")} p{index}")];
        var type = new AbiEvent($"{name}({string.Join(", ", parameters)})");
        JsonObject question = Question("event", values);
        question["name"] = name;
        question["signature"] = $"{name}({string.Join(", ", parameters)})";
        return new Case(question, [], answer =>
        {
            Hash256[] topics = [.. answer.GetProperty("topics").EnumerateArray().Select(static topic => Hex.ParseHash(topic.GetString()))];
            byte[] data = Hex.ParseData(answer.GetProperty("data").GetString());
            object[] read = type.Decode(new EthereumLog(default, topics, data, 0, default, default, 0, false));
            return Differs([.. values.Select((value, index) => read[index] is Hash256 ? value with { Value = HashOf(value.Value) } : value)], read);
        });
    }

    public static Case Error(Draw draw)
    {
        TypedValue[] values = Values(draw, draw.Below(4));
        string name = "X" + draw.Name();
        var error = new AbiError(name + List(values));
        JsonObject question = Question("error", values);
        question["name"] = name;
        question["signature"] = name + List(values);
        return new Case(question, [], answer =>
        {
            RevertReason reason = RevertReason.Read(Hex.ParseData(answer.GetProperty("data").GetString()), error);
            return reason.Error == name ? Differs(values, reason.Arguments) : $"the reason is {reason.Error}";
        });
    }

    /// <summary>Draws a type of one word, or of bytes or text; the function then draws values of it.</summary>
    public static Func<TypedValue> Atom(Draw draw)
    {
        int bytes = 1 + draw.Below(32);
        return draw.Below(9) switch
        {
            0 or 1 => () => new TypedValue($"uint{8 * bytes}", draw.Number(8 * bytes)),
            2 or 3 => () => new TypedValue($"int{8 * bytes}", draw.Number(8 * bytes - 1) is var number && draw.Chance(50) ? -number - 1 : number),
            4 => () => new TypedValue("address", draw.Address()),
            5 => () => new TypedValue("bool", draw.Chance(50)),
            6 => () => new TypedValue($"bytes{bytes}", draw.Bytes(bytes)),
            7 => () => new TypedValue("bytes", draw.Bytes(draw.Of(0, 1, 31, 32, 33, draw.Below(100)))),
            _ => () => new TypedValue("string", draw.Text()),
        };
    }

    public static TypedValue[] Values(Draw draw, int count) => [.. Enumerable.Range(0, count).Select(_ => Shape(draw, 0)())];

    // A type is drawn first, as a function that draws values of it: all elements of a list have one type.
    private static Func<TypedValue> Shape(Draw draw, int depth)
    {
        int kind = depth > 2 ? 9 : draw.Below(10);
        if (kind < 3)
        {
            Func<TypedValue> element = Shape(draw, depth + 1);
            int? length = draw.Chance(50) ? 1 + draw.Below(3) : null;
            return () =>
            {
                // One more than needed tells the type of an empty list.
                TypedValue[] elements = [.. Enumerable.Range(0, 1 + (length ?? draw.Below(4))).Select(_ => element())];
                return new TypedValue($"{elements[0].Type}[{length}]", elements[1..].Select(static one => one.Value).ToArray());
            };
        }

        if (kind < 5)
        {
            Func<TypedValue>[] components = [.. Enumerable.Range(0, 1 + draw.Below(4)).Select(_ => Shape(draw, depth + 1))];
            return () =>
            {
                TypedValue[] parts = [.. components.Select(static component => component())];
                return new TypedValue(List(parts), Objects(parts));
            };
        }

        return Atom(draw);
    }

    private static JsonObject Question(string kind, TypedValue[] values) => new() { ["kind"] = kind, ["types"] = Types(values), ["values"] = Json(values) };

    private static JsonArray Types(TypedValue[] values) => [.. values.Select(static value => JsonValue.Create(value.Type))];

    private static JsonArray Json(TypedValue[] values) => [.. values.Select(static value => Draw.ToJson(value.Value))];

    public static string List(TypedValue[] values) => "(" + string.Join(',', values.Select(static value => value.Type)) + ")";

    public static object[] Objects(TypedValue[] values) => [.. values.Select(static value => value.Value)];

    private static Hash256 HashOf(object value) => Keccak256.Of(value is string text ? System.Text.Encoding.UTF8.GetBytes(text) : (byte[])value);

    private static string? Differs(TypedValue[] values, IReadOnlyList<object> read) =>
        JsonNode.DeepEquals(Json(values), new JsonArray([.. read.Select(Draw.ToJson)])) ? null : "what we read back is something else";
}
