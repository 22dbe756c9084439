using System.Globalization;
using System.Numerics;
using System.Text.Json.Nodes;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Tests.Chain;

/// <summary>A chain in memory that answers JSON-RPC: blocks come when the test mines, go when it reorganises.</summary>
internal sealed class FakeNode
{
    private readonly List<Block> _blocks = [new(0, Hash256.Of([0]), [])];
    private readonly Dictionary<(EthereumAddress, long), SignedTransaction> _pool = [];
    private int _fork;

    public long ChainId { get; set; } = 1337;

    public BigInteger? BaseFee { get; set; } = 1000;

    public BigInteger Tip { get; set; } = 10;

    /// <summary>What the contract refuses with; null when it does not.</summary>
    public byte[]? Revert { get; set; }

    /// <summary>How many blocks the newest final one lies back.</summary>
    public int FinalityDepth { get; set; } = 2;

    /// <summary>Whether the connection breaks after a transaction has been taken.</summary>
    public bool LosesAnswers { get; set; }

    /// <summary>Whether it is in the middle of a block: what waits is counted already, and in no block yet.</summary>
    public bool IsMakingBlock { get; set; }

    public IReadOnlyCollection<SignedTransaction> Pool => _pool.Values;

    public int Sent { get; private set; }

    public EthereumClient Connect() => new(new JsonRpcOptions { Endpoint = new Uri("http://node.example") }, new AnsweringHandler(request =>
    {
        string answer = AnsweringHandler.Envelope((JsonObject)JsonNode.Parse(request)!, Reply);
        return LosesAnswers && request.Contains("eth_sendRaw", StringComparison.Ordinal) ? throw new HttpRequestException("lost") : Task.FromResult(AnsweringHandler.Ok(answer));
    }));

    public void Mine(int count = 1)
    {
        for (; count > 0; count--)
        {
            var transactions = new List<SignedTransaction>();
            foreach (SignedTransaction one in _pool.Values.OrderBy(static one => one.Transaction.Nonce).ToList())
            {
                if (one.Transaction.Fee.Max >= (BaseFee ?? 0) && one.Transaction.Nonce == Count(one.From, transactions))
                {
                    transactions.Add(one);
                    _pool.Remove((one.From, one.Transaction.Nonce));
                }
            }

            _blocks.Add(new Block(_blocks.Count, Hash256.Of([(byte)_blocks.Count, (byte)_fork]), transactions));
        }
    }

    /// <summary>Replaces the last blocks by as many empty ones; their transactions wait again.</summary>
    public void Reorganise(int depth)
    {
        _fork++;
        foreach (Block block in _blocks[^depth..])
        {
            foreach (SignedTransaction one in block.Transactions)
            {
                _pool[(one.From, one.Transaction.Nonce)] = one;
            }
        }

        int start = _blocks.Count - depth;
        _blocks.RemoveRange(start, depth);
        for (int i = start; i < start + depth; i++)
        {
            _blocks.Add(new Block(i, Hash256.Of([(byte)i, (byte)_fork]), []));
        }
    }

    public void Forget() => _pool.Clear();

    public JsonNode? Reply(JsonObject request)
    {
        var parameters = (JsonArray)request["params"]!;
        string first = parameters.Count > 0 && parameters[0] is JsonValue ? (string)parameters[0]! : "";
        string second = parameters.Count > 1 && parameters[1] is JsonValue one && one.TryGetValue(out string? text) ? text : "";
        return (string)request["method"]! switch
        {
            "eth_chainId" => Hex.Quantity(ChainId),
            "eth_blockNumber" => Hex.Quantity(_blocks.Count - 1),
            "eth_gasPrice" => Hex.Quantity((BaseFee ?? 0) + Tip),
            "eth_feeHistory" => new JsonObject { ["baseFeePerGas"] = new JsonArray(Hex.Quantity(BaseFee!.Value), Hex.Quantity(BaseFee.Value)), ["reward"] = new JsonArray((JsonNode)new JsonArray(Hex.Quantity(Tip))) },
            "eth_estimateGas" or "eth_call" when Revert is { } data => throw new NodeRefusal(3, "execution reverted", Hex.Data(data)),
            "eth_estimateGas" => Hex.Quantity(50_000),
            "eth_getBlockByNumber" => BlockOf(first) is { } block ? ToJson(block) : null,
            "eth_getTransactionCount" => Hex.Quantity(Count(EthereumAddress.Parse(first), []) + (second == "pending" || IsMakingBlock ? Waiting(EthereumAddress.Parse(first)) : 0)),
            "eth_sendRawTransaction" => Hex.Data(Take(SignedTransaction.Decode(Hex.ParseData(first)))),
            "eth_getTransactionReceipt" => Receipt(Hex.ParseHash(first)),
            "eth_getTransactionByHash" => Transaction(Hex.ParseHash(first)),
            _ => throw new NodeRefusal(-32601, "no such method"),
        };
    }

