using HealthChain.Storage.ContractTests;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests;

/// <summary>A scope is asked about each version that a history may show, and a superseded one must be opened for that: so no more than the page needs.</summary>
public sealed class HistoryCostTests() : StoreContract(setup => new TestStore(setup))
{
    private const int Versions = 300;
    private const int PageSize = 10;

    /// <summary>Withholds nothing, but has to be asked.</summary>
    private sealed class CountingScope : AccessScope
    {
        public int Asked { get; set; }

        public override string Requester => "test";

        public override bool Sees(in ResourceFacts facts)
        {
            Asked++;
            return true;
        }
    }

    [Theory]
    [InlineData("Patient", "a")]
    [InlineData("Patient", null)]
    [InlineData(null, null)]
    public async Task A_page_of_a_history_costs_no_more_than_it_shows(string? type, string? id)
    {
        for (int version = 1; version <= Versions; version++)
        {
            await CommitAsync(Transaction.Of(PatientOf("a", $$""","birthDate":"{{1000 + version}}" """)));
        }

        var scope = new CountingScope();
        var request = new HistoryRequest { Type = type, Id = id, Count = PageSize };
        HistoryPage first = await Store.HistoryAsync(scope, request, Cancel);
        HistoryPage second = await Store.HistoryAsync(scope, request with { Before = first.Next }, Cancel);

        // By the newest version, and by the one itself.
        Assert.InRange(scope.Asked, 2 * PageSize, 2 * 2 * (PageSize + 1));
        Assert.Equal(Enumerable.Range(0, 2 * PageSize).Select(back => (long)(Versions - back)), first.Versions.Concat(second.Versions).Select(version => version.Version));
        Assert.Null(first.Total);
        Assert.Null(second.Total);
    }

    [Fact]
    public async Task What_one_page_shows_whole_is_counted()
    {
        await CommitAsync(Transaction.Of(PatientOf("a")));
        await CommitAsync(Transaction.Of(PatientOf("a", ""","gender":"male" """)));

        Assert.Equal(2, (await Store.HistoryAsync(new CountingScope(), new HistoryRequest { Type = "Patient", Id = "a", Count = 2 }, Cancel)).Total);
        Assert.Null((await Store.HistoryAsync(new CountingScope(), new HistoryRequest { Type = "Patient", Id = "a", Count = 1 }, Cancel)).Total);
        Assert.Equal(2, (await Store.HistoryAsync(Everything, new HistoryRequest { Type = "Patient", Id = "a", Count = 1 }, Cancel)).Total);
    }
}
