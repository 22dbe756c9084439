using System.Net;
using System.Text.Json;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;

namespace HealthChain.Fuzz;

/// <summary>What a node answers, to every question of the chain client; and what a wallet is asked to sign. Only the declared failures may come out.</summary>
public sealed class NodeAnswerTarget : FuzzTarget
{
    private static readonly string _hash = Hex.Data(Hash256.Of([]));

    private const int Third = 3;

    private static readonly Func<EthereumClient, Task>[] _questions =
    [
        static client => client.ChainIdAsync(default).AsTask(),
        static client => client.BlockAsync(BlockTag.Latest, default).AsTask(),
        static client => client.ReceiptAsync(Hash256.Of([]), default).AsTask(),
        static client => client.GasPriceAsync(default).AsTask(),
        static client => client.TransactionAsync(default, default).AsTask(),
        static client => client.FeeHistoryAsync(1, 50, default).AsTask(),
        static client => client.CallAsync(new EthereumCall(null, default), BlockTag.Latest, default).AsTask(),
        static client => client.ProofAsync(default, [], 1, default).AsTask(),
        ReadLogsAsync,
    ];

    public override string Name => "node-answer";

    public override IReadOnlyList<byte[]> Seeds { get; } = Words(
        """{"jsonrpc":"2.0","id":1,"result":"0x7a69"}""",
        """{"jsonrpc":"2.0","id":1,"error":{"code":3,"message":"execution reverted","data":"0x08c379a0"}}""",
        $$$"""{"id":1,"result":{"number":"0x1","hash":"{{{_hash}}}","parentHash":"{{{_hash}}}","stateRoot":"{{{_hash}}}","timestamp":"0x65000000","baseFeePerGas":"0x7","gasLimit":"0x1c9c380"}}""",
        $$$"""{"id":1,"result":{"transactionHash":"{{{_hash}}}","status":"0x1","blockNumber":"0x1","blockHash":"{{{_hash}}}","from":"0x3535353535353535353535353535353535353535","to":null,"gasUsed":"0x5208","logs":[]}}""",
        $$$"""{"id":1,"result":[{"address":"0x3535353535353535353535353535353535353535","topics":["{{{_hash}}}"],"data":"0x","blockNumber":"0x1","blockHash":"{{{_hash}}}","transactionHash":"{{{_hash}}}","logIndex":"0x0","removed":false}]}""",
        """{"id":1,"result":{"baseFeePerGas":["0x1","0x2"],"reward":[["0x3"]]}}""",
        """[{"id":1,"result":{"hash":"0x"}},{"id":2,"result":{"address":"0x3535353535353535353535353535353535353535","accountProof":["0x80"],"storageProof":[]}}]""",
        """{"types":{"A":[{"name":"x","type":"uint256[2]"},{"name":"b","type":"B"}],"B":[{"name":"s","type":"string"}]},"primaryType":"A","domain":{"name":"n","chainId":1},"message":{"x":["1","0x2"],"b":{"s":"t"}}}""");

    public override IReadOnlyList<byte[]> Dictionary { get; } = Words(
        "null", "\"0x\"", "\"0x0\"", "{}", "[]", "\"id\":1", "\"result\":", "\"error\":", "\"\\ud800\"", "\"0x" + new string('f', 64) + "\"", "-1", "1e400", "\"type\":\"A[]\"", "\"type\":\"B[0]\"", "[1]", ",");

    public override void Run(byte[] input)
    {
        // Each refusal is an exception, whose cost would make this the slowest of all targets: the length decides which third of the questions is asked.
        for (int i = input.Length % Third; i < _questions.Length; i += Third)
        {
            Ask(input, _questions[i]);
        }

        TypedDataOf(input);
    }

    private static void Ask(byte[] answer, Func<EthereumClient, Task> question)
    {
        using var client = new EthereumClient(new JsonRpcOptions { Endpoint = new Uri("http://node.example") }, new Answer(answer));
        try
        {
            // The answer is there already: nothing is waited for.
            question(client).GetAwaiter().GetResult();
        }
        catch (EthereumException)
        {
            // The one failure that callers have to expect.
        }
    }

    private static async Task ReadLogsAsync(EthereumClient client)
    {
        var query = new LogQuery(1, 1, EthereumAddress.Parse("0x3535353535353535353535353535353535353535"));
        await foreach (EthereumLog log in client.LogsAsync(query, default))
        {
            Promise(log.BlockNumber == 1 && log.Address == query.Contract, "logs are those that were asked for");
        }
    }

    private static void TypedDataOf(byte[] input)
    {
        try
        {
            using var json = JsonDocument.Parse(input);
            TypedData data = TypedData.Parse(json.RootElement);
            using var again = JsonDocument.Parse(data.ToJson().ToJsonString());
            Promise(TypedData.Parse(again.RootElement).Hash() == data.Hash(), "what is to be signed survives its JSON");
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            // Nothing that could be signed.
        }
    }

    private sealed class Answer(byte[] body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(body) });
    }
}
