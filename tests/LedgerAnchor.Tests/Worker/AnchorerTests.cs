using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Worker;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Worker;

public sealed class AnchorerTests
{
    private readonly LedgerWorld _world = new();

    [Fact]
    public async Task A_published_head_is_handed_in_mined_and_final()
    {
        LedgerProcess process = await PublishedAsync(3);

        await process.AnchorAsync();
        _world.Chain.Mine();
        Assert.Equal(new TreeHead(3, _world.Leaves.RootOf(3)), _world.Chain.Head);
        Assert.Null(process.Anchorer.NewestFinal);

        _world.Chain.Mine();
        _world.Chain.Mine();
        await process.AnchorAsync();

        AnchorStatus final = process.Anchorer.NewestFinal!;
        Assert.Equal((AnchorState.Final, 3L, 1L), (final.State, final.Submission.Next.Size, final.BlockNumber));
        Assert.Equal((UInt128)7, process.Anchorer.Spent);
    }

    [Fact]
    public async Task A_head_that_did_not_grow_is_not_handed_in_again()
    {
        LedgerProcess process = await PublishedAsync(3);
        for (int i = 0; i < 6; i++)
        {
            await process.AnchorAsync();
            _world.Chain.Mine();
        }

        Assert.Equal(1, _world.Chain.Submissions);
    }

    [Fact]
    public async Task After_an_outage_one_anchor_of_the_newest_head_is_enough()
    {
        LedgerProcess process = await PublishedAsync(3);
        _world.Chain.IsAway = true;
        for (int i = 0; i < 5; i++)
        {
            _world.Leaves.AddMany(10);
            Assert.True(await process.PublishAsync());
            await Assert.ThrowsAsync<AnchorUnavailableException>(() => process.AnchorAsync().AsTask());
        }

        _world.Chain.IsAway = false;
        await process.AnchorAsync();
        _world.Chain.Mine();

        Assert.Equal([53L], _world.Chain.Heads.Select(head => head.Size));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reorganisation_of_any_depth_is_recovered(bool isLost)
    {
        _world.Chain.Confirmations = 50;
        LedgerProcess process = await PublishedAsync(1);
        for (int depth = 1; depth <= 20; depth++)
        {
            for (int i = 0; i < 20; i++)
            {
                _world.Leaves.AddMany(1);
                await process.PublishAsync();
                await process.AnchorAsync();
                _world.Chain.Mine();
                await process.AnchorAsync();
            }

            _world.Chain.Reorganise(depth, isLost);
            for (int i = 0; i < 3; i++)
            {
                await process.AnchorAsync();
                _world.Chain.Mine();
            }

            Assert.Equal(process.Writer.Published!.Head, _world.Chain.Head);
        }
    }

    [Fact]
    public async Task The_budget_of_a_day_is_kept_and_comes_back_a_day_later()
    {
        _world.Options = _world.Options with { FeePerDay = 10 };
        LedgerProcess process = await PublishedAsync(1);
        for (int i = 0; i < 8; i++)
        {
            await process.AnchorAsync();
            _world.Chain.Mine();
            _world.Leaves.AddMany(1);
            await process.PublishAsync();
        }

        Assert.Equal(2, _world.Chain.Submissions);
        Assert.True(process.Anchorer.IsOverBudget);

        _world.Clock.Advance(TimeSpan.FromHours(25));
        await process.AnchorAsync();

        Assert.Equal(3, _world.Chain.Submissions);
    }

    [Fact]
    public async Task A_head_of_somebody_else_is_noticed_before_anything_is_handed_in()
    {
        LedgerProcess process = await PublishedAsync(5);
        _world.Chain.Usurp(new TreeHead(4, Hash256.Of("other"u8)));

        var fork = await Assert.ThrowsAsync<LedgerFaultException>(() => process.AnchorAsync().AsTask());
        Assert.Equal(LedgerFault.AnchorContradicts, fork.Finding.Fault);

        _world.Chain.Usurp(new TreeHead(6, Hash256.Of("other"u8)));
        var ahead = await Assert.ThrowsAsync<LedgerFaultException>(() => process.AnchorAsync().AsTask());
        Assert.Equal(LedgerFault.AnchorAhead, ahead.Finding.Fault);
        Assert.Contains("6 leaves, this log has 5", ahead.Message);
        Assert.Equal(0, _world.Chain.Submissions);
    }

    [Fact]
    public async Task The_first_final_anchor_that_covers_a_leaf_is_found()
    {
        _world.Chain.Confirmations = 0;
        LedgerProcess process = await PublishedAsync(1);
        for (int i = 0; i < 100; i++)
        {
            await process.AnchorAsync();
            _world.Chain.Mine();
            await process.AnchorAsync();
            _world.Leaves.AddMany(3);
            await process.PublishAsync();
        }

        AnchorJournal journal = AnchorJournal.Open(_world.Disk, LedgerWorld.Folder, _world.Chain.Name);
        Assert.Equal(100, journal.Count);
        for (long size = 1; size <= 298; size++)
        {
            Assert.Equal(1 + ((size + 1) / 3 * 3), journal.FirstCovering(size)!.Submission.Next.Size);
        }

        Assert.Null(journal.FirstCovering(299));
    }

    private async Task<LedgerProcess> PublishedAsync(int leaves)
    {
        _world.Leaves.AddMany(leaves);
        LedgerProcess process = await _world.StartAsync();
        Assert.True(await process.PublishAsync());
        return process;
    }
}
