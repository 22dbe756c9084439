using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Operations;

/// <summary>https://hl7.org/fhir/R4/patient-operation-everything.html and -encounter-operation-everything.html</summary>
public sealed class EverythingTests(FhirServerFixture server) : OperationTest(server)
{
    /// <summary>
    /// A patient with an encounter, two observations (one of the encounter), a condition, a prescription of a medication that an
    /// organization makes, and coverage; and another patient with an observation.
    /// </summary>
    private async Task<string> StoreRecordAsync()
    {
        string run = Unique("e");
        foreach (string resource in new[]
        {
            """{"resourceType":"Organization","id":"{r}-maker"}""",
            """{"resourceType":"Organization","id":"{r}-stranger"}""",
            """{"resourceType":"Practitioner","id":"{r}-doctor"}""",
            """{"resourceType":"Location","id":"{r}-ward"}""",
            """{"resourceType":"Medication","id":"{r}-pill","manufacturer":{"reference":"Organization/{r}-maker"}}""",
            """{"resourceType":"Patient","id":"{r}-p","generalPractitioner":[{"reference":"Practitioner/{r}-doctor"}]}""",
            """{"resourceType":"Patient","id":"{r}-q"}""",
            """{"resourceType":"Encounter","id":"{r}-enc","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/{r}-p"},"period":{"start":"2020-03-01","end":"2020-03-02"},"location":[{"location":{"reference":"Location/{r}-ward"}}]}""",
            """{"resourceType":"Observation","id":"{r}-in","status":"final","code":{"text":"a"},"subject":{"reference":"Patient/{r}-p"},"encounter":{"reference":"Encounter/{r}-enc"},"effectiveDateTime":"2020-03-01","focus":[{"reference":"Patient/{r}-q"}]}""",
            """{"resourceType":"Observation","id":"{r}-out","status":"final","code":{"text":"b"},"subject":{"reference":"Patient/{r}-p"},"effectiveDateTime":"2021-06-01"}""",
            """{"resourceType":"Observation","id":"{r}-other","status":"final","code":{"text":"c"},"subject":{"reference":"Patient/{r}-q"}}""",
            """{"resourceType":"Condition","id":"{r}-cond","subject":{"reference":"Patient/{r}-p"},"onsetDateTime":"2019-01-01"}""",
            """{"resourceType":"MedicationRequest","id":"{r}-rx","status":"active","intent":"order","subject":{"reference":"Patient/{r}-p"},"medicationReference":{"reference":"Medication/{r}-pill"},"authoredOn":"2020-03-01"}""",
            """{"resourceType":"Coverage","id":"{r}-cover","status":"active","beneficiary":{"reference":"Patient/{r}-p"},"payor":[{"reference":"Patient/{r}-p"}]}""",
        })
        {
            await StoreAsync(resource.Replace("{r}", run, StringComparison.Ordinal));
        }

        return run;
    }

