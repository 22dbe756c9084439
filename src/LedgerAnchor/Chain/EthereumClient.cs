using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>A block by its number, or by where it stands.</summary>
public readonly record struct BlockTag
{
    private readonly string? _text;

    private BlockTag(string text, long? number = null) => (_text, Number) = (text, number);

    /// <summary>Null for a place on the chain that moves.</summary>
    public long? Number { get; }

    public static BlockTag Latest { get; } = new("latest");

    /// <summary>The newest one, and what waits in the node's pool on top of it.</summary>
    public static BlockTag Pending { get; } = new("pending");

    /// <summary>The newest one that the chain's rules call final.</summary>
    public static BlockTag Finalized { get; } = new("finalized");

    public static BlockTag Of(long number) => new(Hex.Quantity(number), number);

    public override string ToString() => _text ?? "latest";
}

/// <summary>A call that is only tried, or priced.</summary>
/// <param name="To">Null tries to make a contract of the data.</param>
public sealed record EthereumCall(EthereumAddress? To, ReadOnlyMemory<byte> Data)
{
    public EthereumAddress? From { get; init; }

    public BigInteger Value { get; init; }
}

/// <summary>Which logs are asked for.</summary>
/// <param name="Topics">For each position the topics that will do; an empty list for any.</param>
public sealed record LogQuery(long FromBlock, long ToBlock, EthereumAddress Contract, params IReadOnlyList<Hash256>[] Topics)
{
    internal bool Fits(EthereumLog log) =>
        log.Address == Contract && log.BlockNumber >= FromBlock && log.BlockNumber <= ToBlock
        && Topics.Length <= log.Topics.Count && Topics.Zip(log.Topics).All(static pair => pair.First.Count == 0 || pair.First.Contains(pair.Second));
}

/// <summary>Talks to a node of an Ethereum-type chain.</summary>
/// <remarks>
/// Safe to use from several threads. Every failure is an <see cref="EthereumException"/>; nothing is tried again by itself. A node is not trusted
/// where it can be checked: identities of what it returns are compared with what was asked for.
/// </remarks>
public sealed class EthereumClient : IDisposable
{
    private const int LogPageBlocks = 2_000;

    private readonly JsonRpcConnection _connection;

    /// <param name="handler">Of the HTTP client; tests answer in its place.</param>
    public EthereumClient(JsonRpcOptions options, HttpMessageHandler? handler = null) => _connection = new JsonRpcConnection(options, handler);

    public ValueTask<long> ChainIdAsync(CancellationToken cancellationToken) =>
        AskAsync(new("eth_chainId"), static answer => Hex.ParseNumber(answer.Text()), cancellationToken);

    public ValueTask<long> BlockNumberAsync(CancellationToken cancellationToken) =>
        AskAsync(new("eth_blockNumber"), static answer => Hex.ParseNumber(answer.Text()), cancellationToken);

    /// <returns>Null when there is no such block (yet).</returns>
    public ValueTask<EthereumBlock?> BlockAsync(BlockTag tag, CancellationToken cancellationToken) =>
        AskAsync(
            new("eth_getBlockByNumber", tag.ToString(), false),
            answer => Optional(answer, NodeAnswers.Block) is var block && (block is null || tag.Number is null || tag.Number == block.Number)
                ? block
                : throw new FormatException("It is another one."),
            cancellationToken);

    public ValueTask<BigInteger> GasPriceAsync(CancellationToken cancellationToken) =>
        AskAsync(new("eth_gasPrice"), static answer => Hex.ParseQuantity(answer.Text()), cancellationToken);

    /// <param name="percentile">Which of a block's tips, counted by gas; 50 is the median.</param>
    public ValueTask<FeeHistory> FeeHistoryAsync(int blocks, int percentile, CancellationToken cancellationToken) =>
        AskAsync(new("eth_feeHistory", Hex.Quantity(blocks), "latest", new JsonArray(percentile)), NodeAnswers.FeeHistory, cancellationToken);

