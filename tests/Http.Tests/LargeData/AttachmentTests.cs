using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Xunit;

namespace HealthChain.Http.Tests.LargeData;

/// <summary>Large data anywhere in a resource comes back as it went in, by whatever way.</summary>
public sealed class AttachmentTests(FhirServerFixture server) : LargeDataTest(server)
{
    private const string JsonPatch = "application/json-patch+json";
    private static readonly string Large = Base64(LargeLength);

    [Theory]
    [InlineData(10)]
    [InlineData(49_149)]
    [InlineData(49_152)]
    [InlineData(49_153)]
    [InlineData(LargeLength)]
    public async Task What_is_created_is_read(int length)
    {
        Answer created = await PostAsync("DocumentReference", Document(Base64(length)));
        Assert.Equal(HttpStatusCode.Created, created.Status);
        Assert.Equal(Base64(length), DataOf(created.Json));

        Answer read = await GetAsync($"DocumentReference/{created.Json["id"]}");
        Assert.Equal(created.Body, read.Body);
        Assert.Equal(Encoding.UTF8.GetByteCount(read.Body).ToString(System.Globalization.CultureInfo.InvariantCulture), read.Header("Content-Length"));
    }

    [Fact]
    public async Task It_can_be_read_as_XML_and_pretty()
    {
        string id = await CreateAsync(Document(Large));

        XElement xml = XElement.Parse((await GetAsync($"DocumentReference/{id}?_format=xml")).Body);
        Assert.Equal(Large, xml.Descendants().Single(element => element.Name.LocalName == "data").Attribute("value")!.Value);
        Assert.Equal(Large, DataOf((await GetAsync($"DocumentReference/{id}?_pretty=true")).Json));
        Assert.Contains(Large, (await GetAsync($"DocumentReference/{id}?_pretty=true&_format=xml")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_can_be_sent_as_XML()
    {
        string xml = $"""<DocumentReference xmlns="http://hl7.org/fhir"><status value="current"/><content><attachment><contentType value="image/png"/><data value="{Large}"/></attachment></content></DocumentReference>""";
        Answer created = await PostAsync("DocumentReference", xml, ("Content-Type", "application/fhir+xml"), ("Accept", "application/fhir+xml"));
        Assert.Equal(HttpStatusCode.Created, created.Status);

        string id = XElement.Parse(created.Body).Elements().Single(element => element.Name.LocalName == "id").Attribute("value")!.Value;
        Assert.Equal(Large, DataOf((await GetAsync($"DocumentReference/{id}")).Json));
    }

    [Fact]
    public async Task Every_version_keeps_its_own_data()
    {
        string id = Unique();
        await PutAsync($"DocumentReference/{id}", Document(Large, id: id));
        Assert.Equal(HttpStatusCode.OK, (await PutAsync($"DocumentReference/{id}", Document(Base64(LargeLength + 1), id: id))).Status);
        Assert.Equal(HttpStatusCode.OK, (await PutAsync($"DocumentReference/{id}", Document("AAAA", id: id))).Status);

        Assert.Equal("AAAA", DataOf((await GetAsync($"DocumentReference/{id}")).Json));
        Assert.Equal(Base64(LargeLength + 1), DataOf((await GetAsync($"DocumentReference/{id}/_history/2")).Json));
        JsonNode[] history = [.. ((JsonArray)(await GetAsync($"DocumentReference/{id}/_history")).Json["entry"]!).Select(entry => entry!["resource"]!)];
        Assert.Equal(["AAAA", Base64(LargeLength + 1), Large], history.Select(DataOf));
    }

    [Theory]
    [InlineData("")]
    [InlineData("&_format=xml")]
    [InlineData("&_pretty=true")]
    public async Task Searches_give_it(string form)
    {
        string identifier = Unique();
        string more = $"\"identifier\":[{{\"value\":\"{identifier}\"}}],";
        await CreateAsync(Document(Large, resourceMore: more));
        await CreateAsync(Document("AAAA", resourceMore: more));
        await CreateAsync(Document(Base64(LargeLength + 7), resourceMore: more));

        Answer answer = await GetAsync($"DocumentReference?identifier={identifier}{form}");
        Assert.Contains(Large, answer.Body, StringComparison.Ordinal);
        Assert.Contains(Base64(LargeLength + 7), answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Marker, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_and_includes_give_it()
    {
        string patient = await CreateAsync(Samples.Patient());
        string subject = $"\"subject\":{{\"reference\":\"Patient/{patient}\"}},";
        await CreateAsync(Document(Large, resourceMore: subject));

        foreach (string path in (string[])[$"Patient/{patient}/$everything", $"Patient?_id={patient}&_revinclude=DocumentReference:subject", $"Patient/{patient}/DocumentReference"])
        {
            Answer answer = await GetAsync(path);
            Assert.True(answer.Body.Contains(Large, StringComparison.Ordinal), path);
            Assert.DoesNotContain(Marker, answer.Body, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("_elements=content")]
    [InlineData("_elements=status")]
    [InlineData("_summary=true")]
    [InlineData("_summary=data")]
    [InlineData("_summary=text")]
    public async Task Parts_of_the_resource_never_show_what_stands_in_for_the_data(string query)
    {
        string id = await CreateAsync(Document(Large));
        Answer read = await GetAsync($"DocumentReference/{id}?{query}");
        Answer found = await GetAsync($"DocumentReference?_id={id}&{query}");
        Assert.DoesNotContain(Marker, read.Body + found.Body, StringComparison.Ordinal);

        // DocumentReference.content is mandatory, so it is there whatever is asked for; but its data is no part of the summary.
        Assert.Equal(query != "_summary=true", read.Body.Contains(Large, StringComparison.Ordinal));
        Assert.Equal(read.Body.Contains(Large, StringComparison.Ordinal), found.Body.Contains(Large, StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_may_stand_anywhere_and_more_than_once()
    {
        string document = $$"""
            {"resourceType":"DocumentReference","status":"current",
            "contained":[{"resourceType":"Binary","id":"b","contentType":"image/png","data":"{{Large}}" }],
            "extension":[{"url":"http://example.com/e","valueAttachment":{"contentType":"image/png","data":"{{Base64(LargeLength + 2)}}" } },
            {"url":"http://example.com/s","valueSignature":{"type":[{"system":"urn:iso-astm:E1762-95:2013","code":"1.2.840.10065.1.12.1.1"}],"when":"2024-01-01T00:00:00Z","who":{"display":"x"},"data":"{{Base64(LargeLength + 3)}}" } }],
            "content":[{"attachment":{"contentType":"image/png","data":"{{Large}}","_data":{"id":"x"} },"format":{"extension":[{"url":"http://example.com/t","valueReference":{"reference":"#b"} }]} },{"attachment":{"contentType":"image/png","data":"{{Large}}" } }],
            "description":"x"}
            """;
        Answer created = await PostAsync("DocumentReference", document);
        Assert.True(created.Status == HttpStatusCode.Created, created.Body);

        JsonNode sent = JsonNode.Parse(document)!;
        JsonNode read = (await GetAsync($"DocumentReference/{created.Json["id"]}")).Json;
        foreach (string member in (string[])["contained", "extension", "content"])
        {
            Assert.True(JsonNode.DeepEquals(sent[member], read[member]), member);
        }
    }

    [Fact]
    public async Task Bundles_of_requests_may_hold_it()
    {
        (string first, string second) = (Unique(), Unique());
        string Entries(string id, int length) => Samples.Entry("PUT", $"DocumentReference/{id}", Document(Base64(length), id: id));
        Assert.Equal(["201", "201"], (await PostAsync("", Samples.Transaction(Entries(first, LargeLength), Samples.Entry("POST", "Binary", $$"""{"resourceType":"Binary","contentType":"image/png","data":"{{Large}}" }""")))).EntryStatuses());
        Assert.Equal(["201", "200"], (await PostAsync("", Samples.Batch(Entries(second, LargeLength + 1), Samples.Entry("GET", $"DocumentReference/{first}")))).EntryStatuses());

        Assert.Equal(Large, DataOf((await GetAsync($"DocumentReference/{first}")).Json));
        Assert.Equal(Base64(LargeLength + 1), DataOf((await GetAsync($"DocumentReference/{second}")).Json));
        Answer batch = await PostAsync("", Samples.Batch(Samples.Entry("GET", $"DocumentReference/{first}"), Samples.Entry("GET", $"DocumentReference?_id={second}")));
        Assert.Contains(Large, batch.Body, StringComparison.Ordinal);
        Assert.Contains(Base64(LargeLength + 1), batch.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Marker, batch.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answers_of_a_transaction_that_hold_resources_give_it()
    {
        Answer answer = await PostAsync("", Samples.Transaction(Samples.Entry("POST", "DocumentReference", Document(Large))), ("Prefer", "return=representation"));
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.DoesNotContain(Marker, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stored_Bundle_may_hold_it()
    {
        string bundle = $$"""{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:b5e1e1de-52c5-4ba8-9d6b-3ac4f0b5c2a1","resource":{{Document(Large)}} }]}""";
        string id = await CreateAsync(bundle);
        Assert.Equal(Large, DataOf((await GetAsync($"Bundle/{id}")).Json["entry"]![0]!["resource"]!));
    }

    [Theory]
    [InlineData(JsonPatch, """[{"op":"add","path":"/description","value":"new"}]""")]
    [InlineData("application/fhir+json", """{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"add"},{"name":"path","valueString":"DocumentReference"},{"name":"name","valueString":"description"},{"name":"value","valueString":"new"}]}]}""")]
    public async Task A_patch_of_something_else_keeps_it(string type, string patch)
    {
        string id = await CreateAsync(Document(Large));
        Answer patched = await PatchAsync($"DocumentReference/{id}", patch, type);
        Assert.True(patched.Status == HttpStatusCode.OK, patched.Body);
        JsonNode read = (await GetAsync($"DocumentReference/{id}")).Json;
        Assert.Equal(("new", Large), ((string?)read["description"], DataOf(read)));
        Assert.Equal(Large, DataOf(patched.Json));
    }

    [Theory]
    [InlineData("""[{"op":"replace","path":"/content/0/attachment/data","value":"AAAA"}]""", "AAAA")]
    [InlineData("""[{"op":"remove","path":"/content/0/attachment/data"}]""", null)]
    public async Task A_patch_may_replace_or_remove_it(string patch, string? expected)
    {
        string id = await CreateAsync(Document(Large));
        Assert.Equal(HttpStatusCode.OK, (await PatchAsync($"DocumentReference/{id}", patch, JsonPatch)).Status);
        Assert.Equal(expected, DataOf((await GetAsync($"DocumentReference/{id}")).Json));
    }

    [Theory]
    [InlineData("""[{"op":"test","path":"/content/0/attachment/data","value":"AAAA"}]""")]
    [InlineData("""[{"op":"copy","from":"/content/0/attachment/data","path":"/status"}]""")]
    [InlineData("""[{"op":"copy","from":"/content/0/attachment/data","path":"/date"}]""")]
    [InlineData("""[{"op":"copy","from":"/content/0/attachment/data","path":"/id"}]""")]
    public async Task A_patch_that_fails_does_not_show_where_it_lies(string patch)
    {
        string id = await CreateAsync(Document(Large));
        Answer answer = await PatchAsync($"DocumentReference/{id}", patch, JsonPatch);
        Assert.InRange((int)answer.Status, 400, 422);
        Assert.DoesNotContain(Marker, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_patch_that_copies_it_into_a_text_gives_no_key_away()
    {
        string id = await CreateAsync(Document(Large));
        Answer answer = await PatchAsync($"DocumentReference/{id}", """[{"op":"copy","from":"/content/0/attachment/data","path":"/description"}]""", JsonPatch);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.DoesNotContain(Marker, answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Marker, (await GetAsync($"DocumentReference/{id}")).Body, StringComparison.Ordinal);
        string fhirPatch = """{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"move"},{"name":"path","valueString":"DocumentReference.content"},{"name":"source","valueInteger":0},{"name":"destination","valueInteger":0}]}]}""";
        Assert.Equal(HttpStatusCode.OK, (await PatchAsync($"DocumentReference/{id}", fhirPatch, "application/fhir+json")).Status);
    }

    [Fact]
    public async Task A_patch_may_copy_it()
    {
        string id = await CreateAsync(Document(Large));
        Assert.Equal(HttpStatusCode.OK, (await PatchAsync($"DocumentReference/{id}", """[{"op":"copy","from":"/content/0","path":"/content/-"}]""", JsonPatch)).Status);
        JsonNode read = (await GetAsync($"DocumentReference/{id}")).Json;
        Assert.Equal(Large, (string?)read["content"]![1]!["attachment"]!["data"]);
    }

    [Fact]
    public async Task Size_and_hash_are_compared_with_the_data_wherever_it_lies()
    {
        foreach (int length in (int[])[100, LargeLength])
        {
#pragma warning disable CA5350 // Attachment.hash is SHA-1 by the specification.
            string hash = Convert.ToBase64String(SHA1.HashData(Content(length)));
#pragma warning restore CA5350
            Assert.Equal(HttpStatusCode.Created, (await PostAsync("DocumentReference", Document(Base64(length), $",\"size\":{length},\"hash\":\"{hash}\""))).Status);
            Answer wrongSize = await PostAsync("DocumentReference", Document(Base64(length), $",\"size\":{length + 1}"));
            Assert.InRange((int)wrongSize.Status, 400, 422);
            Assert.Contains("size", wrongSize.Body, StringComparison.Ordinal);
            Answer wrongHash = await PostAsync("DocumentReference", Document(Base64(length), $",\"hash\":\"{Convert.ToBase64String(new byte[20])}\""));
            Assert.InRange((int)wrongHash.Status, 400, 422);
            Assert.Contains("hash", wrongHash.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Data_counts_as_present()
    {
        // att-1: "If the Attachment has data, it SHALL have a contentType".
        Answer answer = await PostAsync("Media", $$"""{"resourceType":"Media","status":"completed","content":{"data":"{{Large}}"} }""");
        Assert.InRange((int)answer.Status, 400, 422);
        Assert.Contains("att-1", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("$")]
    [InlineData("=")]
    [InlineData("A")]
    [InlineData("AAA\\u0041A")]
    public async Task What_is_not_base64_is_refused_and_not_shown(string end)
    {
        Answer answer = await PostAsync("DocumentReference", Document(Base64(LargeLength + 1) + end));
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(["value"], answer.IssueCodes);
        Assert.DoesNotContain(Large[..20], answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SampledData_is_text_however_long_and_stays_as_it_is()
    {
        string samples = string.Join(' ', Enumerable.Repeat("1234", 30_000));
        string observation = Samples.Observation("Patient/" + await CreateAsync(Samples.Patient()));
        JsonNode resource = JsonNode.Parse(observation)!;
        foreach (string value in resource.AsObject().Select(member => member.Key).Where(name => name.StartsWith("value", StringComparison.Ordinal)).ToArray())
        {
            resource.AsObject().Remove(value);
        }

        resource["valueSampledData"] = JsonNode.Parse($$"""{"origin":{"value":0},"period":1,"dimensions":1,"data":"{{samples}}"}""");
        string id = await CreateAsync(resource.ToJsonString());
        Assert.Equal(samples, (string?)(await GetAsync($"Observation/{id}")).Json["valueSampledData"]!["data"]);
    }

    [Fact]
    public async Task Operations_give_it_and_never_what_stands_in_for_it()
    {
        string id = Unique();
        await PutAsync($"DocumentReference/{id}", Document(Base64(LargeLength + 1), id: id));
        await PutAsync($"DocumentReference/{id}", Document(Large, id: id));

        Answer diff = await GetAsync($"DocumentReference/{id}/$diff");
        Assert.Contains(Large, diff.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Marker, diff.Body, StringComparison.Ordinal);
        Answer converted = await PostAsync("$convert", Document(Large), ("Accept", "application/fhir+xml"));
        Assert.Contains($"value=\"{Large}\"", converted.Body, StringComparison.Ordinal);
        Answer validated = await PostAsync("DocumentReference/$validate", Document(Large, ",\"size\":1"));
        Assert.Contains($"{LargeLength}", validated.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Marker, validated.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GraphQL_gives_it()
    {
        string id = await CreateAsync(Document(Large));
        Answer answer = await GetAsync($"DocumentReference/{id}/$graphql?query={Uri.EscapeDataString("{content{attachment{contentType data}}}")}");
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        Assert.Contains(Large, answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Marker, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_takes_it_along_even_when_it_is_kept()
    {
        string id = await CreateAsync(Document(Large));
        string patient = await CreateAsync(Samples.Patient());
        string composition = await CreateAsync($$"""
            {"resourceType":"Composition","status":"final","type":{"text":"Letter"},"subject":{"reference":"Patient/{{patient}}"},"date":"2024-01-01","author":[{"reference":"Patient/{{patient}}"}],
            "title":"Letter","section":[{"title":"Scans","entry":[{"reference":"DocumentReference/{{id}}"}]}]}
            """);
        Answer document = await PostAsync($"Composition/{composition}/$document?persist=true", "");
        Assert.True(document.Status is HttpStatusCode.OK or HttpStatusCode.Created, document.Body);
        Assert.Contains(Large, document.Body, StringComparison.Ordinal);

        await DeleteAsync($"DocumentReference/{id}");
        Answer kept = await GetAsync($"Bundle/{document.Json["id"]}");
        Assert.Contains(Large, kept.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(Marker, document.Body + kept.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_at_a_time_do_not_mix()
    {
        int[] lengths = [.. Enumerable.Range(LargeLength, 16)];
        string[] ids = await Task.WhenAll(lengths.Select(length => CreateAsync(Document(Base64(length)))));
        string?[] read = await Task.WhenAll(ids.Select(async id => DataOf((await GetAsync($"DocumentReference/{id}")).Json)));
        Assert.Equal(lengths.Select(Base64), read);
    }

    [Fact]
    public async Task Head_knows_the_length()
    {
        string id = await CreateAsync(Document(Large));
        Answer head = await SendAsync(HttpMethod.Head, $"DocumentReference/{id}");
        Assert.Equal((await GetAsync($"DocumentReference/{id}")).Header("Content-Length"), head.Header("Content-Length"));
        Assert.Empty(head.Body);
    }
}
