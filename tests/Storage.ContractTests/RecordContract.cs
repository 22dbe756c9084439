using HealthChain.Fhir;
using HealthChain.LedgerProofs;
using HealthChain.Storage.Ledger;
using Xunit;

namespace HealthChain.Storage.ContractTests;

/// <summary>Records of transactions, whom versions and records concern, who may write, and queries over records.</summary>
public abstract class RecordContract(Func<StoreSetup, IResourceStore> open) : StoreContract(open)
{
    [Fact]
    public async Task The_record_of_a_transaction_comes_right_after_its_versions_and_names_them_and_their_patients()
    {
        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("b"), ObservationOf("o", "a")], []));
        Committed committed = await CommitTellingAsync(new Transaction([PatientOf("c"), ObservationOf("o", "b")], []), "who and why");
        Assert.Equal((4, 5, 6), (committed.Versions[0]!.Sequence, committed.Versions[1]!.Sequence, committed.Record));
        Assert.Equal(6, Store.Newest);
        StoredRecord record = (await Store.ReadRecordAsync(Everything, 6, Cancel))!;
        Assert.Equal("4 5", string.Join(' ', record.Accessed));
        Assert.Equal("Patient/c Patient/b Patient/a", string.Join(' ', record.Patients));
        Assert.Equal("who and why"u8.ToArray(), record.Body.ToArray());
        var statement = (AccessStatement)Statement.Read((await Store.OpenRecordLeafAsync(Everything, 6, Cancel))!.Statement.Span)!;
        Assert.Equal(new SequenceList(4, 5, 3), statement.PreviousOfPatients);
        Assert.Equal(SequenceSet.Of([4, 5]), statement.Accessed);
    }

    /// <summary>Readers may keep an older state while only records come in; nobody may see that they do.</summary>
    [Fact]
    public async Task What_is_committed_is_seen_at_once_however_many_records_come_between()
    {
        for (int version = 1; version <= 50; version++)
        {
            await CommitAsync(Transaction.Of(PatientOf("a")));
            Assert.Equal(version, (await ReadAsync("Patient/a"))?.Version);
            for (int i = 0; i < version % 4; i++)
            {
                long sequence = (await Store.AppendRecordAsync(Everything, new LedgerRecord("x"u8.ToArray()), Cancel)).Value;
                Assert.NotNull(await Store.ReadRecordAsync(Everything, sequence, Cancel));
                Assert.Equal(version, (await ReadAsync("Patient/a"))?.Version);
            }
        }
    }

    [Fact]
    public async Task A_record_names_what_was_read_besides_and_the_patients_of_what_is_deleted()
    {
        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("b"), ObservationOf("o", "a")], []));
        Result<CommitResult> result = await Store.CommitAsync(
            Everything,
            new Transaction([new Delete(Key("Observation/o"))], []) { Record = new LedgerRecord("x"u8.ToArray()) { Accessed = [2], Patients = [HashOf("Patient/b")] } },
            Cancel);
        StoredRecord record = (await Store.ReadRecordAsync(Everything, Assert.IsType<Committed>(result.Value).Record, Cancel))!;
        Assert.Equal("2 4", string.Join(' ', record.Accessed));
        Assert.Equal("Patient/b Patient/a", string.Join(' ', record.Patients));
    }

    [Fact]
    public async Task A_transaction_that_makes_no_version_has_its_record_all_the_same()
    {
        Committed committed = await CommitTellingAsync(Transaction.Of(new Delete(Key("Patient/nobody"))), "deleted nothing");
        Assert.Equal((1, null), (committed.Record, committed.Versions[0]));
        Assert.Empty((await Store.ReadRecordAsync(Everything, 1, Cancel))!.Accessed);
        Assert.Equal(0, Assert.IsType<Committed>((await Store.CommitAsync(Everything, Transaction.Of(PatientOf("a")), Cancel)).Value).Record);
    }

    [Fact]
    public async Task What_is_not_committed_leaves_no_record()
    {
        await CommitAsync(Transaction.Of(PatientOf("a")));
        LedgerRecord record = new("x"u8.ToArray());
        Result<CommitResult> guarded = await Store.CommitAsync(Everything, Transaction.Of(PatientOf("b"), new AtVersion(Key("Patient/a"), 7)) with { Record = record }, Cancel);
        Assert.IsType<GuardFailed>(guarded.Value);
        Result<CommitResult> early = await Store.CommitAsync(Everything, Transaction.Of(PatientOf("b")) with { Record = record with { Accessed = [2] } }, Cancel);
        Assert.Equal(ErrorKind.Invalid, early.Error?.Kind);
        Result<CommitResult> forbidden = await Store.CommitAsync(new Own(Setup.Hasher, "a"), Transaction.Of(PatientOf("b")) with { Record = record }, Cancel);
        Assert.Equal(ErrorKind.Forbidden, forbidden.Error?.Kind);
        Assert.Equal(1, Store.Newest);
        Assert.Empty((await Store.RecordsAsync(Everything, new RecordQuery { Count = 9 }, Cancel)).Records);
        Assert.Null(await ReadAsync("Patient/b"));
    }

    [Fact]
    public async Task What_concerns_more_patients_than_a_record_may_is_refused()
    {
        long[] many = [.. Enumerable.Range(0, LedgerRecord.MostPatients + 1).Select(number => (long)number + 1)];
        LedgerRecord record = new("x"u8.ToArray());
        Assert.Equal(ErrorKind.Invalid, (await Store.AppendRecordAsync(Everything, record with { Patients = many }, Cancel)).Error?.Kind);
        Assert.Equal(1, (await Store.AppendRecordAsync(Everything, record with { Patients = many[1..] }, Cancel)).Value);
        Assert.Equal(2, (await Store.AppendRecordAsync(Everything, record with { Patients = [.. many[1..], many[1]] }, Cancel)).Value);
        Result<CommitResult> result = await Store.CommitAsync(Everything, Transaction.Of(PatientOf("a")) with { Record = record with { Patients = many } }, Cancel);
        Assert.Equal(ErrorKind.Invalid, result.Error?.Kind);
        Assert.Equal(2, Store.Newest);
    }

    [Fact]
    public async Task A_version_says_in_whose_compartment_it_is()
    {
        IReadOnlyList<StoredVersion?> versions = await CommitAsync(new Transaction(
            [
                PatientOf("a"), ObservationOf("o", "b"), PutOf("""{"resourceType":"Organization","id":"org"}"""), AppointmentOf("two", "a", "b"),
                PutOf("""{"resourceType":"Bundle","id":"doc","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"c"}},{"resource":{"resourceType":"Patient","id":"d"}}]}"""),
                PutOf("""{"resourceType":"Observation","id":"ofnobody","status":"final","code":{"text":"x"}}"""),
            ],
            []));
        string[] expected = ["a", "b", "", "a b", "c d", ""];
        Assert.Equal(expected, versions.Select(Whose));
        foreach ((StoredVersion? version, string whose) in versions.Zip(expected))
        {
            Assert.Equal(whose, Whose(await Store.ReadAsync(Everything, version!.Key, Cancel)));
            Assert.Equal(whose, Whose(await Store.ReadVersionAsync(Everything, version.Key, 1, Cancel)));
        }

        Assert.Equal(expected, (await Store.ChangesAsync(Everything, 0, Cancel).ToListAsync(Cancel)).Select(Whose));
        Assert.Equal(expected.Reverse(), (await Store.HistoryAsync(Everything, new HistoryRequest { Count = 9 }, Cancel)).Versions.Select(Whose));
        Assert.Equal("a b", Whose((await SearchAsync(Request("Appointment"))).Matches.Single()));
        Assert.Equal("b", Whose((await SearchAsync(Request("Observation", "subject=Patient/b"))).Matches.Single()));
        await CommitAsync(new Transaction([new Delete(Key("Appointment/two")), new Delete(Key("Observation/o"))], []));
        Assert.Equal(("a b", "b"), (Whose(await ReadAsync("Appointment/two")), Whose(await ReadAsync("Observation/o"))));
    }

    [Fact]
    public async Task A_record_of_one_patient_is_erased_with_the_patient_and_one_of_several_stays()
    {
        await CommitTellingAsync(Transaction.Of(PatientOf("a")), "of one");
        await CommitTellingAsync(Transaction.Of(PatientOf("b")), "of another");
        long several = (await CommitTellingAsync(Transaction.Of(AppointmentOf("two", "a", "b")), "of two")).Record;
        await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel);
        Assert.Null(await Store.ReadRecordAsync(Everything, 2, Cancel));
        Assert.Equal("7 6 4", await FoundAsync(new RecordQuery { Count = 9 }));
        Assert.Equal("", await FoundAsync(new RecordQuery { Patient = Key("Patient/a"), Count = 9 }));
        Assert.Equal("6 4", await FoundAsync(new RecordQuery { Patient = Key("Patient/b"), Count = 9 }));
        Assert.Equal("Patient/b", string.Join(' ', (await Store.ReadRecordAsync(Everything, several, Cancel))!.Patients));

        // Who comes back begins anew.
        await CommitTellingAsync(Transaction.Of(PatientOf("a")), "back");
        Assert.Equal("9", await FoundAsync(new RecordQuery { Patient = Key("Patient/a"), Count = 9 }));
    }

    [Fact]
    public async Task Nobody_writes_into_or_takes_out_of_what_is_not_theirs()
    {
        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("b"), ObservationOf("ofa", "a"), ObservationOf("ofb", "b")], []));
        var scope = new Own(Setup.Hasher, "a");
        Write[] refused =
        [
            ObservationOf("new", "b"), ObservationOf("ofa", "b"), ObservationOf("ofb", "a"), ObservationOf("ofb", "b"), PatientOf("c"), new Delete(Key("Observation/ofb")),
        ];
        foreach (Write write in refused)
        {
            foreach (Transaction transaction in new[] { Transaction.Of(write), new Transaction([ObservationOf("first", "a"), write], []) })
            {
                Assert.Equal(ErrorKind.Forbidden, (await Store.CommitAsync(scope, transaction, Cancel)).Error?.Kind);
            }
        }

        Assert.Equal(4, Store.Newest);
        await CommitAsync(new Transaction([ObservationOf("new", "a"), ObservationOf("ofa", "a"), new Delete(Key("Observation/absent"))], []), scope);
        await CommitAsync(Transaction.Of(new Delete(Key("Observation/ofa"))), scope);
        Assert.Equal(7, Store.Newest);
    }

    [Fact]
    public async Task Who_may_write_is_asked_with_the_kind_of_the_write_and_all_patients()
    {
        var scope = new Asked(Setup.Hasher);
        await CommitAsync(new Transaction([PatientOf("a") with { IsPosted = true }, AppointmentOf("two", "a", "b")], []), scope);
        Assert.Equal(["Create Patient a", "Update Appointment a b", "new Patient", "new Appointment"], scope.Questions());

        await CommitAsync(new Transaction([AppointmentOf("two", "b", "c"), new Delete(Key("Patient/a"))], []), scope);
        Assert.Equal(["Update Appointment b c", "Update Appointment a b", "Delete Patient a"], scope.Questions());

        await CommitAsync(Transaction.Of(PatientOf("a")), scope);
        Assert.Equal(["Update Patient a", "Update Patient a", "new Patient"], scope.Questions());

        scope.MayNothingNew = true;
        Assert.Equal(ErrorKind.Forbidden, (await Store.CommitAsync(scope, Transaction.Of(PatientOf("d")), Cancel)).Error?.Kind);
        await CommitAsync(Transaction.Of(PatientOf("a")), scope);
    }

    [Fact]
    public async Task Records_are_found_by_patient_time_kind_and_place_on_full_pages()
    {
        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("b")], []));
        DateTimeOffset start = Clock.GetUtcNow();
        var expected = new List<(long Sequence, string[] Patients, StatementKind Kind, DateTimeOffset Instant)>();
        for (int i = 0; i < 40; i++)
        {
            string[] patients = (i % 4) switch { 0 => ["a"], 1 => ["b"], 2 => ["a", "b"], _ => [] };
            StatementKind kind = i % 5 == 0 ? StatementKind.Event : StatementKind.Access;
            long sequence = await AppendAsync(new LedgerRecord(new byte[] { (byte)i }) { Kind = kind, Patients = [.. patients.Select(id => HashOf("Patient/" + id))] });
            expected.Add((sequence, patients, kind, Clock.GetUtcNow()));
            if (i % 3 == 0)
            {
                await CommitAsync(Transaction.Of(ObservationOf("o" + i, "a")));
            }

            Clock.Move(TimeSpan.FromMilliseconds(i % 2 == 0 ? 0 : 1500));
        }

        foreach (string? patient in new[] { "a", "b", "nobody", null })
        {
            foreach (StatementKind? kind in new StatementKind?[] { null, StatementKind.Event })
            {
                foreach ((int from, int until) in new[] { (0, 100), (3, 20), (7, 8), (20, 3), (-5, 2), (28, 99) })
                {
                    DateTimeOffset begin = start.AddSeconds(from);
                    DateTimeOffset end = start.AddSeconds(until);
                    var query = new RecordQuery { Patient = patient is null ? null : Key("Patient/" + patient), Kind = kind, From = begin, Until = end, Count = 4 };
                    long[] wanted =
                    [
                        .. expected
                            .Where(record => (patient is null || record.Patients.Contains(patient)) && (kind is null || record.Kind == kind) && record.Instant >= begin && record.Instant < end)
                            .Select(record => record.Sequence)
                            .Reverse(),
                    ];
                    Assert.Equal(string.Join(' ', wanted), await AllPagesAsync(query, Everything));
                }
            }
        }
    }

    [Fact]
    public async Task A_scope_decides_on_records_and_pages_are_full_of_what_it_sees()
    {
        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("b")], []));
        for (int i = 0; i < 20; i++)
        {
            await AppendAsync(new LedgerRecord(new byte[] { (byte)i }) { Patients = [HashOf(i % 2 == 0 ? "Patient/a" : "Patient/b")] });
        }

        var scope = new Own(Setup.Hasher, "a");
        string ofA = string.Join(' ', Enumerable.Range(0, 10).Select(i => 21 - (2 * i)));
        Assert.Equal(ofA, await AllPagesAsync(new RecordQuery { Count = 3 }, scope));
        Assert.Equal(ofA, await AllPagesAsync(new RecordQuery { Patient = Key("Patient/a"), Count = 3 }, scope));
        Assert.Equal("", await AllPagesAsync(new RecordQuery { Patient = Key("Patient/b"), Count = 3 }, scope));
        RecordPage exact = await Store.RecordsAsync(scope, new RecordQuery { Count = 10 }, Cancel);
        Assert.Equal((10, null), (exact.Records.Count, exact.Next));
        Assert.Empty((await Store.RecordsAsync(new TestScope(Setup.Hasher), new RecordQuery { Count = 10 }, Cancel)).Records);
    }

    [Fact]
    public async Task Versions_are_identified_for_those_who_see_them()
    {
        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("b"), ObservationOf("o", "a")], []));
        await CommitAsync(Transaction.Of(ObservationOf("o", "a")));
        await CommitAsync(Transaction.Of(new Delete(Key("Observation/o"))));
        await AppendAsync(new LedgerRecord("x"u8.ToArray()));
        await Store.EraseAsync(Everything, Key("Patient/b"), "test"u8.ToArray(), Cancel);
        IReadOnlyList<VersionIdentity> all = await Store.IdentifyAsync(Everything, [5, 1, 2, 4, 6, 3, 99], Cancel);
        Assert.Equal("5 Observation/o 3, 1 Patient/a 1, 4 Observation/o 2, 3 Observation/o 1", string.Join(", ", all.Select(found => $"{found.Sequence} {found.Key} {found.Version}")));
        IReadOnlyList<VersionIdentity> some = await Store.IdentifyAsync(new TestScope(Setup.Hasher) { WithheldType = "Observation" }, [1, 3, 4, 5], Cancel);
        Assert.Equal(Key("Patient/a"), some.Single().Key);
    }

    private static Put ObservationOf(string id, string patient) => PutOf(
        $$"""{"resourceType":"Observation","id":"{{id}}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{{patient}}"} }""");

    private static Put AppointmentOf(string id, params string[] patients) => PutOf(
        $$"""{"resourceType":"Appointment","id":"{{id}}","status":"booked","participant":[{{string.Join(',', patients.Select(patient => $$"""{"actor":{"reference":"Patient/{{patient}}"},"status":"accepted"}"""))}}]}""");

    /// <summary>The patients of a version by their ids, which are single letters here.</summary>
    private string Whose(StoredVersion? version) =>
        string.Join(' ', version!.Patients.Select(hash => "abcd".Single(id => HashOf("Patient/" + id) == hash)).Order());

    private async Task<Committed> CommitTellingAsync(Transaction transaction, string body)
    {
        Result<CommitResult> result = await Store.CommitAsync(
            Everything, transaction with { Record = new LedgerRecord(System.Text.Encoding.UTF8.GetBytes(body)) }, Cancel);
        return Assert.IsType<Committed>(result.Value);
    }

    private async Task<long> AppendAsync(LedgerRecord record) => (await Store.AppendRecordAsync(Everything, record, Cancel)).Value;

    private async Task<string> FoundAsync(RecordQuery query) =>
        string.Join(' ', (await Store.RecordsAsync(Everything, query, Cancel)).Records.Select(record => record.Sequence));

    /// <summary>All that pages of a query show, in order; all but the last are full.</summary>
    private async Task<string> AllPagesAsync(RecordQuery query, AccessScope scope)
    {
        var found = new List<long>();
        RecordPage page;
        do
        {
            page = await Store.RecordsAsync(scope, query, Cancel);
            found.AddRange(page.Records.Select(record => record.Sequence));
            Assert.True(page.Next is null || page.Records.Count == query.Count, "A page that is not the last is not full.");
            query = query with { Before = page.Next };
        }
        while (page.Next is not null);
        Assert.Equal(found.Count, await Store.CountRecordsAsync(scope, query with { Before = null, Count = 1000 }, Cancel));
        Assert.Equal(Math.Min(2, found.Count), await Store.CountRecordsAsync(scope, query with { Before = null, Count = 2 }, Cancel));
        return string.Join(' ', found);
    }

    /// <summary>A patient's app: sees all resources, writes into the own compartment alone, sees the records about the patient.</summary>
    private sealed class Own(IndexHasher hasher, string id) : AccessScope
    {
        private readonly long _patient = hasher.Reference(new ResourceKey("Patient", id));

        public override string Requester => "a patient";

        public override bool Sees(in ResourceFacts facts) => true;

        public override bool MayWrite(in ResourceFacts facts, ChangeKind kind)
        {
            foreach (IndexKey key in facts.Keys)
            {
                if (key.Kind == IndexKeyKind.Reference && key.Hash == _patient)
                {
                    return true;
                }
            }

            return facts.Id == _patient;
        }

        public override bool SeesRecord(in RecordFacts facts) => facts.Patients.Contains(_patient);
    }

    /// <summary>Lets everything be written and remembers what it was asked.</summary>
    private sealed class Asked(IndexHasher hasher) : AccessScope
    {
        private readonly List<string> _questions = [];

        public bool MayNothingNew { get; set; }

        public override string Requester => "somebody";

        public override bool Sees(in ResourceFacts facts) => true;

        public override bool MayWrite(in ResourceFacts facts, ChangeKind kind)
        {
            long[] patients = facts.Patients.ToArray();
            string names = string.Join(' ', "abcd".Where(id => patients.Contains(hasher.Reference(new ResourceKey("Patient", id.ToString())))));
            _questions.Add($"{kind} {facts.Type} {names}");
            return true;
        }

        public override bool MayBringAbout(string type)
        {
            _questions.Add("new " + type);
            return !MayNothingNew;
        }

        public string[] Questions()
        {
            string[] asked = [.. _questions];
            _questions.Clear();
            return asked;
        }
    }
}
