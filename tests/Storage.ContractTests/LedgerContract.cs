using System.Text;
using HealthChain.Fhir;
using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;
using Xunit;

namespace HealthChain.Storage.ContractTests;

/// <summary>One sequence of versions and records, a leaf for each, and who can open which.</summary>
public abstract class LedgerContract(Func<StoreSetup, IResourceStore> open) : StoreContract(open)
{
    [Fact]
    public async Task Versions_and_records_share_one_sequence_and_each_has_a_leaf_that_its_opening_opens()
    {
        await CommitAsync(Transaction.Of(PatientOf("a")));
        long access = await AppendAsync(new LedgerRecord("read by a doctor"u8.ToArray()) { Patients = [HashOf("Patient/a")], Accessed = [1] });
        StoredVersion second = await PutAsync("""{"resourceType":"Patient","id":"a","gender":"other"}""");
        long key = await AppendAsync(new LedgerRecord("a new key"u8.ToArray()) { Kind = StatementKind.Event });
        await CommitAsync(Transaction.Of(new Delete(Key("Patient/a"))));

        Assert.Equal((2, 3, 4, 5), (access, second.Sequence, key, Store.Newest));
        byte[] leaves = await LeavesAsync();
        LeafOpening[] openings =
        [
            await OpenAsync("Patient/a", 1), await OpenAsync(2), await OpenAsync("Patient/a", 2), await OpenAsync(4), await OpenAsync("Patient/a", 3),
        ];
        Assert.Equal(openings.Select(opening => opening.Commitment), leaves.Chunk(Hash256.Bytes).Select(leaf => new Hash256(leaf)));
        Assert.Equal([1L, 2, 3, 4, 5], openings.Select(opening => opening.Sequence));

        Statement[] statements = [.. openings.Select(opening => Statement.Read(opening.Statement.Span)!)];
        long now = Clock.GetUtcNow().ToUnixTimeMilliseconds();
        string origin = Setup.LedgerOrigin;
        Assert.Equal(
            new VersionStatement(origin, 3, now, "Patient", "a", 2, VersionOperation.Update, Hash256.Of(second.Json.Span), PreviousOfResource: 1, PreviousOfPatient: 2),
            statements[2]);
        Assert.Equal(
            new AccessStatement(origin, 2, now, Hash256.Of("read by a doctor"u8), SequenceSet.Of([1]), 0, new SequenceList(1)), statements[1]);
        Assert.Equal(new EventStatement(origin, 4, now, Hash256.Of("a new key"u8)), statements[3]);
        Assert.Equal(new VersionStatement(origin, 5, now, "Patient", "a", 3, VersionOperation.Delete, default, 3, 3), statements[4]);
    }

