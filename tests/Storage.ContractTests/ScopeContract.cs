using HealthChain.Fhir;
using Xunit;

namespace HealthChain.Storage.ContractTests;

/// <summary>What a scope withholds does not exist: each answer is that of a store which never had it.</summary>
public abstract class ScopeContract(Func<StoreSetup, IResourceStore> open) : StoreContract(open)
{
    public enum Withheld
    {
        Type,
        Label,
        Single,
    }

    [Fact]
    public async Task Words_by_which_a_reference_tells_of_the_withheld_are_not_found()
    {
        await CommitAsync(new Transaction(
            [
                PatientOf("a"), PatientOf("b"),
                PutOf("""{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a","display":"Jane Doe"},"performer":[{"reference":"Patient/b","display":"John"},{"display":"Mary"}]}"""),
            ],
            []));
        async Task<int> CountAsync(string word, AccessScope scope) =>
            (await SearchAsync(new SearchRequest { Types = [TypeOf("Observation")], Criterion = new HasWords(false, [word]), Count = 9 }, scope)).Matches.Count;
        AccessScope withoutOne = new TestScope(Setup.Hasher).Without(Key("Patient/a"));
        AccessScope withoutType = new TestScope(Setup.Hasher) { WithheldType = "Patient" };

        foreach ((string word, int[] found) in new[] { ("Jane", new[] { 1, 0, 0 }), ("John", [1, 1, 0]), ("Mary", [1, 1, 1]) })
        {
            Assert.Equal(found, new[] { await CountAsync(word, Everything), await CountAsync(word, withoutOne), await CountAsync(word, withoutType) });
        }
    }

    [Theory]
    [InlineData(Withheld.Type)]
    [InlineData(Withheld.Label)]
    [InlineData(Withheld.Single)]
    public async Task Every_answer_is_that_of_a_store_without_the_withheld(Withheld withheld)
    {
        AccessScope scope = ScopeOf(withheld);
        IResourceStore without = OpenAnother();
        foreach (Put put in Clinic.Resources.Select(PutOf))
        {
            StoredVersion stored = (await CommitAsync(Transaction.Of(put)))[0]!;
            if (await ReadAsync(stored.Key.ToString(), scope) is not null)
            {
                await without.CommitAsync(Everything, Transaction.Of(put), Cancel);
            }
        }

        Assert.NotEqual(Clinic.Resources.Length, await without.ChangesAsync(Everything, 0, Cancel).CountAsync(Cancel));
        foreach (SearchRequest request in Requests())
        {
            SearchPage expected = (await without.SearchAsync(Everything, request, Cancel)).Value;
            SearchPage actual = await SearchAsync(request, scope);
            Assert.Equal(Names(expected.Matches), Names(actual.Matches));
            Assert.Equal(Names(expected.Included).Order(), Names(actual.Included).Order());
            Assert.Equal(
                (expected.Total, expected.Next is null, expected.IncludesTruncated), (actual.Total, actual.Next is null, actual.IncludesTruncated));
        }

        HistoryRequest all = new() { Count = 100 };
        HistoryPage history = await Store.HistoryAsync(scope, all, Cancel);
        HistoryPage expectedHistory = await without.HistoryAsync(Everything, all, Cancel);
        Assert.Equal(Names(expectedHistory.Versions), Names(history.Versions));
        Assert.Equal(expectedHistory.Total, history.Total);
        Assert.Equal(
            Names(await without.ChangesAsync(Everything, 0, Cancel).ToListAsync(Cancel)), Names(await Store.ChangesAsync(scope, 0, Cancel).ToListAsync(Cancel)));
    }

    [Fact]
    public async Task A_withheld_version_did_not_take_the_place_of_the_one_before()
    {
        DateTimeOffset start = Clock.GetUtcNow();
        foreach (string meta in new[] { "", ""","meta":{"security":[{"code":"R"}]}""", "" })
        {
            await CommitAsync(Transaction.Of(PatientOf("a", meta)));
            Clock.Move(TimeSpan.FromMinutes(10));
        }

        var between = new HistoryRequest { At = (start.AddMinutes(15), start.AddMinutes(16)), Count = 9 };
        Assert.Equal([1L], (await Store.HistoryAsync(ScopeOf(Withheld.Label), between, Cancel)).Versions.Select(version => version.Version));
        Assert.Equal([2L], (await Store.HistoryAsync(Everything, between, Cancel)).Versions.Select(version => version.Version));
    }

