using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>Parts of resources under labels of their own, for a requester whose token gives nothing that is labelled V.</summary>
public sealed class RedactionTests(LabelServer server) : LabelTest(server)
{
    private const string Secret = "what-nobody-may-know";

    private static readonly (string, string) Discreet = As(LabelServer.Discreet);

    private static string Inline(string label) =>
        $$"""{"url":"http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label","valueCoding":{{Label(label)}}}""";

    private static string Note(string label) => $$""","note":[{"text":"open"},{"extension":[{{Inline(label)}}],"text":"{{Secret}}"}]""";

    private const string Narrative = $$""","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{{Secret}}</div>"}""";

    private async Task<string> StoredAsync(string type, string json)
    {
        Answer answer = await PostAsync(type, json);
        Assert.True(answer.Status == HttpStatusCode.Created, answer.Body);
        return (string)answer.Json["id"]!;
    }

    private Task<string> StoredAsync(string more) => StoredAsync("Observation", Observation(null, Harmless, more: more));

    [Fact]
    public async Task What_is_labelled_is_taken_out_with_the_narrative_and_the_answer_says_so()
    {
        string id = await StoredAsync(Note("V") + Narrative);

        Answer answer = await GetAsync($"Observation/{id}", Discreet);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.DoesNotContain(Secret, answer.Body, StringComparison.Ordinal);
        Assert.Equal("open", (string)Assert.Single((JsonArray)answer.Json["note"]!)!["text"]!);
        Assert.Null(answer.Json["text"]);
        Assert.Equal("PROCESSINLINELABEL* REDACTED", LabelsOf(answer.Json));
        Assert.Equal("W/\"1\"", answer.Header("ETag"));
    }

    /// <summary>JSON may write a letter in two ways: https://www.rfc-editor.org/rfc/rfc8259#section-7</summary>
    [Fact]
    public async Task A_mark_that_is_written_with_escapes_is_one_as_well()
    {
        string mark = $$"""{"system":"{{ActCode}}","code":"PROCESS\u0049NLINELABEL"}""";
        string id = await StoredAsync("Observation", Observation(null, Harmless, mark, Note("V")));

        Answer answer = await GetAsync($"Observation/{id}", Discreet);

        Assert.DoesNotContain(Secret, answer.Body, StringComparison.Ordinal);
        Assert.Equal("PROCESSINLINELABEL* REDACTED", LabelsOf(answer.Json));
    }

