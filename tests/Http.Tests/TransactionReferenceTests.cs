using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>
/// Links between entries of a transaction: https://hl7.org/fhir/R4/http.html#trules, https://hl7.org/fhir/R4/bundle.html#references
/// </summary>
public sealed class TransactionReferenceTests(FhirServerFixture server) : FhirTest(server)
{
    private static int _urn;

    private static string Urn() => $"urn:uuid:aaaaaaaa-bbbb-4ccc-8ddd-{Interlocked.Increment(ref _urn):x12}";

    private Task<Answer> TransactAsync(params string[] entries) => PostAsync("", Samples.Transaction(entries));

    private async Task<string?> SubjectAsync(Answer answer, int entry) => (string?)(await GetAsync(answer.KeyOfEntry(entry))).Json["subject"]!["reference"];

    [Theory]
    [InlineData("urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a")]
    [InlineData("urn:oid:1.2.3.4.5.6.7")]
    [InlineData("http://source.example.com/fhir/Patient/77")]
    [InlineData("https://source.example.com/Patient/a.b-c")]
    [InlineData("http://localhost/anything")]
    public async Task A_reference_to_a_full_url_becomes_one_to_the_new_resource(string fullUrl)
    {
        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Patient", Samples.Patient(), fullUrl),
            Samples.Entry("POST", "Observation", Samples.Observation(fullUrl), Urn()));

