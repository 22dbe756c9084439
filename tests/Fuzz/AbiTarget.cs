using HealthChain.LedgerAnchor.Chain;

namespace HealthChain.Fuzz;

/// <summary>What contracts return. The first byte picks the types, the rest are the data. What is accepted has one meaning, and is no larger than its input.</summary>
public sealed class AbiTarget : FuzzTarget
{
    private static readonly string[] _types =
    [
        "(uint256)", "(int8,bool,address,bytes4)", "(bytes)", "(string,string)", "(uint8[])", "(uint8[][][][])", "((uint64,bytes)[])", "(string[3],(bool,bytes32[])[2])",
        "((((string))))", "(bytes[][2][])",
    ];

    public override string Name => "abi";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        [0, .. Abi.Encode(_types[0], 7)],
        [1, .. Abi.Encode(_types[1], -7, true, default(EthereumAddress), new byte[4])],
        [2, .. Abi.Encode(_types[2], new byte[33])],
        [3, .. Abi.Encode(_types[3], "abc", "")],
        [4, .. Abi.Encode(_types[4], (object)new object[] { 1, 2, 3 })],
        [6, .. Abi.Encode(_types[6], (object)new object[] { new object[] { 1, new byte[3] }, new object[] { 2, Array.Empty<byte>() } })],
        [9, .. Abi.Encode(_types[9], (object)new object[] { new object[] { new object[] { new byte[3] }, Array.Empty<object>() } })],
        [.. "f(uint256[2][] a,(bytes32,string) indexed b)"u8],
    ];

    public override IReadOnlyList<byte[]> Dictionary { get; } =
    [
        Abi.Encode("(uint256)", 0x20), Abi.Encode("(uint256)", 0x40), Abi.Encode("(uint256)", 1), Abi.Encode("(int256)", -1), Abi.Encode("(uint256)", int.MaxValue), new byte[32],
        .. Words("uint256", "[]", "[2]", "(", ")", ",", "bytes32", " indexed ", "int", "tuple"),
    ];

    public override void Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        string types = _types[input[0] % _types.Length];
        object[]? values = null;
        try
        {
            values = Abi.Decode(types, input.AsSpan(1));
        }
        catch (FormatException)
        {
            // Refused.
        }

        if (values is not null)
        {
            byte[] once = Abi.Encode(types, values);
            Promise(once.Length < input.Length, "no more comes out than went in");
            Promise(once.AsSpan().SequenceEqual(Abi.Encode(types, Abi.Decode(types, once))), "values survive");
        }

        Signature(System.Text.Encoding.Latin1.GetString(input));
        _ = RevertReason.Read(input).ToString();
    }

    private static void Signature(string text)
    {
        try
        {
            var function = new AbiFunction(text);
            Promise(new AbiFunction(function.Signature).Selector.SequenceEqual(function.Selector), "a signature's canonical form is its own");
        }
        catch (FormatException)
        {
            // No signature.
        }
    }
}
