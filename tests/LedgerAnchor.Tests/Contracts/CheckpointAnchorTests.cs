using System.Numerics;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>The contract itself, called directly.</summary>
public sealed class CheckpointAnchorTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_contract_stands_at_the_empty_log()
    {
        await using TestChain chain = await TestChain.StartAsync();
        LocalSigner owner = await chain.AccountAsync();
        LocalSigner anchorer = await chain.AccountAsync();
        EthereumAddress address = await chain.DeployAnchorAsync(owner, anchorer.Address);
        var contract = new CheckpointAnchorContract(chain.Client, address);

        Assert.True(await ContractArtefact.CheckpointAnchor.IsAtAsync(chain.Client, address, Cancellation));
        Assert.False(await ContractArtefact.HealthRegistry.IsAtAsync(chain.Client, address, Cancellation));
        Assert.Equal(TreeHead.Empty, await contract.HeadAsync(BlockTag.Latest, Cancellation));
        Assert.Equal(CheckpointAnchorContract.LogOf(TestChain.Origin), await contract.LogAsync(Cancellation));
        Assert.Equal(owner.Address, await contract.OwnerAsync(Cancellation));
        Assert.Equal(anchorer.Address, await contract.AnchorerAsync(Cancellation));
    }

    [Fact]
    public async Task Heads_are_taken_in_order_and_read_back_with_their_events()
    {
        await using TestChain chain = await TestChain.StartAsync();
        LocalSigner owner = await chain.AccountAsync();
        LocalSigner anchorer = await chain.AccountAsync();
        var contract = new CheckpointAnchorContract(chain.Client, await chain.DeployAnchorAsync(owner, anchorer.Address));

        await chain.SendAsync(anchorer, contract.Anchor(TreeHead.Empty, Heads.At(5)));
        await chain.SendAsync(anchorer, contract.Anchor(Heads.At(5), Heads.At(6)));
        await chain.SendAsync(anchorer, contract.Anchor(Heads.At(6), Heads.At(1_000_000)));

        Assert.Equal(Heads.At(1_000_000), await contract.HeadAsync(BlockTag.Latest, Cancellation));
        Assert.Equal(Heads.At(6).Root, await contract.RootOfAsync(6, BlockTag.Latest, Cancellation));
        Assert.True((await contract.RootOfAsync(7, BlockTag.Latest, Cancellation)).IsZero);
        var heads = new List<AnchoredHead>();
        await foreach (AnchoredHead head in contract.HeadsAsync(0, await chain.Client.BlockNumberAsync(Cancellation), Cancellation))
        {
            heads.Add(head);
        }

        Assert.Equal([TreeHead.Empty, Heads.At(5), Heads.At(6), Heads.At(1_000_000)], heads.Select(static head => head.Head));
        Assert.Equal([TreeHead.Empty, Heads.At(5), Heads.At(6)], heads.Skip(1).Select(static head => head.Previous));
        Assert.Equal(heads[2], await contract.FindAsync(6, 0, Cancellation));
        Assert.Null(await contract.FindAsync(7, 0, Cancellation));
    }

    [Fact]
    public async Task An_event_far_back_is_found()
    {
        await using TestChain chain = await TestChain.StartAsync();
        LocalSigner owner = await chain.AccountAsync();
        var contract = new CheckpointAnchorContract(chain.Client, await chain.DeployAnchorAsync(owner, owner.Address));
        TransactionReceipt receipt = await chain.SendAsync(owner, contract.Anchor(TreeHead.Empty, Heads.At(5)));
        await chain.MineAsync(2_100);

        AnchoredHead? found = await contract.FindAsync(5, 0, Cancellation);

        Assert.Equal(receipt.TransactionHash, found?.Transaction);
        Assert.Null(await contract.FindAsync(5, receipt.BlockNumber + 1, Cancellation));
    }

    [Fact]
    public async Task What_does_not_follow_the_newest_head_is_refused()
    {
        await using TestChain chain = await TestChain.StartAsync();
        LocalSigner owner = await chain.AccountAsync();
        var contract = new CheckpointAnchorContract(chain.Client, await chain.DeployAnchorAsync(owner, owner.Address));
        await chain.SendAsync(owner, contract.Anchor(TreeHead.Empty, Heads.At(10)));

        // A log that was rolled back, one that was forked, one that skips the comparison.
        RevertReason rolledBack = await RefusalAsync(contract.Anchor(Heads.At(9), Heads.At(11)));
        Assert.Equal("HeadIs", rolledBack.Error);
        Assert.Equal((BigInteger)10, rolledBack.Arguments[0]);
        Assert.Equal(Heads.At(10).Root.ToArray(), rolledBack.Arguments[1]);
        Assert.Equal("HeadIs", (await RefusalAsync(contract.Anchor(Heads.ForkAt(10), Heads.At(11)))).Error);
        Assert.Equal("HeadIs", (await RefusalAsync(contract.Anchor(TreeHead.Empty, Heads.At(11)))).Error);

        // One that does not grow, or shrinks, or has no root.
        Assert.Equal("NotGrowing", (await RefusalAsync(contract.Anchor(Heads.At(10), Heads.ForkAt(10)))).Error);
        Assert.Equal("NotGrowing", (await RefusalAsync(contract.Anchor(Heads.At(10), Heads.At(9)))).Error);
        Assert.Equal("NoRoot", (await RefusalAsync(contract.Anchor(Heads.At(10), new TreeHead(11, default)))).Error);
        Assert.Equal(Heads.At(10), await contract.HeadAsync(BlockTag.Latest, Cancellation));

        Task<RevertReason> RefusalAsync(EthereumCall call) => chain.RefusalOfAsync(owner, call, CheckpointAnchorContract.ReasonOf);
    }

    [Fact]
    public async Task Only_the_anchorer_anchors_and_only_the_owner_appoints_it()
    {
        await using TestChain chain = await TestChain.StartAsync();
        LocalSigner owner = await chain.AccountAsync();
        LocalSigner first = await chain.AccountAsync();
        LocalSigner second = await chain.AccountAsync();
        var contract = new CheckpointAnchorContract(chain.Client, await chain.DeployAnchorAsync(owner, first.Address));

        Assert.Equal("NotAnchorer", await RefusalAsync(owner, contract.Anchor(TreeHead.Empty, Heads.At(1))));
        Assert.Equal("NotOwner", await RefusalAsync(first, contract.SetAnchorer(second.Address)));
        Assert.Equal("NotOwner", await RefusalAsync(first, contract.AnnounceLogKey(Heads.At(1).Root)));
        await chain.SendAsync(owner, contract.SetAnchorer(second.Address));
        Assert.Equal("NotAnchorer", await RefusalAsync(first, contract.Anchor(TreeHead.Empty, Heads.At(1))));
        await chain.SendAsync(second, contract.Anchor(TreeHead.Empty, Heads.At(1)));
        await chain.SendAsync(owner, contract.SetAnchorer(default));
        Assert.Equal("NotAnchorer", await RefusalAsync(second, contract.Anchor(Heads.At(1), Heads.At(2))));

        async Task<string> RefusalAsync(LocalSigner by, EthereumCall call) => (await chain.RefusalOfAsync(by, call, CheckpointAnchorContract.ReasonOf)).Error;
    }

    [Fact]
    public async Task The_owner_hands_over_in_two_steps()
    {
        await using TestChain chain = await TestChain.StartAsync();
        LocalSigner owner = await chain.AccountAsync();
        LocalSigner next = await chain.AccountAsync();
        LocalSigner other = await chain.AccountAsync();
        var contract = new CheckpointAnchorContract(chain.Client, await chain.DeployAnchorAsync(owner, owner.Address));

        Assert.Equal("NotOwner", await RefusalAsync(next, contract.ProposeOwner(next.Address)));
        Assert.Equal("NotPendingOwner", await RefusalAsync(next, contract.AcceptOwnership()));
        await chain.SendAsync(owner, contract.ProposeOwner(next.Address));
        Assert.Equal(next.Address, await contract.PendingOwnerAsync(Cancellation));
        Assert.Equal(owner.Address, await contract.OwnerAsync(Cancellation));
        Assert.Equal("NotPendingOwner", await RefusalAsync(other, contract.AcceptOwnership()));
        await chain.SendAsync(next, contract.AcceptOwnership());

        Assert.Equal(next.Address, await contract.OwnerAsync(Cancellation));
        Assert.True((await contract.PendingOwnerAsync(Cancellation)).IsZero);
        Assert.Equal("NotOwner", await RefusalAsync(owner, contract.SetAnchorer(owner.Address)));
        Assert.Equal("NotPendingOwner", await RefusalAsync(next, contract.AcceptOwnership()));

        async Task<string> RefusalAsync(LocalSigner by, EthereumCall call) => (await chain.RefusalOfAsync(by, call, CheckpointAnchorContract.ReasonOf)).Error;
    }

    [Fact]
    public async Task A_contract_goes_on_where_an_earlier_one_stopped()
    {
        await using TestChain chain = await TestChain.StartAsync();
        LocalSigner owner = await chain.AccountAsync();
        var contract = new CheckpointAnchorContract(chain.Client, await chain.DeployAnchorAsync(owner, owner.Address, Heads.At(77)));

        Assert.Equal(Heads.At(77), await contract.HeadAsync(BlockTag.Latest, Cancellation));
        Assert.Equal("HeadIs", (await chain.RefusalOfAsync(owner, contract.Anchor(TreeHead.Empty, Heads.At(78)), CheckpointAnchorContract.ReasonOf)).Error);
        await chain.SendAsync(owner, contract.Anchor(Heads.At(77), Heads.At(78)));
    }

    [Fact]
    public async Task A_lost_log_key_is_replaced_by_the_owners_word()
    {
        await using TestChain chain = await TestChain.StartAsync();
        LocalSigner owner = await chain.AccountAsync();
        var contract = new CheckpointAnchorContract(chain.Client, await chain.DeployAnchorAsync(owner, owner.Address));
        Hash256 key = Heads.At(3).Root;

        TransactionReceipt receipt = await chain.SendAsync(owner, contract.AnnounceLogKey(key));

        var keys = new List<Hash256>();
        await foreach (Hash256 announced in contract.LogKeysAsync(0, receipt.BlockNumber, Cancellation))
        {
            keys.Add(announced);
        }

        Assert.Equal([key], keys);
    }

    [Fact]
    public async Task What_the_contract_holds_is_proven_to_somebody_without_a_node()
    {
        await using TestChain chain = await TestChain.StartAsync();
        LocalSigner owner = await chain.AccountAsync();
        var contract = new CheckpointAnchorContract(chain.Client, await chain.DeployAnchorAsync(owner, owner.Address));
        TransactionReceipt receipt = await chain.SendAsync(owner, contract.Anchor(TreeHead.Empty, Heads.At(5)));
        await chain.SendAsync(owner, contract.Anchor(Heads.At(5), Heads.At(6)));

        StateProof proof = await contract.ProofAsync(5, receipt.BlockNumber, Cancellation);
        StateProof nothing = await contract.ProofAsync(6, receipt.BlockNumber, Cancellation);

        Assert.Equal(receipt.BlockHash, proof.Verify().Header.Hash);
        Assert.Equal(Heads.At(5).Root, CheckpointAnchorContract.RootIn(proof, TestChain.Origin, 5));
        Assert.True(CheckpointAnchorContract.RootIn(nothing, TestChain.Origin, 6).IsZero);
        Assert.Throws<FormatException>(() => CheckpointAnchorContract.RootIn(proof, TestChain.Origin, 6));
        Assert.Throws<FormatException>(() => CheckpointAnchorContract.RootIn(proof, "other.example/ledger", 5));
        Assert.Throws<FormatException>(() => CheckpointAnchorContract.RootIn(proof with { Contract = owner.Address }, TestChain.Origin, 5));
        byte[] header = proof.Header.ToArray();
        header[100] ^= 1;
        Assert.ThrowsAny<FormatException>(() => CheckpointAnchorContract.RootIn(proof with { Header = header }, TestChain.Origin, 5));
    }

    [Fact]
    public async Task A_contract_is_made_and_waited_for()
    {
        await using TestChain chain = await TestChain.StartAsync("--block-time", "1");
        LocalSigner owner = await chain.AccountAsync();
        LocalSigner poor = await chain.AccountAsync(ether: 0);
        EthereumCall creation = CheckpointAnchorContract.Deployment(TestChain.Origin, owner.Address, owner.Address, TreeHead.Empty);

        ContractDeployment made = await ContractDeployment.MakeAsync(
            chain.Client, chain.SenderOf(owner), ContractArtefact.CheckpointAnchor, creation, TimeProvider.System, Cancellation);

        Assert.Equal(TreeHead.Empty, await new CheckpointAnchorContract(chain.Client, made.Address).HeadAsync(BlockTag.Latest, Cancellation));
        Assert.InRange(made.Block, 1, await chain.Client.BlockNumberAsync(Cancellation));
        Assert.True(made.Cost > 0);
        await Assert.ThrowsAsync<EthereumException>(() => ContractDeployment.MakeAsync(
            chain.Client, chain.SenderOf(owner), ContractArtefact.HealthRegistry, creation, TimeProvider.System, Cancellation).AsTask());
        await Assert.ThrowsAsync<EthereumException>(() => ContractDeployment.MakeAsync(
            chain.Client, chain.SenderOf(poor), ContractArtefact.CheckpointAnchor, creation, TimeProvider.System, Cancellation).AsTask());
    }
}
