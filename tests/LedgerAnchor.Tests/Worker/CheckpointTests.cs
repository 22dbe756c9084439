using System.Text;
using HealthChain.Files;
using HealthChain.LedgerAnchor.Worker;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Worker;

public sealed class CheckpointTests
{
    private readonly LedgerWorld _world = new();

    [Fact]
    public async Task A_checkpoint_has_the_root_of_all_leaves_and_both_signatures()
    {
        _world.Leaves.AddMany(1000);
        LedgerProcess process = await _world.StartAsync();
        Assert.True(await process.PublishAsync());

        Assert.True(Checkpoint.TryOpen(_world.Checkpoint, LedgerWorld.Signer.Verifier, out SignedNote? note, out Checkpoint? checkpoint, out _));
        Assert.Equal(new TreeHead(1000, _world.Leaves.RootOf(1000)), checkpoint.Head);
        Assert.True(LedgerWorld.WitnessKey.Verifier.Check(note).IsValid);
        Assert.Equal(_world.Checkpoint, process.Writer.Published!.Note.ToArray());
    }

    [Fact]
    public async Task There_is_no_checkpoint_when_nothing_was_added()
    {
        _world.Leaves.AddMany(3);
        LedgerProcess process = await _world.StartAsync();
        Assert.True(await process.PublishAsync());
        Assert.False(await process.PublishAsync());
        Assert.Single(_world.Handler.Requests.Select(Encoding.UTF8.GetString).Distinct());
    }

    [Fact]
    public async Task Too_few_cosignatures_keep_a_checkpoint_back_until_there_are_enough()
    {
        _world.Options = _world.Options with { WitnessesNeeded = 1 };
        _world.Leaves.AddMany(3);
        LedgerProcess process = await _world.StartAsync();
        _world.Handler.IsAway = true;
        Assert.False(await process.PublishAsync());
        Assert.Null(_world.Checkpoint);
        Assert.Contains("witness.test", process.Writer.WitnessProblem, StringComparison.Ordinal);

        _world.Handler.IsAway = false;
        Assert.True(await process.PublishAsync());
        Assert.Null(process.Writer.WitnessProblem);
    }

    [Fact]
    public async Task A_witness_that_is_not_needed_may_be_away()
    {
        _world.Leaves.AddMany(3);
        _world.Handler.IsAway = true;
        LedgerProcess process = await _world.StartAsync();
        Assert.True(await process.PublishAsync());
        Assert.NotNull(process.Writer.WitnessProblem);
    }

    [Fact]
    public async Task What_the_witness_cosigned_and_the_log_did_not_hear_of_is_published_again()
    {
        _world.Options = _world.Options with { WitnessesNeeded = 1 };
        _world.Leaves.AddMany(3);
        LedgerProcess process = await _world.StartAsync();
        _world.Handler.LosesAnswers = true;
        Assert.False(await process.PublishAsync());

        _world.Handler.LosesAnswers = false;
        process = await _world.StartAsync();
        Assert.True(await process.PublishAsync());
        _world.Leaves.AddMany(300);
        Assert.True(await process.PublishAsync());
        Assert.Equal(303, _world.Witness.HeadOf(LedgerWorld.Origin)!.Value.Size);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(70_000)]
    public async Task A_restart_goes_on_where_the_log_was_left(int leaves)
    {
        _world.Leaves.AddMany(leaves);
        await (await _world.StartAsync()).PublishAsync();
        _world.Leaves.AddMany(777);
        LedgerProcess process = await _world.StartAsync();
        Assert.Equal(leaves, process.Writer.Published!.Head.Size);
        Assert.True(await process.PublishAsync());
        Assert.Equal(_world.Leaves.RootOf(leaves + 777), process.Writer.Published!.Head.Root);
    }

    [Fact]
    public async Task Nothing_is_signed_when_the_last_leaves_are_gone()
    {
        await PublishAsync(600);
        _world.Leaves.DropLast(5);
        await RefusalAsync(LedgerFault.LeavesMissing, "595: 5 are missing");
    }

    [Fact]
    public async Task Nothing_is_signed_when_a_leaf_was_changed()
    {
        await PublishAsync(600);
        byte[] entry = _world.Leaves[321].ToArray();
        entry[7] ^= 1;
        _world.Leaves[321] = new Hash256(entry);
        await RefusalAsync(LedgerFault.LeavesChanged, "sequence 322");
    }

    [Theory]
    [InlineData(3, 4)]
    [InlineData(3, 599)]
    public async Task Nothing_is_signed_when_two_leaves_were_swapped(int one, int other)
    {
        await PublishAsync(600);
        (_world.Leaves[one], _world.Leaves[other]) = (_world.Leaves[other], _world.Leaves[one]);
        await RefusalAsync(LedgerFault.LeavesSwapped, $"leaves at {one} and {other}");
    }

