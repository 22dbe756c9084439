using HealthChain.Storage.ContractTests;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests.Searching;

/// <summary>Who sees one patient's record is asked about that record, however many there are.</summary>
public sealed class ScopeCostTests() : StoreContract(setup => new TestStore(setup))
{
    private const int Patients = 40;
    private const int OfEach = 5;

    [Theory]
    [InlineData("", 2)]
    [InlineData("", 100)]
    [InlineData("code=pulse", 100)]
    [InlineData("status:not=cancelled", 100)]
    public async Task A_search_of_one_patients_record_asks_about_no_other(string query, int count)
    {
        Put[] observations = [.. Enumerable.Range(0, Patients * OfEach).Select(i => PutOf(
            $$$"""{"resourceType":"Observation","id":"o{{{i}}}","status":"final","code":{"coding":[{"code":"pulse"}]},"subject":{"reference":"Patient/p{{{i % Patients}}}"}}"""))];
        await CommitAsync(new Transaction([.. Enumerable.Range(0, Patients).Select(i => PatientOf("p" + i)), .. observations], []));
        var telling = new RecordScope(Setup.Parameters, Setup.Hasher, "p7", tells: true);
        var silent = new RecordScope(Setup.Parameters, Setup.Hasher, "p7", tells: false);

        SearchPage page = await SearchAsync(Request("Observation", query, count), telling);
        await SearchAsync(Request("Observation", query, count), silent);

        Assert.Equal((Math.Min(count, OfEach), OfEach), (page.Matches.Count, page.Total));
        Assert.Equal((OfEach, Patients * OfEach), (telling.Asked, silent.Asked));
    }
}
