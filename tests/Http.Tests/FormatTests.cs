using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Xml;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>https://hl7.org/fhir/R4/http.html#mime-type and #parameters</summary>
public sealed class FormatTests(FhirServerFixture server) : SearchTest(server)
{
    protected override IEnumerable<string> Resources =>
    [
        """{"resourceType":"Patient","id":"{p}","active":true,"name":[{"family":"Ümlaut <&> \"quoted\""}],"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Hi</p></div>"}}""",
        """{"resourceType":"Patient","id":"{long}","name":[{"text":"{run} a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough, a name that is long enough"}]}""",
    ];

    private static string MediaType(Answer answer) => answer.Header("Content-Type")!;

    [Theory]
    [InlineData("application/fhir+json", "json")]
    [InlineData("application/json", "json")]
    [InlineData("text/json", "json")]
    [InlineData("application/json+fhir", "json")]
    [InlineData("*/*", "json")]
    [InlineData("application/*", "json")]
    [InlineData("application/fhir+json;fhirVersion=4.0", "json")]
    [InlineData("application/fhir+xml", "xml")]
    [InlineData("application/xml", "xml")]
    [InlineData("text/xml", "xml")]
    [InlineData("application/xml+fhir", "xml")]
    [InlineData("application/fhir+xml; charset=utf-8", "xml")]
    [InlineData("application/fhir+xml;q=0.9, application/fhir+json;q=0.8", "xml")]
    [InlineData("application/fhir+xml;q=0.5, application/fhir+json;q=0.8", "json")]
    [InlineData("application/fhir+xml, application/fhir+json", "xml")]
    [InlineData("application/fhir+json, application/fhir+xml", "json")]
    [InlineData("text/html, application/fhir+xml;q=0.3", "xml")]
    [InlineData("*/*;q=0.1, application/fhir+xml", "xml")]
    [InlineData("APPLICATION/FHIR+XML", "xml")]
    public async Task Accept_chooses_the_form(string accept, string form)
    {
        Answer answer = await GetAsync(Fill("Patient/{p}"), ("Accept", accept));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal($"application/fhir+{form}; charset=utf-8", MediaType(answer));
    }

    [Theory]
    [InlineData("json", "json")]
    [InlineData("application/json", "json")]
    [InlineData("application/fhir%2Bjson", "json")]
    [InlineData("application/fhir+json", "json")]
    [InlineData("text/json", "json")]
    [InlineData("xml", "xml")]
    [InlineData("text/xml", "xml")]
    [InlineData("application/xml", "xml")]
    [InlineData("application/fhir%2Bxml", "xml")]
    [InlineData("application/fhir+xml", "xml")]
    public async Task The_parameter_wins_over_Accept(string format, string form)
    {
        Answer answer = await GetAsync($"{Fill("Patient/{p}")}?_format={format}", ("Accept", form == "json" ? "application/fhir+xml" : "application/fhir+json"));

        Assert.Equal($"application/fhir+{form}; charset=utf-8", MediaType(answer));
    }

    [Theory]
    [InlineData("Patient/{p}", "text/turtle")]
    [InlineData("Patient/{p}", "text/html")]
    [InlineData("Patient/{p}", "application/fhir+json;fhirVersion=3.0")]
    [InlineData("Patient/{p}?_format=ttl", "*/*")]
    [InlineData("Patient/{p}?_format=nothing", "*/*")]
    [InlineData("metadata", "image/png")]
    [InlineData("Patient?name=x", "text/csv")]
    public async Task What_cannot_be_had_gives_406_with_an_outcome_in_JSON(string path, string accept)
    {
        Answer answer = await GetAsync(Fill(path), ("Accept", accept));

        Assert.Equal(HttpStatusCode.NotAcceptable, answer.Status);
        Assert.Equal("OperationOutcome", (string?)answer.Json["resourceType"]);
    }

    [Theory]
    [InlineData("Patient/nobody", HttpStatusCode.NotFound)]
    [InlineData("Patient?birthdate=x", HttpStatusCode.BadRequest)]
    [InlineData("Nothing", HttpStatusCode.NotFound)]
    [InlineData("Patient/_search", HttpStatusCode.MethodNotAllowed)]
    public async Task Errors_come_in_the_form_asked_for(string path, HttpStatusCode status)
    {
        Answer answer = await GetAsync(path, ("Accept", "application/fhir+xml"));

        Assert.Equal(status, answer.Status);
        Assert.Equal("application/fhir+xml; charset=utf-8", MediaType(answer));
        Assert.Equal("OperationOutcome", FhirXml.Read(Encoding.UTF8.GetBytes(answer.Body)).Root.Name);
    }

    [Theory]
    [InlineData("Patient/{p}")]
    [InlineData("Patient/{p}/_history")]
    [InlineData("Patient?_id={p}")]
    [InlineData("Patient?_id={p}&nothing=1")]
    [InlineData("metadata")]
    public async Task XML_says_the_same_as_JSON(string path)
    {
        Answer json = await GetAsync(Fill(path));
        Answer xml = await GetAsync(Fill(path), ("Accept", "application/fhir+xml"));

        byte[] read = FhirJson.ToBytes(FhirXml.Read(Encoding.UTF8.GetBytes(xml.Body)).Root);

        Assert.True(JsonNode.DeepEquals(json.Json, JsonNode.Parse(read)), $"{json.Body}\n{Encoding.UTF8.GetString(read)}");
    }