    [Fact]
    public async Task A_withheld_resource_cannot_be_read_in_any_version_nor_after_its_deletion()
    {
        await CommitAsync(Transaction.Of(PatientOf("a")));
        await CommitAsync(Transaction.Of(PatientOf("a", ""","meta":{"security":[{"code":"R"}]}""")));
        AccessScope scope = ScopeOf(Withheld.Label);
        for (int round = 0; round < 2; round++)
        {
            Assert.Null(await ReadAsync("Patient/a", scope));
            Assert.Null(await Store.ReadVersionAsync(scope, Key("Patient/a"), 1, Cancel));
            Assert.Null(await Store.ReadVersionAsync(scope, Key("Patient/a"), 2, Cancel));
            Assert.Equal(0, (await Store.HistoryAsync(scope, new HistoryRequest { Type = "Patient", Id = "a", Count = 9 }, Cancel)).Total);
            await CommitAsync(Transaction.Of(new Delete(Key("Patient/a"))));
        }
    }

    [Fact]
    public async Task A_version_that_was_withheld_stays_so_when_the_label_is_gone()
    {
        await CommitAsync(Transaction.Of(PatientOf("a", ""","meta":{"security":[{"code":"R"}]}""")));
        await CommitAsync(Transaction.Of(PatientOf("a")));
        AccessScope scope = ScopeOf(Withheld.Label);
        Assert.Equal(2, (await ReadAsync("Patient/a", scope))!.Version);
        Assert.Null(await Store.ReadVersionAsync(scope, Key("Patient/a"), 1, Cancel));
    }

    [Fact]
    public async Task Guards_do_not_see_what_is_withheld()
    {
        await CommitAsync(Transaction.Of(PatientOf("a", ""","gender":"male","meta":{"security":[{"code":"R"}]}""")));
        AccessScope scope = ScopeOf(Withheld.Label);
        var males = new Finds("Patient", Query("Patient", "gender=male"), []);
        await FailAsync(Transaction.Of(PatientOf("b"), males));
        await CommitAsync(Transaction.Of(PatientOf("b"), males), scope);
        await FailAsync(Transaction.Of(PatientOf("b"), new AtVersion(Key("Patient/a"), 1)), scope);
        await CommitAsync(Transaction.Of(PatientOf("b"), new AtVersion(Key("Patient/a"), 0)), scope);
    }

    [Fact]
    public async Task What_is_withheld_can_be_neither_overwritten_nor_deleted()
    {
        await CommitAsync(Transaction.Of(PatientOf("a", ""","meta":{"security":[{"code":"R"}]}""")));
        AccessScope scope = ScopeOf(Withheld.Label);
        Result<CommitResult> put = await Store.CommitAsync(scope, new Transaction([PatientOf("b"), PatientOf("a")], []), Cancel);
        Assert.Equal(ErrorKind.Conflict, put.Error?.Kind);
        Assert.Null(await ReadAsync("Patient/b"));
        Assert.Equal([null], await CommitAsync(Transaction.Of(new Delete(Key("Patient/a"))), scope));
        Assert.Equal(1, (await ReadAsync("Patient/a"))!.Version);
    }

