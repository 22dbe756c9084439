using System.Numerics;
using System.Text.Json;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>A block, as far as we need it.</summary>
/// <param name="BaseFee">Null on chains without EIP-1559.</param>
public sealed record EthereumBlock(long Number, Hash256 Hash, Hash256 ParentHash, Hash256 StateRoot, DateTimeOffset Timestamp, BigInteger? BaseFee, long GasLimit);

/// <summary>What became of a transaction that is in a block.</summary>
public sealed record TransactionReceipt(
    Hash256 TransactionHash,
    bool Succeeded,
    long BlockNumber,
    Hash256 BlockHash,
    EthereumAddress From,
    EthereumAddress? To,
    EthereumAddress? Contract,
    long GasUsed,
    BigInteger GasPrice,
    IReadOnlyList<EthereumLog> Logs)
{
    /// <summary>What it cost, in wei.</summary>
    public BigInteger Cost => GasUsed * GasPrice;
}

/// <summary>A transaction that a node knows.</summary>
/// <param name="BlockHash">Null while it waits.</param>
public sealed record KnownTransaction(Hash256 Hash, EthereumAddress From, long Nonce, GasFee Fee, long GasLimit, Hash256? BlockHash);

/// <summary>What recent blocks cost.</summary>
/// <param name="BaseFees">Of each block, and of the next one at the end.</param>
/// <param name="Tips">What was paid above that in each block, at the percentile that was asked for.</param>
public sealed record FeeHistory(IReadOnlyList<BigInteger> BaseFees, IReadOnlyList<BigInteger> Tips);

/// <summary>Reads the answers of nodes. Methods throw <see cref="FormatException"/> when a member lacks or is of another form.</summary>
internal static class NodeAnswers
{
    public static string? Text(this JsonElement answer) => answer.ValueKind switch
    {
        JsonValueKind.String => Transcoded(answer, static text => text.GetString()!),
        JsonValueKind.Null => null,
        _ => throw new FormatException("There is something else where a text belongs."),
    };

    /// <returns>Null when there is no object, or no such member of it.</returns>
    public static JsonElement? Find(this JsonElement answer, string name) =>
        answer.ValueKind == JsonValueKind.Object ? Transcoded(answer, one => one.TryGetProperty(name, out JsonElement found) ? found : (JsonElement?)null) : null;

    public static JsonElement Member(this JsonElement answer, string name) => answer.Find(name) ?? throw new FormatException($"The member {name} lacks.");

    public static bool Has(this JsonElement answer, string name) => answer.Find(name) is { } member && member.ValueKind != JsonValueKind.Null;

    public static string? Text(this JsonElement answer, string name) => answer.Member(name).Text();

    public static Hash256 Hash(this JsonElement answer, string name) => Hex.ParseHash(answer.Text(name));

    public static long Number(this JsonElement answer, string name) => Hex.ParseNumber(answer.Text(name));

    public static BigInteger Quantity(this JsonElement answer, string name) => Hex.ParseQuantity(answer.Text(name));

    public static BigInteger? OptionalQuantity(this JsonElement answer, string name) => answer.Has(name) ? answer.Quantity(name) : null;

    public static EthereumAddress Address(this JsonElement answer, string name) => EthereumAddress.Parse(answer.Text(name) ?? "");

    public static EthereumAddress? OptionalAddress(this JsonElement answer, string name) => answer.Has(name) ? answer.Address(name) : null;

    public static IEnumerable<JsonElement> List(this JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Array ? answer.EnumerateArray() : throw new FormatException("There is something else where a list belongs.");

    public static IReadOnlyList<KeyValuePair<string, JsonElement>> Members(this JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Object
            ? Transcoded(answer, static one => one.EnumerateObject().Select(static member => KeyValuePair.Create(member.Name, member.Value)).ToArray())
            : throw new FormatException("There is something else where an object belongs.");

    public static EthereumBlock Block(JsonElement answer) => new(
        answer.Number("number"),
        answer.Hash("hash"),
        answer.Hash("parentHash"),
        answer.Hash("stateRoot"),
        Time(answer.Number("timestamp")),
        answer.OptionalQuantity("baseFeePerGas"),
        answer.Number("gasLimit"));

    public static TransactionReceipt Receipt(JsonElement answer) => new(
        answer.Hash("transactionHash"),
        answer.Number("status") == 1,
        answer.Number("blockNumber"),
        answer.Hash("blockHash"),
        answer.Address("from"),
        answer.OptionalAddress("to"),
        answer.OptionalAddress("contractAddress"),
        answer.Number("gasUsed"),
        answer.OptionalQuantity("effectiveGasPrice") ?? BigInteger.Zero,
        [.. answer.Member("logs").List().Select(Log)]);

    public static EthereumLog Log(JsonElement answer) => new(
        answer.Address("address"),
        [.. answer.Member("topics").List().Select(static topic => Hex.ParseHash(topic.Text()))],
        Hex.ParseData(answer.Text("data")),
        answer.Number("blockNumber"),
        answer.Hash("blockHash"),
        answer.Hash("transactionHash"),
        answer.Number("logIndex"),
        answer.Has("removed") && answer.Member("removed").ValueKind == JsonValueKind.True);

    public static KnownTransaction Transaction(JsonElement answer)
    {
        BigInteger? tip = answer.OptionalQuantity("maxPriorityFeePerGas");
        return new KnownTransaction(
            answer.Hash("hash"),
            answer.Address("from"),
            answer.Number("nonce"),
            new GasFee(answer.Quantity(tip is null ? "gasPrice" : "maxFeePerGas"), tip),
            answer.Number("gas"),
            answer.Has("blockHash") ? answer.Hash("blockHash") : null);
    }

    public static FeeHistory FeeHistory(JsonElement answer) => new(
        [.. answer.Member("baseFeePerGas").List().Select(static fee => Hex.ParseQuantity(fee.Text()))],
        answer.Has("reward") ? [.. answer.Member("reward").List().Select(static block => Hex.ParseQuantity(block.List().FirstOrDefault().Text()))] : []);

    // JSON can write what no text can be, half of a surrogate pair, and is then found out only when it is read.
    private static T Transcoded<T>(JsonElement json, Func<JsonElement, T> read)
    {
        try
        {
            return read(json);
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException("A name or text is no Unicode.", e);
        }
    }

    private static DateTimeOffset Time(long seconds) =>
        seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds() ? DateTimeOffset.FromUnixTimeSeconds(seconds) : throw new FormatException("A block is dated beyond the calendar.");
}
