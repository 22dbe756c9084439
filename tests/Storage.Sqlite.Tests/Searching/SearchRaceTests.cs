using HealthChain.Storage.ContractTests;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests.Searching;

/// <summary>Searches while others write: each answer is that of one moment.</summary>
public sealed class SearchRaceTests() : StoreContract(setup => new TestStore(setup, options => options with { GenerationRows = 200 }))
{
    private const int Patients = 20;
    private const int Updates = 200;

    [Fact]
    public async Task What_is_found_meets_the_search_and_nothing_is_missed_between_two_versions()
    {
        await CommitAsync(new Transaction([.. Enumerable.Range(0, Patients).Select(number => Version(number, isMale: number % 2 == 0))], []));
        using var done = new CancellationTokenSource();
        Task[] readers = [.. Enumerable.Range(0, 3).Select(reader => Task.Run(() => ReadUntilAsync(reader, done.Token), Cancel))];
        var random = new Random(5);
        for (int update = 0; update < Updates; update++)
        {
            int number = random.Next(Patients);
            bool isMale = (number + update) % 2 == 0;
            await CommitAsync(new Transaction([Version(number, isMale), Version((number + 1) % Patients, !isMale)], []));
            if (update == Updates / 2)
            {
                await Store.ReindexAsync(Everything, "Patient", Cancel);
            }
        }

        await done.CancelAsync();
        await Task.WhenAll(readers);
    }

    private async Task ReadUntilAsync(int reader, CancellationToken done)
    {
        string gender = reader % 2 == 0 ? "male" : "female";
        bool isOver;
        do
        {
            isOver = done.IsCancellationRequested;
            SearchPage page = await SearchAsync(Request("Patient", "gender=" + gender) with { Sort = [new SortKey(Parameter("Patient", "family"), false)] });
            Assert.Equal(page.Total, page.Matches.Count);
            Assert.Equal(page.Matches.Count, page.Matches.DistinctBy(version => version.Key).Count());
            Assert.All(page.Matches, version => Assert.Equal(gender, (string?)Json(version)["gender"]));
            string[] names = [.. page.Matches.Select(version => (string?)Json(version)["name"]![0]!["family"] ?? "")];
            Assert.Equal(names.Order(StringComparer.Ordinal), names);
            SearchPage all = await SearchAsync(Request("Patient", "gender=male,female"));
            Assert.Equal(Patients, all.Total);
        }
        while (!isOver);
    }

    private static Put Version(int number, bool isMale) =>
        PatientOf("p" + number, $$""","name":[{"family":"{{(isMale ? "a" : "b")}}{{number:D2}}"}],"gender":"{{(isMale ? "male" : "female")}}" """);
}