    [Fact]
    public async Task A_scope_of_one_patient_finds_the_whole_record_and_nothing_else()
    {
        const string Observation = """{"resourceType":"Observation","status":"final","code":{"coding":[{"code":"pulse"}]}""";
        foreach (string json in Clinic.Resources.Concat(
        [
            Observation + ""","id":"a1","effectiveDateTime":"2026-01-03","subject":{"reference":"Patient/p1"}}""",
            Observation + ""","id":"a2","effectiveDateTime":"2026-01-02","subject":{"reference":"Patient/p1"}}""",
            Observation + ""","id":"both","effectiveDateTime":"2026-01-01","subject":{"reference":"Patient/p2"},"performer":[{"reference":"Patient/p1"}]}""",
            Observation + ""","id":"moved-away","subject":{"reference":"Patient/p1"}}""",
            Observation + ""","id":"moved-here","subject":{"reference":"Patient/p2"}}""",
            Observation + ""","id":"deleted","subject":{"reference":"Patient/p1"}}""",
            """{"resourceType":"Appointment","id":"together","status":"booked","participant":[{"actor":{"reference":"Patient/p1"},"status":"accepted"},{"actor":{"reference":"Patient/p2"},"status":"accepted"}]}""",
            """{"resourceType":"Group","id":"all","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/p1"}},{"entity":{"reference":"Patient/p3"}}]}""",
            """{"resourceType":"Patient","id":"linked","link":[{"other":{"reference":"Patient/p1"},"type":"seealso"}]}""",
            Observation + ""","id":"moved-away","subject":{"reference":"Patient/p2"}}""",
            Observation + ""","id":"moved-here","subject":{"reference":"Patient/p1"}}""",
        ]))
        {
            await PutAsync(json);
        }

        await CommitAsync(Transaction.Of(new Delete(Key("Observation/deleted"))));
        var telling = new RecordScope(Setup.Parameters, Setup.Hasher, "p1", tells: true);
        var silent = new RecordScope(Setup.Parameters, Setup.Hasher, "p1", tells: false);
        var nobodys = new RecordScope(Setup.Parameters, Setup.Hasher, "nobody", tells: true);

        Assert.Equal(["a1", "a2", "both", "moved-here", "o1", "o3"], Ids((await SearchAsync(Request("Observation"), telling)).Matches).Order());
        Assert.Equal(["together"], Ids((await SearchAsync(Request("Appointment"), telling)).Matches));
        Assert.Equal(["p1", "linked"], Ids((await SearchAsync(Request("Patient"), telling)).Matches));
        Assert.Equal(2, (await SearchAsync(Request("ValueSet"), telling)).Matches.Count);
        Assert.Empty((await SearchAsync(Request("Observation"), nobodys)).Matches);
        foreach (SearchRequest request in Requests().Concat(
        [
            Request("Observation", "code=pulse", 1) with { Sort = [new SortKey(Parameter("Observation", "date"), true)] },
            Request("Observation", "date=ge2026-01-02"),
            Request("Observation", "", 2) with { Sort = [new SortKey(Parameter("Observation", "_lastUpdated"), true)] },
            Request("Observation", "patient=Patient/p2"),
            Request("Observation") with { Types = [TypeOf("Observation"), TypeOf("Appointment"), TypeOf("Group"), TypeOf("Patient")], Count = 3 },
            Request("Observation") with { Types = [TypeOf("Observation"), TypeOf("ValueSet")] },
        ]))
        {
            SearchRequest? next = request;
            while (next is not null)
            {
                SearchPage expected = await SearchAsync(next, silent);
                SearchPage actual = await SearchAsync(next, telling);
                Assert.Equal(Names(expected.Matches), Names(actual.Matches));
                Assert.Equal(Names(expected.Included).Order(), Names(actual.Included).Order());
                Assert.Equal((expected.Total, expected.Next), (actual.Total, actual.Next));
                next = actual.Next is null ? null : next with { After = actual.Next };
            }
        }

        var guard = new Finds("Observation", Query("Observation", "code=pulse"), [Key("Observation/a1"), Key("Observation/a2"), Key("Observation/both"), Key("Observation/moved-here")]);
        await CommitAsync(Transaction.Of(PutOf("""{"resourceType":"ValueSet","id":"v3","status":"draft"}"""), guard), new RecordScope(Setup.Parameters, Setup.Hasher, "p1", tells: true));
    }

    private static IEnumerable<string> Names(IEnumerable<StoredVersion> versions) => versions.Select(version => $"{version.Key}/{version.Version}");

    private TestScope ScopeOf(Withheld withheld) => withheld switch
    {
        Withheld.Type => new TestScope(Setup.Hasher) { WithheldType = "Patient" },
        Withheld.Label => new TestScope(Setup.Hasher).WithoutCode("R"),
        _ => new TestScope(Setup.Hasher).Without(Key("Patient/p1")).Without(Key("Observation/o3")),
    };

    private IEnumerable<SearchRequest> Requests()
    {
        var subject = new Include(TypeOf("Observation"), Parameter("Observation", "subject"), null, IsReverse: false, Iterates: true);
        var doctor = new Include(TypeOf("Patient"), null, null, IsReverse: false, Iterates: true);
        Include[] includes = [subject, doctor, subject with { IsReverse = true }];
        yield return new SearchRequest { Types = [], Count = 100, CountTotal = true };
        yield return Request("Observation", "", 2) with { Includes = includes };
        yield return Request("Observation", "", 3);
        yield return Request("Observation", "", 0);
        yield return Request("Observation", "subject:Patient.family=mul");
        yield return Request("Observation", "subject=Patient/p1");
        yield return Request("Patient", "_has:Observation:subject:code=8480-6") with { Includes = includes };
        yield return Request("Patient", "_has:Observation:subject:code=8462-4");
        yield return Request("Practitioner", "_has:Patient:general-practitioner:_has:Observation:subject:code=8480-6");
        yield return Request("Practitioner") with { Includes = [doctor with { IsReverse = true }], MaxIncluded = 1 };
        yield return Request("Patient", "", 2) with { Sort = [new SortKey(Parameter("Patient", "birthdate"), false)] };
        yield return Request("Observation") with { Criterion = new NoneOf(Query("Observation", "code=8462-4")) };
        yield return Request("Observation") with { Criterion = new InCompartment("Patient", "p1") };
    }
}