    [Fact]
    public async Task A_record_comes_back_as_it_was_appended()
    {
        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("b"), PatientOf("c")], []));
        long sequence = await AppendAsync(new LedgerRecord("who and why"u8.ToArray())
        {
            Patients = [HashOf("Patient/b"), HashOf("Patient/a"), HashOf("Patient/nobody")],
            Accessed = [3, 1, 3],
            Consent = 2,
        });
        StoredRecord record = (await Store.ReadRecordAsync(Everything, sequence, Cancel))!;
        Assert.Equal("who and why"u8.ToArray(), record.Body.ToArray());
        Assert.Equal(
            (StatementKind.Access, sequence, Clock.GetUtcNow(), "1 3", 2L), (record.Kind, record.Sequence, record.Instant, string.Join(' ', record.Accessed), record.Consent));
        var statement = (AccessStatement)Statement.Read((await OpenAsync(sequence)).Statement.Span)!;
        Assert.Equal(new SequenceList(2, 1, 0), statement.PreviousOfPatients);
        Assert.Equal(2, statement.Consent);
        Assert.Null(await Store.ReadRecordAsync(Everything, 1, Cancel));
        Assert.Null(await Store.ReadRecordAsync(Everything, sequence + 1, Cancel));
        Assert.Null(await Store.OpenRecordLeafAsync(Everything, 1, Cancel));
    }

    [Fact]
    public async Task Records_are_no_versions()
    {
        await CommitAsync(Transaction.Of(PatientOf("a")));
        await AppendAsync(new LedgerRecord("x"u8.ToArray()));
        Clock.Move(TimeSpan.FromSeconds(1));
        await AppendAsync(new LedgerRecord("x"u8.ToArray()));
        Clock.Move(TimeSpan.FromSeconds(1));
        await CommitAsync(Transaction.Of(PatientOf("b")));
        await AppendAsync(new LedgerRecord("x"u8.ToArray()));
        Assert.Equal([1L, 4], (await Store.ChangesAsync(Everything, 0, Cancel).ToListAsync(Cancel)).Select(version => version.Sequence));
        Assert.Equal([4L], (await Store.ChangesAsync(Everything, 2, Cancel).ToListAsync(Cancel)).Select(version => version.Sequence));
        Assert.Equal("a b", await FindAsync("Patient", ""));
        HistoryPage since = await Store.HistoryAsync(Everything, new HistoryRequest { Since = Clock.GetUtcNow().AddSeconds(-1), Count = 9 }, Cancel);
        Assert.Equal((1, "b"), (since.Total, string.Join(' ', Ids(since.Versions))));
        Assert.Equal(2, (await Store.HistoryAsync(Everything, new HistoryRequest { Count = 9 }, Cancel)).Total);
    }

    [Fact]
    public async Task Followers_wake_for_records()
    {
        Task waiting = Store.WaitForChangeAsync(0, Cancel).AsTask();
        Assert.False(waiting.IsCompleted);
        await AppendAsync(new LedgerRecord("x"u8.ToArray()));
        await waiting;
        await Store.WaitForChangeAsync(0, Cancel);
    }

    [Fact]
    public async Task After_an_erasure_nobody_opens_what_was_the_patients_alone_and_the_leaves_stay()
    {
        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("b")], []));
        await AppendAsync(new LedgerRecord("of one"u8.ToArray()) { Patients = [HashOf("Patient/a")] });
        long several = await AppendAsync(new LedgerRecord("of two"u8.ToArray()) { Patients = [HashOf("Patient/a"), HashOf("Patient/b")] });
        byte[] before = await LeavesAsync();

        await Store.EraseAsync(Everything, Key("Patient/a"), "by order of a court"u8.ToArray(), Cancel);

        Assert.Null(await Store.OpenLeafAsync(Everything, Key("Patient/a"), 1, Cancel));
        Assert.Null(await Store.ReadRecordAsync(Everything, 3, Cancel));
        Assert.Null(await Store.OpenRecordLeafAsync(Everything, 3, Cancel));
        Assert.Equal("of two"u8.ToArray(), (await Store.ReadRecordAsync(Everything, several, Cancel))!.Body.ToArray());
        Assert.NotNull(await Store.OpenRecordLeafAsync(Everything, several, Cancel));
        StoredRecord record = (await Store.ReadRecordAsync(Everything, 5, Cancel))!;
        Assert.Equal((StatementKind.Erasure, "1 3"), (record.Kind, string.Join(' ', record.Accessed)));
        Assert.Equal("by order of a court"u8.ToArray(), record.Body.ToArray());
        Assert.Equal(
            new ErasureStatement(Setup.LedgerOrigin, 5, record.Instant.ToUnixTimeMilliseconds(), Hash256.Of("by order of a court"u8), SequenceSet.Of([1, 3]), several),
            Statement.Read((await OpenAsync(5)).Statement.Span));
        byte[] after = await LeavesAsync();
        Assert.Equal(before, after[..before.Length]);
        Assert.Equal(5, after.Length / Hash256.Bytes);
        await AssertFirstOfChainAsync("a");
    }

    [Fact]
    public async Task A_scope_opens_leaves_of_versions_that_it_sees_and_of_records_that_it_says()
    {
        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("b")], []));
        long ofA = await AppendAsync(new LedgerRecord("a"u8.ToArray()) { Patients = [HashOf("Patient/a")] });
        long ofB = await AppendAsync(new LedgerRecord("b"u8.ToArray()) { Patients = [HashOf("Patient/b")] });
        var scope = new PatientsOwn(Setup.Hasher, "a");
        Assert.NotNull(await Store.OpenLeafAsync(scope, Key("Patient/a"), 1, Cancel));
        Assert.Null(await Store.OpenLeafAsync(scope, Key("Patient/b"), 1, Cancel));
        Assert.NotNull(await Store.ReadRecordAsync(scope, ofA, Cancel));
        Assert.NotNull(await Store.OpenRecordLeafAsync(scope, ofA, Cancel));
        Assert.Null(await Store.ReadRecordAsync(scope, ofB, Cancel));
        Assert.Null(await Store.OpenRecordLeafAsync(scope, ofB, Cancel));
        Assert.Equal(0, await Store.ReadLeavesAsync(scope, 0, new byte[64], Cancel));
        Assert.Equal(ErrorKind.Forbidden, (await Store.AppendRecordAsync(scope, new LedgerRecord("x"u8.ToArray()), Cancel)).Error?.Kind);
    }

    [Fact]
    public async Task A_record_names_only_what_is_written()
    {
        await CommitAsync(Transaction.Of(PatientOf("a")));
        foreach (LedgerRecord record in new[] { new LedgerRecord("x"u8.ToArray()) { Accessed = [2] }, new LedgerRecord("x"u8.ToArray()) { Consent = 2 } })
        {
            Assert.Equal(ErrorKind.Invalid, (await Store.AppendRecordAsync(Everything, record, Cancel)).Error?.Kind);
        }

        Assert.Equal(1, Store.Newest);
    }

    [Fact]
    public async Task Leaves_are_read_in_parts_as_large_as_there_is_room()
    {
        for (int i = 0; i < 7; i++)
        {
            await CommitAsync(Transaction.Of(PatientOf($"p{i}")));
            await AppendAsync(new LedgerRecord(new byte[] { (byte)i }) { Patients = [HashOf($"Patient/p{i / 2}")] });
        }

        byte[] all = await LeavesAsync();
        Assert.Equal(14 * Hash256.Bytes, all.Length);
        byte[] part = new byte[(3 * Hash256.Bytes) + 5];
        for (int after = 0; after < 14; after++)
        {
            int count = await Store.ReadLeavesAsync(Everything, after, part, Cancel);
            Assert.Equal(Math.Min(3, 14 - after), count);
            Assert.Equal(all[(after * Hash256.Bytes)..((after + count) * Hash256.Bytes)], part[..(count * Hash256.Bytes)]);
        }

        Assert.Equal(0, await Store.ReadLeavesAsync(Everything, 14, part, Cancel));
        Assert.Equal(0, await Store.ReadLeavesAsync(Everything, 0, new byte[31], Cancel));
    }

    private async Task AssertFirstOfChainAsync(string id)
    {
        await CommitAsync(Transaction.Of(PatientOf(id)));
        var statement = (VersionStatement)Statement.Read((await OpenAsync("Patient/" + id, 1)).Statement.Span)!;
        Assert.Equal((0, 0), (statement.PreviousOfPatient, statement.PreviousOfResource));
    }

    private async Task<long> AppendAsync(LedgerRecord record)
    {
        Result<long> appended = await Store.AppendRecordAsync(Everything, record, Cancel);
        Assert.Null(appended.Error);
        return appended.Value;
    }

    private async Task<LeafOpening> OpenAsync(string reference, long version)
    {
        LeafOpening? opening = await Store.OpenLeafAsync(Everything, Key(reference), version, Cancel);
        Assert.NotNull(opening);
        return opening;
    }

    private async Task<LeafOpening> OpenAsync(long sequence)
    {
        LeafOpening? opening = await Store.OpenRecordLeafAsync(Everything, sequence, Cancel);
        Assert.NotNull(opening);
        return opening;
    }

    private async Task<byte[]> LeavesAsync()
    {
        byte[] leaves = new byte[Store.Newest * Hash256.Bytes];
        Assert.Equal(Store.Newest, await Store.ReadLeavesAsync(Everything, 0, leaves, Cancel));
        return leaves;
    }

    /// <summary>A patient, who sees the own resource and the records about it.</summary>
    private sealed class PatientsOwn(IndexHasher hasher, string id) : AccessScope
    {
        private readonly long _id = hasher.Reference("Patient"u8, Encoding.UTF8.GetBytes(id));

        public override string Requester => "a patient";

        public override bool Sees(in ResourceFacts facts) => facts.Id == _id;

        public override bool SeesRecord(in RecordFacts facts) => facts.Patients.Contains(_id);
    }
}
