using System.Globalization;
using System.Text.Json.Nodes;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Chain;

/// <summary>What a node answers is compared with what it was asked.</summary>
public sealed class EthereumClientTests
{
    private static readonly EthereumAddress _contract = EthereumAddress.Parse("0x3535353535353535353535353535353535353535");
    private static readonly Hash256 _topic = Hash256.Of([1]);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(500)]
    [InlineData(1)]
    public async Task Logs_are_read_in_pages_that_shrink_where_a_node_wants_it(int mostBlocks)
    {
        const long First = 10;
        const long Last = 4_321;
        using var client = Connect(request =>
        {
            var filter = (JsonObject)request["params"]![0]!;
            long from = Number(filter["fromBlock"]);
            long to = Number(filter["toBlock"]);
            return mostBlocks > 0 && to - from >= mostBlocks
                ? throw new NodeRefusal(-32005, "query exceeds max block range")
                : new JsonArray([.. Enumerable.Range((int)from, (int)(to - from + 1)).Where(static block => block % 100 == 7).Select(static block => Log(block))]);
        });

        long last = mostBlocks == 1 ? 100 : Last;
        List<long> blocks = [];
        await foreach (EthereumLog log in client.LogsAsync(new LogQuery(First, last, _contract, [_topic]), Cancelled))
        {
            blocks.Add(log.BlockNumber);
        }

        Assert.Equal(Enumerable.Range(0, 100).Select(static i => 100L * i + 7).Where(block => block is >= First && block <= last), blocks);
    }

    [Fact]
    public async Task A_node_that_refuses_a_single_block_fails()
    {
        var handler = new AnsweringHandler(static JsonNode? (JsonObject _) => throw new NodeRefusal(-32005, "no"));
        using var client = new EthereumClient(new JsonRpcOptions { Endpoint = new Uri("http://node.example") }, handler);

        await Assert.ThrowsAsync<EthereumException>(async () => await client.LogsAsync(new LogQuery(1, 1_000_000, _contract), Cancelled).ToListAsync(Cancelled));
        Assert.InRange(handler.Requests.Count, 2, 12);
    }

    [Theory]
    [InlineData("address", "0x3535353535353535353535353535353535353536")]
    [InlineData("blockNumber", "0x5")]
    [InlineData("blockNumber", "0x1e")]
    public async Task Logs_that_nobody_asked_for_are_refused(string member, string value)
    {
        using var client = Connect(_ =>
        {
            JsonObject log = Log(15);
            log[member] = value;
            return new JsonArray((JsonNode)log);
        });

        await Refused(async () => await client.LogsAsync(new LogQuery(10, 20, _contract, [_topic]), Cancelled).ToListAsync(Cancelled));
    }

    [Fact]
    public async Task Logs_with_other_topics_are_refused()
    {
        using var client = Connect(static _ => new JsonArray((JsonNode)Log(15)));

        Assert.Single(await client.LogsAsync(new LogQuery(15, 15, _contract, []), Cancelled).ToListAsync(Cancelled));
        await Refused(async () => await client.LogsAsync(new LogQuery(15, 15, _contract, [Hash256.Of([2])]), Cancelled).ToListAsync(Cancelled));
        await Refused(async () => await client.LogsAsync(new LogQuery(15, 15, _contract, [_topic], [_topic]), Cancelled).ToListAsync(Cancelled));
    }

    [Fact]
    public async Task Another_transactions_receipt_is_refused()
    {
        var node = new FakeNode();
        using LocalSigner signer = LocalSigner.Create();
        using EthereumClient real = node.Connect();
        SignedTransaction signed = signer.Sign(new EthereumTransaction(1337, 0, new GasFee(5_000, 1), 50_000, _contract, 0, default));
        await real.SendAsync(signed, Cancelled);
        node.Mine();
        using var client = Connect(request =>
        {
            request["params"]![0] = Hex.Data(signed.Hash);
            return node.Reply(request);
        });

        Assert.Equal(signed.Hash, (await client.ReceiptAsync(signed.Hash, Cancelled))!.TransactionHash);
        Assert.Equal(signed.Hash, (await client.TransactionAsync(signed.Hash, Cancelled))!.Hash);
        await Refused(async () => await client.ReceiptAsync(_topic, Cancelled));
        await Refused(async () => await client.TransactionAsync(_topic, Cancelled));
    }

    [Fact]
    public async Task A_node_that_calls_a_transaction_otherwise_is_refused()
    {
        using LocalSigner signer = LocalSigner.Create();
        using var client = Connect(static _ => Hex.Data(_topic));

        await Refused(async () => await client.SendAsync(signer.Sign(new EthereumTransaction(1337, 0, new GasFee(5_000, 1), 50_000, _contract, 0, default)), Cancelled));
    }

    [Fact]
    public async Task A_proof_is_checked_before_it_is_handed_on()
    {
        var answers = (JsonObject)JsonNode.Parse(await File.ReadAllBytesAsync(Repository.PathOf("tests/LedgerAnchor.Tests/Chain/state-proof.json"), Cancelled))!;
        EthereumAddress contract = EthereumAddress.Parse((string)answers["proof"]!["address"]!);
        Hash256[] slots = [.. ((JsonArray)answers["proof"]!["storageProof"]!).Select(static slot => StateProof.SlotOf(Hex.ParseQuantity((string)slot!["key"]!)))];
        var handler = new AnsweringHandler((string request) => Task.FromResult(AnsweringHandler.Ok(new JsonArray([.. ((JsonArray)JsonNode.Parse(request)!).Select(one => new JsonObject
        {
            ["id"] = one!["id"]!.DeepClone(),
            ["result"] = answers[(string)one["method"]! == "eth_getProof" ? "proof" : "block"]!.DeepClone(),
        })]).ToJsonString())));
        using var client = new EthereumClient(new JsonRpcOptions { Endpoint = new Uri("http://node.example") }, handler);

        StateProof proof = await client.ProofAsync(contract, slots, 1, Cancelled);
        Assert.Equal(1_000_000, proof.Verify().Words[slots[0]]);

        await Refused(async () => await client.ProofAsync(_contract, slots, 1, Cancelled));
        await Refused(async () => await client.ProofAsync(contract, [.. slots.Reverse()], 1, Cancelled));
        await Refused(async () => await client.ProofAsync(contract, slots, 2, Cancelled));
        answers["proof"]!["accountProof"]!.AsArray().RemoveAt(0);
        await Refused(async () => await client.ProofAsync(contract, slots, 1, Cancelled));
    }

    private static EthereumClient Connect(Func<JsonObject, JsonNode?> answer) => new(new JsonRpcOptions { Endpoint = new Uri("http://node.example") }, new AnsweringHandler(answer));

    private static async Task Refused(Func<Task> ask) => Assert.Equal(EthereumFault.BadAnswer, (await Assert.ThrowsAsync<EthereumException>(ask)).Fault);

    private static long Number(JsonNode? quantity) => long.Parse(((string)quantity!)[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static JsonObject Log(int block) => new()
    {
        ["address"] = _contract.ToString(),
        ["topics"] = new JsonArray(Hex.Data(_topic)),
        ["data"] = "0x",
        ["blockNumber"] = Hex.Quantity(block),
        ["blockHash"] = Hex.Data(_topic),
        ["transactionHash"] = Hex.Data(_topic),
        ["logIndex"] = "0x0",
    };
}
