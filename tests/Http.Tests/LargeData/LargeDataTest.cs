using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.LargeData;

/// <summary>What tests of large data share: contents of any length, and requests whose content is bytes.</summary>
public abstract class LargeDataTest(FhirServerFixture server) : FhirTest(server), IDisposable
{
    /// <summary>What the server leaves in places of large data; no client may ever see it.</summary>
    protected const string Marker = "HealthChainBlob1";

    /// <summary>Longer than what stays in a resource, and no multiple of anything.</summary>
    protected const int LargeLength = 200_003;

    // Without headers of its own, unlike the client of the server.
    private readonly HttpClient _bare = new() { BaseAddress = server.Base };

    /// <summary>Bytes that are the same for the same length.</summary>
    protected static byte[] Content(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }

    protected static string Base64(int length) => Convert.ToBase64String(Content(length));

    protected async Task<RawAnswer> SendRawAsync(HttpMethod method, string path, byte[]? content, string? contentType, params (string Name, string Value)[] headers)
    {
        using var body = content is null ? null : new ByteArrayContent(content);
        return await SendRawAsync(method, path, body, contentType, headers);
    }

    protected async Task<RawAnswer> SendRawAsync(HttpMethod method, string path, HttpContent? content, string? contentType, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (contentType is not null)
        {
            content!.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        foreach ((string name, string value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                content!.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using HttpResponseMessage response = await _bare.SendAsync(request, Cancel);
        return new RawAnswer(
            (int)response.StatusCode,
            await response.Content.ReadAsByteArrayAsync(Cancel),
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
    }

    protected Task<RawAnswer> GetRawAsync(string path, params (string Name, string Value)[] headers) => SendRawAsync(HttpMethod.Get, path, (HttpContent?)null, null, headers);

    /// <summary>Uploads content as it is and gives the id of the Binary.</summary>
    protected async Task<string> UploadAsync(byte[] content, string contentType)
    {
        RawAnswer answer = await SendRawAsync(HttpMethod.Post, "Binary", content, contentType);
        Assert.True(answer.Status == 201, answer.Text);
        return answer.Headers["Location"].Split('/')[^3];
    }

    /// <summary>A DocumentReference with one attachment.</summary>
    protected static string Document(string data, string? more = null, string? id = null, string? resourceMore = null)
    {
        string idMember = id is null ? "" : $"\"id\":\"{id}\",";
        return $"{{\"resourceType\":\"DocumentReference\",{idMember}\"status\":\"current\",{resourceMore}\"content\":[{{\"attachment\":{{\"contentType\":\"application/pdf\",\"data\":\"{data}\"{more}}}}}]}}";
    }

    protected static string? DataOf(JsonNode document) => (string?)document["content"]![0]!["attachment"]!["data"];

    public void Dispose()
    {
        _bare.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>What came back, as bytes.</summary>
public sealed record RawAnswer(int Status, byte[] Body, IReadOnlyDictionary<string, string> Headers)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonNode Json => JsonNode.Parse(Body)!;

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    public long ContentLength => long.Parse(Headers["Content-Length"], CultureInfo.InvariantCulture);
}
