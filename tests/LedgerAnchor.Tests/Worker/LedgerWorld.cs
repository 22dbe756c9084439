using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Tests.Witness;
using HealthChain.LedgerAnchor.Witness;
using HealthChain.LedgerAnchor.Worker;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Worker;

/// <summary>A log with everything around it: leaves, a disk, a chain and a witness that outlive the process of the log.</summary>
internal sealed class LedgerWorld
{
    public const string Folder = "/ledger";
    public const string Origin = "hospital.test/ledger";

    public static readonly NoteSigner Signer = new(Origin, Hash256.Of("log"u8).ToArray());
    public static readonly Cosigner WitnessKey = new("witness.test", Hash256.Of("witness"u8).ToArray());

    private readonly SimulatedDisk _witnessDisk = new(0);

    public LedgerWorld(int seed = 1)
    {
        Disk = new SimulatedDisk(seed);
        Witness = NewWitness();
        Chain.Clock = Clock;
        Handler = new WitnessHandler(() => Witness);
        WitnessClient = Handler.Client();
    }

    public SimulatedDisk Disk { get; private set; }

    public MemoryLeaves Leaves { get; } = new();

    public MemoryTarget Chain { get; } = new();

    public WitnessServer Witness { get; private set; }

    public WitnessHandler Handler { get; }

    public WitnessClient WitnessClient { get; private set; }

    public ManualClock Clock { get; } = new();

    public LedgerOptions Options { get; set; } = new() { AnchorInterval = TimeSpan.Zero, CheckpointInterval = TimeSpan.Zero };

    public LedgerParts Parts => new(Folder, Leaves, Signer, Options, Clock) { Disk = Disk, Witnesses = [WitnessClient] };

    /// <summary>The published checkpoint as everybody sees it.</summary>
    public byte[]? Checkpoint => Disk.Read($"{Folder}/{PublishedCheckpoint.FileName}");

    /// <summary>What a process has in memory.</summary>
    public async Task<LedgerProcess> StartAsync()
    {
        WitnessClient = Handler.Client();
        CheckpointWriter writer = await CheckpointWriter.OpenAsync(Parts, TestContext.Current.CancellationToken);
        return new LedgerProcess(writer, new Anchorer(Chain, AnchorJournal.Open(Disk, Folder, Chain.Name), Options, Clock), Chain);
    }

    /// <summary>Exchanges the disk, as a restored backup does.</summary>
    public void Restore(SimulatedDisk disk) => Disk = disk;

    private WitnessServer NewWitness() => new(_witnessDisk, "/witness", WitnessKey, [Signer.Verifier], Clock);
}

internal sealed class LedgerProcess(CheckpointWriter writer, Anchorer anchorer, IAnchorTarget target)
{
    public CheckpointWriter Writer => writer;

    public Anchorer Anchorer => anchorer;

    public async Task<bool> PublishAsync()
    {
        while (await writer.IntegrateAsync(TestContext.Current.CancellationToken) > 0)
        {
            // All that there is.
        }

        return await writer.PublishAsync(TestContext.Current.CancellationToken);
    }

    public ValueTask AnchorAsync() => anchorer.StepAsync(
        writer.Published?.Head ?? TreeHead.Empty,
        head => writer.CheckAsync(head, target.Name, TestContext.Current.CancellationToken),
        TestContext.Current.CancellationToken);
}
