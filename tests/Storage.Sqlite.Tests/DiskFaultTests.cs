using HealthChain.Fhir;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests;

/// <summary>A disk that fails in the n-th write or synchronisation of a short scenario, for many n: nothing acknowledged is lost.</summary>
public sealed class DiskFaultTests : EngineTests
{
    private const int Commits = 6;

    public DiskFaultTests()
        : base(options => options with { GenerationRows = 60, CheckpointBytes = 64 << 10, Vfs = Registered() })
    {
    }

    [Theory]
    [InlineData(DiskFault.Write, false)]
    [InlineData(DiskFault.TornWrite, false)]
    [InlineData(DiskFault.Sync, false)]
    [InlineData(DiskFault.Full, false)]
    [InlineData(DiskFault.Write, true)]
    [InlineData(DiskFault.Sync, true)]
    [InlineData(DiskFault.Full, true)]
    public async Task What_was_acknowledged_is_there_and_what_was_refused_is_not_there_in_part(DiskFault fault, bool isLasting)
    {
        int patient = 0;
        int failures = 0;
        for (int after = 1; ; after += 1 + (after / 2))
        {
            FaultyVfs.Break(fault, after, isLasting);
            var acknowledged = new List<StoredVersion>();
            for (int commit = 0; commit < Commits; commit++)
            {
                patient++;
                Result<CommitResult> result = await Store.CommitAsync(
                    Everything, new Transaction([PatientOf(patient), ObservationOf(1000 + patient, patient), ObservationOf(patient % 7, patient % 5)], []), Cancel);
                if (result.Error is null && result.Value is Committed committed)
                {
                    acknowledged.AddRange(committed.Versions!);
                }
                else
                {
                    failures++;
                    Assert.Equal(ErrorKind.Busy, result.Error!.Kind);
                }
            }

            bool wasReached = FaultyVfs.HasFailed;
            FaultyVfs.Mend();

            // Goes on by itself as soon as the disk does.
            acknowledged.AddRange((await CommitAsync(PatientOf(1_000_000 + after)))!);
            await AssertKeptAsync(acknowledged);
            if (!wasReached)
            {
                break;
            }
        }

        Assert.NotEqual(0, failures);
        await Test.ReopenAsync();
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Readers_go_on_while_nothing_can_be_written()
    {
        await CommitAsync(PatientOf(1));
        FaultyVfs.Break(DiskFault.Full, 1, isLasting: true);
        Result<CommitResult> refused = await Store.CommitAsync(Everything, Transaction.Of(PatientOf(2)), Cancel);
        Assert.Contains("full", refused.Error!.ToString(), StringComparison.Ordinal);
        Assert.NotNull(Store.WriteFailure);
        Assert.NotNull(await Store.ReadAsync(Everything, Patient(1), Cancel));
        Assert.Null(await Store.ReadAsync(Everything, Patient(2), Cancel));
        FaultyVfs.Mend();
        await CommitAsync(PatientOf(2));
        Assert.Null(Store.WriteFailure);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task A_probe_tells_whether_writing_works_again()
    {
        await CommitAsync(PatientOf(1));
        FaultyVfs.Break(DiskFault.Full, 1, isLasting: true);
        await Store.CommitAsync(Everything, Transaction.Of(PatientOf(2)), Cancel);

        Assert.Contains("full", await Store.ProbeAsync(), StringComparison.Ordinal);
        Assert.NotNull(Store.WriteFailure);
        FaultyVfs.Mend();
        Assert.Null(await Store.ProbeAsync());
        Assert.Null(Store.WriteFailure);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task An_erasure_that_fails_half_way_is_finished_before_anything_else_is_written()
    {
        int interrupted = 0;
        for (int after = 1; ; after++)
        {
            int patient = after;
            await CommitAsync(PatientOf(patient), ObservationOf(1000 + patient, patient));
            FaultyVfs.Break(DiskFault.Full, after, isLasting: false);
            Result<Erasure> erased = await Store.EraseAsync(Everything, Patient(patient), "test"u8.ToArray(), Cancel);
            bool wasReached = FaultyVfs.HasFailed;
            FaultyVfs.Mend();
            await CommitAsync(PatientOf(0));
            StoredVersion? left = await Store.ReadAsync(Everything, Patient(patient), Cancel);
            Assert.True(left is null || !erased.IsOk);
            interrupted += left is null && !erased.IsOk ? 1 : 0;
            await AssertSoundAsync();
            if (!wasReached)
            {
                break;
            }
        }

        Assert.NotEqual(0, interrupted);
    }

    [Fact]
    public async Task A_disk_that_is_full_at_the_end_costs_nothing_acknowledged()
    {
        for (int i = 0; i < 30; i++)
        {
            await CommitAsync(PatientOf(i), ObservationOf(i, i));
        }

        FaultyVfs.Break(DiskFault.Full, 1, isLasting: true);
        await Test.CloseAsync();
        FaultyVfs.Mend();
        Test.Open();
        Assert.Equal(60, (await AssertSoundAsync()).Versions);
    }

    public override ValueTask DisposeAsync()
    {
        FaultyVfs.Mend();
        return base.DisposeAsync();
    }

    private static string Registered()
    {
        FaultyVfs.Register();
        FaultyVfs.Mend();
        return FaultyVfs.Name;
    }

    private async Task AssertKeptAsync(List<StoredVersion> acknowledged)
    {
        foreach (StoredVersion version in acknowledged)
        {
            StoredVersion? read = await Store.ReadVersionAsync(Everything, version.Key, version.Version, Cancel);
            Assert.Equal(version.Sequence, read?.Sequence);
            Assert.Equal(version.Json.ToArray(), read!.Json.ToArray());
        }

        await AssertSoundAsync();
    }
}