    /// <summary>
    /// How much gas a call takes on top of the newest block. Fails with <see cref="EthereumFault.Reverted"/> when the contract would refuse it.
    /// </summary>
    /// <remarks>The block is named because some nodes otherwise count what waits in their pool, such as what this call shall replace.</remarks>
    public ValueTask<long> EstimateGasAsync(EthereumCall call, CancellationToken cancellationToken) =>
        AskAsync(new("eth_estimateGas", ToJson(call), BlockTag.Latest.ToString()), static answer => Hex.ParseNumber(answer.Text()), cancellationToken);

    /// <summary>What a call returns, without changing anything. Fails with <see cref="EthereumFault.Reverted"/> when the contract refuses.</summary>
    public ValueTask<byte[]> CallAsync(EthereumCall call, BlockTag tag, CancellationToken cancellationToken) =>
        AskAsync(new("eth_call", ToJson(call), tag.ToString()), static answer => Hex.ParseData(answer.Text()), cancellationToken);

    /// <summary>How many transactions of this account there were: the nonce of its next one.</summary>
    public ValueTask<long> TransactionCountAsync(EthereumAddress account, BlockTag tag, CancellationToken cancellationToken) =>
        AskAsync(new("eth_getTransactionCount", account.ToString(), tag.ToString()), static answer => Hex.ParseNumber(answer.Text()), cancellationToken);

    public ValueTask<BigInteger> BalanceAsync(EthereumAddress account, BlockTag tag, CancellationToken cancellationToken) =>
        AskAsync(new("eth_getBalance", account.ToString(), tag.ToString()), static answer => Hex.ParseQuantity(answer.Text()), cancellationToken);

    /// <summary>The byte code of a contract; empty when there is none.</summary>
    public ValueTask<byte[]> CodeAsync(EthereumAddress contract, BlockTag tag, CancellationToken cancellationToken) =>
        AskAsync(new("eth_getCode", contract.ToString(), tag.ToString()), static answer => Hex.ParseData(answer.Text()), cancellationToken);

    /// <summary>What words a contract's storage holds at a block, provable without the node. It was verified here once.</summary>
    public async ValueTask<StateProof> ProofAsync(EthereumAddress contract, IReadOnlyList<Hash256> slots, long block, CancellationToken cancellationToken)
    {
        string number = Hex.Quantity(block);
        var keys = new JsonArray([.. slots.Select(static slot => JsonValue.Create(Hex.Data(slot)))]);
        var answers = await _connection.CallAsync(
            [new("eth_getBlockByNumber", number, false), new("eth_getProof", contract.ToString(), keys, number)], cancellationToken);
        return Read("eth_getProof", answers[1], proof =>
        {
            StateProof made = StateProof.OfAnswers(answers[0], proof);
            made.Verify();
            return made.Contract == contract && BlockHeader.Read(made.Header).Number == block && made.Slots.Select(static slot => slot.Slot).SequenceEqual(slots) ? made : throw new FormatException("It is the proof of something else.");
        });
    }

    /// <summary>Hands in a transaction. That the node has it already is success.</summary>
    public async ValueTask SendAsync(SignedTransaction transaction, CancellationToken cancellationToken)
    {
        try
        {
            Hash256 hash = await AskAsync(new("eth_sendRawTransaction", Hex.Data(transaction.Raw.Span)), static answer => Hex.ParseHash(answer.Text()), cancellationToken);
            if (hash != transaction.Hash)
            {
                throw new EthereumException(EthereumFault.BadAnswer, "The node calls the transaction by another hash.");
            }
        }
        catch (EthereumException e) when (e.Fault == EthereumFault.AlreadyKnown)
        {
            // Sent before; the answer to it was lost.
        }
    }

