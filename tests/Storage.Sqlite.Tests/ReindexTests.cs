using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests;

/// <summary>Search parameters that come, go and change their places between two starts.</summary>
public sealed class ReindexTests : EngineTests
{
    private static readonly SearchParameter Marital = Parameter("http://x.org/b", "marital", "Patient.maritalStatus");
    private static readonly SearchParameter Language = Parameter("http://x.org/a", "spoken", "Patient.communication.language");

    [Fact]
    public async Task A_new_parameter_finds_older_resources_when_they_are_indexed_again()
    {
        await CommitAsync(Married(1), Married(2), PatientOf(3));
        Assert.False(Store.NeedsReindexing);
        await ReopenAsync(Marital);

        Assert.True(Store.NeedsReindexing);
        Assert.Equal("", await FindAsync("marital", "M"));
        await CommitAsync(Married(4));
        Assert.Equal("p4", await FindAsync("marital", "M"));
        Assert.Equal(4, await Store.ReindexAsync(Everything, "Patient", Cancel));
        Assert.Equal("p1 p2 p4", await FindAsync("marital", "M"));
        Assert.True(Store.NeedsReindexing);
        await Store.ReindexAsync(Everything, null, Cancel);
        Assert.False(Store.NeedsReindexing);
        await AssertSoundAsync();
        await Test.ReopenAsync();
        Assert.False(Store.NeedsReindexing);
    }

    [Fact]
    public async Task Parameters_that_change_their_ids_keep_what_they_found()
    {
        await ReopenAsync(Marital);
        await Store.ReindexAsync(Everything, null, Cancel);
        await CommitAsync(Married(1), Married(2));

        // Its canonical sorts before the other's, so the other's id becomes a different one.
        await ReopenAsync(Language, Marital);
        Assert.Equal("p1 p2", await FindAsync("marital", "M"));
        await CommitAsync(Married(1));
        Assert.Equal("p1 p2", await FindAsync("marital", "M"));
        Assert.Equal("p1", await FindAsync("spoken", "nl"));
        await Store.ReindexAsync(Everything, null, Cancel);
        Assert.Equal("p1 p2", await FindAsync("spoken", "nl"));
        await AssertSoundAsync();
    }

    [Fact]
    public async Task A_parameter_that_is_gone_leaves_no_rows_behind()
    {
        await ReopenAsync(Language, Marital);
        await Store.ReindexAsync(Everything, null, Cancel);
        await CommitAsync(Married(1), Married(2), Married(3));
        VerifyReport before = await AssertSoundAsync();
        await ReopenAsync();

        await CommitAsync(Married(1));
        await CommitAsync(new Delete(Patient(2)));
        await AssertSoundAsync();
        await Store.ReindexAsync(Everything, null, Cancel);

        VerifyReport after = await AssertSoundAsync();
        Assert.True(after.IndexRows < before.IndexRows);
        Assert.Equal("p1 p3", await FindAsync("birthdate", "1980-02-03"));
    }

    private static SearchParameter Parameter(string url, string code, string expression) =>
        new() { Url = url, Name = code, Code = code, Bases = ["Patient"], Type = SearchParameterType.Token, Expression = expression };

    private static Put Married(int number) => PutOf(
        $$"""{"resourceType":"Patient","id":"p{{number}}","birthDate":"1980-02-03","maritalStatus":{"coding":[{"code":"M"}]},"communication":[{"language":{"coding":[{"code":"nl"}]} }]}""");

    private async Task ReopenAsync(params IReadOnlyList<IDefinition> parameters)
    {
        Test.Setup = Test.Setup with { Parameters = new SearchParameterSet(DefinitionSet.R4.With([new DefinitionList(parameters)])) };
        await Test.ReopenAsync();
    }

    private async Task<string> FindAsync(string code, string value)
    {
        TypeSchema type = FhirSchema.R4.Type("Patient")!;
        IndexedParameter parameter = Test.Setup.Parameters.Find(type, code)!;
        var options = new SearchQueryOptions { Now = Clock.GetUtcNow() };
        SearchPage page = (await Store.SearchAsync(
            Everything,
            new SearchRequest
            {
                Types = [type],
                Criterion = new HasValue(parameter, SearchModifier.None, SearchQueryReader.Read(parameter, SearchModifier.None, null, value, options).Value),
                Count = 100,
            },
            Cancel)).Value;
        return string.Join(' ', page.Matches.Select(match => match.Key.Id));
    }
}
