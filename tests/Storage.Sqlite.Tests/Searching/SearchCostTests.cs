using HealthChain.Fhir;
using HealthChain.Storage.ContractTests;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests.Searching;

/// <summary>What a search must look into is limited.</summary>
public sealed class SearchCostTests() : StoreContract(setup => new TestStore(setup, options => options with { MaxOpenedBySearch = 4 }))
{
    [Fact]
    public async Task A_search_that_would_open_too_many_resources_is_refused()
    {
        await GivenPatientsAsync(4);
        Assert.Equal(4, (await SearchAsync(Request("Patient", "family:contains=b"))).Total);
        await GivenPatientsAsync(5);
        Result<SearchPage> page = await Store.SearchAsync(Everything, Request("Patient", "family:contains=b"), Cancel);
        Assert.Equal(ErrorKind.TooCostly, page.Error?.Kind);
        Assert.Equal(5, (await SearchAsync(Request("Patient", "family=ab"))).Total);
        Assert.Equal("p1", await FindAsync("Patient", "family:contains=b&_id=p1"));
    }

    [Fact]
    public async Task A_guard_that_would_is_refused_too_and_nothing_is_written()
    {
        await GivenPatientsAsync(5);
        Result<CommitResult> result = await Store.CommitAsync(
            Everything, Transaction.Of(PatientOf("new"), new Finds("Patient", Query("Patient", "family:contains=x"), [])), Cancel);
        Assert.Equal(ErrorKind.TooCostly, result.Error?.Kind);
        Assert.Null(await ReadAsync("Patient/new"));
        await CommitAsync(Transaction.Of(PatientOf("new"), new Finds("Patient", Query("Patient", "family=x"), [])));
    }

    private Task<IReadOnlyList<StoredVersion?>> GivenPatientsAsync(int count) =>
        CommitAsync(new Transaction([.. Enumerable.Range(0, count).Select(number => PatientOf("p" + number, ""","name":[{"family":"Ab"}]"""))], []));
}
