using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sqlite.Native;
using HealthChain.Storage.Sqlite.Reading;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests.Ledger;

/// <summary>The leaves in their order, whether they stand beside a version, in a block of records or beside a record with a row of its own.</summary>
public sealed class LeafOrderTests : EngineTests
{
    private const int Patients = RecordBlock.MostPatients + 1;

    [Fact]
    public async Task Read_at_once_they_are_those_that_are_read_from_any_place_and_that_records_open()
    {
        await WriteAsync();
        byte[] all = new byte[Hash256.Bytes * 200];
        int count = await Store.ReadLeavesAsync(Everything, 0, all, Cancel);
        Assert.Equal(Store.Newest, count);
        byte[] some = new byte[Hash256.Bytes * 7];
        for (int after = 0; after < count; after++)
        {
            int found = await Store.ReadLeavesAsync(Everything, after, some, Cancel);
            Assert.Equal(Math.Min(7, count - after), found);
            Assert.Equal(all.AsSpan(after * Hash256.Bytes, found * Hash256.Bytes), some.AsSpan(0, found * Hash256.Bytes));
        }

        IReadOnlyList<StoredRecord> records = (await Store.RecordsAsync(Everything, new RecordQuery { Count = 200 }, Cancel)).Records;
        Assert.NotEmpty(records);
        foreach (StoredRecord record in records)
        {
            LeafOpening opening = (await Store.OpenRecordLeafAsync(Everything, record.Sequence, Cancel))!;
            Assert.Equal(opening.Commitment, new Hash256(all.AsSpan((int)(record.Sequence - 1) * Hash256.Bytes, Hash256.Bytes)));
        }
    }

    [Theory]
    [InlineData("UPDATE record SET body=substr(body, 1, 40) WHERE seq=(SELECT min(seq) FROM record WHERE kind=0)", "are damaged")]
    [InlineData("UPDATE record SET leaf=substr(leaf, 1, 31) WHERE kind<>0", "has no leaf")]
    [InlineData("UPDATE ver SET leaf=NULL WHERE vid=2", "has no leaf 2")]
    public async Task A_damaged_one_is_never_read(string sql, string fault)
    {
        await WriteAsync();
        await Test.CloseAsync();
        using (Connection connection = Connection.OpenForWriting(Path.Combine(Test.Options.Folder, "healthchain.db")))
        {
            connection.Execute(sql);
        }

        Test.Open();
        StoreException failure = await Assert.ThrowsAsync<StoreException>(async () => await Store.ReadLeavesAsync(Everything, 0, new byte[Hash256.Bytes * 200], Cancel));
        Assert.Contains(fault, failure.Message, StringComparison.Ordinal);
    }

    private async Task WriteAsync()
    {
        await CommitAsync([.. Enumerable.Range(1, Patients).Select(number => PatientOf(number))]);
        await AppendManyAsync(30);
        await AppendAsync([.. Enumerable.Range(1, Patients)]);
        await CommitAsync(ObservationOf(1, 1));
        await AppendManyAsync(20);
        await Store.EraseAsync(Everything, Patient(2), "test"u8.ToArray(), Cancel);
        await CommitAsync(ObservationOf(2, 3));
        await AppendAsync(3);
    }

    /// <summary>At the same time, so that they share commits and rows.</summary>
    private Task AppendManyAsync(int count) => Task.WhenAll(Enumerable.Range(0, count).Select(number => AppendAsync(1 + (number % 5))));

    private async Task AppendAsync(params int[] patients) => _ = (await Store.AppendRecordAsync(
        Everything, new LedgerRecord("an access"u8.ToArray()) { Patients = [.. patients.Select(number => Setup.Hasher.Reference(Patient(number)))], Accessed = [1] }, Cancel)).Value;
}
