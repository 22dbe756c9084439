using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>A chain with a CheckpointAnchor, and an account that anchors there.</summary>
internal sealed class AnchoredChain : IAsyncDisposable
{
    public required TestChain Chain { get; init; }

    public required LocalSigner Account { get; init; }

    public required CheckpointAnchorContract Contract { get; init; }

    public required EthereumAnchor Anchor { get; init; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<AnchoredChain> StartAsync(params string[] arguments)
    {
        TestChain chain = await TestChain.StartAsync(arguments);
        LocalSigner account = await chain.AccountAsync();
        EthereumAddress contract = await chain.DeployAnchorAsync(await chain.AccountAsync(), account.Address);
        return new AnchoredChain
        {
            Chain = chain,
            Account = account,
            Contract = new CheckpointAnchorContract(chain.Client, contract),
            Anchor = chain.AnchorOf(account, contract),
        };
    }

    /// <summary>The sizes that were anchored, in order.</summary>
    public async Task<List<long>> SizesAsync()
    {
        var sizes = new List<long>();
        await foreach (AnchoredHead head in Contract.HeadsAsync(0, await Chain.Client.BlockNumberAsync(Cancellation), Cancellation))
        {
            sizes.Add(head.Head.Size);
        }

        return [.. sizes.Skip(1)];
    }

    public ValueTask DisposeAsync() => Chain.DisposeAsync();
}