    [Theory]
    [InlineData("_format=json", "{\n  \"resourceType\": \"Patient\"")]
    [InlineData("_format=xml", "<id value=")]
    [InlineData("_format=XML", "<id value=")]
    public async Task Pretty_is_for_people(string format, string start)
    {
        Answer plain = await GetAsync($"{Fill("Patient/{p}")}?{format}");
        Answer pretty = await GetAsync($"{Fill("Patient/{p}")}?{format}&_pretty=true");
        Answer not = await GetAsync($"{Fill("Patient/{p}")}?{format}&_pretty=false");

        Assert.Contains(start, pretty.Body, StringComparison.Ordinal);
        Assert.Contains("\n  ", pretty.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("\n  ", plain.Body, StringComparison.Ordinal);
        Assert.Equal(plain.Body, not.Body);
    }

    [Theory]
    [InlineData("_format=xml")]
    [InlineData("_pretty=true")]
    [InlineData("_summary=true")]
    public async Task As_deep_a_resource_as_is_taken_comes_back_in_a_bundle_too(string query)
    {
        const int Depth = 62;
        string id = Unique("deep");
        string items = string.Concat(Enumerable.Range(1, Depth).Select(level =>
            $"\"item\":[{{\"linkId\":\"{level}\",\"type\":\"{(level < Depth ? "group\"," : "display\"")}")) + string.Concat(Enumerable.Repeat("}]", Depth));
        Answer put = await PutAsync($"Questionnaire/{id}", $"{{\"resourceType\":\"Questionnaire\",\"id\":\"{id}\",\"status\":\"active\",{items}}}");
        Assert.True(put.Status == HttpStatusCode.Created, put.Body);

        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Questionnaire/{id}?{query}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Questionnaire?_id={id}&{query}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Questionnaire/{id}/_history?{query}")).Status);
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("gzip, br", "br")]
    [InlineData("gzip;q=1, br;q=0.5", "gzip")]
    [InlineData("*", "br")]
    [InlineData("gzip;q=0, br;q=0", null)]
    [InlineData("identity", null)]
    [InlineData("zstd", null)]
    public async Task Long_answers_are_compressed_for_those_who_ask(string accept, string? expected)
    {
        string path = Fill("Patient/{long}");
        byte[] plain = await Client.GetByteArrayAsync(new Uri(Base, path), Cancel);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Base, path));
        request.Headers.TryAddWithoutValidation("Accept-Encoding", accept);

        using HttpResponseMessage response = await Client.SendAsync(request, Cancel);

        Assert.Equal(expected, response.Content.Headers.ContentEncoding.SingleOrDefault());
        byte[] body = await response.Content.ReadAsByteArrayAsync(Cancel);
        Assert.Equal(body.Length, response.Content.Headers.ContentLength);
        Assert.Equal(plain, Decompressed(body, expected));
        Assert.Contains("Accept-Encoding", response.Headers.Vary);
    }

    [Fact]
    public async Task Short_answers_are_not_compressed()
    {
        Answer answer = await GetAsync(Fill("Patient/{p}"), ("Accept-Encoding", "gzip, br"));

        Assert.Null(answer.Header("Content-Encoding"));
    }

    [Fact]
    public async Task A_request_may_be_compressed()
    {
        using var content = new ByteArrayContent(Compressed($"_tag={RunWord}&active=true"));
        content.Headers.TryAddWithoutValidation("Content-Type", "application/x-www-form-urlencoded");
        content.Headers.TryAddWithoutValidation("Content-Encoding", "gzip");

        using HttpResponseMessage response = await Client.PostAsync(new Uri(Base, "Patient/_search"), content, Cancel);

        Assert.Equal(1, (int)JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["total"]!);
    }

    [Theory]
    [InlineData("gzip", HttpStatusCode.BadRequest)]
    [InlineData("br", HttpStatusCode.BadRequest)]
    [InlineData("compress", HttpStatusCode.UnsupportedMediaType)]
    public async Task A_request_that_is_not_compressed_as_it_says_is_refused(string encoding, HttpStatusCode status)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes("{\"resourceType\":\"Patient\"}"));
        content.Headers.TryAddWithoutValidation("Content-Type", "application/fhir+json");
        content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);

        using HttpResponseMessage response = await Client.PostAsync(new Uri(Base, "Patient"), content, Cancel);

        Assert.Equal(status, response.StatusCode);
        Assert.Contains("OperationOutcome", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private static byte[] Compressed(string text)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return bytes.ToArray();
    }

    private static byte[] Decompressed(byte[] body, string? coding)
    {
        using var source = new MemoryStream(body);
        using Stream plain = coding switch
        {
            "gzip" => new GZipStream(source, CompressionMode.Decompress),
            "br" => new BrotliStream(source, CompressionMode.Decompress),
            _ => source,
        };
        using var bytes = new MemoryStream();
        plain.CopyTo(bytes);
        return bytes.ToArray();
    }
}
