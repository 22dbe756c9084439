using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Server;
using HealthChain.Storage.Blobs;
using Xunit;

namespace HealthChain.Http.Tests.LargeData;

/// <summary>What lies on the disk, what is removed, and what is too much; on a server of its own.</summary>
public sealed class LargeDataFilesTests : IAsyncLifetime
{
    private const int MaxBytes = 1 << 20;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly FhirServerFixture _server = new(new ServerOptions
    {
        Development = true,
        Blobs = new BlobOptions { Folder = "blobs", MaxBytes = MaxBytes },
        Limits = new LimitOptions { BodyBytes = 200 << 10 },
    });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Short_data_makes_no_file_and_long_data_one()
    {
        await CreatedAsync(Media(new byte[49_149]));
        Assert.Empty(_server.BlobFiles());
        await CreatedAsync(Media(new byte[49_153]));
        Assert.Single(_server.BlobFiles());
    }

    [Fact]
    public async Task The_disk_shows_nothing()
    {
        byte[] content = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("the patient's own words ", 10_000)));
        await CreatedAsync(Media(content));
        string file = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(_server.BlobFiles().Single(), Cancel));
        Assert.DoesNotContain("patient", file, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(content)[..32], file, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"resourceType\":\"Media\",\"content\":{\"contentType\":\"image/png\",\"data\":\"$\"}}", "application/fhir+json", 400)]
    [InlineData("{\"resourceType\":\"Media\",\"status\":\"completed\",\"content\":{\"contentType\":\"image/png\",\"data\":\"$\"}", "application/fhir+json", 400)]
    [InlineData("{\"resourceType\":\"Media\",\"content\":{\"data\":\"$$\"}}", "application/fhir+json", 413)]
    [InlineData("<Media xmlns=\"http://hl7.org/fhir\"><content><data value=\"$\"/></content></Media>", "application/fhir+xml", 400)]
    public async Task What_is_refused_goes_with_the_next_sweep(string document, string type, int status)
    {
        string once = Convert.ToBase64String(new byte[MaxBytes]);
        string text = document.Replace("$$", Convert.ToBase64String(new byte[MaxBytes + 1]), StringComparison.Ordinal).Replace("$", once, StringComparison.Ordinal);
        Assert.Equal(status, (int)(await SendAsync(HttpMethod.Post, "Media", text, type)).Status);

        BlobSweep sweep = await SweepOldAsync();
        Assert.Equal(0, sweep.Kept);
        Assert.Empty(_server.BlobFiles());
    }

    [Fact]
    public async Task What_any_version_refers_to_stays()
    {
        string id = await CreatedAsync(Media(new byte[100_000]));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Put, $"Media/{id}", Media([1], id), "application/fhir+json")).Status);
        await SendAsync(HttpMethod.Delete, $"Media/{id}", null, "");

        Assert.Equal(1, (await SweepOldAsync()).Kept);
        (HttpStatusCode status, string body) = await SendAsync(HttpMethod.Get, $"Media/{id}/_history/1", null, "");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(Convert.ToBase64String(new byte[100_000]), (string?)JsonNode.Parse(body)!["content"]!["data"]);
    }

    [Fact]
    public async Task What_belongs_to_an_erased_patient_goes()
    {
        (_, string body) = await SendAsync(HttpMethod.Post, "Patient", Samples.Patient(), "application/fhir+json");
        string patient = (string)JsonNode.Parse(body)!["id"]!;
        JsonNode media = JsonNode.Parse(Media(new byte[100_000]))!;
        media["subject"] = new JsonObject { ["reference"] = $"Patient/{patient}" };
        string id = await CreatedAsync(media.ToJsonString());
        string other = await CreatedAsync(Media(new byte[100_001]));

        await _server.EraseAsync(patient);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(HttpMethod.Get, $"Media/{id}", null, "")).Status);
        BlobSweep sweep = await SweepOldAsync();
        Assert.Equal((1, 1), (sweep.Kept, sweep.Removed));
        Assert.Equal(HttpStatusCode.OK, (await SendAsync(HttpMethod.Get, $"Media/{other}", null, "")).Status);
    }

    [Fact]
    public async Task A_missing_file_fails_the_answer_and_says_nothing()
    {
        string id = await CreatedAsync(Media(new byte[100_000]));
        File.Delete(_server.BlobFiles().Single());

        (HttpStatusCode status, string body) = await SendAsync(HttpMethod.Get, $"Media/{id}", null, "");
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains("OperationOutcome", body, StringComparison.Ordinal);
        Assert.DoesNotContain("HealthChainBlob", body, StringComparison.Ordinal);
    }

    // The head of the answer is out by then: what follows must not look whole.
    [Fact]
    public async Task A_damaged_file_breaks_the_answer_off()
    {
        string id = await CreatedAsync(Media(new byte[1_000_000]));
        string file = _server.BlobFiles().Single();
        byte[] bytes = await File.ReadAllBytesAsync(file, Cancel);
        bytes[900_000] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancel);

        await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(HttpMethod.Get, $"Media/{id}", null, ""));
    }

    [Theory]
    [InlineData(MaxBytes, false, 201)]
    [InlineData(MaxBytes, true, 201)]
    [InlineData(MaxBytes + 1, false, 413)]
    [InlineData(MaxBytes + 1, true, 413)]
    public async Task The_longest_content_is_taken_and_no_more(int length, bool isChunked, int status)
    {
        using HttpContent content = isChunked ? new StreamContent(new Unseekable(new byte[length])) : new ByteArrayContent(new byte[length]);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("image/png");
        using HttpResponseMessage response = await _server.Client.PostAsync(new Uri(_server.Base, "Binary"), content, Cancel);
        Assert.Equal(status, (int)response.StatusCode);
        if (status == 413)
        {
            Assert.Contains("OperationOutcome", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
    }

    // Large data does not count against the bound on what stays in memory, everything else does.
    [Fact]
    public async Task Bodies_are_bounded_without_their_large_data()
    {
        string three = $$"""{"resourceType":"DocumentReference","status":"current","content":[{{string.Join(',', Enumerable.Repeat($$"""{"attachment":{"contentType":"image/png","data":"{{Convert.ToBase64String(new byte[MaxBytes])}}"} }""", 1))}}]}""";
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(HttpMethod.Post, "DocumentReference", three, "application/fhir+json")).Status);
        string text = JsonNode.Parse(Samples.Patient())!.ToJsonString().Replace("Muster", new string('x', 210 << 10), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await SendAsync(HttpMethod.Post, "Patient", text, "application/fhir+json")).Status);
    }

    private static string Media(byte[] content, string? id = null)
    {
        string idMember = id is null ? "" : $"\"id\":\"{id}\",";
        return $"{{\"resourceType\":\"Media\",{idMember}\"status\":\"completed\",\"content\":{{\"contentType\":\"image/png\",\"data\":\"{Convert.ToBase64String(content)}\"}}}}";
    }

    private async Task<string> CreatedAsync(string media)
    {
        (HttpStatusCode status, string body) = await SendAsync(HttpMethod.Post, "Media", media, "application/fhir+json");
        Assert.True(status == HttpStatusCode.Created, body);
        return (string)JsonNode.Parse(body)!["id"]!;
    }

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(HttpMethod method, string path, string? body, string type)
    {
        using var request = new HttpRequestMessage(method, new Uri(_server.Base, path));
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, type);
        }

        using HttpResponseMessage response = await _server.Client.SendAsync(request, Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    private async Task<BlobSweep> SweepOldAsync()
    {
        foreach (string file in _server.BlobFiles())
        {
            File.SetLastWriteTimeUtc(file, TimeProvider.System.GetUtcNow().UtcDateTime - (2 * Hour));
        }

        return await _server.SweepAsync(Hour);
    }

    /// <summary>Its length is not known, so it is sent in chunks.</summary>
    private sealed class Unseekable(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();
    }
}