    [Theory]
    [InlineData("tile/0/000", 1000)]
    [InlineData("tile/0/002.p/88", 2815)]
    [InlineData("tile/1/000.p/2", 33)]
    public async Task Nothing_is_signed_when_a_tile_was_changed(string tile, long offset)
    {
        await PublishAsync(600);
        _world.Disk.Damage($"{LedgerWorld.Folder}/{tile}", offset);
        await RefusalAsync(LedgerFault.TilesDamaged, tile);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(30)]
    [InlineData(150)]
    public async Task Nothing_is_signed_when_the_checkpoint_was_changed(long offset)
    {
        await PublishAsync(600);
        _world.Disk.Damage($"{LedgerWorld.Folder}/checkpoint", offset);
        await RefusalAsync(LedgerFault.CheckpointDamaged, "not what was signed");
    }

    [Fact]
    public async Task Nothing_is_signed_when_the_journal_was_changed()
    {
        LedgerProcess process = await PublishAsync(600);
        for (int i = 0; i < 3; i++)
        {
            _world.Leaves.AddMany(1);
            await process.PublishAsync();
        }

        _world.Disk.Damage($"{LedgerWorld.Folder}/{HeadJournal.FileName}", 20);
        await RefusalAsync(LedgerFault.JournalDamaged, "Record 0");
    }

    [Fact]
    public async Task A_journal_that_lost_its_end_learns_it_from_the_published_checkpoint()
    {
        LedgerProcess process = await PublishAsync(600);
        byte[] earlier = _world.Disk.Read($"{LedgerWorld.Folder}/{HeadJournal.FileName}")!;
        _world.Leaves.AddMany(1);
        await process.PublishAsync();
        _world.Disk.Write($"{LedgerWorld.Folder}/{HeadJournal.FileName}", earlier);

        process = await _world.StartAsync();

        Assert.Equal(601, HeadJournal.Open(_world.Disk, LedgerWorld.Folder).Newest.Size);
    }

    [Fact]
    public async Task A_restored_backup_is_noticed_by_the_witness()
    {
        await PublishAsync(600);
        _world.Leaves.DropLast(100);
        _world.Restore(new SimulatedDisk(2));
        LedgerProcess process = await _world.StartAsync();

        var refusal = await Assert.ThrowsAsync<LedgerFaultException>(process.PublishAsync);

        Assert.Equal(LedgerFault.WitnessAhead, refusal.Finding.Fault);
        Assert.Null(_world.Checkpoint);
    }

    [Fact]
    public async Task Another_history_is_noticed_by_the_witness()
    {
        await PublishAsync(600);
        _world.Leaves[3] = Hash256.Of("another"u8);
        _world.Leaves.AddMany(1);
        _world.Restore(new SimulatedDisk(2));
        LedgerProcess process = await _world.StartAsync();

        var refusal = await Assert.ThrowsAsync<LedgerFaultException>(process.PublishAsync);

        Assert.Equal(LedgerFault.WitnessContradicts, refusal.Finding.Fault);
    }

    [Fact]
    public async Task A_restored_backup_is_noticed_by_the_chain()
    {
        LedgerProcess process = await PublishAsync(600);
        await process.AnchorAsync();
        _world.Chain.Mine();
        _world.Leaves.DropLast(1);
        _world.Restore(new SimulatedDisk(2));
        process = await _world.StartAsync();
        await process.Writer.IntegrateAsync(TestContext.Current.CancellationToken);

        var refusal = await Assert.ThrowsAsync<LedgerFaultException>(() => process.AnchorAsync().AsTask());

        Assert.Equal(LedgerFault.AnchorAhead, refusal.Finding.Fault);
    }

    [Fact]
    public async Task A_log_whose_files_are_lost_is_rebuilt_from_its_leaves()
    {
        LedgerProcess process = await PublishAsync(600);
        await process.AnchorAsync();
        _world.Chain.Mine();
        _world.Leaves.AddMany(10);
        _world.Restore(new SimulatedDisk(2));
        process = await _world.StartAsync();
        await process.Writer.IntegrateAsync(TestContext.Current.CancellationToken);

        await process.AnchorAsync();

        Assert.True(await process.PublishAsync());
        Assert.Equal(_world.Leaves.RootOf(610), process.Writer.Published!.Head.Root);
    }

    private async Task<LedgerProcess> PublishAsync(int leaves)
    {
        _world.Leaves.AddMany(leaves);
        LedgerProcess process = await _world.StartAsync();
        Assert.True(await process.PublishAsync());
        return process;
    }

    /// <summary>A start, which has to refuse, and what the check says to an operator.</summary>
    private async Task RefusalAsync(LedgerFault fault, string detail)
    {
        byte[]? before = _world.Checkpoint;
        var refusal = await Assert.ThrowsAsync<LedgerFaultException>(_world.StartAsync);
        LogCheckReport report = await LogCheck.RunAsync(_world.Parts, [], null, TestContext.Current.CancellationToken);

        Assert.Equal(fault, refusal.Finding.Fault);
        Assert.Contains(report.Findings, finding => finding.Fault == fault && finding.Detail.Contains(detail, StringComparison.Ordinal));
        Assert.Equal(before, _world.Checkpoint);
    }
}
