using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>Worked cases over REST: ours, and those of the outside suite where it is there.</summary>
public sealed class RestCaseTests
{
    private static readonly string Own = Repository.PathOf("tests/Http.Tests/Consents/rest-cases.json");

    public static IEnumerable<TheoryDataRow<string>> OwnCases => RestCase.ReadAll(Own).Select(one => new TheoryDataRow<string>(one.Name));

    [Theory]
    [MemberData(nameof(OwnCases))]
    public async Task Our_cases_are_answered_as_expected(string name) => AssertNone(await FaultsOfAsync(RestCase.ReadAll(Own).Single(one => one.Name == name)));

    [Fact]
    public async Task Cases_of_the_outside_suite_are_answered_as_expected()
    {
        if (Repository.Shared is not { } shared)
        {
            Assert.Skip("The outside suite is not there.");
            return;
        }

        var faults = new List<string>();
        int count = 0;
        foreach (RestCase one in RestCase.ReadAll(Path.Combine(shared, "data", "consent-cases.json")))
        {
            count++;
            faults.AddRange(await FaultsOfAsync(one));
        }

        AssertNone(faults);
        Assert.True(count >= 5);
    }

    private static void AssertNone(List<string> faults) => Assert.True(faults.Count == 0, string.Join("\n\n", faults));

    private static async Task<List<string>> FaultsOfAsync(RestCase one)
    {
        var faults = new List<string>();
        await using WorldServer server = await WorldServer.StartAsync(one.World);
        foreach (RestCase asked in one.Then.Prepend(one))
        {
            var pages = new List<Answer> { await server.SendAsync(asked.Asker, asked.Query) };
            while (asked.Expected.ContainsKey("pages") && WorldServer.NextOf(pages[^1]) is { } next)
            {
                pages.Add(await server.SendAsync(asked.Asker, new Query("GET", next)));
            }

            faults.AddRange(Expectation.FaultsOf(asked.Expected, pages, asked.Background).Select(fault => $"{one.Name}, {asked.Query.Method} {asked.Query.Url}: {fault}\n{pages[0].Body}"));
        }

        if ((bool?)one.Expected["nonInterference"] == true)
        {
            (int Compared, Difference? Difference)? comparison = await Comparison.RunAsync(one.World, one.Asker, [one.Query]);
            string? fault = comparison is null ? "what is withheld decides what is not" : comparison.Value.Difference is { } difference ? Comparison.Describe(difference) : null;
            if (fault is not null)
            {
                faults.Add($"{one.Name}: {fault}");
            }
        }

        return faults;
    }
}
