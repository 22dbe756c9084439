using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Xunit;

namespace HealthChain.Http.Tests.LargeData;

/// <summary>https://hl7.org/fhir/R4/binary.html</summary>
public sealed class BinaryTests(FhirServerFixture server) : LargeDataTest(server)
{
    private const int SmallLength = 1_000;
    private static readonly (string, string) FhirJson = ("Accept", "application/fhir+json");
    private static readonly (string, string) Pdf = ("Accept", "application/pdf");

    [Theory]
    [InlineData("application/pdf", SmallLength)]
    [InlineData("image/png", LargeLength)]
    [InlineData("text/plain; charset=utf-8", LargeLength)]
    [InlineData("application/octet-stream", 1)]
    [InlineData("application/dicom", 49_152)]
    [InlineData("application/zip", 49_153)]
    [InlineData("text/html", SmallLength)]
    [InlineData("application/json", SmallLength)]
    [InlineData("application/xml", LargeLength)]
    [InlineData("application/x-www-form-urlencoded", SmallLength)]
    [InlineData("multipart/form-data; boundary=x", SmallLength)]
    public async Task Content_of_any_type_is_taken_and_given_as_it_is(string type, int length)
    {
        string id = await UploadAsync(Content(length), type);

        RawAnswer answer = await GetRawAsync($"Binary/{id}");
        Assert.Equal(200, answer.Status);
        Assert.Equal(type, answer.Header("Content-Type"));
        Assert.Equal(Content(length), answer.Body);
        Assert.Equal(length, answer.ContentLength);
        Assert.Equal("W/\"1\"", answer.Header("ETag"));
        Assert.NotNull(answer.Header("Last-Modified"));
    }

    [Theory]
    [InlineData(SmallLength)]
    [InlineData(LargeLength)]
    public async Task Clients_of_FHIR_get_the_resource(int length)
    {
        string id = await UploadAsync(Content(length), "application/pdf");

        RawAnswer json = await GetRawAsync($"Binary/{id}", FhirJson);
        Assert.StartsWith("application/fhir+json", json.Header("Content-Type"), StringComparison.Ordinal);
        Assert.Equal(json.Body.Length, json.ContentLength);
        Assert.Equal("application/pdf", (string?)json.Json["contentType"]);
        Assert.Equal(Base64(length), (string?)json.Json["data"]);
        Assert.Equal(id, (string?)json.Json["id"]);

        RawAnswer xml = await GetRawAsync($"Binary/{id}", ("Accept", "application/fhir+xml"));
        XElement root = XElement.Parse(xml.Text);
        Assert.Equal("Binary", root.Name.LocalName);
        Assert.Equal(Base64(length), root.Elements().Single(element => element.Name.LocalName == "data").Attribute("value")!.Value);
    }

