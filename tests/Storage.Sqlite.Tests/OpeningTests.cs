using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Native;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests;

/// <summary>What a start accepts, repairs and refuses.</summary>
public sealed class OpeningTests : EngineTests
{
    private string Database => Path.Combine(Test.Options.Folder, StoreFiles.DatabaseName);

    [Fact]
    public async Task What_was_committed_is_there_after_a_restart()
    {
        IReadOnlyList<StoredVersion?> versions = await CommitAsync(PatientOf(1), ObservationOf(1, 1));
        await Test.ReopenAsync();
        Assert.Equal(versions[1]!.Json.ToArray(), (await Store.ReadAsync(Everything, versions[1]!.Key, Cancel))!.Json.ToArray());
        StoredVersion next = (await CommitAsync(PatientOf(1, "Other")))[0]!;
        Assert.Equal((2, 3), (next.Version, next.Sequence));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task A_second_opener_is_kept_out()
    {
        StoreException refused = await Assert.ThrowsAsync<StoreException>(
            () => SqliteStore.OpenAsync(Test.Options, Test.Keys, Setup.Parameters, Clock, Cancel));
        Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_a_newer_program_is_refused()
    {
        await Test.CloseAsync();
        Execute($"PRAGMA user_version={Schema.Version + 1}");
        Assert.Contains("newer", Assert.Throws<StoreException>(Test.Open).Message, StringComparison.Ordinal);
        Execute($"PRAGMA user_version={Schema.Version}");
        Test.Open();
    }

    [Fact]
    public async Task Keys_of_another_store_are_refused()
    {
        await CommitAsync(PatientOf(1));
        await Test.CloseAsync();
        using var elsewhere = new TemporaryFolder();
        using (KeyStore others = KeyStore.Open(new KeyStoreOptions { Folder = elsewhere.File("a"), TenantKeyFolder = elsewhere.File("b") }))
        {
            StoreException refused = await Assert.ThrowsAsync<StoreException>(
                () => SqliteStore.OpenAsync(Test.Options, others, Setup.Hasher, Setup.Parameters, Clock, Cancel));
            Assert.Contains("keys belong to another database", refused.Message, StringComparison.Ordinal);
        }

        Test.Open();
        StoredVersion? read = await Store.ReadAsync(Everything, Patient(1), Cancel);
        Assert.NotNull(read);
    }

    [Fact]
    public async Task Another_key_of_the_index_is_refused()
    {
        await Test.CloseAsync();
        using (KeyStore keys = KeyStore.Open(
            new KeyStoreOptions { Folder = Path.Combine(Test.Folder, "keys"), TenantKeyFolder = Path.Combine(Test.Folder, "tenant") }))
        {
            await Assert.ThrowsAsync<StoreException>(
                () => SqliteStore.OpenAsync(Test.Options, keys, new IndexHasher("another key 1234"u8), Setup.Parameters, Clock, Cancel));
        }

        Test.Open();
    }

    [Fact]
    public async Task The_index_key_of_a_key_store_outlives_the_rotation_of_the_tenant_key()
    {
        using var elsewhere = new TemporaryFolder();
        var keyOptions = new KeyStoreOptions { Folder = elsewhere.File("a"), TenantKeyFolder = elsewhere.File("b") };
        SqliteStoreOptions options = Test.Options with { Folder = elsewhere.File("store") };
        for (int start = 0; start < 3; start++)
        {
            using KeyStore keys = KeyStore.Open(keyOptions);
            await using SqliteStore store = await SqliteStore.OpenAsync(options, keys, Setup.Parameters, Clock, Cancel);
            await store.CommitAsync(Everything, Transaction.Of(PatientOf(1)), Cancel);
            Assert.Equal(start + 1, (await store.ReadAsync(Everything, Patient(1), Cancel))!.Version);
            keys.RotateTenantKey();
        }
    }

    [Fact]
    public async Task Rows_that_were_in_memory_when_the_process_died_are_made_again()
    {
        for (int i = 0; i < 200; i++)
        {
            await CommitAsync(PatientOf(i % 40, "N" + (i % 7)), ObservationOf(i, i % 40, i));
        }

        using var elsewhere = new TemporaryFolder();
        Directory.CreateDirectory(elsewhere.File("store"));
        foreach (string file in Directory.GetFiles(Test.Options.Folder, StoreFiles.DatabaseName + "*"))
        {
            File.Copy(file, Path.Combine(elsewhere.File("store"), Path.GetFileName(file)));
        }

        // The copy is what a machine that stopped now would find: rows not flushed, the log not copied.
        await using SqliteStore revived = await SqliteStore.OpenAsync(
            Test.Options with { Folder = elsewhere.File("store") }, Test.Keys, Setup.Hasher, Setup.Parameters, Clock, Cancel);
        VerifyReport report = await revived.VerifyAsync(VerifyLevel.Full, null, Cancel);
        Assert.Empty(report.Faults);
        Assert.Equal(400, report.Versions);
        await revived.CommitAsync(Everything, new Transaction([new Delete(Patient(3)), PatientOf(4, "New"), ObservationOf(7, 8)], []), Cancel);
        Assert.Empty((await revived.VerifyAsync(VerifyLevel.Full, null, Cancel)).Faults);
    }

    [Fact]
    public void Each_missing_step_of_the_schema_is_done_once_and_a_failed_one_leaves_nothing()
    {
        using var elsewhere = new TemporaryFolder();
        using Connection connection = Connection.OpenForWriting(elsewhere.File("a.db"));
        string[] first = ["CREATE TABLE a(x)", "INSERT INTO a VALUES(1)"];
        Schema.Migrate(connection, [first]);
        string[] second = ["ALTER TABLE a ADD COLUMN y", "UPDATE a SET y=x+1"];
        Assert.Throws<SqliteException>(() => Schema.Migrate(connection, [first, [.. second, "no sql"]]));
        Assert.Equal(1, connection.QueryInt64("PRAGMA user_version"));
        Assert.Throws<SqliteException>(() => connection.QueryInt64("SELECT y FROM a"));
        for (int start = 0; start < 2; start++)
        {
            Schema.Migrate(connection, [first, second]);
            Assert.Equal(2, connection.QueryInt64("SELECT y FROM a"));
            Assert.Equal(1, connection.QueryInt64("SELECT count(*) FROM a"));
            Assert.Equal(2, connection.QueryInt64("PRAGMA user_version"));
        }
    }

    private void Execute(string sql)
    {
        using Connection connection = Connection.OpenForWriting(Database);
        connection.Execute(sql);
    }
}
