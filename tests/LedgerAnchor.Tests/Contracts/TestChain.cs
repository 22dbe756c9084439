using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>An anvil of a test's own, with accounts that have money.</summary>
internal sealed class TestChain : IAsyncDisposable
{
    public const long ChainId = 31337;
    public const string Origin = "tests.example/ledger";

    private readonly AnvilProcess _process;
    private readonly JsonRpcConnection _node;
    private readonly List<IDisposable> _owned = [];

    private TestChain(AnvilProcess process)
    {
        _process = process;
        _node = new JsonRpcConnection(new JsonRpcOptions { Endpoint = process.Endpoint, Timeout = TimeSpan.FromMinutes(1) });
        Client = new EthereumClient(new JsonRpcOptions { Endpoint = process.Endpoint, Timeout = TimeSpan.FromMinutes(2) });
    }

    /// <summary>The restored program; absent where npm is not reachable or has no anvil for the platform.</summary>
    public static string Executable => Repository.PathOf("artifacts/development-chain/anvil");

    public EthereumClient Client { get; }

    public Uri Endpoint => _process.Endpoint;

    public int ProcessId => _process.Id;

    public TestTime Time { get; } = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static void SkipUnlessRestored() =>
        Assert.SkipUnless(File.Exists(Executable), "anvil was not restored: npm is not reachable, or has none for this platform");

    public static async Task<TestChain> StartAsync(params string[] arguments)
    {
        SkipUnlessRestored();
        return new TestChain(await AnvilProcess.StartAsync(Executable, 0, ["--accounts", "0", "--prune-history", "100", .. arguments], Cancellation));
    }

    public async Task<JsonElement> AskAsync(string method, params JsonNode?[] parameters) => await _node.CallAsync(new JsonRpcCall(method, parameters), Cancellation);

    /// <summary>A new account with a million ether.</summary>
    public async Task<LocalSigner> AccountAsync(int ether = 1_000_000)
    {
        var signer = LocalSigner.Create();
        _owned.Add(signer);
        await AskAsync("anvil_setBalance", signer.Address.ToString(), Hex.Quantity(ether * BigInteger.Pow(10, 18)));
        return signer;
    }

    public TransactionSender SenderOf(IEthereumSigner signer, FeePolicy? fees = null, int? confirmations = 0, EthereumClient? client = null)
    {
        var sender = new TransactionSender(
            client ?? Client, signer, new SenderOptions { ChainId = ChainId, Confirmations = confirmations, Fees = fees ?? new FeePolicy() }, Time);
        _owned.Add(sender);
        return sender;
    }

    /// <summary>Sends a call and gives the receipt; the contract's refusal is an <see cref="EthereumException"/>.</summary>
    public async Task<TransactionReceipt> SendAsync(IEthereumSigner signer, EthereumCall call)
    {
        SentTransaction sent = await SenderOf(signer).SendAsync(call, Cancellation);
        TransactionReceipt receipt = await WaitAsync(() => Client.ReceiptAsync(sent.Hash, Cancellation), "a receipt");
        Assert.True(receipt.Succeeded);
        return receipt;
    }

    /// <summary>The node answers a little before it makes the block: waits for what the block brings.</summary>
    public static async Task<T> WaitAsync<T>(Func<ValueTask<T?>> ask, string what)
        where T : class
    {
        long begun = Environment.TickCount64;
        while (Environment.TickCount64 - begun < 120_000)
        {
            if (await ask() is { } answer)
            {
                return answer;
            }

            await Task.Delay(2, Cancellation);
        }

        throw new TimeoutException($"The node did not bring {what} within two minutes.");
    }

    /// <summary>The contract's refusal, read by the given reader.</summary>
    public async Task<RevertReason> RefusalOfAsync(IEthereumSigner signer, EthereumCall call, Func<EthereumException, RevertReason> read)
    {
        EthereumException refusal = await Assert.ThrowsAsync<EthereumException>(() => SenderOf(signer).SendAsync(call, Cancellation).AsTask());
        Assert.Equal(EthereumFault.Reverted, refusal.Fault);
        return read(refusal);
    }

    public async Task<EthereumAddress> DeployAnchorAsync(IEthereumSigner owner, EthereumAddress anchorer, TreeHead? head = null)
    {
        TransactionReceipt receipt = await SendAsync(owner, CheckpointAnchorContract.Deployment(Origin, owner.Address, anchorer, head ?? TreeHead.Empty));
        return receipt.Contract!.Value;
    }

    public EthereumAnchor AnchorOf(IEthereumSigner signer, EthereumAddress contract, FeePolicy? fees = null, int? confirmations = 0, EthereumClient? client = null) => new(
        client ?? Client, SenderOf(signer, fees, confirmations, client), contract, new EthereumAnchorOptions { Origin = Origin, ChainId = ChainId }, Time);

    public Task MineAsync(int blocks = 1) => AskAsync("anvil_mine", Hex.Quantity(blocks));

    public Task SetMiningAsync(bool isOn) => AskAsync("evm_setAutomine", isOn);

    /// <summary>Replaces the newest blocks by empty ones.</summary>
    public Task ReorganiseAsync(int depth) => AskAsync("anvil_reorg", depth, new JsonArray());

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _owned.ForEach(static one => one.Dispose());
        Client.Dispose();
        _node.Dispose();
    }
}

/// <summary>A clock that the test moves.</summary>
internal sealed class TestTime : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan by) => _now += by;
}

internal static class Heads
{
    /// <summary>The head that a test's log has at a size.</summary>
    public static TreeHead At(long size) => size == 0 ? TreeHead.Empty : new TreeHead(size, Hash256.Of(BitConverter.GetBytes(size)));

    /// <summary>A head of another log of that size.</summary>
    public static TreeHead ForkAt(long size) => new(size, Hash256.Of(BitConverter.GetBytes(-size)));
}
