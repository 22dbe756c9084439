using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>Anchoring on a real chain: everything that can come between a submission and its finality.</summary>
public sealed class EthereumAnchorTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A chain as it is by default, one without fees like a consortium's, and one from before EIP-1559.</summary>
    public static TheoryData<string> Networks => ["", "--base-fee 0 --gas-price 0 --disable-min-priority-fee", "--hardfork berlin"];

    [Theory]
    [MemberData(nameof(Networks))]
    public async Task A_head_is_anchored_and_read_back(string network)
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync(network.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        AnchorSubmission submission = await at.Anchor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation);
        AnchorStatus status = await SettledAsync(at.Anchor, submission);

        Assert.Equal(AnchorState.Final, status.State);
        Assert.Equal(submission, status.Submission);
        Assert.Equal(Heads.At(5), await at.Anchor.ReadHeadAsync(Cancellation));
        Assert.Equal(network.StartsWith("--base-fee 0", StringComparison.Ordinal), status.Fee == 0);
        AnchorSubmission next = await at.Anchor.SubmitAsync(Heads.At(5), Heads.At(9), Cancellation);
        Assert.Equal(AnchorState.Final, (await SettledAsync(at.Anchor, next)).State);
        Assert.Equal([5, 9], await at.SizesAsync());
    }

    [Fact]
    public async Task Where_nothing_costs_a_fee_an_account_without_money_anchors()
    {
        await using TestChain chain = await TestChain.StartAsync("--base-fee", "0", "--gas-price", "0", "--disable-min-priority-fee");
        LocalSigner poor = await chain.AccountAsync(ether: 0);
        EthereumAnchor anchor = chain.AnchorOf(poor, await chain.DeployAnchorAsync(poor, poor.Address));

        AnchorStatus status = await SettledAsync(anchor, await anchor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation));

        Assert.Equal((AnchorState.Final, UInt128.Zero), (status.State, status.Fee));
    }

    [Fact]
    public async Task A_submission_repeated_after_a_crash_is_found_on_the_chain()
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync();
        AnchorSubmission first = await AnchorAsync(at.Anchor, TreeHead.Empty, Heads.At(5));
        await AnchorAsync(at.Anchor, Heads.At(5), Heads.At(6));

        // Two anchors ago: the newest head is another one already.
        AnchorSubmission again = await at.Anchor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation);

        Assert.Equal((first.Transaction, first.Nonce), (again.Transaction, again.Nonce));
        Assert.Equal(AnchorState.Final, (await at.Anchor.StatusOfAsync(again, Cancellation)).State);
        Assert.Equal([5, 6], await at.SizesAsync());
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public async Task A_submission_repeated_while_the_first_one_waits_takes_its_place(string network)
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync(network.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        await at.Chain.SetMiningAsync(false);
        AnchorSubmission first = await at.Anchor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation);
        AnchorSubmission again = await at.Anchor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation);
        Assert.Equal(first.Nonce, again.Nonce);
        Assert.Equal(AnchorState.Pending, (await at.Anchor.StatusOfAsync(again, Cancellation)).State);

        await at.Chain.MineAsync();

        AnchorStatus status = await at.Anchor.StatusOfAsync(first, Cancellation);
        Assert.Equal(AnchorState.Final, status.State);
        Assert.Equal(again.Transaction, status.Submission.Transaction);
        Assert.Equal([5], await at.SizesAsync());
        Assert.Equal(first.Nonce + 1, await at.Chain.Client.TransactionCountAsync(at.Account.Address, BlockTag.Latest, Cancellation));
    }

    [Fact]
    public async Task Of_two_workers_with_one_key_only_one_anchors()
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync();
        EthereumAnchor other = at.Chain.AnchorOf(at.Account, at.Contract.Address);
        await at.Chain.SetMiningAsync(false);
        AnchorSubmission ours = await at.Anchor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation);
        AnchorSubmission theirs = await other.SubmitAsync(TreeHead.Empty, Heads.At(6), Cancellation);
        await at.Chain.MineAsync();
        await at.Chain.SetMiningAsync(true);

        AnchorState[] states = [(await at.Anchor.StatusOfAsync(ours, Cancellation)).State, (await other.StatusOfAsync(theirs, Cancellation)).State];

        Assert.Equal([AnchorState.Refused, AnchorState.Final], states);
        Assert.Equal([6], await at.SizesAsync());
        Assert.Equal(AnchorState.Refused, (await at.Anchor.StatusOfAsync(await at.Anchor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation), Cancellation)).State);
        Assert.Equal([6], await at.SizesAsync());
    }

    [Fact]
    public async Task A_worker_without_the_role_learns_why_it_may_not()
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync();
        EthereumAnchor other = at.Chain.AnchorOf(await at.Chain.AccountAsync(), at.Contract.Address);

        var refusal = await Assert.ThrowsAsync<AnchorUnavailableException>(() => other.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation).AsTask());

        Assert.Contains("NotAnchorer", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(await at.SizesAsync());
    }

    [Fact]
    public async Task A_log_that_was_rolled_back_or_forked_is_refused_without_a_transaction()
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync();
        await AnchorAsync(at.Anchor, TreeHead.Empty, Heads.At(10));
        long count = await at.Chain.Client.TransactionCountAsync(at.Account.Address, BlockTag.Latest, Cancellation);

        foreach ((TreeHead previous, TreeHead next) in ((TreeHead, TreeHead)[])[(Heads.At(8), Heads.At(9)), (TreeHead.Empty, Heads.ForkAt(10)), (Heads.ForkAt(10), Heads.At(11))])
        {
            AnchorSubmission submission = await at.Anchor.SubmitAsync(previous, next, Cancellation);
            Assert.Equal(AnchorState.Refused, (await at.Anchor.StatusOfAsync(submission, Cancellation)).State);
        }

        Assert.Equal(count, await at.Chain.Client.TransactionCountAsync(at.Account.Address, BlockTag.Pending, Cancellation));
        Assert.Equal([10], await at.SizesAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("--hardfork berlin")]
    public async Task A_stuck_transaction_is_replaced_at_a_higher_fee(string network)
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync(network.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        await at.Chain.SetMiningAsync(false);
        AnchorSubmission first = await at.Anchor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation);
        Assert.Equal(first, (await at.Anchor.StatusOfAsync(first, Cancellation)).Submission);
        KnownTransaction? before = await at.Chain.Client.TransactionAsync(Hex.ParseHash(first.Transaction), Cancellation);
        at.Chain.Time.Advance(new FeePolicy().ReplaceAfter);

        AnchorStatus replaced = await at.Anchor.StatusOfAsync(first, Cancellation);

        Assert.Equal(AnchorState.Pending, replaced.State);
        Assert.NotEqual(first.Transaction, replaced.Submission.Transaction);
        Assert.Equal(first.Nonce, replaced.Submission.Nonce);
        KnownTransaction? waiting = await at.Chain.Client.TransactionAsync(Hex.ParseHash(replaced.Submission.Transaction), Cancellation);
        Assert.True(waiting!.Fee.Max > before!.Fee.Max);
        Assert.Equal(replaced.Submission, (await at.Anchor.StatusOfAsync(replaced.Submission, Cancellation)).Submission);
        await at.Chain.MineAsync();
        AnchorStatus mined = await at.Anchor.StatusOfAsync(replaced.Submission, Cancellation);
        Assert.Equal((AnchorState.Final, replaced.Submission), (mined.State, mined.Submission));
        Assert.Equal([5], await at.SizesAsync());
    }

    [Fact]
    public async Task Beyond_the_cap_on_fees_nothing_is_sent_and_what_waits_goes_on_waiting()
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync();
        EthereumAnchor poor = at.Chain.AnchorOf(at.Account, at.Contract.Address, new FeePolicy { MaxFeePerGas = 1_000 });
        await Assert.ThrowsAsync<AnchorUnavailableException>(() => poor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation).AsTask());
        await at.Chain.SetMiningAsync(false);
        AnchorSubmission waiting = await at.Anchor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation);
        at.Chain.Time.Advance(TimeSpan.FromHours(1));

        KnownTransaction? known = await at.Chain.Client.TransactionAsync(Hex.ParseHash(waiting.Transaction), Cancellation);
        EthereumAnchor tight = at.Chain.AnchorOf(at.Account, at.Contract.Address, new FeePolicy { MaxFeePerGas = known!.Fee.Max });

        AnchorStatus status = await tight.StatusOfAsync(waiting, Cancellation);
        Assert.Equal((AnchorState.Pending, waiting), (status.State, status.Submission));
    }

    [Fact]
    public async Task A_node_that_forgot_what_it_accepted_gets_it_again()
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync();
        await at.Chain.SetMiningAsync(false);
        AnchorSubmission submission = await at.Anchor.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation);
        await at.Chain.AskAsync("anvil_dropTransaction", submission.Transaction);

        AnchorStatus status = await at.Anchor.StatusOfAsync(submission, Cancellation);
        await at.Chain.MineAsync();

        Assert.Equal((AnchorState.Pending, submission.Nonce), (status.State, status.Submission.Nonce));
        Assert.Equal(AnchorState.Final, (await at.Anchor.StatusOfAsync(status.Submission, Cancellation)).State);
    }

    [Fact]
    public async Task The_chains_tag_or_a_number_of_blocks_makes_an_anchor_final()
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync("--slots-in-an-epoch", "1");
        EthereumAnchor byTag = at.Chain.AnchorOf(at.Account, at.Contract.Address, confirmations: null);
        EthereumAnchor byNumber = at.Chain.AnchorOf(at.Account, at.Contract.Address, confirmations: 4);
        AnchorSubmission submission = await AnchorAsync(byTag, TreeHead.Empty, Heads.At(5));

        var states = new List<(AnchorState, AnchorState)>();
        for (int block = 0; block < 5; block++)
        {
            states.Add(((await byTag.StatusOfAsync(submission, Cancellation)).State, (await byNumber.StatusOfAsync(submission, Cancellation)).State));
            await at.Chain.MineAsync();
        }

        Assert.Equal(
            [
                (AnchorState.Mined, AnchorState.Mined), (AnchorState.Mined, AnchorState.Mined), (AnchorState.Final, AnchorState.Mined),
                (AnchorState.Final, AnchorState.Mined), (AnchorState.Final, AnchorState.Final),
            ],
            states);
    }

    [Fact]
    public async Task A_contract_of_another_log_or_none_at_all_is_not_used()
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync();
        var options = new EthereumAnchorOptions { Origin = "other.example/ledger", ChainId = TestChain.ChainId };
        var otherLog = new EthereumAnchor(at.Chain.Client, at.Chain.SenderOf(at.Account), at.Contract.Address, options, at.Chain.Time);
        EthereumAnchor nothing = at.Chain.AnchorOf(at.Account, at.Account.Address);

        var first = await Assert.ThrowsAsync<AnchorUnavailableException>(() => otherLog.SubmitAsync(TreeHead.Empty, Heads.At(5), Cancellation).AsTask());
        Assert.Contains("another log", first.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<AnchorUnavailableException>(() => nothing.ReadHeadAsync(Cancellation).AsTask());
        Assert.Empty(await at.SizesAsync());
    }

    [Fact]
    public async Task Keys_that_everybody_has_are_for_development_chains_only()
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync();
        using var known = new LocalSigner(Convert.FromHexString("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"));
        using TransactionSender sender = at.Chain.SenderOf(known);
        var options = new EthereumAnchorOptions { Origin = TestChain.Origin, ChainId = 1 };

        Assert.Throws<ArgumentException>(() => new EthereumAnchor(at.Chain.Client, sender, at.Contract.Address, options, at.Chain.Time));
        Assert.NotNull(new EthereumAnchor(at.Chain.Client, sender, at.Contract.Address, options with { ChainId = TestChain.ChainId }, at.Chain.Time));
    }

    public static TheoryData<int> Depths => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(Depths))]
    public async Task After_a_reorganisation_one_anchor_of_the_newest_head_restores_order(int depth)
    {
        await using AnchoredChain at = await AnchoredChain.StartAsync();
        EthereumAnchor anchor = at.Chain.AnchorOf(at.Account, at.Contract.Address, confirmations: 1_000);
        const int Anchors = 21;
        var submissions = new List<AnchorSubmission>();
        for (int size = 1; size <= Anchors; size++)
        {
            submissions.Add(await AnchorAsync(anchor, Heads.At(size - 1), Heads.At(size)));
        }

        // So that what the node takes back is not mined again at once by itself.
        await at.Chain.SetMiningAsync(false);
        await at.Chain.ReorganiseAsync(depth);

        TreeHead head = await anchor.ReadHeadAsync(Cancellation);
        Assert.Equal(Heads.At(Anchors - depth), head);
        Assert.Equal(AnchorState.Mined, (await anchor.StatusOfAsync(submissions[(int)head.Size - 1], Cancellation)).State);

        // The first one that was lost is sent again; what came after it was built on a head that is no longer there.
        AnchorStatus lost = await anchor.StatusOfAsync(submissions[(int)head.Size], Cancellation);
        Assert.Equal(AnchorState.Pending, lost.State);
        Assert.All(submissions.Skip((int)head.Size + 1), submission => Assert.Equal(AnchorState.Refused, StateOf(anchor, submission)));

        AnchorSubmission restored = await anchor.SubmitAsync(head, Heads.At(Anchors + 1), Cancellation);
        await at.Chain.MineAsync();
        Assert.Equal(AnchorState.Mined, (await anchor.StatusOfAsync(restored, Cancellation)).State);
        Assert.Equal(Heads.At(Anchors + 1), await anchor.ReadHeadAsync(Cancellation));
        Assert.Equal(AnchorState.Refused, (await anchor.StatusOfAsync(lost.Submission, Cancellation)).State);
    }

    /// <summary>The status once the node has made its block.</summary>
    private static Task<AnchorStatus> SettledAsync(EthereumAnchor anchor, AnchorSubmission submission) => TestChain.WaitAsync(
        async () => await anchor.StatusOfAsync(submission, Cancellation) is { State: not AnchorState.Pending } status ? status : null, "a block with the anchor");

    private static async Task<AnchorSubmission> AnchorAsync(EthereumAnchor anchor, TreeHead previous, TreeHead next)
    {
        AnchorSubmission submission = await anchor.SubmitAsync(previous, next, Cancellation);
        await SettledAsync(anchor, submission);
        return submission;
    }

    private static AnchorState StateOf(EthereumAnchor anchor, AnchorSubmission submission) =>
        anchor.StatusOfAsync(submission, Cancellation).AsTask().GetAwaiter().GetResult().State;
}