    private static string[] Names(JsonNode bundle, string mode, string run)
    {
        Assert.Equal(("Bundle", "searchset"), ((string?)bundle["resourceType"], (string?)bundle["type"]));
        return [.. Keys(bundle, mode).Select(key => key.Split('/')[1].Replace(run + "-", "", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task A_patient_comes_with_the_whole_compartment()
    {
        string run = await StoreRecordAsync();

        JsonNode bundle = await OkAsync(GetAsync($"Patient/{run}-p/$everything"));

        Assert.Equal(["cond", "cover", "enc", "in", "out", "p", "rx"], Names(bundle, "match", run));
    }

    [Fact]
    public async Task What_the_record_refers_to_comes_too_but_no_other_patients()
    {
        string run = await StoreRecordAsync();

        JsonNode bundle = await OkAsync(GetAsync($"Patient/{run}-p/$everything"));

        Assert.Equal(["doctor", "maker", "pill", "ward"], Names(bundle, "include", run));
    }

    [Fact]
    public async Task Everything_comes_in_one_bundle_unless_pages_are_asked_for()
    {
        string run = Unique("many");
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{run}}"}""");
        for (int i = 0; i < 60; i++)
        {
            await StoreAsync($$"""{"resourceType":"Observation","id":"{{run}}-{{i}}","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/{{run}}"} }""");
        }

        JsonNode bundle = await OkAsync(GetAsync($"Patient/{run}/$everything"));

        Assert.Equal(61, Keys(bundle, "match").Length);
        Assert.Equal(61, (int)bundle["total"]!);
        Assert.Null(Link(bundle, "next"));
        Assert.NotNull(Link(bundle, "self"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public async Task Pages_together_hold_everything_once(int count)
    {
        string run = await StoreRecordAsync();
        var found = new List<string>();
        string? url = $"Patient/{run}-p/$everything?_count={count}";
        while (url is not null)
        {
            JsonNode page = await OkAsync(GetAsync(url));
            Assert.InRange(Keys(page, "match").Length, 0, count);
            found.AddRange(Names(page, "match", run));
            url = Link(page, "next");
        }

        Assert.Equal(["cond", "cover", "enc", "in", "out", "p", "rx"], found.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("_type=Observation", "in out")]
    [InlineData("_type=Observation,Condition", "cond in out")]
    [InlineData("_type=Observation&_type=Patient", "in out p")]
    [InlineData("_type=Practitioner", "doctor")]
    [InlineData("_type=Medication,MedicationRequest", "pill rx")]
    [InlineData("_type=Device", "")]
    public async Task Types_can_be_chosen(string query, string names)
    {
        string run = await StoreRecordAsync();

        JsonNode bundle = await OkAsync(GetAsync($"Patient/{run}-p/$everything?{query}"));

        Assert.Equal(names, string.Join(' ', Names(bundle, "match", run).Concat(Names(bundle, "include", run)).Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("start=2020-01-01", "cover enc in out p rx")]
    [InlineData("end=2020-12-31", "cond cover enc in p rx")]
    [InlineData("start=2020-01-01&end=2020-12-31", "cover enc in p rx")]
    [InlineData("start=2020-03-02&end=2020-03-05", "cover enc p")]
    [InlineData("start=2022", "cover p")]
    public async Task Care_dates_choose_what_has_one(string query, string names)
    {
        string run = await StoreRecordAsync();

        Assert.Equal(names, string.Join(' ', Names(await OkAsync(GetAsync($"Patient/{run}-p/$everything?{query}")), "match", run)));
    }

    [Fact]
    public async Task Since_chooses_what_was_updated()
    {
        string run = await StoreRecordAsync();
        string before = (string)(await OkAsync(GetAsync($"Coverage/{run}-cover")))["meta"]!["lastUpdated"]!;
        await Task.Delay(5, Cancel);
        await StoreAsync($$"""{"resourceType":"Condition","id":"{{run}}-cond","subject":{"reference":"Patient/{{run}}-p"} }""");
        string after = (string)(await OkAsync(GetAsync($"Condition/{run}-cond")))["meta"]!["lastUpdated"]!;

        Assert.Equal(["cond"], Names(await OkAsync(GetAsync($"Patient/{run}-p/$everything?_since={after}")), "match", run));
        Assert.Contains("cover", Names(await OkAsync(GetAsync($"Patient/{run}-p/$everything?_since={before}")), "match", run));
        Assert.Empty(Names(await OkAsync(GetAsync($"Patient/{run}-p/$everything?_since=2999-01-01T00:00:00Z")), "include", run));
    }

    [Fact]
    public async Task Parameters_may_come_by_POST()
    {
        string run = await StoreRecordAsync();

        JsonNode bundle = await OkAsync(PostAsync($"Patient/{run}-p/$everything", Parameters(Parameter("_type", "valueCode", "\"Condition\""))));

        Assert.Equal(["cond"], Names(bundle, "match", run));
    }

    [Fact]
    public async Task Deleted_resources_are_not_there()
    {
        string run = await StoreRecordAsync();
        await RemoveAsync("Condition", run + "-cond");

        Assert.DoesNotContain("cond", Names(await OkAsync(GetAsync($"Patient/{run}-p/$everything")), "match", run));
    }

    [Fact]
    public async Task On_the_type_all_patients_are_gone_through_page_by_page()
    {
        string run = await StoreRecordAsync();
        var found = new List<string>();
        const string First = "Patient/$everything?_count=200&_type=Patient,Condition";
        string? url = First;
        while (url is not null)
        {
            Answer answer = await GetAsync(url);
            if (answer.Status == HttpStatusCode.Gone)
            {
                // Another test erased the patient at which the page before ended: it says that one has to begin again.
                found.Clear();
                url = First;
                continue;
            }

            JsonNode page = await OkAsync(Task.FromResult(answer));
            found.AddRange(Names(page, "match", run));
            url = Link(page, "next");
        }

        Assert.Single(found, "p");
        Assert.Single(found, "q");
        Assert.Single(found, "cond");
    }

    [Fact]
    public async Task An_encounter_comes_with_what_belongs_to_it_and_its_patient()
    {
        string run = await StoreRecordAsync();

        JsonNode bundle = await OkAsync(GetAsync($"Encounter/{run}-enc/$everything"));

        Assert.Equal(["enc", "in"], Names(bundle, "match", run));
        Assert.Contains("p", Names(bundle, "include", run));
        Assert.Contains("ward", Names(bundle, "include", run));
    }

    [Theory]
    [InlineData("_type=Observation", "in")]
    [InlineData("_type=Location", "ward")]
    public async Task Types_of_an_encounter_can_be_chosen(string query, string names)
    {
        string run = await StoreRecordAsync();

        JsonNode bundle = await OkAsync(GetAsync($"Encounter/{run}-enc/$everything?{query}"));

        Assert.Equal(names, string.Join(' ', Names(bundle, "match", run).Concat(Names(bundle, "include", run))));
    }

    [Theory]
    [InlineData("_type=Horse", HttpStatusCode.BadRequest)]
    [InlineData("_count=0", HttpStatusCode.BadRequest)]
    [InlineData("_count=some", HttpStatusCode.BadRequest)]
    [InlineData("_since=yesterday", HttpStatusCode.BadRequest)]
    [InlineData("start=soon", HttpStatusCode.BadRequest)]
    [InlineData("start=2020&start=2021", HttpStatusCode.BadRequest)]
    [InlineData("colour=red", HttpStatusCode.BadRequest)]
    [InlineData("_cursor=AAAA", HttpStatusCode.BadRequest)]
    public async Task Wrong_parameters_are_refused(string query, HttpStatusCode status)
    {
        string run = await StoreRecordAsync();

        await RefusedAsync(GetAsync($"Patient/{run}-p/$everything?{query}"), status);
    }

    [Fact]
    public async Task A_cursor_is_good_for_its_own_question_only()
    {
        string run = await StoreRecordAsync();
        string next = Link(await OkAsync(GetAsync($"Patient/{run}-p/$everything?_count=2")), "next")!;

        await RefusedAsync(GetAsync(next.Replace($"{run}-p", $"{run}-q", StringComparison.Ordinal)), HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("Patient")]
    [InlineData("Encounter")]
    public async Task An_absent_one_is_not_found(string type) => await RefusedAsync(GetAsync($"{type}/{Unique()}/$everything"), HttpStatusCode.NotFound);

    [Theory]
    [InlineData("Observation/x/$everything")]
    [InlineData("Encounter/$everything")]
    [InlineData("$everything")]
    public async Task It_is_offered_where_R4_defines_it(string path) => await RefusedAsync(GetAsync(path), HttpStatusCode.NotFound);
}
