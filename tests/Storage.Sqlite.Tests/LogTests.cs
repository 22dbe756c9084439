using HealthChain.Storage.Sqlite.Database;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests;

/// <summary>The write-ahead log is copied while the store works: a long one makes every look-up of a page slower, and fills the disk.</summary>
public sealed class LogTests() : EngineTests(options => options with { CheckpointBytes = CheckpointBytes })
{
    private const int CheckpointBytes = 64 << 10;

    [Fact]
    public async Task The_log_begins_anew_while_resources_are_written_and_read()
    {
        const int Commits = 200;
        await CommitAsync(PatientOf(0));
        bool isOver = false;
        Task[] readers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(
            async () =>
            {
                while (!Volatile.Read(ref isOver))
                {
                    Assert.NotNull(await Store.ReadAsync(Everything, Patient(0), Cancel));
                }
            },
            Cancel))];
        for (int i = 1; i <= Commits; i++)
        {
            await CommitAsync(PatientOf(i), ObservationOf(i, i));
        }

        Volatile.Write(ref isOver, true);
        await Task.WhenAll(readers);

        // A commit writes four pages at least: without copying the log would have some eight megabytes.
        var log = new FileInfo(Path.Combine(Test.Options.Folder, StoreFiles.DatabaseName + "-wal"));
        Assert.InRange(log.Length, 1, 16 * CheckpointBytes);
        await AssertSoundAsync();
    }
}