    [Theory]
    [InlineData("R")]
    [InlineData("HIV")]
    public async Task What_is_labelled_otherwise_stays(string label)
    {
        string id = await StoredAsync(Note(label) + Narrative);

        Answer answer = await GetAsync($"Observation/{id}", Discreet);

        Assert.Equal((await GetAsync($"Observation/{id}")).Body, answer.Body);
        Assert.Contains(Secret, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_sees_everything_gets_the_bytes_as_they_are()
    {
        string id = await StoredAsync(Note("V") + Narrative);

        Answer answer = await GetAsync($"Observation/{id}");

        Assert.Equal(2, ((JsonArray)answer.Json["note"]!).Count);
        Assert.Equal("PROCESSINLINELABEL*", LabelsOf(answer.Json));
    }

    [Fact]
    public async Task A_part_that_may_not_be_missing_is_masked()
    {
        string id = await StoredAsync("Observation", $$"""
            {"resourceType":"Observation","status":"final","code":{"extension":[{{Inline("V")}}],"text":"{{Secret}}"},"subject":{"reference":"Patient/pat"} }
            """);

        Answer answer = await GetAsync($"Observation/{id}", Discreet);
        Answer valid = await PostAsync("Observation/$validate", answer.Body);

        Assert.Equal("""{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}""", answer.Json["code"]!.ToJsonString());
        Assert.DoesNotContain("\"error\"", valid.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_primitive_is_taken_out_of_its_list()
    {
        string id = await StoredAsync("Patient", $$"""{"resourceType":"Patient","name":[{"given":["Ann","{{Secret}}","Eve"],"_given":[null,{"extension":[{{Inline("V")}}]},null]}]}""");

        JsonNode name = (await GetAsync($"Patient/{id}", Discreet)).Json["name"]![0]!;

        Assert.Equal("""["Ann","Eve"]""", name["given"]!.ToJsonString());
        Assert.Null(name["_given"]);
    }

    [Fact]
    public async Task A_contained_resource_is_taken_out_as_a_whole()
    {
        string id = await StoredAsync($$""","contained":[{"resourceType":"Observation","id":"c","extension":[{{Inline("V")}}],"status":"final","code":{"text":"{{Secret}}"} }],"hasMember":[{"reference":"#c"}]""");

        Answer answer = await GetAsync($"Observation/{id}", Discreet);

        Assert.DoesNotContain(Secret, answer.Body, StringComparison.Ordinal);
        Assert.Null(answer.Json["contained"]);
    }

    [Fact]
    public async Task A_label_within_a_label_adds_to_it()
    {
        string method = $$""","method":{"extension":[{{Inline("R")}}],"coding":[{"system":"http://s","code":"open"},{"extension":[{{Inline("V")}}],"system":"http://s","code":"{{Secret}}"}]}""";
        string id = await StoredAsync(method);

        JsonNode read = (await GetAsync($"Observation/{id}", Discreet)).Json;

        Assert.Equal("open", (string)Assert.Single((JsonArray)read["method"]!["coding"]!)!["code"]!);
    }

    [Theory]
    [InlineData(LabelServer.Operator)]
    [InlineData(LabelServer.Discreet)]
    public async Task Nobody_finds_a_resource_by_what_is_labelled_in_it(string token)
    {
        string word = Unique("w");
        string id = await StoredAsync("Patient", $$"""
            {"resourceType":"Patient","gender":"female","identifier":[{"system":"http://open","value":"{{word}}"},{"extension":[{{Inline("V")}}],"system":"http://labelled","value":"{{word}}"}],
             "text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{{word}}</div>"} }
            """);

        async Task<int> CountAsync(string query) => (int)(await GetAsync($"Patient?{query}&_summary=count", As(token))).Json["total"]!;

        Assert.Equal(1, await CountAsync($"identifier=http://open|{word}"));
        Assert.Equal(0, await CountAsync($"identifier=http://labelled|{word}"));
        Assert.Equal(0, await CountAsync($"_text={word}"));
        Assert.Equal(1, await CountAsync($"_content={word}&_id={id}"));
        Assert.Equal(0, await CountAsync($"_id={id}&_content=labelled"));
    }

    [Fact]
    public async Task No_interface_shows_what_another_withholds()
    {
        // Of this test alone: other tests store what is shown.
        string secret = Unique("secret");
        string id = await StoredAsync((Note("V") + Narrative).Replace(Secret, secret, StringComparison.Ordinal));
        string[] paths =
        [
            $"Observation/{id}", $"Observation/{id}/_history/1", $"Observation/{id}/_history", $"Observation/_history", $"Observation?_id={id}",
            $"Observation/{id}?_elements=note", $"Patient?_id=pat&_revinclude=Observation:subject&_count=1000", "Patient/pat/$everything?_count=1000", "Patient/pat/Observation?_count=1000",
            $"Observation/{id}/$graphql?query={Uri.EscapeDataString("{note{text}}")}",
        ];

        foreach (string path in paths)
        {
            Answer answer = await GetAsync(path, Discreet);
            Assert.True(answer.Status == HttpStatusCode.OK, $"{path}: {answer.Body}");
            Assert.Contains("open", answer.Body, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, answer.Body, StringComparison.Ordinal);
        }

        Answer batch = await PostAsync("", $$"""{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Observation/{{id}}"} }]}""", Discreet);
        Assert.Contains("open", batch.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, batch.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_labelled_now_is_withheld_in_the_versions_before()
    {
        string id = await StoredAsync($$""","note":[{"text":"{{Secret}}"}],"issued":"2026-01-01T00:00:00Z" """);
        await PutAsync($"Observation/{id}", Observation(id, Harmless, more: Note("V")));

        Answer first = await GetAsync($"Observation/{id}/_history/1", Discreet);
        Answer history = await GetAsync($"Observation/{id}/_history", Discreet);

        Assert.Null(first.Json["note"]);
        Assert.Equal("2026-01-01T00:00:00Z", (string?)first.Json["issued"]);
        Assert.Equal("REDACTED", LabelsOf(first.Json));
        Assert.DoesNotContain(Secret, history.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_does_not_see_all_of_a_resource_cannot_change_it()
    {
        string id = await StoredAsync(Note("V"));
        string read = (await GetAsync($"Observation/{id}", Discreet)).Body;
        string transaction = $$"""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Observation/{{id}}"} }]}""";

        Answer[] answers =
        [
            await PutAsync($"Observation/{id}", read, Discreet),
            await PatchAsync($"Observation/{id}", """[{"op":"replace","path":"/status","value":"amended"}]""", "application/json-patch+json", Discreet),
            await DeleteAsync($"Observation/{id}", Discreet),
            await PostAsync("", transaction, Discreet),
        ];

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Forbidden, answer.Status));
        Assert.All(answers, answer => Assert.Contains("withheld", answer.Body, StringComparison.Ordinal));
        Assert.Equal("W/\"1\"", (await GetAsync($"Observation/{id}")).Header("ETag"));
        Assert.Equal(HttpStatusCode.OK, (await PutAsync($"Observation/{id}", Observation(id, Harmless, more: Note("V")))).Status);
    }

    [Fact]
    public async Task A_part_that_says_whose_the_resource_is_cannot_have_a_label_of_its_own()
    {
        Answer answer = await PostAsync("Observation", $$"""
            {"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"extension":[{{Inline("V")}}],"reference":"Patient/pat"} }
            """);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains("Observation.subject", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task How_far_data_can_be_trusted_withholds_nothing()
    {
        string trust = Inline("PATRPT").Replace(ActCode, "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", StringComparison.Ordinal);
        string id = await StoredAsync($$""","identifier":[{"extension":[{{trust}}],"system":"http://trust","value":"{{Unique()}}"}]""");
        Answer answer = await GetAsync($"Observation/{id}", Discreet);

        Assert.Equal("PROCESSINLINELABEL*", LabelsOf(answer.Json));
        Assert.Equal([id], await FindAsync($"Observation?identifier=http://trust|{(string)answer.Json["identifier"]![0]!["value"]!}"));
    }

    [Fact]
    public async Task Words_about_what_does_not_exist_for_the_requester_are_dropped()
    {
        string seen = await StoredAsync("Patient", """{"resourceType":"Patient"}""");
        string withheld = await StoredAsync("Patient", $$"""{"resourceType":"Patient","meta":{"security":[{{Label("V")}}]} }""");
        string Performers(string third) => $$""","focus":[{"reference":"Patient/{{seen}}","display":"seen"},{"reference":"Patient/{{third}}","display":"{{Secret}}"},{"display":"no reference"},{"reference":"http://elsewhere/Patient/1","display":"elsewhere"}]""";

        async Task<string> DisplaysAsync(string third, (string, string) requester)
        {
            JsonNode read = (await GetAsync("Observation/" + await StoredAsync(Performers(third)), requester)).Json;
            return string.Join(',', ((JsonArray)read["focus"]!).Select(reference => (string?)reference!["display"] ?? "-"));
        }

        Assert.Equal("seen,-,no reference,elsewhere", await DisplaysAsync(withheld, Discreet));
        Assert.Equal("seen,-,no reference,elsewhere", await DisplaysAsync(Unique(), Discreet));
        Assert.Equal($"seen,{Secret},no reference,elsewhere", await DisplaysAsync(withheld, As(LabelServer.Operator)));
    }

    [Fact]
    public async Task Words_go_however_the_reference_is_written()
    {
        string withheld = await StoredAsync("Patient", $$"""{"resourceType":"Patient","meta":{"security":[{{Label("V")}}]} }""");
        string id = await StoredAsync($$""","focus":[{"reference":"Patient\/{{withheld}}","display":"{{Secret}}"}]""");

        Assert.DoesNotContain(Secret, (await GetAsync($"Observation/{id}", Discreet)).Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, (await GetAsync($"Observation?_id={id}", Discreet)).Body, StringComparison.Ordinal);
        Assert.Contains(Secret, (await GetAsync($"Observation/{id}")).Body, StringComparison.Ordinal);
    }
}
