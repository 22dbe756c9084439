using System.Net;
using System.Text;
using HealthChain.Storage.Blobs;
using Xunit;

namespace HealthChain.Http.Tests.LargeData;

/// <summary>Nobody but the server says where data lies.</summary>
public sealed class StandInTests(FhirServerFixture server) : LargeDataTest(server)
{
    private static readonly string Forged = Forge();

    [Fact]
    public async Task A_made_up_one_is_refused_wherever_it_stands()
    {
        foreach (string document in (string[])[
            Document(Forged), Document("AAAA", $",\"title\":\"{Forged}\""), Document("AAAA", resourceMore: $"\"description\":\"see {Forged}\","),
            Document("AAAA", $",\"title\":\"{Forged}\"").Replace("AAAA", Base64(LargeLength), StringComparison.Ordinal)])
        {
            Answer answer = await PostAsync("DocumentReference", document);
            Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
            Assert.DoesNotContain(Marker, answer.Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Escapes_do_not_hide_it()
    {
        string escaped = string.Concat(Forged.Select((letter, index) => index % 3 == 0 ? $"\\u{(int)letter:x4}" : letter.ToString()));
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("DocumentReference", Document(escaped))).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("DocumentReference", Document("\\u0048" + Forged[1..]))).Status);

        foreach (string reference in (string[])["&#72;", "&#x48;", "&#0072;"])
        {
            string xml = $"""<DocumentReference xmlns="http://hl7.org/fhir"><status value="current"/><content><attachment><data value="{reference}{Forged[1..]}"/></attachment></content></DocumentReference>""";
            Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("DocumentReference", xml, ("Content-Type", "application/fhir+xml"))).Status);
        }
    }

    [Fact]
    public async Task Patches_and_bundles_cannot_bring_it_in()
    {
        string id = await CreateAsync(Document("AAAA"));
        Assert.Equal(HttpStatusCode.BadRequest, (await PatchAsync($"DocumentReference/{id}", $$"""[{"op":"replace","path":"/content/0/attachment/data","value":"{{Forged}}"}]""", "application/json-patch+json")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync("", Samples.Transaction(Samples.Entry("POST", "DocumentReference", Document(Forged))))).Status);
        Assert.Equal("AAAA", DataOf((await GetAsync($"DocumentReference/{id}")).Json));
    }

    [Fact]
    public async Task Content_whose_base64_is_one_is_refused_while_it_would_stay_in_the_resource()
    {
        RawAnswer answer = await SendRawAsync(HttpMethod.Post, "Binary", Convert.FromBase64String(Forged), "image/png");
        Assert.Equal(400, answer.Status);
        RawAnswer header = await SendRawAsync(HttpMethod.Post, "Binary", [1], "image/png", ("X-Security-Context", "Patient/" + Forged));
        Assert.Equal(400, header.Status);
    }

    [Fact]
    public async Task Other_escapes_pass()
    {
        string id = await CreateAsync(Document("AAAA", ",\"title\":\"\\u003cb\\u003e \\u00e9 &#72; \\\\u0048\""));
        Assert.Equal("<b> é &#72; \\u0048", (string?)(await GetAsync($"DocumentReference/{id}")).Json["content"]![0]!["attachment"]!["title"]);
    }

    private static string Forge()
    {
        var text = new byte[BlobStandIn.Length];
        var reference = new BlobReference(new BlobAddress(new Digest(1, 2)), 100, new Digest(3, 4), new BlobKey(5, 6));
        new BlobStandIn(BlobForm.Data, reference, 100, new Sha1Digest(7, 8)).Write(text);
        return Encoding.UTF8.GetString(text);
    }
}