    private long Count(EthereumAddress account, List<SignedTransaction> further) =>
        _blocks.SelectMany(static block => block.Transactions).Concat(further).Count(one => one.From == account);

    private int Waiting(EthereumAddress account) => _pool.Keys.Count(key => key.Item1 == account);

    private Hash256 Take(SignedTransaction transaction)
    {
        var place = (transaction.From, transaction.Transaction.Nonce);
        if (transaction.Transaction.Nonce < Count(transaction.From, []))
        {
            throw new NodeRefusal(-32000, "nonce too low");
        }

        if (_pool.TryGetValue(place, out SignedTransaction? other))
        {
            if (other.Hash == transaction.Hash)
            {
                throw new NodeRefusal(-32000, "already known");
            }

            // The rule of geth: a tenth more, of both parts.
            if (10 * transaction.Transaction.Fee.Max < 11 * other.Transaction.Fee.Max || 10 * (transaction.Transaction.Fee.Tip ?? 0) < 11 * (other.Transaction.Fee.Tip ?? 0))
            {
                throw new NodeRefusal(-32000, "replacement transaction underpriced");
            }
        }

        _pool[place] = transaction;
        Sent++;
        return transaction.Hash;
    }

    private Block? BlockOf(string tag)
    {
        long number = tag switch
        {
            "latest" or "pending" => _blocks.Count - 1,
            "finalized" => Math.Max(0, _blocks.Count - 1 - FinalityDepth),
            _ => long.Parse(tag[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
        };
        return number < _blocks.Count ? _blocks[(int)number] : null;
    }

    private JsonObject ToJson(Block block)
    {
        var json = new JsonObject
        {
            ["number"] = Hex.Quantity(block.Number),
            ["hash"] = Hex.Data(block.Hash),
            ["parentHash"] = Hex.Data(block.Hash),
            ["stateRoot"] = Hex.Data(block.Hash),
            ["timestamp"] = "0x1",
            ["gasLimit"] = "0x1c9c380",
        };
        if (BaseFee is { } fee)
        {
            json["baseFeePerGas"] = Hex.Quantity(fee);
        }

        return json;
    }

    private JsonObject? Receipt(Hash256 hash)
    {
        Block? block = _blocks.Find(one => one.Transactions.Any(transaction => transaction.Hash == hash));
        SignedTransaction? found = block?.Transactions.Find(one => one.Hash == hash);
        return found is null ? null : new JsonObject
        {
            ["transactionHash"] = Hex.Data(hash),
            ["status"] = "0x1",
            ["blockNumber"] = Hex.Quantity(block!.Number),
            ["blockHash"] = Hex.Data(block.Hash),
            ["from"] = found.From.ToString(),
            ["to"] = found.Transaction.To?.ToString(),
            ["contractAddress"] = null,
            ["gasUsed"] = Hex.Quantity(40_000),
            ["effectiveGasPrice"] = Hex.Quantity((BaseFee ?? 0) + Tip),
            ["logs"] = new JsonArray(),
        };
    }

    private JsonObject? Transaction(Hash256 hash)
    {
        SignedTransaction? found = _pool.Values.Concat(_blocks.SelectMany(static block => block.Transactions)).FirstOrDefault(one => one.Hash == hash);
        return found is null ? null : new JsonObject
        {
            ["hash"] = Hex.Data(hash),
            ["from"] = found.From.ToString(),
            ["nonce"] = Hex.Quantity(found.Transaction.Nonce),
            ["gas"] = Hex.Quantity(found.Transaction.GasLimit),
            ["gasPrice"] = Hex.Quantity(found.Transaction.Fee.Max),
            ["maxFeePerGas"] = Hex.Quantity(found.Transaction.Fee.Max),
            ["maxPriorityFeePerGas"] = found.Transaction.Fee.Tip is { } tip ? Hex.Quantity(tip) : null,
        };
    }

    private sealed record Block(long Number, Hash256 Hash, List<SignedTransaction> Transactions);
}
