using System.Buffers.Binary;
using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite.Native;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests.Ledger;

/// <summary>Records as they were written before several shared a row: each in a row of its own, its salt made of its subject's secret.</summary>
public sealed class OldRecordTests : EngineTests
{
    [Fact]
    public async Task Records_of_the_format_before_stay_readable_provable_and_erasable()
    {
        await CommitAsync(PatientOf(1), PatientOf(2), ObservationOf(1, 2));
        await Test.CloseAsync();
        WriteOldRecords();
        Test.Open();

        await AssertSoundAsync();
        await AssertReadsAsync(4, "of one", "Patient/p1");
        await AssertReadsAsync(5, "of two", "Patient/p1 Patient/p2");
        long appended = (await Store.AppendRecordAsync(
            Everything, new LedgerRecord("of today"u8.ToArray()) { Patients = [Setup.Hasher.Reference(Patient(1))] }, Cancel)).Value;
        await AssertReadsAsync(appended, "of today", "Patient/p1");
        Assert.Equal("6 5 4", await FindAsync(1));
        await AssertSoundAsync();

        await Store.EraseAsync(Everything, Patient(1), "test"u8.ToArray(), Cancel);
        Assert.Null(await Store.ReadRecordAsync(Everything, 4, Cancel));
        Assert.Null(await Store.ReadRecordAsync(Everything, 6, Cancel));
        await AssertReadsAsync(5, "of two", "Patient/p2");
        Assert.Equal("5", await FindAsync(2));
        await AssertSoundAsync();
    }

    private async Task AssertReadsAsync(long sequence, string body, string patients)
    {
        StoredRecord record = (await Store.ReadRecordAsync(Everything, sequence, Cancel))!;
        Assert.Equal((body, patients), (System.Text.Encoding.UTF8.GetString(record.Body.Span), string.Join(' ', record.Patients)));
        byte[] leaf = new byte[Hash256.Bytes];
        Assert.Equal(1, await Store.ReadLeavesAsync(Everything, sequence - 1, leaf, Cancel));
        Assert.Equal(new Hash256(leaf), (await Store.OpenRecordLeafAsync(Everything, sequence, Cancel))!.Commitment);
    }

    private async Task<string> FindAsync(int patient) => string.Join(
        ' ', (await Store.RecordsAsync(Everything, new RecordQuery { Patient = Patient(patient), Count = 9 }, Cancel)).Records.Select(record => record.Sequence));

    private void WriteOldRecords()
    {
        using KeyStore keys = KeyStore.Open(new KeyStoreOptions { Folder = Path.Combine(Test.Folder, "keys"), TenantKeyFolder = Path.Combine(Test.Folder, "tenant") });
        using Connection connection = Connection.OpenForWriting(Path.Combine(Test.Options.Folder, "healthchain.db"));
        connection.Execute("DROP TABLE record");
        connection.Execute("""
            CREATE TABLE record(seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, ts INTEGER NOT NULL, sub INTEGER NOT NULL, subs BLOB NOT NULL,
                leaf BLOB NOT NULL, body BLOB)
            """);
        connection.Execute("PRAGMA user_version=2");
        Write(connection, keys, 4, "of one"u8, sealing: 1, [1], [1]);
        Write(connection, keys, 5, "of two"u8, sealing: 0, [1, 2], [4, 3]);
        keys.Flush();
    }

    private void Write(Connection connection, KeyStore keys, long sequence, ReadOnlySpan<byte> body, long sealing, long[] subjects, long[] previous)
    {
        SubjectId subject = SubjectId.NoPerson;
        if (sealing != 0)
        {
            using Native.Statement find = connection.Prepare($"SELECT id FROM subject WHERE sub={sealing}");
            Assert.True(find.Step());
            subject = SubjectId.Read(find.Blob(0));
        }

        // Format 1: no consent, one version named, the first.
        byte[] content = [1, 0, 1, 1, .. body];
        byte[] sealedContent = new byte[content.Length + ResourceSealer.Overhead];
        Assert.Equal(SealStatus.Ok, new ResourceSealer(keys).Seal(subject, new SealedVersion("record", 0, sequence), content, sealedContent));
        long instant = Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var statement = new AccessStatement(Setup.LedgerOrigin, sequence, instant, Hash256.Of(body), SequenceSet.Of([1]), 0, new SequenceList(previous));
        byte[] commitment = new byte[Hash256.Bytes];
        Assert.True(new LeafMaker(keys).TryCommit(subject, statement, commitment));
        using Native.Statement insert = connection.Prepare("INSERT INTO record(seq, kind, ts, sub, subs, leaf, body) VALUES(?,65,?,?,?,?,?)");
        insert.Bind(1, sequence);
        insert.Bind(2, instant);
        insert.Bind(3, sealing);
        insert.Bind(4, Bytes(subjects));
        insert.Bind(5, [.. commitment, .. Bytes(previous)]);
        insert.Bind(6, sealedContent);
        insert.Run();
    }

    private static byte[] Bytes(long[] numbers)
    {
        byte[] bytes = new byte[numbers.Length * sizeof(long)];
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(i * sizeof(long)), numbers[i]);
        }

        return bytes;
    }
}
