using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#trules</summary>
public sealed class TransactionTests(FhirServerFixture server) : FhirTest(server)
{
    private Task<Answer> TransactAsync(params string[] entries) => PostAsync("", Samples.Transaction(entries));

    [Fact]
    public async Task Every_entry_is_answered_in_its_place()
    {
        string read = await CreateAsync(Samples.Patient());
        string updated = await CreateAsync(Samples.Patient());
        string deleted = await CreateAsync(Samples.Patient());
        string patched = await CreateAsync(Samples.Patient());

        Answer answer = await TransactAsync(
            Samples.Entry("GET", "Patient/" + read),
            Samples.Entry("PUT", "Patient/" + updated, Samples.Patient(updated)),
            Samples.Entry("POST", "Patient", Samples.Patient()),
            Samples.Entry("DELETE", "Patient/" + deleted),
            Samples.Entry("PATCH", "Patient/" + patched, "{\"resourceType\":\"Binary\",\"contentType\":\"application/json-patch+json\",\"data\":\"" + Convert.ToBase64String("[{\"op\":\"add\",\"path\":\"/active\",\"value\":true}]"u8) + "\"}"));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("transaction-response", (string?)answer.Json["type"]);
        Assert.Equal(["200", "200", "201", "204", "200"], answer.EntryStatuses());
        Assert.Equal(read, (string?)answer.Json["entry"]![0]!["resource"]!["id"]);
        Assert.Equal("W/\"2\"", (string?)answer.Responses()[1]["etag"]);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(answer.KeyOfEntry(2))).Status);
        Assert.Equal(HttpStatusCode.Gone, (await GetAsync("Patient/" + deleted)).Status);
        Assert.True((bool)(await GetAsync("Patient/" + patched)).Json["active"]!);
    }

    public static TheoryData<string, HttpStatusCode> Failing => new()
    {
        { Samples.Entry("POST", "Patient", Samples.Patient(more: "\"gender\":\"x\"")), HttpStatusCode.BadRequest },
        { Samples.Entry("POST", "Patient", "{\"resourceType\":\"Patient\",\"nonsense\":1}"), HttpStatusCode.BadRequest },
        { Samples.Entry("POST", "Observation", Samples.Patient()), HttpStatusCode.BadRequest },
        { Samples.Entry("PUT", "Patient/absent-for-sure", Samples.Patient("another")), HttpStatusCode.BadRequest },
        { Samples.Entry("PUT", "Patient/absent-for-sure", Samples.Patient("absent-for-sure"), conditions: "\"ifMatch\":\"W/\\\"1\\\"\""), HttpStatusCode.PreconditionFailed },
        { Samples.Entry("PATCH", "Patient/absent-for-sure", "{\"resourceType\":\"Parameters\"}"), HttpStatusCode.NotFound },
        { Samples.Entry("POST", "Patient", Samples.Patient(), conditions: "\"ifNoneExist\":\"nonsense=1\""), HttpStatusCode.BadRequest },
        { Samples.Entry("POST", "Nonsense", Samples.Patient()), HttpStatusCode.NotFound },
        { Samples.Entry("POST", "Patient"), HttpStatusCode.BadRequest },
        { Samples.Entry("DELETE", "Patient"), HttpStatusCode.BadRequest },
        { Samples.Entry("DELETE", "metadata"), HttpStatusCode.BadRequest },
        { Samples.Entry("POST", "Observation", Samples.Observation("Patient?identifier=nobody-at-all")), HttpStatusCode.PreconditionFailed },
        { "{\"resource\":{\"resourceType\":\"Patient\",\"active\":true}}", HttpStatusCode.BadRequest },
    };

    [Theory]
    [MemberData(nameof(Failing))]
    public async Task When_one_entry_fails_nothing_is_done(string failing, HttpStatusCode status)
    {
        string kept = await CreateAsync(Samples.Patient());
        string id = Unique();
        string identifier = Unique();

        Answer answer = await TransactAsync(
            Samples.Entry("PUT", "Patient/" + id, Samples.Patient(id)),
            Samples.Entry("POST", "Patient", Samples.Patient(identifier: identifier)),
            failing,
            Samples.Entry("DELETE", "Patient/" + kept));

        Assert.True(answer.Status == status, $"{answer.Status} {answer.Body}");
        Assert.Equal("OperationOutcome", (string?)answer.Json["resourceType"]);
        Assert.Contains("Bundle.entry[2]", answer.Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("Patient/" + id)).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Patient/" + kept)).Status);
        Assert.Empty(await FindAsync("Patient?identifier=" + identifier));
    }

    [Fact]
    public async Task All_failing_entries_are_told()
    {
        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Patient", Samples.Patient(more: "\"gender\":\"x\"")),
            Samples.Entry("POST", "Patient", Samples.Patient()),
            Samples.Entry("POST", "Patient", Samples.Patient(more: "\"gender\":\"y\"")));

        Assert.Contains("Bundle.entry[0].resource.gender", answer.Body, StringComparison.Ordinal);
        Assert.Contains("Bundle.entry[2].resource.gender", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deletions_come_first_and_reads_last_whatever_the_order()
    {
        string identifier = Unique();
        string old = await CreateAsync(Samples.Patient(identifier: identifier));

        Answer answer = await TransactAsync(
            Samples.Entry("GET", "Patient?identifier=" + identifier),
            Samples.Entry("GET", "Patient/" + old),
            Samples.Entry("POST", "Patient", Samples.Patient(identifier: identifier)),
            Samples.Entry("DELETE", "Patient/" + old));

        Assert.Equal(["200", "410", "201", "204"], answer.EntryStatuses());
        JsonNode found = answer.Json["entry"]![0]!["resource"]!;
        Assert.Equal(1, (int)found["total"]!);
        Assert.Equal(answer.KeyOfEntry(2), "Patient/" + (string?)found["entry"]![0]!["resource"]!["id"]);
    }

    [Fact]
    public async Task A_resource_may_not_be_written_twice()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer twice = await TransactAsync(Samples.Entry("PUT", "Patient/" + id, Samples.Patient(id)), Samples.Entry("PUT", "Patient/" + id, Samples.Patient(id)));
        Answer mixed = await TransactAsync(Samples.Entry("PUT", "Patient/" + id, Samples.Patient(id)), Samples.Entry("DELETE", "Patient/" + id));

        Assert.Equal([HttpStatusCode.BadRequest, HttpStatusCode.BadRequest], [twice.Status, mixed.Status]);
        Assert.Equal("W/\"1\"", (await GetAsync("Patient/" + id)).Header("ETag"));
    }

    [Fact]
    public async Task Identities_found_by_criteria_count_as_overlaps_too()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));

        Answer answer = await TransactAsync(
            Samples.Entry("PUT", "Patient?identifier=" + identifier, Samples.Patient(identifier: identifier)),
            Samples.Entry("DELETE", "Patient/" + id));
        Answer deletions = await TransactAsync(
            Samples.Entry("DELETE", "Patient?identifier=" + identifier),
            Samples.Entry("DELETE", "Patient/" + id));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(HttpStatusCode.BadRequest, deletions.Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("Patient/" + id)).Status);
    }

    [Fact]
    public async Task Two_entries_may_not_have_the_same_full_url()
    {
        const string Urn = "urn:uuid:5d0e4e6c-1c7f-4b27-8e4e-0d5a4b6a7d10";

        Answer answer = await TransactAsync(Samples.Entry("POST", "Patient", Samples.Patient(), Urn), Samples.Entry("POST", "Patient", Samples.Patient(), Urn));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task A_full_url_may_not_disagree_with_the_id()
    {
        Answer answer = await TransactAsync(Samples.Entry("POST", "Patient", Samples.Patient("b"), "http://source.example.com/Patient/a"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task Conditional_creates_find_what_is_there()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));
        const string Urn = "urn:uuid:7f6cbb8c-3f18-4d8b-9c43-1a30e3b7b8a1";

        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Patient", Samples.Patient(identifier: identifier), Urn, $"\"ifNoneExist\":\"identifier={identifier}\""),
            Samples.Entry("POST", "Observation", Samples.Observation(Urn)));

        Assert.Equal(["200", "201"], answer.EntryStatuses());
        Assert.Equal("Patient/" + id, answer.KeyOfEntry(0));
        Assert.Equal("Patient/" + id, (string?)(await GetAsync(answer.KeyOfEntry(1))).Json["subject"]!["reference"]);
    }

    [Fact]
    public async Task Sent_twice_a_transaction_of_conditional_creates_creates_once()
    {
        string identifier = Unique();
        string bundle = Samples.Transaction(
            Samples.Entry("POST", "Patient", Samples.Patient(identifier: identifier), "urn:uuid:91d3b27e-7a55-4c7e-a7d0-6f1ae0c8e201", $"\"ifNoneExist\":\"identifier={identifier}\""));

        Answer first = await PostAsync("", bundle);
        Answer second = await PostAsync("", bundle);

        Assert.Equal(["201"], first.EntryStatuses());
        Assert.Equal(["200"], second.EntryStatuses());
        Assert.Equal(first.KeyOfEntry(0), second.KeyOfEntry(0));
    }

    [Fact]
    public async Task Two_conditional_creates_with_the_same_criteria_create_once()
    {
        string identifier = Unique();
        string condition = $"\"ifNoneExist\":\"identifier={identifier}\"";

        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Patient", Samples.Patient(identifier: identifier), conditions: condition),
            Samples.Entry("POST", "Patient", Samples.Patient(identifier: identifier), conditions: condition));

        Assert.Equal(["201", "200"], answer.EntryStatuses());
        Assert.Equal(answer.KeyOfEntry(0), answer.KeyOfEntry(1));
        Assert.Single(await FindAsync("Patient?identifier=" + identifier));
    }

    [Fact]
    public async Task Two_conditional_updates_with_the_same_criteria_would_write_one_resource_twice()
    {
        string identifier = Unique();

        Answer answer = await TransactAsync(
            Samples.Entry("PUT", "Patient?identifier=" + identifier, Samples.Patient(identifier: identifier)),
            Samples.Entry("PUT", "Patient?identifier=" + identifier, Samples.Patient(identifier: identifier)));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Empty(await FindAsync("Patient?identifier=" + identifier));
    }

    [Fact]
    public async Task Criteria_that_match_several_fail_the_transaction()
    {
        string identifier = Unique();
        await CreateAsync(Samples.Patient(identifier: identifier));
        await CreateAsync(Samples.Patient(identifier: identifier));

        Answer create = await TransactAsync(Samples.Entry("POST", "Patient", Samples.Patient(), conditions: $"\"ifNoneExist\":\"identifier={identifier}\""));
        Answer update = await TransactAsync(Samples.Entry("PUT", "Patient?identifier=" + identifier, Samples.Patient()));

        Assert.Equal([HttpStatusCode.PreconditionFailed, HttpStatusCode.PreconditionFailed], [create.Status, update.Status]);
    }

    [Fact]
    public async Task If_Match_is_decided_for_all_together()
    {
        string one = await CreateAsync(Samples.Patient());
        string two = await CreateAsync(Samples.Patient());

        Answer stale = await TransactAsync(
            Samples.Entry("PUT", "Patient/" + one, Samples.Patient(one), conditions: "\"ifMatch\":\"W/\\\"1\\\"\""),
            Samples.Entry("PUT", "Patient/" + two, Samples.Patient(two), conditions: "\"ifMatch\":\"W/\\\"5\\\"\""));
        Answer current = await TransactAsync(
            Samples.Entry("PUT", "Patient/" + one, Samples.Patient(one), conditions: "\"ifMatch\":\"W/\\\"1\\\"\""),
            Samples.Entry("PUT", "Patient/" + two, Samples.Patient(two), conditions: "\"ifMatch\":\"W/\\\"1\\\"\""));

        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.Status);
        Assert.Equal(["200", "200"], current.EntryStatuses());
    }

    [Fact]
    public async Task If_None_Match_any_keeps_what_is_there()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await TransactAsync(Samples.Entry("PUT", "Patient/" + id, Samples.Patient(id), conditions: "\"ifNoneMatch\":\"*\""));

        Assert.Equal(HttpStatusCode.PreconditionFailed, answer.Status);
    }

    [Fact]
    public async Task Deletions_of_what_is_not_there_succeed()
    {
        Assert.Equal(["204", "204"], (await TransactAsync(Samples.Entry("DELETE", "Patient/" + Unique()), Samples.Entry("DELETE", "Patient?identifier=" + Unique()))).EntryStatuses());
    }

    [Theory]
    [InlineData("return=minimal", false)]
    [InlineData("return=representation", true)]
    public async Task Prefer_decides_whether_resources_come_back(string preference, bool expected)
    {
        Answer answer = await PostAsync("", Samples.Transaction(Samples.Entry("POST", "Patient", Samples.Patient())), ("Prefer", preference));

        Assert.Equal(expected, answer.Json["entry"]![0]!["resource"] is not null);
        if (expected)
        {
            Assert.Equal($"{Base}{answer.KeyOfEntry(0)}", (string?)answer.Json["entry"]![0]!["fullUrl"]);
        }
    }

    [Fact]
    public async Task A_transaction_within_a_transaction_is_refused()
    {
        Answer answer = await TransactAsync(Samples.Entry("POST", "/", Samples.Transaction()));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Fact]
    public async Task A_Bundle_can_be_stored_by_a_transaction()
    {
        Answer answer = await TransactAsync(Samples.Entry("POST", "Bundle", Samples.Bundle("collection")));

        Assert.Equal(["201"], answer.EntryStatuses());
    }

    [Fact]
    public async Task Operations_that_change_nothing_see_what_was_written()
    {
        string id = Unique();

        Answer answer = await TransactAsync(
            Samples.Entry("GET", $"Patient/{id}/$everything"), Samples.Entry("PUT", "Patient/" + id, Samples.Patient(id)));

        Assert.Equal(["200", "201"], answer.EntryStatuses());
    }

    [Fact]
    public async Task Operations_that_change_something_are_refused()
    {
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await TransactAsync(Samples.Entry(
            "POST", $"Patient/{id}/$meta-add", "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"meta\",\"valueMeta\":{\"tag\":[{\"code\":\"x\"}]}}]}"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("W/\"1\"", (await GetAsync("Patient/" + id)).Header("ETag"));
    }

    [Fact]
    public async Task A_transaction_leaves_what_its_entries_one_by_one_would()
    {
        var random = new Random(20_312);
        for (int round = 0; round < 10; round++)
        {
            // The same resources twice: one set is changed by a transaction, the other entry by entry in the order of R4.
            string[] together = [.. Enumerable.Range(0, 8).Select(_ => Unique())];
            string[] alone = [.. Enumerable.Range(0, 8).Select(_ => Unique())];
            var changes = new (string Method, string? Family)[8];
            for (int i = 0; i < 8; i++)
            {
                if (random.Next(2) == 0)
                {
                    await PutAsync("Patient/" + together[i], Samples.Patient(together[i]));
                    await PutAsync("Patient/" + alone[i], Samples.Patient(alone[i]));
                }

                changes[i] = random.Next(3) == 0 ? ("DELETE", null) : ("PUT", "F" + random.Next(5));
            }

            Answer answer = await TransactAsync([.. changes.Select((change, i) =>
                Samples.Entry(change.Method, "Patient/" + together[i], change.Family is null ? null : Samples.Patient(together[i], family: change.Family)))]);
            var expected = new string[8];
            foreach (int i in Enumerable.Range(0, 8).OrderBy(i => changes[i].Method == "DELETE" ? 0 : 1))
            {
                Answer one = changes[i].Family is { } family
                    ? await PutAsync("Patient/" + alone[i], Samples.Patient(alone[i], family: family))
                    : await DeleteAsync("Patient/" + alone[i]);
                expected[i] = ((int)one.Status).ToString(System.Globalization.CultureInfo.InvariantCulture);
            }

            Assert.Equal(expected, answer.EntryStatuses());
            for (int i = 0; i < 8; i++)
            {
                Answer left = await GetAsync("Patient/" + together[i]);
                Answer right = await GetAsync("Patient/" + alone[i]);
                Assert.Equal(right.Status, left.Status);
                Assert.Equal(right.Header("ETag"), left.Header("ETag"));
                Assert.Equal(right.Status == HttpStatusCode.OK ? (string?)right.Json["name"]![0]!["family"] : "", left.Status == HttpStatusCode.OK ? (string?)left.Json["name"]![0]!["family"] : "");
            }
        }
    }

    [Fact]
    public async Task A_read_of_what_is_not_there_does_not_undo_the_writes()
    {
        Answer answer = await TransactAsync(Samples.Entry("POST", "Patient", Samples.Patient()), Samples.Entry("GET", "Patient/" + Unique()));

        Assert.Equal(["201", "404"], answer.EntryStatuses());
    }

    [Fact]
    public async Task The_whole_patient_of_a_large_bundle_comes_in_at_once()
    {
        const string Patient = "urn:uuid:3c1d6f0a-52cf-4d6c-93a7-38f0f0b5a001";
        string identifier = Unique();
        string[] entries =
        [
            Samples.Entry("POST", "Patient", Samples.Patient(identifier: identifier), Patient),
            .. Enumerable.Range(0, 500).Select(i => Samples.Entry("POST", "Observation", Samples.Observation(Patient, more: $"\"valueInteger\":{i}"), $"urn:uuid:3c1d6f0a-52cf-4d6c-93a7-{i:x12}")),
        ];

        Answer answer = await TransactAsync(entries);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(501, answer.Responses().Length);
        string patient = answer.KeyOfEntry(0);
        Answer found = await GetAsync($"Observation?subject={patient}&_summary=count");
        Assert.Equal(500, (int)found.Json["total"]!);
    }
}

/// <summary>A server that takes few entries.</summary>
public sealed class BundleLimitTests : IAsyncLifetime
{
    private readonly FhirServerFixture _server = new(new() { Development = true, Limits = new() { BundleEntries = 3 } });

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("batch", 3, HttpStatusCode.OK)]
    [InlineData("batch", 4, HttpStatusCode.UnprocessableEntity)]
    [InlineData("transaction", 4, HttpStatusCode.UnprocessableEntity)]
    public async Task Too_many_entries_are_refused(string type, int entries, HttpStatusCode expected)
    {
        string bundle = Samples.Bundle(type, [.. Enumerable.Range(0, entries).Select(_ => Samples.Entry("POST", "Patient", Samples.Patient()))]);
        using var content = new StringContent(bundle, System.Text.Encoding.UTF8, "application/fhir+json");

        using HttpResponseMessage answer = await _server.Client.PostAsync(_server.Base, content, TestContext.Current.CancellationToken);

        Assert.Equal(expected, answer.StatusCode);
    }
}
