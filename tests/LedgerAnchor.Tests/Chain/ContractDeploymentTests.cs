using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Chain;

/// <summary>What waiting for a contract makes of a node's answers; on a real chain, see the tests of the contract.</summary>
public sealed class ContractDeploymentTests
{
    [Fact]
    public async Task A_contract_counts_as_not_made_only_when_look_after_look_shows_another_transaction()
    {
        var node = new FakeNode();
        using LocalSigner signer = LocalSigner.Create();
        using EthereumClient client = node.Connect();
        var time = new Pauses();
        using var sender = new TransactionSender(client, signer, new SenderOptions { ChainId = node.ChainId }, time);
        time.First = async () =>
        {
            await sender.SendAsync(new EthereumCall(signer.Address, default), nonce: 0, TestContext.Current.CancellationToken);
            node.Mine();
        };
        EthereumCall creation = CheckpointAnchorContract.Deployment("tests.example/ledger", signer.Address, signer.Address, TreeHead.Empty);

        EthereumException refusal = await Assert.ThrowsAsync<EthereumException>(() => ContractDeployment.MakeAsync(
            client, sender, ContractArtefact.CheckpointAnchor, creation, time, TestContext.Current.CancellationToken).AsTask());

        Assert.Contains("Another transaction", refusal.Message, StringComparison.Ordinal);
        Assert.Equal((2, 4), (node.Sent, time.Count));
    }

    /// <summary>A clock on which every pause is over at once, and in the first of which something happens.</summary>
    private sealed class Pauses : TimeProvider
    {
        public Func<Task> First { get; set; } = () => Task.CompletedTask;

        public int Count { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Task before = ++Count == 1 ? First() : Task.CompletedTask;
            _ = before.ContinueWith(_ => callback(state), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            return new Timer();
        }

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
