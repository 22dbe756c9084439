using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>Which security labels a resource has once it is stored.</summary>
public sealed class LabellingTests(LabelServer server) : LabelTest(server)
{
    private async Task<string> PostedAsync(string json)
    {
        Answer answer = await PostAsync("Observation", json);
        Assert.True(answer.Status == HttpStatusCode.Created, answer.Body);
        return (string)answer.Json["id"]!;
    }

    private async Task<string> PutAndReadAsync(string id, string json, string token = LabelServer.Doctor)
    {
        Answer answer = await PutAsync($"Observation/{id}", json, As(token));
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return await LabelsAsync($"Observation/{id}");
    }

    [Fact]
    public async Task A_sensitive_code_gives_a_label_and_another_none()
    {
        Assert.Equal("HIV*", await LabelsAsync("Observation/" + await PostedAsync(Observation(null, Hiv))));
        Assert.Equal("", await LabelsAsync("Observation/" + await PostedAsync(Observation(null, Harmless))));
    }

    [Fact]
    public async Task A_code_counts_wherever_it_stands_but_in_meta()
    {
        string contained = $$""","contained":[{"resourceType":"Observation","id":"c","status":"final","code":{"coding":[{{Hiv}}]} }],"hasMember":[{"reference":"#c"}]""";

        Assert.Equal("HIV*", await LabelsAsync("Observation/" + await PostedAsync(Observation(null, Harmless, more: contained))));
        Assert.Equal("", await LabelsAsync("Observation/" + await PostedAsync(Observation(null, Harmless).Replace("\"status\"", $"\"meta\":{{\"tag\":[{Hiv}]}},\"status\"", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Labels_are_found_by_search()
    {
        string id = await PostedAsync(Observation(null, Hiv));

        Assert.Contains(id, await FindAsync($"Observation?_security={ActCode}|HIV&_count=1000"));
    }

    [Fact]
    public async Task What_the_server_gave_it_takes_away_when_the_reason_is_gone()
    {
        string id = await PostedAsync(Observation(null, Hiv, Label("STD")));
        Assert.Equal("HIV* STD", await LabelsAsync($"Observation/{id}"));

        // As a client does that reads, changes and writes: the server's label comes back with its mark.
        JsonNode read = (await GetAsync($"Observation/{id}")).Json;
        read["code"]!["coding"]![0]!["code"] = "1";

        Assert.Equal("STD", await PutAndReadAsync(id, read.ToJsonString()));
    }

    [Fact]
    public async Task Writing_the_same_again_changes_no_label()
    {
        string id = await PostedAsync(Observation(null, Hiv, Label("R")));
        Answer first = await GetAsync($"Observation/{id}");

        await PutAsync($"Observation/{id}", first.Body);
        Answer second = await GetAsync($"Observation/{id}");

        Assert.Equal(first.Json["meta"]!["security"]!.ToJsonString(), second.Json["meta"]!["security"]!.ToJsonString());
    }

    [Theory]
    [InlineData("R", "", "R")]
    [InlineData("R", "N", "R")]
    [InlineData("N", "R", "R")]
    [InlineData("", "V", "V")]
    [InlineData("ETHUD", "", "ETHUD")]
    [InlineData("ETHUD", "SEX", "ETHUD SEX")]
    [InlineData("OPIOIDUD", "", "OPIOIDUD")]
    public async Task An_update_adds_and_raises_and_takes_nothing_away(string before, string sent, string after)
    {
        string id = await PostedAsync(Observation(null, Harmless, before.Length == 0 ? "" : Label(before)));

        Assert.Equal(after, await PutAndReadAsync(id, Observation(id, Harmless, sent.Length == 0 ? "" : Label(sent))));
        Assert.Equal(after, await PutAndReadAsync(id, Observation(id, Harmless), LabelServer.Operator));
    }

    [Fact]
    public async Task A_label_that_somebody_gave_stays_when_the_code_goes_for_which_the_server_would_have_given_it()
    {
        string id = await PostedAsync(Observation(null, Hiv, Label("HIV")));

        Assert.Equal("HIV", await PutAndReadAsync(id, Observation(id, Harmless)));
    }

    [Theory]
    [InlineData("application/json-patch+json", """[{"op":"remove","path":"/meta/security"}]""")]
    [InlineData("application/json-patch+json", """[{"op":"replace","path":"/meta/security/0/code","value":"L"}]""")]
    public async Task A_patch_takes_no_label_away(string type, string patch)
    {
        string id = await PostedAsync(Observation(null, Harmless, Label("R")));

        Assert.Equal(HttpStatusCode.OK, (await PatchAsync($"Observation/{id}", patch, type, As(LabelServer.Doctor))).Status);
        Assert.Equal("R", await LabelsAsync($"Observation/{id}"));
    }

    [Fact]
    public async Task A_transaction_labels_and_keeps_labels()
    {
        string id = await PostedAsync(Observation(null, Harmless, Label("R")));
        string bundle = $$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
              {"resource":{{Observation(id, Harmless)}},"request":{"method":"PUT","url":"Observation/{{id}}"} },
              {"resource":{{Observation(null, Hiv)}},"request":{"method":"POST","url":"Observation"} }]}
            """;

        Answer answer = await PostAsync("", bundle, As(LabelServer.Doctor));
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        string created = ((string)answer.Json["entry"]![1]!["response"]!["location"]!).Split("/_history")[0];

        Assert.Equal("R", await LabelsAsync($"Observation/{id}"));
        Assert.Equal("HIV*", await LabelsAsync(created));
    }

    [Fact]
    public async Task A_label_outlives_the_deletion_of_its_resource()
    {
        string id = await PostedAsync(Observation(null, Harmless, Label("R")));
        await DeleteAsync($"Observation/{id}");

        Answer answer = await PutAsync($"Observation/{id}", Observation(id, Harmless));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal("R", LabelsOf(answer.Json));
    }

    [Fact]
    public async Task Labels_are_taken_off_by_meta_delete_alone_and_by_who_may()
    {
        string id = await PostedAsync(Observation(null, Hiv, Label("R")));
        string off = $$"""{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"security":[{{Label("R")}},{{Label("HIV")}}]} }]}""";

        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync($"Observation/{id}/$meta-delete", off, As(LabelServer.Doctor))).Status);
        Assert.Equal("HIV* R", await LabelsAsync($"Observation/{id}"));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"Observation/{id}/$meta-delete", off, As(LabelServer.Patient))).Status);
        Assert.Equal("HIV*", await LabelsAsync($"Observation/{id}"));
    }

    [Fact]
    public async Task What_the_server_would_give_again_makes_no_version_when_it_is_taken_off()
    {
        string id = await PostedAsync(Observation(null, Hiv));
        string off = $$"""{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"security":[{{Label("HIV")}}]} }]}""";

        Answer answer = await PostAsync($"Observation/{id}/$meta-delete", off);

        Assert.Equal("W/\"1\"", answer.Header("ETag"));
    }

    [Theory]
    [InlineData("X")]
    [InlineData("r")]
    public async Task An_unknown_confidentiality_is_refused(string code)
    {
        Answer answer = await PostAsync("Observation", Observation(null, Harmless, Label(code)), As(LabelServer.Doctor));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains("Observation.meta.security[0]", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bundle_is_as_sensitive_as_what_it_holds()
    {
        string bundle = $$"""{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:5f0f3bb7-3b5f-4b3a-8e0b-6f1a4c1f6a01","resource":{{Observation(null, Hiv, Label("V"))}} }]}""";

        Answer answer = await PostAsync("Bundle", bundle);

        Assert.Equal("HIV* V*", LabelsOf(answer.Json));
    }

    [Fact]
    public async Task A_document_that_the_server_makes_and_keeps_is_as_sensitive_as_what_it_holds()
    {
        string observation = await PostedAsync(Observation(null, Hiv, Label("R")));
        Answer composition = await PostAsync("Composition", $$"""
            {"resourceType":"Composition","status":"final","type":{"text":"report"},"subject":{"reference":"Patient/pat"},"date":"2026-01-01","title":"Report",
             "author":[{"reference":"Practitioner/doctor"}],"section":[{"title":"Results","entry":[{"reference":"Observation/{{observation}}"}]}]}
            """);
        Assert.True(composition.Status == HttpStatusCode.Created, composition.Body);

        Answer document = await GetAsync($"Composition/{(string)composition.Json["id"]!}/$document?persist=true");

        Assert.Equal("HIV* R*", LabelsOf(document.Json));
    }

    [Fact]
    public async Task A_definition_is_nobodys_and_gets_no_sensitivity()
    {
        Answer answer = await PostAsync("ActivityDefinition", $$"""{"resourceType":"ActivityDefinition","status":"draft","code":{"coding":[{{Hiv}}]} }""");

        Assert.Equal("", LabelsOf(answer.Json));
    }

    [Fact]
    public async Task The_labels_of_the_server_are_no_cause_for_complaint()
    {
        string id = await PostedAsync(Observation(null, Hiv));
        Answer read = await GetAsync($"Observation/{id}");

        Answer answer = await PutAsync($"Observation/{id}", read.Body, ("Prefer", "return=OperationOutcome"));

        Assert.DoesNotContain("extension", answer.Body, StringComparison.OrdinalIgnoreCase);
    }
}
