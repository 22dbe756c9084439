using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#3.1.0.7.1 (conditional delete)</summary>
public sealed class ConditionalDeleteTests(FhirServerFixture server) : FhirTest(server)
{
    private static string Path(string identifier) => $"Patient?identifier={Samples.IdentifierSystem}|{identifier}";

    [Fact]
    public async Task Without_a_match_it_succeeds()
    {
        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync(Path(Unique()))).Status);
    }

    [Fact]
    public async Task One_match_is_deleted()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));

        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync(Path(identifier))).Status);
        Assert.Equal(HttpStatusCode.Gone, (await GetAsync("Patient/" + id)).Status);
    }

    [Fact]
    public async Task All_matches_are_deleted_and_no_others()
    {
        string identifier = Unique();
        string one = await CreateAsync(Samples.Patient(identifier: identifier));
        string two = await CreateAsync(Samples.Patient(identifier: identifier));
        string other = await CreateAsync(Samples.Patient(identifier: Unique()));

        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync(Path(identifier))).Status);
        Assert.Equal(HttpStatusCode.Gone, (await GetAsync("Patient/" + one)).Status);
        Assert.Equal(HttpStatusCode.Gone, (await GetAsync("Patient/" + two)).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Patient/" + other)).Status);
    }

    [Fact]
    public async Task More_matches_than_a_page_holds_are_deleted()
    {
        string identifier = Unique();
        for (int i = 0; i < 30; i++)
        {
            await CreateAsync(Samples.Patient(identifier: identifier));
        }

        Answer answer = await DeleteAsync(Path(identifier), ("Prefer", "return=OperationOutcome"));

        Assert.Contains("30", answer.Body, StringComparison.Ordinal);
        Assert.Empty(await FindAsync(Path(identifier)));
    }

    [Theory]
    [InlineData("&nonsense=1")]
    [InlineData("&birthdate=someday")]
    public async Task Criteria_that_are_not_understood_delete_nothing(string criteria)
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));

        Assert.Equal(HttpStatusCode.BadRequest, (await DeleteAsync(Path(identifier) + criteria)).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Patient/" + id)).Status);
    }

    [Fact]
    public async Task If_Match_must_hold_for_the_match()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await DeleteAsync(Path(identifier), ("If-Match", "W/\"2\""))).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Patient/" + id)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync(Path(identifier), ("If-Match", "W/\"1\""))).Status);
    }

    [Theory]
    [InlineData("_count=1")]
    [InlineData("_sort=_lastUpdated")]
    [InlineData("_include=Patient:organization")]
    [InlineData("_revinclude:iterate=Observation:patient")]
    public async Task What_says_nothing_about_which_ones_are_meant_is_refused_and_nothing_is_deleted(string parameter)
    {
        string identifier = Unique();
        string[] ids = [await CreateAsync(Samples.Patient(identifier: identifier)), await CreateAsync(Samples.Patient(identifier: identifier))];

        Answer answer = await DeleteAsync($"Patient?identifier={identifier}&{parameter}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(ids.Order(), (await FindAsync($"Patient?identifier={identifier}")).Order());
    }
}

/// <summary>A server that deletes one match at a time: "or it may choose to return an error ... 412 Precondition Failed".</summary>
public sealed class SingleConditionalDeleteTests : IAsyncLifetime
{
    private readonly FhirServerFixture _server = new(new() { Development = true, Limits = new() { ConditionalDeletes = 1 } });

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Several_matches_are_412_and_one_is_deleted()
    {
        for (int i = 0; i < 2; i++)
        {
            using var content = new StringContent(Samples.Patient(family: "Twin"), System.Text.Encoding.UTF8, "application/fhir+json");
            using HttpResponseMessage created = await _server.Client.PostAsync(new Uri("Patient", UriKind.Relative), content, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
            using HttpResponseMessage deleted = await _server.Client.DeleteAsync(new Uri("Patient?family=alone", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        }

        using HttpResponseMessage refused = await _server.Client.DeleteAsync(new Uri("Patient?family=Twin", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.PreconditionFailed, refused.StatusCode);
    }

    [Fact]
    public async Task The_capability_statement_says_so()
    {
        string statement = await _server.Client.GetStringAsync(new Uri("metadata", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Contains("\"conditionalDelete\":\"single\"", statement, StringComparison.Ordinal);
    }
}
