using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Native;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests.Ledger;

/// <summary>Every version has its leaf of the ledger, and a check finds what does not fit it.</summary>
public sealed class LeafTests : EngineTests
{
    private readonly TemporaryFolder _elsewhere = new();

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _elsewhere.Dispose();
    }

    [Theory]
    [InlineData("UPDATE ver SET leaf=NULL WHERE vid=3", "no leaf")]
    [InlineData("UPDATE ver SET leaf=zeroblob(48) WHERE vid=2", "The leaf of version 2")]
    [InlineData("UPDATE ver SET leaf=(SELECT leaf FROM ver WHERE vid=4) WHERE vid=3", "The leaf of version 3")]
    [InlineData("UPDATE ver SET ts=ts+1 WHERE vid=5", "The leaf of version 5")]
    [InlineData("UPDATE ver SET leaf=substr(leaf, 1, 32) || x'0000000000000001' || substr(leaf, 41) WHERE vid=5", "chain of a patient is broken at 5")]
    [InlineData("UPDATE ver SET leaf=substr(leaf, 1, 40) || x'0000000000000002' WHERE vid=5", "Version 5 follows another version")]
    [InlineData("UPDATE chain SET last=last-1", "ends elsewhere")]
    [InlineData("DELETE FROM chain", "is not kept")]
    public async Task A_check_finds_what_was_altered(string sql, string fault)
    {
        await CommitAsync(PatientOf(1), PatientOf(2), ObservationOf(1, 2));
        await CommitAsync(ObservationOf(2, 2), ObservationOf(1, 2, 7));
        await AssertSoundAsync();
        await Test.CloseAsync();
        Execute(sql);
        Test.Open();
        Assert.Contains((await Store.VerifyAsync(VerifyLevel.Full, null, Cancel)).Faults, found => found.Contains(fault, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("UPDATE record SET body=(SELECT body FROM record WHERE seq=4) WHERE seq=5", "cannot be opened")]
    [InlineData("UPDATE record SET ts=ts+1 WHERE seq=4", "The leaf of record 4")]
    [InlineData("UPDATE record SET ts=ts-1 WHERE seq=5", "Record 5 is not behind")]
    [InlineData("UPDATE record SET body=substr(body, 1, 7) || x'4B' || substr(body, 9) WHERE seq=4", "The leaf of record 4")]
    [InlineData("UPDATE record SET body=substr(body, 1, 8) || x'00' || substr(body, 10) WHERE seq=4", "cannot be opened")]
    [InlineData("UPDATE record SET body=substr(body, 1, 25) || zeroblob(32) || substr(body, 58) WHERE seq=5", "The leaf of record 5")]
    [InlineData("UPDATE record SET body=substr(body, 1, 49) || zeroblob(8) || substr(body, 58) WHERE seq=4", "chain of a patient is broken at 4")]
    [InlineData("UPDATE record SET body=substr(body, 1, 40) WHERE seq=4", "The records from 4 on are damaged")]
    [InlineData("UPDATE record SET n=2 WHERE seq=4", "The records from 4 on are damaged")]
    [InlineData("UPDATE record SET body=NULL WHERE seq=4", "The records from 4 on are damaged")]
    [InlineData("DELETE FROM record WHERE seq=5", "The sequence has gaps")]
    [InlineData("UPDATE record SET seq=3 WHERE seq=4", "Record 3 has the number of a version")]
    [InlineData("UPDATE record SET body=x'010036' || substr(body, 4, 54) WHERE seq=4", "erased record 4 still concerns")]
    [InlineData("UPDATE record SET body=x'010036' || substr(body, 4, 6) || zeroblob(8) || substr(body, 18, 40) WHERE seq=4", "4 was erased, but no record says so")]
    [InlineData("UPDATE ver SET rid=0, v=0, op=0, type=0, sub=0, body=NULL WHERE vid=3", "3 was erased, but no record says so")]
    [InlineData("UPDATE ver SET rid=9 WHERE vid=1", "says that 1 was erased")]
    public async Task A_check_finds_altered_records(string sql, string fault)
    {
        await CommitAsync(PatientOf(1), PatientOf(2), ObservationOf(1, 2));
        await AppendAsync(2);
        await AppendAsync(2, 3);
        await Store.EraseAsync(Everything, Patient(1), "test"u8.ToArray(), Cancel);
        Assert.Equal(3, (await AssertSoundAsync()).Records);
        await Test.CloseAsync();
        Execute(sql);
        Test.Open();
        Assert.Contains((await Store.VerifyAsync(VerifyLevel.Full, null, Cancel)).Faults, found => found.Contains(fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Chains_lead_through_resources_that_moved_and_what_was_erased_of_them()
    {
        await CommitAsync(PatientOf(1), PatientOf(2), ObservationOf(1, 1));
        await CommitAsync(ObservationOf(1, 2));
        await CommitAsync(ObservationOf(2, 1), ObservationOf(4, 2));
        await Store.EraseAsync(Everything, Patient(2), "test"u8.ToArray(), Cancel);
        await CommitAsync(ObservationOf(3, 1), PatientOf(2));
        await AppendAsync(1, 2);
        await AssertSoundAsync();
        await Store.EraseAsync(Everything, Patient(1), "test"u8.ToArray(), Cancel);
        await AssertSoundAsync();
        await AppendAsync(1, 2);
        await AssertSoundAsync();
        await Test.ReopenAsync();
        await CommitAsync(ObservationOf(3, 1, 9));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task The_name_of_the_ledger_is_the_first_one_for_ever()
    {
        SqliteStoreOptions options = Test.Options with { Folder = _elsewhere.File("store"), LedgerOrigin = null };
        await Test.CloseAsync();
        await OpenAndWriteAsync(options with { LedgerOrigin = "hospital.example/ledger" });
        await OpenAndWriteAsync(options);
        await OpenAndWriteAsync(options with { LedgerOrigin = "hospital.example/ledger" });
        await RefusedAsync(options with { LedgerOrigin = "other.example/ledger" }, "is called hospital.example/ledger for ever");
        await RefusedAsync(options with { HasLedger = false }, "cannot go on without");
        await RefusedAsync(options with { LedgerOrigin = "with space" }, "no space");
        Test.Open();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_store_that_had_no_ledger_gets_leaves_for_all_that_it_has(bool isOfFirstSchema)
    {
        SqliteStoreOptions options = Test.Options with { Folder = _elsewhere.File("store"), LedgerOrigin = null, HasLedger = false };
        await Test.CloseAsync();
        // The first schema knew no records: there is but the one at the end, which goes with its table.
        for (int start = 0; start < (isOfFirstSchema ? 1 : 2); start++)
        {
            await WithAsync(options, async store =>
            {
                foreach (Write[] writes in new Write[][]
                {
                    [PatientOf(1), PatientOf(2), ObservationOf(1, 1), ObservationOf(3, 2)], [ObservationOf(1, 2)], [new Delete(ObservationOf(3, 2).Key)], [ObservationOf(2, 1)],
                })
                {
                    _ = (await store.CommitAsync(Everything, new Transaction(writes, []), Cancel)).Value;
                }

                if (!isOfFirstSchema)
                {
                    foreach (int[] patients in new int[][] { [1], [2], [1, 2], [] })
                    {
                        await AppendAsync(store, patients);
                    }
                }

                _ = (await store.EraseAsync(Everything, Patient(1), "test"u8.ToArray(), Cancel)).Value;
            });
        }

        if (isOfFirstSchema)
        {
            using Connection connection = Connection.OpenForWriting(Path.Combine(options.Folder, StoreFiles.DatabaseName));
            foreach (string undone in new[] { "DROP TABLE record", "DROP TABLE chain", "ALTER TABLE erasing DROP COLUMN body", "PRAGMA user_version=1" })
            {
                connection.Execute(undone);
            }
        }

        for (int start = 0; start < 2; start++)
        {
            await WithAsync(options with { HasLedger = true }, async store =>
            {
                Assert.Equal(isOfFirstSchema ? 1 : 10, (await store.VerifyAsync(VerifyLevel.Full, null, Cancel)).Records);
                Assert.Equal(StatementKind.Erasure, (await store.ReadRecordAsync(Everything, store.Newest, Cancel))!.Kind);
                Assert.Equal(isOfFirstSchema ? 0 : 4, (await store.RecordsAsync(Everything, new RecordQuery { Patient = Patient(2), Count = 99 }, Cancel)).Records.Count);
                await AssertOpensAllAsync(store);
                byte[] leaf = new byte[Hash256.Bytes];
                LeafOpening opening = (await store.OpenLeafAsync(Everything, Patient(2), 1, Cancel))!;
                Assert.Equal(1, await store.ReadLeavesAsync(Everything, opening.Sequence - 1, leaf, Cancel));
                Assert.Equal(new Hash256(leaf), opening.Commitment);
            });
        }

        await WithAsync(options with { HasLedger = true }, async store =>
        {
            _ = (await store.CommitAsync(Everything, Transaction.Of(ObservationOf(1, 2, 9)), Cancel)).Value;
            await AppendAsync(store, 2);
            _ = (await store.EraseAsync(Everything, Patient(2), "test"u8.ToArray(), Cancel)).Value;
        });
        await RefusedAsync(options, "cannot go on without");
        Test.Open();
    }

    /// <summary>Every record that can be read opens the leaf that the ledger has of it.</summary>
    private static async Task AssertOpensAllAsync(SqliteStore store)
    {
        byte[] leaf = new byte[Hash256.Bytes];
        foreach (StoredRecord record in (await store.RecordsAsync(Everything, new RecordQuery { Count = 99 }, Cancel)).Records)
        {
            Assert.Equal(1, await store.ReadLeavesAsync(Everything, record.Sequence - 1, leaf, Cancel));
            Assert.Equal(new Hash256(leaf), (await store.OpenRecordLeafAsync(Everything, record.Sequence, Cancel))!.Commitment);
        }
    }

    private Task AppendAsync(params int[] patients) => AppendAsync(Store, patients);

    private async Task AppendAsync(SqliteStore store, params int[] patients) => _ = (await store.AppendRecordAsync(
        Everything, new LedgerRecord("an access"u8.ToArray()) { Patients = [.. patients.Select(number => Setup.Hasher.Reference(Patient(number)))], Accessed = [1] }, Cancel)).Value;

    private Task OpenAndWriteAsync(SqliteStoreOptions options) =>
        WithAsync(options, async store => _ = (await store.CommitAsync(Everything, Transaction.Of(PatientOf(1)), Cancel)).Value);

    private async Task WithAsync(SqliteStoreOptions options, Func<SqliteStore, Task> work)
    {
        using KeyStore keys = Keys();
        await using SqliteStore store = await SqliteStore.OpenAsync(options, keys, Setup.Hasher, Setup.Parameters, Clock, Cancel);
        await work(store);
        Assert.Empty((await store.VerifyAsync(VerifyLevel.Full, null, Cancel)).Faults);
    }

    private async Task RefusedAsync(SqliteStoreOptions options, string why)
    {
        using KeyStore keys = Keys();
        StoreException refused = await Assert.ThrowsAsync<StoreException>(
            () => SqliteStore.OpenAsync(options, keys, Setup.Hasher, Setup.Parameters, Clock, Cancel));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
    }

    private KeyStore Keys() =>
        KeyStore.Open(new KeyStoreOptions { Folder = _elsewhere.File("keys"), TenantKeyFolder = _elsewhere.File("tenant") });

    private void Execute(string sql)
    {
        using Connection connection = Connection.OpenForWriting(Path.Combine(Test.Options.Folder, StoreFiles.DatabaseName));
        connection.Execute(sql);
    }
}
