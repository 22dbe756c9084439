using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.Http.Tests.Wire;

/// <summary>What clients and proxies really send, letter by letter.</summary>
public sealed class WireTests(FhirServerFixture server) : FhirTest(server)
{
    private string Authority => Base.Authority;

    private async Task<WireAnswer> ExchangeAsync(string request, bool hasBody = true)
    {
        using var wire = new RawConnection(Base);
        await wire.SendAsync(request);
        return await wire.ReadAsync(hasBody);
    }

    private Task<WireAnswer> GetTargetAsync(string target, string headers = "") =>
        ExchangeAsync($"GET {target} HTTP/1.1\nHost: {Authority}\n{headers}\n");

    private async Task<string> PatientAsync(string? id = null)
    {
        id ??= Unique();
        await StoreAsync(Samples.Patient(id));
        return id;
    }

    [Theory]
    [InlineData("/fhir/Patient/{0}", 200)]
    [InlineData("/fhir/Patient/{0}/", 200)]
    [InlineData("/fhir/Patient/{0}?", 200)]
    [InlineData("/fhir/Patient/{0}#fragment", 404)]
    [InlineData("/fhir/%50atient/{0}", 200)]
    [InlineData("/fhir/Patient/%74-none", 404)]
    [InlineData("/fhir/./Patient/../Patient/{0}", 200)]
    [InlineData("/fhir/Patient/{0}/_history/1", 200)]
    [InlineData("/fhir/Patient/{0}/%5Fhistory/1", 200)]
    [InlineData("/fhir/Patient%2F{0}", 404)]
    [InlineData("/fhir/patient/{0}", 404)]
    [InlineData("/fhir//Patient/{0}", 200)]
    [InlineData("/fhir/Patient//{0}", 404)]
    [InlineData("/fhir/Patient/{0}/_history/1/", 200)]
    [InlineData("/fhir/Patient/{0}/_history/x", 404)]
    [InlineData("/fhir/Patient/{0}/_history/99999999999999999999", 404)]
    [InlineData("/fhir/Patient/{0}/_history/-1", 404)]
    [InlineData("/fhir/Patient/{0}%00", 400)]
    [InlineData("/fhir/Patient/{0}%20", 404)]
    [InlineData("/fhir/Patient/{0};v=1", 404)]
    [InlineData("/fhir/Patient/..%2F..%2Fetc", 404)]
    [InlineData("/fhir/Patient/%ff%fe", 404)]
    [InlineData("/FHIR/Patient/{0}", 200)]
    public async Task Paths_are_read_as_they_are_meant(string target, int status)
    {
        string id = await PatientAsync();
        WireAnswer answer = await GetTargetAsync(string.Format(CultureInfo.InvariantCulture, target, id));
        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task Ids_are_case_sensitive_and_keep_dots_and_dashes()
    {
        string id = "A.b-" + Unique();
        await PatientAsync(id);
        Assert.Equal(200, (await GetTargetAsync($"/fhir/Patient/{id}")).Status);
        Assert.Equal(200, (await GetTargetAsync($"/fhir/Patient/{id.Replace("-", "%2D", StringComparison.Ordinal).Replace(".", "%2e", StringComparison.Ordinal)}")).Status);
        Assert.Equal(404, (await GetTargetAsync($"/fhir/Patient/{id.ToUpperInvariant()}")).Status);
    }

    // RFC 9112, 3.2.2: proxies send the whole url; the host in it counts.
    [Fact]
    public async Task The_target_may_be_a_whole_url()
    {
        string id = await PatientAsync();
        WireAnswer answer = await GetTargetAsync($"http://{Authority}/fhir/Patient/{id}");
        Assert.Equal(200, answer.Status);
        Assert.Equal(id, (string?)JsonNode.Parse(answer.Body)!["id"]);
    }

    [Fact]
    public async Task Links_name_the_host_that_the_client_asked()
    {
        string id = await PatientAsync();
        WireAnswer answer = await ExchangeAsync($"GET /fhir/Patient?_id={id} HTTP/1.1\nHost: localhost:{Base.Port}\n\n");
        Assert.Equal(200, answer.Status);
        Assert.Equal($"http://localhost:{Base.Port}/fhir/Patient/{id}", (string?)JsonNode.Parse(answer.Body)!["entry"]![0]!["fullUrl"]);
    }

    [Theory]
    [InlineData("GET /fhir/metadata HTTP/1.1\n\n", 400)]
    [InlineData("GET /fhir/metadata HTTP/1.1\nHost: a\nHost: b\n\n", 400)]
    [InlineData("GET /fhir/metadata HTTP/1.1\nHost: a b\n\n", 400)]
    [InlineData("GET /fhir/metadata HTTP/9.9\nHost: a\n\n", 505)]
    [InlineData("GET  /fhir/metadata HTTP/1.1\nHost: a\n\n", 400)]
    [InlineData("GET fhir/metadata HTTP/1.1\nHost: a\n\n", 400)]
    [InlineData("GET /fhir/metadata HTTP/1.1\nHost: a\nBad Header: x\n\n", 400)]
    [InlineData("POST /fhir/Patient HTTP/1.1\nHost: a\nContent-Length: x\n\n", 400)]
    [InlineData("POST /fhir/Patient HTTP/1.1\nHost: a\nContent-Length: 1\nContent-Length: 2\n\nxx", 400)]
    [InlineData("POST /fhir/Patient HTTP/1.1\nHost: localhost\nTransfer-Encoding: chunked\nContent-Length: 3\n\nzz\n", 400)]
    public async Task Broken_requests_are_refused(string request, int status) => Assert.Equal(status, (await ExchangeAsync(request)).Status);

    [Fact]
    public async Task HTTP_1_0_is_answered()
    {
        string id = await PatientAsync();
        WireAnswer answer = await ExchangeAsync($"GET /fhir/Patient/{id} HTTP/1.0\nHost: {Authority}\n\n");
        Assert.Equal(200, answer.Status);
        Assert.Contains(id, answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_may_follow_each_other_without_waiting()
    {
        string first = await PatientAsync();
        string second = await PatientAsync();
        using var wire = new RawConnection(Base);
        await wire.SendAsync($"GET /fhir/Patient/{first} HTTP/1.1\nHost: {Authority}\n\nHEAD /fhir/Patient/{first} HTTP/1.1\nHost: {Authority}\n\nGET /fhir/Patient/{second} HTTP/1.1\nHost: {Authority}\n\n");
        Assert.Contains(first, (await wire.ReadAsync()).Body, StringComparison.Ordinal);
        Assert.Equal(200, (await wire.ReadAsync(hasBody: false)).Status);
        Assert.Contains(second, (await wire.ReadAsync()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_may_come_in_chunks()
    {
        string patient = Samples.Patient(family: "Chünks");
        byte[] bytes = Encoding.UTF8.GetBytes(patient);
        using var wire = new RawConnection(Base);
        await wire.SendAsync($"POST /fhir/Patient HTTP/1.1\nHost: {Authority}\nContent-Type: application/fhir+json\nTransfer-Encoding: chunked\n\n");
        foreach (byte letter in bytes)
        {
            await wire.SendAsync([(byte)'1', (byte)'\r', (byte)'\n', letter, (byte)'\r', (byte)'\n']);
        }

        await wire.SendAsync("0\n\n");
        WireAnswer answer = await wire.ReadAsync();
        Assert.Equal(201, answer.Status);
        Assert.Contains("Chünks", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_may_wait_for_leave_to_send()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Samples.Patient());
        using var wire = new RawConnection(Base);
        await wire.SendAsync($"POST /fhir/Patient HTTP/1.1\nHost: {Authority}\nContent-Type: application/fhir+json\nExpect: 100-continue\nContent-Length: {bytes.Length}\n\n");
        Assert.Equal(100, (await wire.ReadAsync()).Status);
        await wire.SendAsync(bytes);
        Assert.Equal(201, (await wire.ReadAsync()).Status);
    }

    // The point of asking for leave: what is refused anyway is not sent.
    [Theory]
    [InlineData("POST /fhir/Nothing", "application/fhir+json", 100, 404)]
    [InlineData("POST /fhir/Binary", "image/png", 2_000_000_000, 413)]
    [InlineData("POST /fhir/Patient", "application/fhir+json", 1_900_000_000, 413)]
    [InlineData("POST /fhir/Patient/_search", "text/csv", 900_000_000, 413)]
    public async Task What_is_refused_for_its_head_needs_no_body(string request, string type, long length, int status)
    {
        WireAnswer answer = await ExchangeAsync($"{request} HTTP/1.1\nHost: {Authority}\nContent-Type: {type}\nExpect: 100-continue\nContent-Length: {length}\n\n");
        Assert.Equal(status, answer.Status);
        Assert.Contains("OperationOutcome", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_expectation_is_refused_or_left_out_of_account() =>
        Assert.InRange((await GetTargetAsync("/fhir/metadata", "Expect: miracles\n")).Status, 200, 417);

    [Theory]
    [InlineData("Accept: text/html\nAccept: application/fhir+xml\n", "application/fhir+xml")]
    [InlineData("Accept: application/fhir+xml;q=0.1\nAccept: application/fhir+json\n", "application/fhir+json")]
    [InlineData("Accept:\n", "application/fhir+json")]
    [InlineData("accept: application/fhir+xml\n", "application/fhir+xml")]
    public async Task Headers_that_stand_twice_are_one_list(string headers, string type)
    {
        string id = await PatientAsync();
        WireAnswer answer = await GetTargetAsync($"/fhir/Patient/{id}", headers);
        Assert.Equal(200, answer.Status);
        Assert.StartsWith(type, answer.Headers["Content-Type"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("If-None-Match: \"7\"\nIf-None-Match: W/\"1\"\n", 304)]
    [InlineData("If-None-Match: W/\"7\", W/\"1\"\n", 304)]
    [InlineData("If-None-Match: *\n", 304)]
    [InlineData("If-None-Match: W/\"7\"\n", 200)]
    [InlineData("If-None-Match: nonsense\n", 200)]
    [InlineData("If-Modified-Since: nonsense\n", 200)]
    [InlineData("If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\n", 304)]
    [InlineData("If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\n", 200)]
    [InlineData("If-None-Match: W/\"7\"\nIf-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\n", 200)]
    public async Task Conditions_on_reading_are_read_from_whatever_lines(string headers, int status)
    {
        string id = await PatientAsync();
        Assert.Equal(status, (await GetTargetAsync($"/fhir/Patient/{id}", headers)).Status);
    }

    [Theory]
    [InlineData("Prefer: return=minimal\nPrefer: handling=strict\n", true)]
    [InlineData("Prefer: handling=strict; return=minimal\n", true)]
    [InlineData("Prefer: respond-async=no, return = \"minimal\"\n", true)]
    [InlineData("Prefer: return=unknown\n", false)]
    public async Task Preferences_may_be_spread_over_lines(string headers, bool isMinimal)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Samples.Patient());
        WireAnswer answer = await ExchangeAsync($"POST /fhir/Patient HTTP/1.1\nHost: {Authority}\nContent-Type: application/fhir+json\n{headers}Content-Length: {bytes.Length}\n\n{Encoding.UTF8.GetString(bytes)}");
        Assert.Equal(201, answer.Status);
        Assert.Equal(isMinimal, answer.Body.Length == 0);
    }

    [Theory]
    [InlineData("application/fhir+json", 201)]
    [InlineData("APPLICATION/FHIR+JSON; Charset=UTF-8", 201)]
    [InlineData("application/json;charset=\"utf-8\"", 201)]
    [InlineData("application/fhir+json; fhirVersion=4.0", 201)]
    [InlineData("application/fhir+json; fhirVersion=5.0", 415)]
    [InlineData("application/json; charset=iso-8859-1", 415)]
    [InlineData("text/plain", 415)]
    [InlineData("application/x-www-form-urlencoded", 415)]
    [InlineData("nonsense", 415)]
    public async Task The_content_type_is_taken_at_its_word(string type, int status)
    {
        string patient = Samples.Patient();
        WireAnswer answer = await ExchangeAsync($"POST /fhir/Patient HTTP/1.1\nHost: {Authority}\nContent-Type: {type}\nContent-Length: {Encoding.UTF8.GetByteCount(patient)}\n\n{patient}");
        Assert.Equal(status, answer.Status);
    }

    [Theory]
    [InlineData("name={0}", 1)]
    [InlineData("&&name={0}&", 1)]
    [InlineData("n%61me={0}", 1)]
    [InlineData("name=%{1}", 1)]
    [InlineData("name={0}&name={0}", 1)]
    [InlineData("name={0}+Extra", 0)]
    [InlineData("name={0}%20Extra", 0)]
    public async Task Queries_are_decoded(string query, int count)
    {
        string name = "N" + Unique().Replace("-", "", StringComparison.Ordinal);
        await StoreAsync(Samples.Patient(Unique(), family: name));
        string target = string.Format(CultureInfo.InvariantCulture, query, name, ((int)name[0]).ToString("x2", CultureInfo.InvariantCulture) + name[1..]);
        WireAnswer answer = await GetTargetAsync($"/fhir/Patient?{target}");
        Assert.Equal(200, answer.Status);
        Assert.Equal(count, (int)JsonNode.Parse(answer.Body)!["total"]!);
    }

    [Fact]
    public async Task Letters_beyond_ASCII_are_found_as_UTF_8()
    {
        string name = "Müß" + Unique();
        await StoreAsync(Samples.Patient(Unique(), family: name));
        WireAnswer answer = await GetTargetAsync($"/fhir/Patient?family:exact={Uri.EscapeDataString(name)}");
        Assert.Equal(1, (int)JsonNode.Parse(answer.Body)!["total"]!);
    }

    [Theory]
    [InlineData("name=%")]
    [InlineData("name=%zz")]
    [InlineData("name=%c3")]
    [InlineData("=x")]
    [InlineData("=")]
    [InlineData("%00=x")]
    [InlineData("name=%00")]
    public async Task Odd_queries_are_answered_and_not_failed(string query) =>
        Assert.InRange((await GetTargetAsync($"/fhir/Patient?{query}")).Status, 200, 499);

    // A list of ids that fits into no url is sent by POST.
    [Fact]
    public async Task Long_urls_are_answered_and_too_long_ones_refused()
    {
        string id = await PatientAsync();
        string unknown = string.Join(',', Enumerable.Range(0, 60).Select(index => $"{index}-" + new string('x', 58)));
        WireAnswer answer = await GetTargetAsync($"/fhir/Patient?_id={id},{unknown}");
        Assert.Equal(200, answer.Status);
        Assert.Equal(1, (int)JsonNode.Parse(answer.Body)!["total"]!);
        Assert.Equal(414, (await GetTargetAsync($"/fhir/Patient?_id={new string('x', 20_000)}")).Status);
        Assert.Equal(431, (await GetTargetAsync("/fhir/metadata", $"X-Long: {new string('x', 60_000)}\n")).Status);
    }

    [Fact]
    public async Task A_body_nobody_asked_for_does_not_disturb()
    {
        string id = await PatientAsync();
        using var wire = new RawConnection(Base);
        foreach (string method in (string[])["GET", "HEAD", "DELETE"])
        {
            await wire.SendAsync($"{method} /fhir/Patient/{id} HTTP/1.1\nHost: {Authority}\nContent-Length: 4\n\n{{}}{{}}");
            Assert.InRange((await wire.ReadAsync(method != "HEAD")).Status, 200, 204);
        }
    }

    [Fact]
    public async Task A_byte_order_mark_is_no_part_of_the_resource()
    {
        byte[] bytes = [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Samples.Patient())];
        using var wire = new RawConnection(Base);
        await wire.SendAsync($"POST /fhir/Patient HTTP/1.1\nHost: {Authority}\nContent-Type: application/fhir+json\nContent-Length: {bytes.Length}\n\n");
        await wire.SendAsync(bytes);
        Assert.Equal(201, (await wire.ReadAsync()).Status);
    }

    [Fact]
    public async Task Text_that_is_not_UTF_8_is_refused()
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(Samples.Patient(family: "M")[..^1]), 0xFF, (byte)'}'];
        using var wire = new RawConnection(Base);
        await wire.SendAsync($"POST /fhir/Patient HTTP/1.1\nHost: {Authority}\nContent-Type: application/fhir+json\nContent-Length: {bytes.Length}\n\n");
        await wire.SendAsync(bytes);
        Assert.Equal(400, (await wire.ReadAsync()).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Clients_may_speak_HTTP_1_1_and_HTTP_2(int version)
    {
        string id = await PatientAsync();
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Base, $"Patient/{id}"))
        {
            Version = version == 2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = version == 2 ? HttpVersionPolicy.RequestVersionOrLower : HttpVersionPolicy.RequestVersionExact,
        };
        using HttpResponseMessage response = await client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    // Without TLS nothing tells the protocols apart, so a connection begins with HTTP/1.1 (Kestrel's default); a client of HTTP/2 learns it at once.
    [Fact]
    public async Task HTTP_2_without_TLS_is_refused_by_its_own_means()
    {
        using var wire = new RawConnection(Base);
        await wire.SendAsync("PRI * HTTP/2.0\n\nSM\n\n");
        byte[] head = await wire.ReadBytesAsync(9);
        Assert.Equal(7, head[3]); // GOAWAY
    }
}
