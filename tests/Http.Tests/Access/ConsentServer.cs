using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Consents;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using Xunit;

namespace HealthChain.Http.Tests.Access;

/// <summary>
/// A server with two hospitals, a ward of the first, and those who work there. The first hospital holds the records of the patients that tests make by its
/// doctor.
/// </summary>
public sealed class ConsentServer : IAsyncLifetime
{
    public const string Operator = "operator";

    /// <summary>Of the hospital that holds the records.</summary>
    public const string Doctor = "doctor";

    /// <summary>Of a ward of that hospital.</summary>
    public const string Nurse = "nurse";

    /// <summary>Of another hospital.</summary>
    public const string Stranger = "stranger";

    /// <summary>The same, with no purpose.</summary>
    public const string Purposeless = "purposeless";

    public const string Insurer = "insurer";

    private readonly FhirServerFixture _server;
    private readonly Dictionary<string, HttpClient> _clients = [];

    public ConsentServer()
        : this(ConsentPolicy.HoldingOrganisation)
    {
    }

    internal ConsentServer(string policy) => _server = new FhirServerFixture(new ServerOptions
    {
        ConsentPolicy = policy,
        Tokens =
        [
            new TokenOptions { Token = TokenOf(Operator), Name = Operator },
            Token(Doctor, Role.Practitioner) with { FhirUser = "Practitioner/doctor", Organisation = "Organization/one", Purpose = "TREAT" },
            Token(Nurse, Role.Practitioner) with { FhirUser = "Practitioner/nurse", Organisation = "Organization/ward", Purpose = "TREAT" },
            Token(Stranger, Role.Practitioner) with { FhirUser = "Practitioner/stranger", Organisation = "Organization/two", Purpose = "TREAT" },
            Token(Purposeless, Role.Practitioner) with { FhirUser = "Practitioner/stranger", Organisation = "Organization/two" },
            Token(Insurer, Role.Insurer) with { Organisation = "Organization/insurer" },
            Token("patient", Role.Patient) with { FhirUser = "Patient/self" },
        ],
    })
    {
        Time = Clock,
    };

    internal StandingClock Clock { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        string[] entries =
        [
            Put("Organization/one", """{"resourceType":"Organization","id":"one","name":"One","identifier":[{"system":"urn:orgs","value":"1"}]}"""),
            Put("Organization/two", """{"resourceType":"Organization","id":"two","name":"Two","identifier":[{"system":"urn:orgs","value":"2"}]}"""),
            Put("Organization/ward", """{"resourceType":"Organization","id":"ward","name":"Ward","partOf":{"reference":"Organization/one"}}"""),
            Put("Organization/insurer", """{"resourceType":"Organization","id":"insurer","name":"Insurer"}"""),
            Put("Practitioner/doctor", """{"resourceType":"Practitioner","id":"doctor"}"""),
            Put("Practitioner/nurse", """{"resourceType":"Practitioner","id":"nurse"}"""),
            Put("Practitioner/stranger", """{"resourceType":"Practitioner","id":"stranger","identifier":[{"system":"urn:people","value":"s"}]}"""),
            Put("Patient/self", """{"resourceType":"Patient","id":"self","managingOrganization":{"reference":"Organization/one"}}"""),
        ];
        Assert.Equal(200, (await SendAsync(Operator, HttpMethod.Post, "", $$"""{"resourceType":"Bundle","type":"transaction","entry":[{{string.Join(',', entries)}}]}""")).Status);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (HttpClient client in _clients.Values)
        {
            client.Dispose();
        }

        await _server.DisposeAsync();
    }

    internal async Task<MatrixAnswer> SendAsync(string requester, HttpMethod method, string url, string? body = null, string? mediaType = null)
    {
        HttpClient client;
        lock (_clients)
        {
            if (!_clients.TryGetValue(requester, out client!))
            {
                client = new HttpClient { BaseAddress = _server.Base };
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TokenOf(requester));
                client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/fhir+json"));
                _clients.Add(requester, client);
            }
        }

        using var request = new HttpRequestMessage(method, url);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, mediaType ?? "application/fhir+json");
        }

        using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return new MatrixAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), "");
    }

    internal Task<MatrixAnswer> GetAsync(string requester, string url) => SendAsync(requester, HttpMethod.Get, url);

    internal async Task<int> StatusAsync(string requester, string url) => (await GetAsync(requester, url)).Status;

    /// <summary>How many a search finds.</summary>
    internal async Task<int> CountAsync(string requester, string url) =>
        (int)JsonNode.Parse((await GetAsync(requester, url + (url.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "_total=accurate")).Body)!["total"]!;

    /// <summary>Creates a resource, and gives its id.</summary>
    internal async Task<string> CreateAsync(string requester, string json)
    {
        MatrixAnswer answer = await SendAsync(requester, HttpMethod.Post, (string)JsonNode.Parse(json)!["resourceType"]!, json);
        Assert.True(answer.Status == 201, answer.Body);
        return (string)JsonNode.Parse(answer.Body)!["id"]!;
    }

    internal Task<string> PatientAsync() => CreateAsync(Doctor, """{"resourceType":"Patient"}""");

    internal Task<string> ObservationAsync(string patient, string extra = "") => CreateAsync(Doctor, $$"""
        {"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"1-8"}]},"subject":{"reference":"Patient/{{patient}}"}{{extra}} }
        """);

    /// <summary>Has a patient permit or deny; gives the id of the consent.</summary>
    internal Task<string> ConsentAsync(string patient, string provision, string status = "active") => CreateAsync(Operator, ConsentOf(patient, provision, status));

    internal static string ConsentOf(string patient, string provision, string status = "active", string? id = null) => $$"""
        {"resourceType":"Consent"{{(id is null ? "" : $",\"id\":\"{id}\"")}},"status":"{{status}}",
        "scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
        "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":"Patient/{{patient}}"},"policy":[{"uri":"urn:example:policy"}],
        "provision":{{provision}}}
        """;

    /// <summary>A rule about somebody, with further conditions.</summary>
    internal static string Rule(string type, string actor, string extra = "") => $$"""
        {"type":"{{type}}","actor":[{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{"reference":"{{actor}}"} }]{{extra}} }
        """;

    private static string Put(string url, string resource) => $$"""{"request":{"method":"PUT","url":"{{url}}"},"resource":{{resource}}}""";

    private static string TokenOf(string name) => $"a-fixed-token-of-{name}";

    private static TokenOptions Token(string name, Role role) => new() { Token = TokenOf(name), Name = name, Role = role };
}

/// <summary>A clock that moves when a test says so.</summary>
internal sealed class StandingClock : TimeProvider
{
    private long _ticks = new DateTimeOffset(2026, 6, 15, 10, 0, 0, TimeSpan.Zero).UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Volatile.Read(ref _ticks), TimeSpan.Zero);

    public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);
}