    [Theory]
    [InlineData("_format=json", "application/fhir+json")]
    [InlineData("_format=xml", "application/fhir+xml")]
    [InlineData("_format=json&_pretty=true", "application/fhir+json")]
    [InlineData("_format=application/fhir%2Bxml&_pretty=true", "application/fhir+xml")]
    public async Task Format_asks_for_the_resource_whatever_Accept_says(string query, string type)
    {
        string id = await UploadAsync(Content(LargeLength), "application/pdf");

        RawAnswer answer = await GetRawAsync($"Binary/{id}?{query}", Pdf);
        Assert.StartsWith(type, answer.Header("Content-Type"), StringComparison.Ordinal);
        Assert.Contains(Base64(LargeLength), answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*/*", "application/pdf")]
    [InlineData("application/*", "application/pdf")]
    [InlineData("application/pdf", "application/pdf")]
    [InlineData("APPLICATION/PDF", "application/pdf")]
    [InlineData("image/png", "application/pdf")]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "application/pdf")]
    [InlineData("application/fhir+json;q=0.5, application/pdf", "application/pdf")]
    [InlineData("application/fhir+json, application/pdf;q=0.5", "application/fhir+json; charset=utf-8")]
    [InlineData("application/fhir+xml, */*;q=0.1", "application/fhir+xml; charset=utf-8")]
    [InlineData("application/json", "application/fhir+json; charset=utf-8")]
    [InlineData("text/xml", "application/fhir+xml; charset=utf-8")]
    public async Task Accept_chooses_between_the_content_and_the_resource(string accept, string type)
    {
        string id = await UploadAsync(Content(SmallLength), "application/pdf");

        RawAnswer answer = await GetRawAsync($"Binary/{id}", ("Accept", accept));
        Assert.Equal(200, answer.Status);
        Assert.Equal(type, answer.Header("Content-Type"));
        Assert.Equal("Accept", answer.Header("Vary")![..6]);
    }

    [Fact]
    public async Task Json_that_is_content_is_given_to_who_accepts_json()
    {
        string id = await UploadAsync("{\"a\":1}"u8.ToArray(), "application/json");

        RawAnswer answer = await GetRawAsync($"Binary/{id}", ("Accept", "application/json"));
        Assert.Equal("application/json", answer.Header("Content-Type"));
        Assert.Equal("{\"a\":1}", answer.Text);
    }

    // "including when the content type is application/fhir+xml or application/fhir+json, except for the special case where the content is
    // actually a Binary resource".
    [Theory]
    [InlineData("application/fhir+json", "{\"resourceType\":\"Patient\",\"active\":true}")]
    [InlineData("application/fhir+xml", "<Patient xmlns=\"http://hl7.org/fhir\"><active value=\"true\"/></Patient>")]
    [InlineData("application/json", "[1,2,3]")]
    [InlineData("application/xml", "<?xml version=\"1.0\"?><a/>")]
    [InlineData("text/xml", "no xml at all")]
    public async Task Documents_other_than_Binaries_are_content(string type, string document)
    {
        string id = await UploadAsync(Encoding.UTF8.GetBytes(document), type);

        RawAnswer answer = await GetRawAsync($"Binary/{id}");
        Assert.Equal(type, answer.Header("Content-Type"));
        Assert.Equal(document, answer.Text);
    }

    [Theory]
    [InlineData("application/fhir+json", "{\"resourceType\":\"Binary\",\"contentType\":\"image/png\",\"data\":\"$\"}", SmallLength)]
    [InlineData("application/json", "{\"contentType\":\"image/png\",\"resourceType\":\"Binary\",\"data\":\"$\"}", LargeLength)]
    [InlineData("application/fhir+json", "{\"contentType\":\"image/png\",\"data\":\"$\",\"resourceType\":\"Binary\"}", LargeLength)]
    [InlineData("application/fhir+xml", "<Binary xmlns=\"http://hl7.org/fhir\"><contentType value=\"image/png\"/><data value=\"$\"/></Binary>", LargeLength)]
    [InlineData("application/xml", "<!-- a --><Binary xmlns=\"http://hl7.org/fhir\"><contentType value=\"image/png\"/><data value=\"$\"/></Binary>", SmallLength)]
    public async Task A_Binary_resource_is_taken_as_such(string type, string document, int length)
    {
        string id = await UploadAsync(Encoding.UTF8.GetBytes(document.Replace("$", Base64(length), StringComparison.Ordinal)), type);

        RawAnswer answer = await GetRawAsync($"Binary/{id}");
        Assert.Equal("image/png", answer.Header("Content-Type"));
        Assert.Equal(Content(length), answer.Body);
    }

    [Theory]
    [InlineData("{\"resourceType\":\"Binary\",\"data\":\"AAAA\"}")]
    [InlineData("{\"resourceType\":\"Binary\",\"contentType\":")]
    [InlineData("{\"contentType\":\"image/png\"}")]
    public async Task A_faulty_Binary_resource_is_refused(string document)
    {
        RawAnswer answer = await SendRawAsync(HttpMethod.Post, "Binary", Encoding.UTF8.GetBytes(document), "application/fhir+json");
        Assert.InRange(answer.Status, 400, 422);
        Assert.Equal("OperationOutcome", (string?)answer.Json["resourceType"]);
    }

    [Fact]
    public async Task Content_without_a_type_is_bytes()
    {
        RawAnswer created = await SendRawAsync(HttpMethod.Post, "Binary", Content(10), null);
        Assert.Equal(201, created.Status);
        Assert.Equal("application/octet-stream", (await GetRawAsync(new Uri(created.Headers["Location"]).AbsolutePath)).Header("Content-Type"));
    }

    [Fact]
    public async Task Empty_content_is_a_Binary_without_data()
    {
        string id = await UploadAsync([], "text/plain");

        Assert.Null((await GetRawAsync($"Binary/{id}", FhirJson)).Json["data"]);
        RawAnswer content = await GetRawAsync($"Binary/{id}");
        Assert.Equal(200, content.Status);
        Assert.Empty(content.Body);
    }

    // Nobody who just sent a film wants it back in base64; small content is answered with the resource as ever.
    [Fact]
    public async Task Large_content_comes_back_only_when_asked_for()
    {
        RawAnswer small = await SendRawAsync(HttpMethod.Post, "Binary", Content(SmallLength), "image/png");
        Assert.Equal(Base64(SmallLength), (string?)small.Json["data"]);

        RawAnswer large = await SendRawAsync(HttpMethod.Post, "Binary", Content(LargeLength), "image/png");
        Assert.Equal(201, large.Status);
        Assert.Empty(large.Body);

        RawAnswer asked = await SendRawAsync(HttpMethod.Post, "Binary", Content(LargeLength), "image/png", ("Prefer", "return=representation"));
        Assert.Equal(Base64(LargeLength), (string?)asked.Json["data"]);
    }

    [Theory]
    [InlineData(SmallLength)]
    [InlineData(LargeLength)]
    public async Task An_update_makes_a_version_and_the_one_before_stays(int length)
    {
        string id = Unique();
        Assert.Equal(201, (await SendRawAsync(HttpMethod.Put, $"Binary/{id}", Content(length), "image/png")).Status);
        Assert.Equal(200, (await SendRawAsync(HttpMethod.Put, $"Binary/{id}", Content(length + 1), "image/jpeg", ("If-Match", "W/\"1\""))).Status);

        RawAnswer current = await GetRawAsync($"Binary/{id}");
        Assert.Equal("image/jpeg", current.Header("Content-Type"));
        Assert.Equal("W/\"2\"", current.Header("ETag"));
        Assert.Equal(Content(length + 1), current.Body);
        RawAnswer first = await GetRawAsync($"Binary/{id}/_history/1");
        Assert.Equal("image/png", first.Header("Content-Type"));
        Assert.Equal(Content(length), first.Body);

        JsonNode history = (await GetRawAsync($"Binary/{id}/_history", FhirJson)).Json;
        Assert.Equal([Base64(length + 1), Base64(length)], ((JsonArray)history["entry"]!).Select(entry => (string)entry!["resource"]!["data"]!));
    }

    [Fact]
    public async Task An_update_of_another_version_is_refused()
    {
        string id = await UploadAsync(Content(SmallLength), "image/png");
        Assert.Equal(412, (await SendRawAsync(HttpMethod.Put, $"Binary/{id}", Content(LargeLength), "image/png", ("If-Match", "W/\"7\""))).Status);
        Assert.Equal(Content(SmallLength), (await GetRawAsync($"Binary/{id}")).Body);
    }

    [Fact]
    public async Task The_security_context_is_a_header_of_the_content()
    {
        RawAnswer created = await SendRawAsync(HttpMethod.Post, "Binary", Content(LargeLength), "image/png", ("X-Security-Context", "Patient/" + await CreateAsync(Samples.Patient())));
        string path = new Uri(created.Headers["Location"]).AbsolutePath;

        RawAnswer content = await GetRawAsync(path);
        JsonNode resource = (await GetRawAsync(path, FhirJson)).Json;
        Assert.StartsWith("Patient/", content.Header("X-Security-Context"), StringComparison.Ordinal);
        Assert.Equal(content.Header("X-Security-Context"), (string?)resource["securityContext"]!["reference"]);
    }

    // What somebody uploaded must not run as a page of this server.
    [Fact]
    public async Task Content_cannot_act_as_a_page_of_the_server()
    {
        string id = await UploadAsync("<script>alert(1)</script>"u8.ToArray(), "text/html");

        RawAnswer answer = await GetRawAsync($"Binary/{id}");
        Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        Assert.Contains("sandbox", answer.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Equal("no-store", answer.Header("Cache-Control"));
    }

    [Theory]
    [InlineData(SmallLength)]
    [InlineData(LargeLength)]
    public async Task Head_says_all_but_the_content(int length)
    {
        string id = await UploadAsync(Content(length), "image/png");

        RawAnswer content = await SendRawAsync(HttpMethod.Head, $"Binary/{id}", (HttpContent?)null, null);
        Assert.Equal((200, length, "image/png"), (content.Status, content.ContentLength, content.Header("Content-Type")));
        Assert.Empty(content.Body);
        RawAnswer resource = await SendRawAsync(HttpMethod.Head, $"Binary/{id}", (HttpContent?)null, null, FhirJson);
        Assert.Equal((await GetRawAsync($"Binary/{id}", FhirJson)).Body.Length, resource.ContentLength);
    }

    [Theory]
    [InlineData("bytes=0-9", 0, 10)]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=65530-65545", 65_530, 16)]
    [InlineData("bytes=150000-", 150_000, LargeLength - 150_000)]
    [InlineData("bytes=-5", LargeLength - 5, 5)]
    [InlineData("bytes=-900000", 0, LargeLength)]
    [InlineData("bytes=199999-900000", 199_999, 4)]
    public async Task A_range_is_served(string range, int start, int count)
    {
        string id = await UploadAsync(Content(LargeLength), "image/png");

        RawAnswer answer = await GetRawAsync($"Binary/{id}", ("Range", range));
        Assert.Equal(206, answer.Status);
        Assert.Equal($"bytes {start}-{start + count - 1}/{LargeLength}", answer.Header("Content-Range"));
        Assert.Equal(Content(LargeLength)[start..(start + count)], answer.Body);
    }

    [Theory]
    [InlineData(SmallLength, "bytes=990-", 206)]
    [InlineData(SmallLength, "bytes=1000-", 416)]
    [InlineData(LargeLength, "bytes=200003-", 416)]
    [InlineData(LargeLength, "bytes=5-4", 200)]
    [InlineData(SmallLength, "bytes=0-1,5-6", 200)]
    [InlineData(SmallLength, "lines=1-2", 200)]
    [InlineData(SmallLength, "bytes=x", 200)]
    [InlineData(0, "bytes=-5", 416)]
    public async Task Ranges_that_make_no_sense_are_left_out_of_account(int length, string range, int status)
    {
        string id = await UploadAsync(Content(length), "image/png");

        RawAnswer answer = await GetRawAsync($"Binary/{id}", ("Range", range));
        Assert.Equal(status, answer.Status);
        if (status == 416)
        {
            Assert.Equal($"bytes */{length}", answer.Header("Content-Range"));
        }
    }

    [Fact]
    public async Task A_range_on_a_condition_gives_the_whole_since_tags_are_weak()
    {
        string id = await UploadAsync(Content(SmallLength), "image/png");
        Assert.Equal(200, (await GetRawAsync($"Binary/{id}", ("Range", "bytes=0-9"), ("If-Range", "W/\"1\""))).Status);
    }

    [Fact]
    public async Task Unchanged_content_is_not_sent_again()
    {
        string id = await UploadAsync(Content(LargeLength), "image/png");

        RawAnswer answer = await GetRawAsync($"Binary/{id}", ("If-None-Match", "W/\"1\""));
        Assert.Equal(304, answer.Status);
        Assert.Empty(answer.Body);
    }

    [Fact]
    public async Task What_is_deleted_or_absent_is_told_in_FHIR()
    {
        string id = await UploadAsync(Content(LargeLength), "image/png");
        await SendRawAsync(HttpMethod.Delete, $"Binary/{id}", (HttpContent?)null, null);

        RawAnswer gone = await GetRawAsync($"Binary/{id}", ("Accept", "image/png"));
        Assert.Equal((410, "OperationOutcome"), (gone.Status, (string?)gone.Json["resourceType"]));
        Assert.Equal(404, (await GetRawAsync("Binary/" + Unique(), ("Accept", "image/png"))).Status);
        Assert.Equal(Content(LargeLength), (await GetRawAsync($"Binary/{id}/_history/1")).Body);
    }

    [Fact]
    public async Task A_search_gives_the_resource_with_its_data()
    {
        string id = await UploadAsync(Content(LargeLength), "image/png");

        JsonNode bundle = (await GetRawAsync($"Binary?_id={id}", FhirJson)).Json;
        Assert.Equal(Base64(LargeLength), (string?)bundle["entry"]![0]!["resource"]!["data"]);
    }

    [Fact]
    public async Task Content_arrives_in_chunks_or_compressed_alike()
    {
        using var chunked = new StreamContent(new MemoryStream(Content(LargeLength)));
        RawAnswer first = await SendRawAsync(HttpMethod.Post, "Binary", chunked, "image/png", ("Transfer-Encoding", "chunked"));
        Assert.Equal(Content(LargeLength), (await GetRawAsync(new Uri(first.Headers["Location"]).AbsolutePath)).Body);

        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(Content(LargeLength));
        }

        RawAnswer second = await SendRawAsync(HttpMethod.Post, "Binary", packed.ToArray(), "image/png", ("Content-Encoding", "gzip"));
        Assert.Equal(Content(LargeLength), (await GetRawAsync(new Uri(second.Headers["Location"]).AbsolutePath)).Body);
    }

    [Theory]
    [InlineData(600)]
    [InlineData(LargeLength)]
    public async Task Base64_in_lines_is_content_without_them_and_keeps_them_in_the_resource(int length)
    {
        string lines = Convert.ToBase64String(Content(length), Base64FormattingOptions.InsertLineBreaks);
        string json = new JsonObject { ["resourceType"] = "Binary", ["contentType"] = "image/png", ["data"] = lines }.ToJsonString();
        string id = await UploadAsync(Encoding.UTF8.GetBytes(json), "application/fhir+json");

        RawAnswer content = await GetRawAsync($"Binary/{id}");
        Assert.Equal(Content(length), content.Body);
        Assert.Equal(length, content.ContentLength);
        Assert.Equal(Content(length)[100..200], (await GetRawAsync($"Binary/{id}", ("Range", "bytes=100-199"))).Body);
        Assert.Equal(lines, (string?)(await GetRawAsync($"Binary/{id}", FhirJson)).Json["data"]);
        string xml = (await GetRawAsync($"Binary/{id}", ("Accept", "application/fhir+xml"))).Text;
        Assert.Equal(lines, XElement.Parse(xml).Elements().Single(element => element.Name.LocalName == "data").Attribute("value")!.Value);
    }

    [Fact]
    public async Task A_type_that_is_no_header_is_not_sent_as_one()
    {
        string id = Unique();
        await StoreAsync($$"""{"resourceType":"Binary","id":"{{id}}","contentType":"imäge/png","data":"AAAA"}""");
        RawAnswer answer = await GetRawAsync($"Binary/{id}");
        Assert.Equal("application/octet-stream", answer.Header("Content-Type"));
    }

    [Fact]
    public async Task A_part_of_the_resource_is_asked_for_by_its_elements()
    {
        string id = await UploadAsync(Content(LargeLength), "image/png");
        RawAnswer answer = await GetRawAsync($"Binary/{id}?_elements=contentType");
        Assert.Equal("image/png", (string?)answer.Json["contentType"]);
        Assert.Null(answer.Json["data"]);
        Assert.Equal(HttpStatusCode.OK, (HttpStatusCode)answer.Status);
    }
}
