using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Native;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests;

/// <summary>Backups, restores and checks.</summary>
public sealed class UpkeepTests : EngineTests
{
    private readonly TemporaryFolder _elsewhere = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _elsewhere.Dispose();
    }

    [Fact]
    public async Task A_store_that_was_used_in_every_way_is_sound()
    {
        var random = new Random(5);
        for (int round = 0; round < 300; round++)
        {
            int patient = random.Next(20);
            await CommitAsync(random.Next(6) switch
            {
                0 => [new Delete(new ResourceKey("Observation", $"o{random.Next(60)}"))],
                1 => [PatientOf(patient, $"Name{random.Next(5)}"), ObservationOf(random.Next(60), patient, random.Next(100))],
                _ => [ObservationOf(random.Next(60), patient, random.Next(100))],
            });
            Clock.Move(TimeSpan.FromMilliseconds(random.Next(3)));
        }

        VerifyReport before = await AssertSoundAsync();
        await Store.EraseAsync(Everything, Patient(3), "test"u8.ToArray(), Cancel);
        await AssertSoundAsync();
        await Store.ReindexAsync(Everything, null, Cancel);
        await AssertSoundAsync();
        await Test.ReopenAsync();
        VerifyReport after = await AssertSoundAsync();
        Assert.Equal(before.Versions, after.Versions);
        Assert.True(after.Resources < before.Resources);
        Assert.True(after.IndexRows > after.Resources);
    }

    [Fact]
    public async Task Closing_a_store_twice_does_no_harm()
    {
        await CommitAsync([PatientOf(1, "Twice")]);
        await Store.DisposeAsync();
        await Store.DisposeAsync();

        await Test.ReopenAsync();
        await AssertSoundAsync();
    }

    [Fact]
    public async Task A_store_at_rest_has_everything_in_the_database_itself()
    {
        await CommitAsync([PatientOf(1, "Rest")]);
        string copy = _elsewhere.File("without-log.db");
        long found = 0;
        for (int tries = 0; tries < 480 && found == 0; tries++)
        {
            await Task.Delay(250, Cancel);
            File.Copy(Path.Combine(Test.Options.Folder, StoreFiles.DatabaseName), copy, overwrite: true);
            using Connection connection = Connection.OpenForWriting(copy);
            try
            {
                found = connection.QueryInt64("SELECT count(*) FROM value");
            }
            catch (SqliteException)
            {
                // The file was copied before or while the log was.
            }
        }

        Assert.NotEqual(0, found);
    }

    [Theory]
    [InlineData("UPDATE ver SET body=(SELECT body FROM ver WHERE vid=2) WHERE vid=3", "cannot be opened")]
    [InlineData("UPDATE ver SET hash=zeroblob(32) WHERE vid=3", "hash")]
    [InlineData("DELETE FROM ver WHERE vid=2", "gaps")]
    [InlineData("UPDATE count SET current=current+1", "number of resources")]
    [InlineData("DELETE FROM value WHERE (p,h,pat,rid) IN (SELECT p,h,pat,rid FROM value WHERE p>15 LIMIT 1)", "missing")]
    [InlineData("INSERT INTO value VALUES(20, 4711, 0, 1)", "The index has")]
    [InlineData("UPDATE res SET keys=(SELECT keys FROM res WHERE rid=2) WHERE rid=1", "not those of its content")]
    [InlineData("UPDATE res SET vid=1 WHERE rid=2", "no such newest version")]
    [InlineData("UPDATE ver SET ts=ts-5 WHERE vid=3", "older than one before")]
    public async Task A_check_finds_what_was_altered(string sql, string fault)
    {
        await CommitAsync(PatientOf(1), PatientOf(2), ObservationOf(1, 2));
        await Test.CloseAsync();
        using (Connection connection = Connection.OpenForWriting(Path.Combine(Test.Options.Folder, StoreFiles.DatabaseName)))
        {
            connection.Execute(sql);
        }

        Test.Open();
        VerifyReport report = await Store.VerifyAsync(VerifyLevel.Full, null, Cancel);
        Assert.Contains(report.Faults, found => found.Contains(fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_backup_taken_under_load_holds_one_moment_and_can_be_restored()
    {
        using var stop = new CancellationTokenSource();
        Task load = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await CommitAsync(PatientOf(i % 50, "Load"), ObservationOf(i, i % 50));
            }
        }, Cancel);
        await Store.WaitForChangeAsync(200, Cancel);
        string folder = _elsewhere.File("backup");
        var steps = new List<double>();
        long newest = await Store.BackupAsync(folder, new Steps(steps), Cancel);
        await stop.CancelAsync();
        await load;
        Assert.Equal(1, steps[^1]);
        Assert.True(newest >= 200);

        KeyStoreOptions keys = new() { Folder = _elsewhere.File("keys"), TenantKeyFolder = Path.Combine(Test.Folder, "tenant") };
        SqliteStoreOptions options = Test.Options with { Folder = _elsewhere.File("store") };
        SqliteStore.Restore(folder, options, keys, null, Cancel);
        await Test.CloseAsync();
        using KeyStore restoredKeys = KeyStore.Open(keys);
        await using (SqliteStore restored = await SqliteStore.OpenAsync(options, restoredKeys, Setup.Hasher, Setup.Parameters, Clock, Cancel))
        {
            VerifyReport report = await restored.VerifyAsync(VerifyLevel.Full, null, Cancel);
            Assert.Empty(report.Faults);
            Assert.Equal(newest, report.Versions);
            Assert.Equal(newest, await restored.ChangesAsync(Everything, 0, Cancel).CountAsync(Cancel));
            Assert.Throws<StoreException>(() => SqliteStore.Restore(folder, options, keys, null, Cancel));
        }

        Test.Open();
    }

    [Fact]
    public async Task A_patient_erased_after_the_backup_is_erased_in_the_restored_store_too()
    {
        await CommitAsync(PatientOf(1), ObservationOf(1, 1), PatientOf(2));
        string folder = _elsewhere.File("backup");
        await Store.BackupAsync(folder, null, Cancel);
        await Store.EraseAsync(Everything, Patient(1), "test"u8.ToArray(), Cancel);
        await Test.CloseAsync();
        Directory.Delete(Test.Options.Folder, recursive: true);

        SqliteStore.Restore(
            folder, Test.Options, new KeyStoreOptions { Folder = Path.Combine(Test.Folder, "keys"), TenantKeyFolder = Path.Combine(Test.Folder, "tenant") }, null, Cancel);

        Test.Open();
        Assert.Null(await Store.ReadAsync(Everything, Patient(1), Cancel));
        Assert.NotNull(await Store.ReadAsync(Everything, Patient(2), Cancel));
        VerifyReport report = await AssertSoundAsync();
        Assert.Equal((3, 1), (report.Versions, report.Resources));
    }

    [Fact]
    public async Task A_damaged_backup_is_refused()
    {
        await CommitAsync(PatientOf(1));
        string folder = _elsewhere.File("backup");
        await Store.BackupAsync(folder, null, Cancel);
        string database = Path.Combine(folder, "database", StoreFiles.DatabaseName);
        await using (FileStream file = File.OpenWrite(database))
        {
            file.Position = 5000;
            file.WriteByte(77);
        }

        var options = new SqliteStoreOptions { Folder = _elsewhere.File("store") };
        var keys = new KeyStoreOptions { Folder = _elsewhere.File("keys"), TenantKeyFolder = _elsewhere.File("tenant") };
        Assert.Contains("not the file", Assert.Throws<StoreException>(() => SqliteStore.Restore(folder, options, keys, null, Cancel)).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder, "backup.json"));
        Assert.Contains("no finished backup", Assert.Throws<StoreException>(() => SqliteStore.Restore(folder, options, keys, null, Cancel)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(options.Folder, StoreFiles.DatabaseName)));
    }

    private sealed class Steps(List<double> steps) : IProgress<double>
    {
        public void Report(double value) => steps.Add(value);
    }
}
