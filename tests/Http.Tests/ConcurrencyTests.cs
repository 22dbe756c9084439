using System.Net;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>Writes at the same time: what one answer promises, no other write may break.</summary>
public sealed class ConcurrencyTests(FhirServerFixture server) : FhirTest(server)
{
    private static async Task<Answer[]> AtOnceAsync(int count, Func<int, Task<Answer>> send) => await Task.WhenAll(Enumerable.Range(0, count).Select(send));

    [Fact]
    public async Task Of_many_conditional_creates_one_creates_and_all_name_it()
    {
        string identifier = Unique();
        string criteria = "identifier=" + identifier;

        Answer[] answers = await AtOnceAsync(50, _ => PostAsync("Patient", Samples.Patient(identifier: identifier), ("If-None-Exist", criteria)));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(49, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        Assert.Single(answers.Select(answer => answer.Header("Location")).Distinct());
        Assert.Single(await FindAsync("Patient?" + criteria));
    }

    [Fact]
    public async Task Of_many_conditional_updates_one_creates_and_the_others_update_it()
    {
        string identifier = Unique();

        Answer[] answers = await AtOnceAsync(30, _ => PutAsync("Patient?identifier=" + identifier, Samples.Patient(identifier: identifier)));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(29, answers.Count(answer => answer.Status == HttpStatusCode.OK));
        string id = Assert.Single(await FindAsync("Patient?identifier=" + identifier));
        Assert.Equal("W/\"30\"", (await GetAsync("Patient/" + id)).Header("ETag"));
    }

    [Fact]
    public async Task Of_many_updates_of_one_version_one_wins()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer[] answers = await AtOnceAsync(100, i => PutAsync("Patient/" + id, Samples.Patient(id, family: "F" + i), ("If-Match", "W/\"1\"")));

        Answer winner = Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(99, answers.Count(answer => answer.Status == HttpStatusCode.PreconditionFailed));
        Assert.Equal(winner.Body, (await GetAsync("Patient/" + id)).Body);
    }

    [Fact]
    public async Task Of_many_updates_that_create_one_answers_created()
    {
        string id = Unique();

        Answer[] answers = await AtOnceAsync(40, _ => PutAsync("Patient/" + id, Samples.Patient(id)));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(Enumerable.Range(1, 40).Select(version => $"W/\"{version}\"").Order(), answers.Select(answer => answer.Header("ETag")).Order());
    }

    [Fact]
    public async Task However_many_update_one_resource_at_once_each_makes_a_version()
    {
        const int Many = 250;
        string id = Unique();
        await PutAsync("Patient/" + id, Samples.Patient(id));

        Answer[] answers = await AtOnceAsync(Many, _ => PutAsync("Patient/" + id, Samples.Patient(id)));

        Assert.Equal(Enumerable.Range(2, Many).Select(version => $"W/\"{version}\"").Order(), answers.Select(answer => answer.Header("ETag")).Order());
    }

    [Fact]
    public async Task Of_many_If_None_Match_any_one_creates()
    {
        string id = Unique();

        Answer[] answers = await AtOnceAsync(40, _ => PutAsync("Patient/" + id, Samples.Patient(id), ("If-None-Match", "*")));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(39, answers.Count(answer => answer.Status == HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task Patches_at_the_same_time_all_take_effect()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer[] answers = await AtOnceAsync(40, i => PatchAsync(
            "Patient/" + id, $"[{{\"op\":\"add\",\"path\":\"/name/-\",\"value\":{{\"family\":\"F{i}\"}}}}]", "application/json-patch+json"));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        System.Text.Json.Nodes.JsonArray names = (System.Text.Json.Nodes.JsonArray)(await GetAsync("Patient/" + id)).Json["name"]!;
        Assert.Equal(41, names.Select(name => (string?)name!["family"]).Distinct().Count());
    }

    [Fact]
    public async Task Transactions_with_the_same_conditional_create_create_once()
    {
        string identifier = Unique();
        string bundle = Samples.Transaction(
            Samples.Entry("POST", "Patient", Samples.Patient(identifier: identifier), "urn:uuid:0a0a0a0a-0b0b-4c0c-8d0d-0e0e0e0e0e0e", $"\"ifNoneExist\":\"identifier={identifier}\""),
            Samples.Entry("POST", "Observation", Samples.Observation("urn:uuid:0a0a0a0a-0b0b-4c0c-8d0d-0e0e0e0e0e0e")));

        Answer[] answers = await AtOnceAsync(20, _ => PostAsync("", bundle));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        string patient = Assert.Single(await FindAsync("Patient?identifier=" + identifier));
        Assert.Equal(20, (await FindAsync("Observation?_count=100&subject=Patient/" + patient)).Length);
    }

    [Fact]
    public async Task A_conditional_reference_never_leads_to_what_was_deleted_meanwhile()
    {
        string identifier = Unique();
        string patient = await CreateAsync(Samples.Patient(identifier: identifier));
        string bundle = Samples.Transaction(Samples.Entry("POST", "Observation", Samples.Observation("Patient?identifier=" + identifier)));

        Answer[] answers = await AtOnceAsync(20, i => i == 7 ? DeleteAsync("Patient/" + patient) : PostAsync("", bundle));

        int done = answers.Count(answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(19 - done, answers.Count(answer => answer.Status == HttpStatusCode.PreconditionFailed));
        Assert.Equal(done, (await FindAsync("Observation?_count=100&subject=Patient/" + patient)).Length);
    }

    [Fact]
    public async Task Transactions_over_the_same_resources_leave_them_alike()
    {
        string one = await CreateAsync(Samples.Patient());
        string two = await CreateAsync(Samples.Patient());

        Answer[] answers = await AtOnceAsync(20, i => PostAsync("", Samples.Transaction(
            Samples.Entry("PUT", "Patient/" + one, Samples.Patient(one, family: "F" + i)),
            Samples.Entry("PUT", "Patient/" + two, Samples.Patient(two, family: "F" + i)))));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        Assert.Equal(
            (string?)(await GetAsync("Patient/" + one)).Json["name"]![0]!["family"],
            (string?)(await GetAsync("Patient/" + two)).Json["name"]![0]!["family"]);
    }

    [Fact]
    public async Task Updates_and_deletions_at_the_same_time_lose_no_version()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer[] answers = await AtOnceAsync(30, i => i % 3 == 0 ? DeleteAsync("Patient/" + id) : PutAsync("Patient/" + id, Samples.Patient(id)));

        string[] tags = [.. answers.Select(answer => answer.Header("ETag")).OfType<string>()];
        Assert.Equal(tags.Length, tags.Distinct().Count());
        Assert.All(answers, answer => Assert.True((int)answer.Status < 300, answer.Body));
    }
}