    /// <returns>Null while the transaction is in no block.</returns>
    public ValueTask<TransactionReceipt?> ReceiptAsync(Hash256 transaction, CancellationToken cancellationToken) =>
        AskAsync(
            new("eth_getTransactionReceipt", Hex.Data(transaction)),
            answer => Optional(answer, NodeAnswers.Receipt) is var receipt && (receipt is null || receipt.TransactionHash == transaction)
                ? receipt
                : throw new FormatException("It is another transaction's."),
            cancellationToken);

    /// <returns>Null when the node does not know it (any more).</returns>
    public ValueTask<KnownTransaction?> TransactionAsync(Hash256 transaction, CancellationToken cancellationToken) =>
        AskAsync(
            new("eth_getTransactionByHash", Hex.Data(transaction)),
            answer => Optional(answer, NodeAnswers.Transaction) is var known && (known is null || known.Hash == transaction)
                ? known
                : throw new FormatException("It is another one."),
            cancellationToken);

    /// <summary>Reads logs in order, some thousand blocks at a time; where a node finds that too much, fewer.</summary>
    public async IAsyncEnumerable<EthereumLog> LogsAsync(LogQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long page = LogPageBlocks;
        for (long from = query.FromBlock; from <= query.ToBlock;)
        {
            LogQuery part = query with { FromBlock = from, ToBlock = Math.Min(query.ToBlock, from + page - 1) };
            IReadOnlyList<EthereumLog> logs;
            try
            {
                logs = await LogPageAsync(part, cancellationToken);
            }
            catch (EthereumException e) when (e.Fault is EthereumFault.Refused or EthereumFault.BadAnswer && part.ToBlock > from)
            {
                page = Math.Max(1, (part.ToBlock - from + 1) / 4);
                continue;
            }

            foreach (EthereumLog log in logs)
            {
                yield return log;
            }

            from = part.ToBlock + 1;
        }
    }

    public void Dispose() => _connection.Dispose();

    private async ValueTask<T> AskAsync<T>(JsonRpcCall call, Func<JsonElement, T> read, CancellationToken cancellationToken)
    {
        JsonElement answer = await _connection.CallAsync(call, cancellationToken);
        return Read(call.Method, answer, read);
    }

    private static T Read<T>(string method, JsonElement answer, Func<JsonElement, T> read)
    {
        try
        {
            return read(answer);
        }
        catch (FormatException e)
        {
            throw new EthereumException(EthereumFault.BadAnswer, $"The node's answer to {method} is not what was asked for.", e);
        }
    }

    private ValueTask<IReadOnlyList<EthereumLog>> LogPageAsync(LogQuery query, CancellationToken cancellationToken)
    {
        var filter = new JsonObject
        {
            ["fromBlock"] = Hex.Quantity(query.FromBlock),
            ["toBlock"] = Hex.Quantity(query.ToBlock),
            ["address"] = query.Contract.ToString(),
            ["topics"] = new JsonArray([.. query.Topics.Select(static any => any.Count == 0 ? null : new JsonArray([.. any.Select(static topic => JsonValue.Create(Hex.Data(topic)))]))]),
        };
        return AskAsync<IReadOnlyList<EthereumLog>>(
            new("eth_getLogs", filter),
            answer =>
            {
                EthereumLog[] logs = [.. answer.List().Select(NodeAnswers.Log)];
                return logs.All(query.Fits) ? logs : throw new FormatException("There are other logs than were asked for.");
            },
            cancellationToken);
    }

    private static T? Optional<T>(JsonElement answer, Func<JsonElement, T> read)
        where T : class => answer.ValueKind == JsonValueKind.Null ? null : read(answer);

    private static JsonObject ToJson(EthereumCall call)
    {
        var json = new JsonObject { ["data"] = Hex.Data(call.Data.Span) };
        if (call.To is { } to)
        {
            json["to"] = to.ToString();
        }

        if (call.From is { } from)
        {
            json["from"] = from.ToString();
        }

        if (!call.Value.IsZero)
        {
            json["value"] = Hex.Quantity(call.Value);
        }

        return json;
    }
}
