using System.Globalization;
using HealthChain.Storage.ContractTests;
using HealthChain.Storage.ContractTests.Model;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests.Searching;

/// <summary>Many resources in the order of a date, page by page: through bands of the index, and by looking at all where those end.</summary>
public sealed class DateOrderTests() : StoreContract(setup => new TestStore(setup))
{
    private const int Observations = 1500;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pages_of_many_are_in_order(bool descending)
    {
        await using var model = new ModelStore(Setup);
        var random = new Random(descending ? 1 : 2);
        for (int start = 0; start < Observations; start += 500)
        {
            var transaction = new Transaction([.. Enumerable.Range(start, 500).Select(number => Observation(number, random))], []);
            await model.CommitAsync(Everything, transaction, Cancel);
            await CommitAsync(transaction);
        }

        SearchRequest request = Request("Observation", "", 150) with
        {
            Sort = [new SortKey(Parameter("Observation", "date"), descending), new SortKey(Parameter("Observation", "code"), true)],
        };
        int found = 0;
        SearchPage page;
        do
        {
            SearchPage expected = (await model.SearchAsync(Everything, request, Cancel)).Value;
            page = await SearchAsync(request);
            Assert.Equal(Ids(expected.Matches), Ids(page.Matches));
            Assert.Equal((expected.Next, expected.Total), (page.Next, page.Total));
            found += page.Matches.Count;
            request = request with { After = page.Next };
        }
        while (page.Next is not null);
        Assert.Equal(Observations, found);
    }

    /// <summary>Moments and whole days, some shared by many, periods with and without an end, and none.</summary>
    private static Put Observation(int number, Random random)
    {
        string day = new DateTime(2020, 1, 1).AddDays(random.Next(600)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        string date = random.Next(8) switch
        {
            0 => "",
            1 => $$""","effectivePeriod":{"start":"{{day}}"}""",
            2 => $$""","effectivePeriod":{"start":"{{day}}","end":"2022-06-01"}""",
            3 => ""","effectiveDateTime":"2021" """,
            4 => $$""","effectiveDateTime":"{{day}}T{{random.Next(10, 20)}}:00:00Z" """,
            _ => $$""","effectiveDateTime":"{{day}}" """,
        };
        return PutOf($$"""{"resourceType":"Observation","id":"o{{number}}","status":"final","code":{"coding":[{"code":"c{{random.Next(3)}}"}]}{{date}}}""");
    }
}
