using System.Text.Json.Nodes;
using HealthChain.Fhir;
using Xunit;

namespace HealthChain.Storage.ContractTests;

/// <summary>Reads, versions, deletions, transactions and their guards.</summary>
public abstract class VersionContract(Func<StoreSetup, IResourceStore> open) : StoreContract(open)
{
    [Fact]
    public async Task What_does_not_exist_reads_as_nothing()
    {
        Assert.Null(await ReadAsync("Patient/none"));
        Assert.Null(await Store.ReadVersionAsync(Everything, Key("Patient/none"), 1, Cancel));
    }

    [Fact]
    public async Task The_commit_assigns_version_time_and_meta()
    {
        StoredVersion version = await PutAsync("""{"resourceType":"Patient","id":"a","meta":{"versionId":"9","lastUpdated":"2001-01-01T00:00:00Z","profile":["http://x.org/p"]}}""");
        Assert.Equal((1, 1, ChangeKind.Create, Clock.GetUtcNow()), (version.Version, version.Sequence, version.Change, version.LastUpdated));
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""{"versionId":"1","lastUpdated":"2024-05-01T12:00:00.000Z","profile":["http://x.org/p"]}"""), Json(version)["meta"]));
        Assert.True(JsonNode.DeepEquals(Json(version), Json(await ReadAsync("Patient/a"))));
    }

    [Fact]
    public async Task Every_version_stays_readable_through_deletion_and_revival()
    {
        await PutAsync("""{"resourceType":"Patient","id":"a","gender":"male"}""");
        await PutAsync("""{"resourceType":"Patient","id":"a","gender":"female"}""");
        await CommitAsync(Transaction.Of(new Delete(Key("Patient/a"))));
        StoredVersion deleted = (await ReadAsync("Patient/a"))!;
        Assert.Equal((3, true, true), (deleted.Version, deleted.IsDeleted, deleted.Json.IsEmpty));
        Assert.Equal("", await FindAsync("Patient", ""));
        Assert.Equal([null], await CommitAsync(Transaction.Of(new Delete(Key("Patient/a")))));
        StoredVersion revived = await PutAsync("""{"resourceType":"Patient","id":"a","gender":"other"}""");
        Assert.Equal((4, ChangeKind.Create), (revived.Version, revived.Change));
        string?[] genders = [null, "male", "female", null, "other", null];
        for (int number = 0; number < genders.Length; number++)
        {
            StoredVersion? version = await Store.ReadVersionAsync(Everything, Key("Patient/a"), number, Cancel);
            Assert.Equal(genders[number], version is null or { IsDeleted: true } ? null : (string?)Json(version)["gender"]);
            Assert.Equal(number is 0 or 5, version is null);
        }
    }

    [Theory]
    [InlineData("-")]
    [InlineData("A.b-C.0")]
    [InlineData("0")]
    [InlineData("..")]
    [InlineData("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789-.")]
    public async Task Odd_ids_are_ids(string id)
    {
        await CommitAsync(new Transaction([PatientOf(id), PatientOf("other")], []));
        Assert.Equal(id, (await ReadAsync("Patient/" + id))!.Key.Id);
        Assert.Equal(id, await FindAsync("Patient", "_id=" + id));
    }

    [Fact]
    public async Task Ids_differ_by_case_and_by_type()
    {
        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("A", ""","active":true"""), PutOf("""{"resourceType":"Group","id":"a","type":"person","actual":true}""")], []));
        Assert.Null(Json(await ReadAsync("Patient/a"))["active"]);
        Assert.True((bool?)Json(await ReadAsync("Patient/A"))["active"]);
        Assert.Equal("person", (string?)Json(await ReadAsync("Group/a"))["type"]);
    }

    [Fact]
    public async Task Text_of_all_scripts_and_numbers_come_back_as_written()
    {
        await PutAsync("""{"resourceType":"Observation","id":"o","status":"final","code":{"text":"žluť 漢字 😀 \"\\ \u0041\n"},"valueQuantity":{"value":1.50}}""");
        StoredVersion read = (await ReadAsync("Observation/o"))!;
        Assert.Equal("žluť 漢字 😀 \"\\ A\n", (string?)Json(read)["code"]!["text"]);
        Assert.Equal("1.50", Json(read)["valueQuantity"]!["value"]!.ToJsonString());
    }

    [Fact]
    public async Task Time_never_runs_backwards()
    {
        StoredVersion first = await PutAsync("""{"resourceType":"Patient","id":"a"}""");
        Clock.Move(TimeSpan.FromHours(-1));
        StoredVersion second = await PutAsync("""{"resourceType":"Patient","id":"b"}""");
        Assert.Equal(first.LastUpdated, second.LastUpdated);
    }

    [Fact]
    public async Task A_version_guard_holds_for_the_current_version_only()
    {
        var a = Key("Patient/a");
        await CommitAsync(Transaction.Of(PatientOf("a"), new AtVersion(a, 0)));
        Assert.Equal(new AtVersion(a, 0), await FailAsync(Transaction.Of(PatientOf("a"), new AtVersion(a, 0))));
        await CommitAsync(Transaction.Of(PatientOf("a"), new AtVersion(a, 1)));
        Assert.Equal(new AtVersion(a, 1), await FailAsync(Transaction.Of(new Delete(a), new AtVersion(a, 1))));
        await CommitAsync(Transaction.Of(new Delete(a), new AtVersion(a, 2)));
        Assert.Equal(new AtVersion(a, 3), await FailAsync(Transaction.Of(PatientOf("a"), new AtVersion(a, 3))));
        Assert.Equal(4, (await CommitAsync(Transaction.Of(PatientOf("a"), new AtVersion(a, 0))))[0]!.Version);
    }

    [Fact]
    public async Task A_finding_guard_wants_exactly_the_resources_named()
    {
        await CommitAsync(new Transaction([PatientOf("a", ""","gender":"male" """), PatientOf("b", ""","gender":"male" """)], []));
        Finds Males(params string[] keys) => new("Patient", Query("Patient", "gender=male"), [.. keys.Select(Key)]);
        foreach (Finds wrong in new[] { Males(), Males("Patient/a"), Males("Patient/a", "Patient/b", "Patient/c") })
        {
            Assert.Same(wrong, await FailAsync(Transaction.Of(PatientOf("c"), wrong)));
        }

        Assert.Null(await ReadAsync("Patient/c"));
        await CommitAsync(Transaction.Of(PatientOf("c"), Males("Patient/b", "Patient/a")));
    }

    [Fact]
    public async Task Of_parallel_conditional_creates_one_wins()
    {
        var absent = new Finds("Patient", Query("Patient", "identifier=http://x.org|1"), []);
        Result<CommitResult>[] results = await Task.WhenAll(Enumerable.Range(0, 50).Select(number => Task.Run(
            async () => await Store.CommitAsync(
                Everything,
                Transaction.Of(PatientOf("p" + number, ""","identifier":[{"system":"http://x.org","value":"1"}]"""), absent),
                Cancel),
            Cancel)));
        Assert.Equal(1, results.Count(result => result.Value is Committed));
        Assert.Equal(49, results.Count(result => result.Value is GuardFailed));
        Assert.Equal(1, (await SearchAsync(Request("Patient", "identifier=http://x.org|1"))).Total);
    }

    [Fact]
    public async Task Of_a_thousand_parallel_updates_of_one_version_one_wins()
    {
        await CommitAsync(Transaction.Of(PatientOf("a")));
        Result<CommitResult>[] results = await Task.WhenAll(Enumerable.Range(0, 1000).Select(number => Task.Run(
            async () => await Store.CommitAsync(Everything, Transaction.Of(PatientOf("a"), new AtVersion(Key("Patient/a"), 1 + (number % 3))), Cancel), Cancel)));
        long[] won = [.. results.Select(result => result.Value).OfType<Committed>().Select(committed => committed.Versions[0]!.Version).Order()];
        Assert.Equal(Enumerable.Range(2, won.Length).Select(version => (long)version), won);
        Assert.InRange(won.Length, 1, 3);
        Assert.Equal(won[^1], (await ReadAsync("Patient/a"))!.Version);
    }

    [Fact]
    public async Task A_transaction_is_written_whole_or_not_at_all()
    {
        await PutAsync("""{"resourceType":"Patient","id":"a"}""");
        await FailAsync(new Transaction([PatientOf("b"), new Delete(Key("Patient/a"))], [new AtVersion(Key("Patient/a"), 1), new AtVersion(Key("Patient/z"), 1)]));
        Assert.Null(await ReadAsync("Patient/b"));
        IReadOnlyList<StoredVersion?> versions = await CommitAsync(new Transaction([PatientOf("b"), new Delete(Key("Patient/a")), new Delete(Key("Patient/y"))], []));
        Assert.Equal([2L, 3L, null], versions.Select(version => version?.Sequence));
        Assert.Equal("b", await FindAsync("Patient", ""));
    }

    [Fact]
    public async Task Changes_come_in_the_order_of_commits_without_gaps()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => Task.Run(() => CommitAsync(Transaction.Of(PatientOf("p" + number))), Cancel)));
        List<StoredVersion> changes = await Store.ChangesAsync(Everything, 5, Cancel).ToListAsync(Cancel);
        Assert.Equal(Enumerable.Range(6, 15).Select(number => (long)number), changes.Select(change => change.Sequence));
        Assert.Empty(await Store.ChangesAsync(Everything, 20, Cancel).ToListAsync(Cancel));
    }

    [Fact]
    public async Task Waiting_for_a_change_ends_with_the_commit()
    {
        Task waiting = Store.WaitForChangeAsync(0, Cancel).AsTask();
        Assert.False(waiting.IsCompleted);
        await CommitAsync(Transaction.Of(PatientOf("a")));
        await waiting.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await Store.WaitForChangeAsync(0, Cancel);
    }

    [Fact]
    public async Task What_is_cancelled_before_it_starts_writes_nothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.CommitAsync(Everything, Transaction.Of(PatientOf("a")), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.WaitForChangeAsync(0, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.SearchAsync(Everything, Request("Patient"), cancelled));
        Assert.Null(await ReadAsync("Patient/a"));
    }

    [Fact]
    public async Task History_is_newest_first_in_pages_that_new_versions_do_not_move()
    {
        foreach (string id in new[] { "a", "b", "a", "b", "a" })
        {
            await CommitAsync(Transaction.Of(PatientOf(id)));
            Clock.Move(TimeSpan.FromMinutes(1));
        }

        await CommitAsync(Transaction.Of(new Delete(Key("Patient/b"))));
        Assert.Equal([6L, 5, 4, 3, 2, 1], await HistoryAsync(new HistoryRequest { Count = 10 }));
        Assert.Equal([5L, 3, 1], await HistoryAsync(new HistoryRequest { Type = "Patient", Id = "a", Count = 10 }));
        Assert.Empty(await HistoryAsync(new HistoryRequest { Type = "Observation", Count = 10 }));
        HistoryPage first = await Store.HistoryAsync(Everything, new HistoryRequest { Type = "Patient", Count = 4 }, Cancel);
        Assert.Equal((6, 3), (first.Total, first.Next));
        await CommitAsync(Transaction.Of(PatientOf("c")));
        HistoryPage second = await Store.HistoryAsync(Everything, new HistoryRequest { Type = "Patient", Count = 4, Before = first.Next }, Cancel);
        Assert.Equal([2L, 1], second.Versions.Select(version => version.Sequence));
        Assert.Null(second.Next);
    }

    [Fact]
    public async Task History_can_be_cut_by_time()
    {
        DateTimeOffset start = Clock.GetUtcNow();
        for (int i = 0; i < 4; i++)
        {
            await CommitAsync(Transaction.Of(PatientOf("a")));
            Clock.Move(TimeSpan.FromMinutes(10));
        }

        Assert.Equal([4L, 3], await HistoryAsync(new HistoryRequest { Since = start.AddMinutes(20), Count = 10 }));
        Assert.Equal([3L, 2], await HistoryAsync(new HistoryRequest { At = (start.AddMinutes(15), start.AddMinutes(25)), Count = 10 }));
        Assert.Equal([1L], await HistoryAsync(new HistoryRequest { At = (start, start), Count = 10 }));
        Assert.Empty(await HistoryAsync(new HistoryRequest { At = (start.AddDays(-2), start.AddDays(-1)), Count = 10 }));
    }

    private async Task<IEnumerable<long>> HistoryAsync(HistoryRequest request)
    {
        HistoryPage page = await Store.HistoryAsync(Everything, request, Cancel);
        Assert.Equal(page.Versions.Count, page.Total);
        return page.Versions.Select(version => version.Sequence);
    }
}