        Assert.Equal(answer.KeyOfEntry(0), await SubjectAsync(answer, 1));
    }

    [Fact]
    public async Task The_order_of_entries_does_not_matter()
    {
        string urn = Urn();

        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Observation", Samples.Observation(urn)),
            Samples.Entry("POST", "Patient", Samples.Patient(), urn));

        Assert.Equal(answer.KeyOfEntry(1), await SubjectAsync(answer, 0));
    }

    [Fact]
    public async Task Resources_may_refer_to_each_other()
    {
        string one = Urn();
        string two = Urn();

        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Patient", Samples.Patient(more: $"\"link\":[{{\"other\":{{\"reference\":\"{two}\"}},\"type\":\"seealso\"}}]"), one),
            Samples.Entry("POST", "Patient", Samples.Patient(more: $"\"link\":[{{\"other\":{{\"reference\":\"{one}\"}},\"type\":\"seealso\"}}]"), two));

        Assert.Equal(answer.KeyOfEntry(1), (string?)(await GetAsync(answer.KeyOfEntry(0))).Json["link"]![0]!["other"]!["reference"]);
        Assert.Equal(answer.KeyOfEntry(0), (string?)(await GetAsync(answer.KeyOfEntry(1))).Json["link"]![0]!["other"]!["reference"]);
    }

    [Fact]
    public async Task A_relative_reference_is_resolved_against_the_full_url_of_its_entry()
    {
        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Patient", Samples.Patient("77"), "http://source.example.com/fhir/Patient/77"),
            Samples.Entry("POST", "Observation", Samples.Observation("Patient/77", "1"), "http://source.example.com/fhir/Observation/1"));

        Assert.Equal(answer.KeyOfEntry(0), await SubjectAsync(answer, 1));
    }

    [Theory]
    [InlineData("http://another.example.com/Observation/1")]
    [InlineData("urn:uuid:10000000-bbbb-4ccc-8ddd-000000000001")]
    public async Task A_relative_reference_in_an_entry_from_elsewhere_stays(string fullUrl)
    {
        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Patient", Samples.Patient(), "http://source.example.com/fhir/Patient/77"),
            Samples.Entry("POST", "Observation", Samples.Observation("Patient/77"), fullUrl));

        Assert.Equal("Patient/77", await SubjectAsync(answer, 1));
    }

    [Theory]
    [InlineData("Patient/not-in-the-bundle")]
    [InlineData("http://elsewhere.example.com/Patient/1")]
    [InlineData("urn:uuid:99999999-bbbb-4ccc-8ddd-999999999999")]
    public async Task References_to_what_is_not_in_the_bundle_stay(string reference)
    {
        Answer answer = await TransactAsync(Samples.Entry("POST", "Patient", Samples.Patient(), Urn()), Samples.Entry("POST", "Observation", Samples.Observation(reference), Urn()));

        Assert.Equal(reference, await SubjectAsync(answer, 1));
    }

    [Fact]
    public async Task A_full_url_of_an_update_leads_to_the_url_of_the_request()
    {
        string id = Unique();
        string urn = Urn();

        Answer answer = await TransactAsync(
            Samples.Entry("PUT", "Patient/" + id, Samples.Patient(id), urn),
            Samples.Entry("POST", "Observation", Samples.Observation(urn), Urn()));

        Assert.Equal("Patient/" + id, await SubjectAsync(answer, 1));
    }

    [Fact]
    public async Task References_in_updated_resources_are_resolved_too()
    {
        string id = await CreateAsync(Samples.Observation("Patient/1"));
        string urn = Urn();

        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Patient", Samples.Patient(), urn),
            Samples.Entry("PUT", "Observation/" + id, Samples.Observation(urn, id), Urn()));

        Assert.Equal(answer.KeyOfEntry(0), await SubjectAsync(answer, 1));
    }

    [Fact]
    public async Task Version_specific_references_stay_version_specific()
    {
        string urn = "http://source.example.com/Patient/55";
        string id = await CreateAsync(Samples.Patient());

        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Patient", Samples.Patient(), urn),
            Samples.Entry("POST", "Observation", Samples.Observation(urn + "/_history/9"), Urn()),
            Samples.Entry("PUT", "Patient/" + id, Samples.Patient(id), "http://source.example.com/Patient/" + id),
            Samples.Entry("POST", "Observation", Samples.Observation($"http://source.example.com/Patient/{id}/_history/9"), Urn()));

        Assert.Equal(answer.KeyOfEntry(0) + "/_history/1", await SubjectAsync(answer, 1));
        Assert.Equal($"Patient/{id}/_history/2", await SubjectAsync(answer, 3));
    }

    [Fact]
    public async Task References_anywhere_in_a_resource_are_resolved()
    {
        string urn = Urn();
        string observation = Samples.Observation(
            urn,
            more: $"\"performer\":[{{\"reference\":\"Patient/1\"}},{{\"reference\":\"{urn}\",\"display\":\"x\"}}],\"extension\":[{{\"url\":\"http://example.com/e\",\"valueReference\":{{\"reference\":\"{urn}\"}}}}],"
                + $"\"contained\":[{{\"resourceType\":\"Observation\",\"id\":\"c\",\"status\":\"final\",\"code\":{{\"text\":\"c\"}},\"subject\":{{\"reference\":\"{urn}\"}}}}],\"hasMember\":[{{\"reference\":\"#c\"}}]");

        Answer answer = await TransactAsync(Samples.Entry("POST", "Patient", Samples.Patient(), urn), Samples.Entry("POST", "Observation", observation, Urn()));

        JsonNode read = (await GetAsync(answer.KeyOfEntry(1))).Json;
        string patient = answer.KeyOfEntry(0);
        Assert.Equal(["Patient/1", patient], ((JsonArray)read["performer"]!).Select(performer => (string)performer!["reference"]!));
        Assert.Equal(patient, (string?)read["extension"]![0]!["valueReference"]!["reference"]);
        Assert.Equal(patient, (string?)read["contained"]![0]!["subject"]!["reference"]);
        Assert.Equal("#c", (string?)read["hasMember"]![0]!["reference"]);
        Assert.DoesNotContain(urn, read.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Urls_and_uris_are_resolved_canonicals_and_texts_are_not()
    {
        string urn = Urn();
        string document = $$"""
            {"resourceType":"DocumentReference","status":"current","description":"{{urn}}",
             "content":[{"attachment":{"contentType":"text/plain","url":"{{urn}}"} }],
             "extension":[{"url":"http://example.com/u","valueUri":"{{urn}}"},{"url":"http://example.com/c","valueCanonical":"{{urn}}"},{"url":"http://example.com/s","valueString":"{{urn}}"}]}
            """;

        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Binary", "{\"resourceType\":\"Binary\",\"contentType\":\"text/plain\",\"data\":\"eA==\"}", urn),
            Samples.Entry("POST", "DocumentReference", document, Urn()));

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        JsonNode read = (await GetAsync(answer.KeyOfEntry(1))).Json;
        Assert.Equal(answer.KeyOfEntry(0), (string?)read["content"]![0]!["attachment"]!["url"]);
        Assert.Equal(answer.KeyOfEntry(0), (string?)read["extension"]![0]!["valueUri"]);
        Assert.Equal(urn, (string?)read["extension"]![1]!["valueCanonical"]);
        Assert.Equal(urn, (string?)read["extension"]![2]!["valueString"]);
        Assert.Equal(urn, (string?)read["description"]);
    }

    [Fact]
    public async Task Links_and_images_of_narratives_are_resolved()
    {
        string urn = Urn();
        string patient = Samples.Patient(
            more: "\"text\":{\"status\":\"generated\",\"div\":\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><a href=\\\"" + urn + "\\\">" + urn + "</a> <img src='" + urn + "' alt=\\\"i\\\"/><a href=\\\"http://elsewhere.example.com\\\">e</a></div>\"}");

        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Binary", "{\"resourceType\":\"Binary\",\"contentType\":\"image/png\",\"data\":\"eA==\"}", urn),
            Samples.Entry("POST", "Patient", patient, Urn()));

        string binary = answer.KeyOfEntry(0);
        string div = (string)(await GetAsync(answer.KeyOfEntry(1))).Json["text"]!["div"]!;
        Assert.Contains($"<a href=\"{binary}\">{urn}</a>", div, StringComparison.Ordinal);
        Assert.Contains($"<img src='{binary}'", div, StringComparison.Ordinal);
        Assert.Contains("http://elsewhere.example.com", div, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_conditional_reference_becomes_one_to_the_match()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));

        Answer answer = await TransactAsync(Samples.Entry("POST", "Observation", Samples.Observation($"Patient?identifier={Samples.IdentifierSystem}|{identifier}")));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("Patient/" + id, await SubjectAsync(answer, 0));
    }

    [Fact]
    public async Task A_conditional_reference_may_match_what_the_same_transaction_creates()
    {
        string identifier = Unique();

        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Observation", Samples.Observation("Patient?identifier=" + identifier)),
            Samples.Entry("POST", "Patient", Samples.Patient(identifier: identifier)));

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        Assert.Equal(answer.KeyOfEntry(1), await SubjectAsync(answer, 0));
    }

    [Fact]
    public async Task A_conditional_reference_does_not_match_what_the_same_transaction_deletes_or_changes()
    {
        string identifier = Unique();
        string deleted = await CreateAsync(Samples.Patient(identifier: identifier));
        string changed = await CreateAsync(Samples.Patient(identifier: identifier));
        string kept = await CreateAsync(Samples.Patient(identifier: identifier));

        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Observation", Samples.Observation("Patient?identifier=" + identifier)),
            Samples.Entry("DELETE", "Patient/" + deleted),
            Samples.Entry("PUT", "Patient/" + changed, Samples.Patient(changed, Unique())));

        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        Assert.Equal("Patient/" + kept, await SubjectAsync(answer, 0));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_conditional_reference_that_does_not_match_one_fails_the_transaction(int matches)
    {
        string identifier = Unique();
        for (int i = 0; i < matches; i++)
        {
            await CreateAsync(Samples.Patient(identifier: identifier));
        }

        string id = Unique();
        Answer answer = await TransactAsync(
            Samples.Entry("PUT", "Patient/" + id, Samples.Patient(id)),
            Samples.Entry("POST", "Observation", Samples.Observation("Patient?identifier=" + identifier)));

        Assert.Equal(HttpStatusCode.PreconditionFailed, answer.Status);
        Assert.Contains("Bundle.entry[1].resource.subject.reference", answer.Body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync("Patient/" + id)).Status);
    }

    [Theory]
    [InlineData("Patient?nonsense=1")]
    [InlineData("Patient?")]
    [InlineData("Patient?_count=1")]
    public async Task A_conditional_reference_that_says_nothing_fails_the_transaction(string reference)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await TransactAsync(Samples.Entry("POST", "Observation", Samples.Observation(reference)))).Status);
    }

    [Fact]
    public async Task The_same_conditional_reference_many_times_is_the_same_resource()
    {
        string identifier = Unique();
        string id = await CreateAsync(Samples.Patient(identifier: identifier));

        Answer answer = await TransactAsync([.. Enumerable.Range(0, 20).Select(_ => Samples.Entry("POST", "Observation", Samples.Observation("Patient?identifier=" + identifier)))]);

        for (int i = 0; i < 20; i++)
        {
            Assert.Equal("Patient/" + id, await SubjectAsync(answer, i));
        }
    }

    [Fact]
    public async Task Conditional_references_are_for_transactions_only()
    {
        string identifier = Unique();
        await CreateAsync(Samples.Patient(identifier: identifier));

        string observation = Samples.Observation("Patient?identifier=" + identifier);
        Answer alone = await PostAsync("Observation", observation);
        Answer batch = await PostAsync("", Samples.Batch(Samples.Entry("POST", "Observation", observation)));

        Assert.Equal(HttpStatusCode.BadRequest, alone.Status);
        Assert.Equal(["400"], batch.EntryStatuses());
    }

    [Fact]
    public async Task What_was_resolved_can_be_searched_for()
    {
        string urn = Urn();

        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Patient", Samples.Patient(), urn), Samples.Entry("POST", "Observation", Samples.Observation(urn), Urn()));

        string[] found = await FindAsync("Observation?subject=" + answer.KeyOfEntry(0));
        Assert.Equal([answer.KeyOfEntry(1)], found.Select(id => "Observation/" + id));
    }

    [Fact]
    public async Task Digits_and_letters_beside_resolved_references_survive()
    {
        string urn = Urn();

        Answer answer = await TransactAsync(
            Samples.Entry("POST", "Patient", Samples.Patient(), urn),
            Samples.Entry("POST", "Observation", Samples.Observation(urn, more: "\"valueQuantity\":{\"value\":2.50,\"unit\":\"\\u00b5g \\\"x\\\"\"}"), Urn()));

        string body = (await GetAsync(answer.KeyOfEntry(1))).Body;
        Assert.Contains("2.50", body, StringComparison.Ordinal);
        Assert.Equal("µg \"x\"", (string?)JsonNode.Parse(body)!["valueQuantity"]!["unit"]);
    }
}
