using System.Globalization;
using HealthChain.LedgerAnchor.Witness;
using HealthChain.LedgerAnchor.Worker;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Worker;

/// <summary>
/// Kills the log between any two steps and in the middle of writes, with and without the power, and opens it again: it never signs two roots for one
/// size, loses no leaf, and needs nobody to look. <c>HEALTHCHAIN_LEDGER_KILLS</c> sets how often.
/// </summary>
public sealed class LedgerCrashTests
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("HEALTHCHAIN_LEDGER_KILLS") ?? "300", CultureInfo.InvariantCulture);

    // After so many a new log is begun.
    private const int KillsPerWorld = 50;

    [Fact]
    public async Task Killed_anywhere_the_log_neither_forks_nor_forgets()
    {
        int seed = Seed.Or(20_261_122);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var interrupted = new HashSet<string>();
        for (int kill = 0; kill < Kills;)
        {
            var world = new LedgerWorld(random.Next());
            var witnessed = new Witnessed(world);
            for (int i = 0; i < KillsPerWorld && kill < Kills; i++, kill++)
            {
                await LiveAndDieAsync(world, random, interrupted);
                witnessed.Look();
            }

            await SettleAsync(world);
            witnessed.Look();
            witnessed.Verify();
            TreeHead all = new(world.Leaves.Count, world.Leaves.RootOf(world.Leaves.Count));
            Assert.Equal(all, world.Chain.Head);
        }

        // Every kind of operation was hit, so the kills were spread over all steps.
        Assert.Superset(new HashSet<string> { "sync heads", "rename checkpoint", "write tile", "folder ledger", "submit before", "submit after" }, Shorten(interrupted));
    }

    /// <summary>One life: opens, adds leaves, publishes and anchors, until it is killed.</summary>
    private static async Task LiveAndDieAsync(LedgerWorld world, Random random, HashSet<string> interrupted)
    {
        world.Disk.KillAfter(random.Next(80));
        int submits = random.Next(4);
        void Kill(int at, string what)
        {
            if (submits == at)
            {
                interrupted.Add(what);
                throw new KilledException();
            }
        }

        world.Chain.BeforeSubmit = () => Kill(0, "submit before");
        world.Chain.AfterSubmit = () => Kill(1, "submit after");
        world.Handler.LosesAnswers = random.Next(4) == 0;
        try
        {
            LedgerProcess process = await world.StartAsync();
            for (; ; )
            {
                // Leaves are acknowledged by their store, whether this log lives or not.
                world.Leaves.AddMany(random.Next(3) switch { 0 => 1, 1 => random.Next(40), _ => random.Next(600) });
                await process.PublishAsync();
                await process.AnchorAsync();
                if (random.Next(3) > 0)
                {
                    world.Chain.Mine();
                }

                if (random.Next(10) == 0)
                {
                    world.Chain.Reorganise(random.Next(3), random.Next(2) == 0);
                }

                await process.AnchorAsync();
            }
        }
        catch (KilledException)
        {
            interrupted.Add(world.Disk.Trace[^1]);
        }

        if (random.Next(2) == 0)
        {
            world.Disk.Crash();
        }
        else
        {
            world.Disk.Kill();
        }
    }

    /// <summary>A last life, undisturbed.</summary>
    private static async Task SettleAsync(LedgerWorld world)
    {
        world.Chain.BeforeSubmit = world.Chain.AfterSubmit = null;
        world.Handler.LosesAnswers = false;
        world.Disk.Kill();
        LedgerProcess process = await world.StartAsync();
        world.Leaves.AddMany(1);
        Assert.True(await process.PublishAsync());
        for (int i = 0; i < 4; i++)
        {
            await process.AnchorAsync();
            world.Chain.Mine();
        }

        LogCheckReport report = await LogCheck.RunAsync(world.Parts, [], null, TestContext.Current.CancellationToken);
        Assert.Empty(report.Findings);
    }

    private static HashSet<string> Shorten(HashSet<string> operations) =>
    [
        .. operations.Select(operation => operation.Split(' ') is [var what, ['/', ..] path]
            ? $"{what} {(path.Contains("/tile/", StringComparison.Ordinal) ? "tile" : Path.GetFileName(path))}"
            : operation),
    ];

    /// <summary>Everything that ever left the log, for comparing.</summary>
    private sealed class Witnessed(LedgerWorld world)
    {
        private readonly Dictionary<long, Hash256> _roots = [];
        private int _requests;

        public void Look()
        {
            foreach (byte[] request in world.Handler.Requests.Skip(_requests))
            {
                Assert.True(AddCheckpointRequest.TryRead(request, out AddCheckpointRequest? read, out _));
                Note(read.Note);
            }

            _requests = world.Handler.Requests.Count;
            foreach (TreeHead head in world.Chain.Heads)
            {
                Note(head);
            }

            if (world.Checkpoint is { } published)
            {
                Assert.True(Checkpoint.TryOpen(published, LedgerWorld.Signer.Verifier, out SignedNote? note, out _, out _));
                Note(note);
            }
        }

        public void Verify()
        {
            foreach ((long size, Hash256 root) in _roots)
            {
                Assert.Equal(world.Leaves.RootOf(size), root);
            }
        }

        private void Note(SignedNote note)
        {
            Assert.True(Checkpoint.TryRead(note.Text, out Checkpoint? checkpoint, out _));
            Note(checkpoint.Head);
        }

        private void Note(TreeHead head)
        {
            _roots.TryAdd(head.Size, head.Root);
            Assert.Equal(_roots[head.Size], head.Root);
        }
    }
}
