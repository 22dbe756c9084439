using System.Net;
using System.Text.Json.Nodes;
using HealthChain.Smart;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>A consent that ends has ended for the very next request, whatever was asked and answered before.</summary>
public sealed class RevocationTests
{
    private const string Said = "what-nobody-else-says";

    /// <summary>As it stands in an answer, and not in a link that repeats a request.</summary>
    private const string Secret = $"\"text\":\"{Said}";

    private static readonly Asker Doctor = new(Role.Practitioner, "Practitioner/doctor", "Organization/clinic", "TREAT");
    private static readonly Asker Patient = new(Role.Patient, "Patient/p", null, "PATRQT");

    private static readonly string Grant = $$$$"""
        {"resourceType":"Consent","id":"c","status":"active","scope":{{{{Codes.Concept("http://terminology.hl7.org/CodeSystem/consentscope|patient-privacy")}}}},
         "category":[{{{{Codes.Concept("http://loinc.org|59284-0")}}}}],"patient":{"reference":"Patient/p"},"dateTime":"2026-01-10","performer":[{"reference":"Patient/p"}],
         "organization":[{"reference":"Organization/clinic"}],"policy":[{"uri":"urn:example:policy"}],
         "provision":{"type":"permit","period":{"end":"2026-06-15T10:30:00Z"}}}
        """;

    /// <summary>Every way to ask for what is the patient's.</summary>
    public static TheoryData<string, string, string?> Questions { get; } = new()
    {
        { "GET", "Observation/o1", null },
        { "GET", "Observation/o1/_history/1", null },
        { "GET", "Observation/o1/_history", null },
        { "GET", "Observation/_history", null },
        { "GET", "_history?_count=50", null },
        { "GET", "Observation?patient=p", null },
        { "POST", "Observation/_search", "code=http://loinc.org|8867-4" },
        { "GET", "?_type=Observation,Condition", null },
        { "GET", "Patient/p/Observation", null },
        { "GET", "Patient?_id=p&_revinclude=Observation:patient", null },
        { "GET", "Encounter?_include=Encounter:subject&_revinclude=Observation:encounter", null },
        { "GET", "Observation?_content=what-nobody-else-says", null },
        { "GET", "Patient/p/$everything", null },
        { "GET", "Encounter/e/$everything", null },
        { "GET", "Composition/d/$document", null },
        { "GET", "Observation/$lastn?patient=p&code=http://loinc.org|8867-4", null },
        { "POST", "$graphql", """{"query":"{ ObservationList { id note { text } } }"}""" },
        { "POST", "", """{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Observation/o1"}},{"request":{"method":"GET","url":"Observation"}}]}""" },
        { "POST", "", """{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"GET","url":"Observation?patient=p"}}]}""" },
    };

    [Theory]
    [MemberData(nameof(Questions))]
    public async Task A_revoked_consent_has_no_effect_on_the_next_answer(string method, string url, string? body)
    {
        await using WorldServer server = await StartAsync();
        Query query = QueryOf(method, url, body);
        Assert.Contains(Secret, (await server.SendAsync(Doctor, query)).Body, StringComparison.Ordinal);
        await RevokeAsync(server);
        Assert.DoesNotContain(Secret, (await server.SendAsync(Doctor, query)).Body, StringComparison.Ordinal);
        await PutAsync(server, Grant);
        Assert.Contains(Secret, (await server.SendAsync(Doctor, query)).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Observation?_count=1")]
    [InlineData("Observation?_count=1&_sort=-date")]
    [InlineData("Observation/_history?_count=1")]
    [InlineData("_history?_count=1")]
    [InlineData("Patient/p/$everything?_count=1")]
    [InlineData("Patient/p/*?_count=1")]
    public async Task A_page_that_was_promised_is_empty_after_a_revocation(string url)
    {
        await using WorldServer server = await StartAsync();
        Answer first = await server.SendAsync(Doctor, new Query("GET", url));
        string? next = WorldServer.NextOf(first);
        Assert.NotNull(next);
        Assert.NotEmpty(first.Json["entry"]!.AsArray());
        await RevokeAsync(server);
        while (next is not null)
        {
            Answer page = await server.SendAsync(Doctor, new Query("GET", next));
            Assert.True(page.Status is HttpStatusCode.OK or HttpStatusCode.NotFound, page.Body);
            Assert.DoesNotContain("Patient/p\"", page.Body, StringComparison.Ordinal);
            Assert.DoesNotContain(Secret, page.Body, StringComparison.Ordinal);
            next = WorldServer.NextOf(page);
        }
    }

    [Fact]
    public async Task What_a_client_has_in_its_cache_is_not_confirmed_after_a_revocation()
    {
        await using WorldServer server = await StartAsync();
        Query query = new Query("GET", "Observation/o1").With("If-None-Match", "W/\"1\"");
        Assert.Equal(HttpStatusCode.NotModified, (await server.SendAsync(Doctor, query)).Status);
        await RevokeAsync(server);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(Doctor, query)).Status);
    }

    [Fact]
    public async Task Conditional_writes_find_nothing_after_a_revocation()
    {
        await using WorldServer server = await StartAsync();
        var query = new Query("DELETE", "Observation?code=http://loinc.org|8867-4");
        await RevokeAsync(server);
        _ = await server.SendAsync(Doctor, query);
        Assert.Equal(3, (int)(await server.SendAsync(Patient, new Query("GET", "Observation?_summary=count"))).Json["total"]!);
    }

    [Fact]
    public async Task A_consent_that_is_deleted_permits_nothing()
    {
        await using WorldServer server = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(Doctor, new Query("GET", "Observation/o1"))).Status);
        Answer deleted = await server.SendAsync(Patient, new Query("DELETE", "Consent/c"));
        Assert.True((int)deleted.Status is >= 200 and < 300, deleted.Body);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(Doctor, new Query("GET", "Observation/o1"))).Status);
    }

    [Fact]
    public async Task A_refusal_holds_from_the_next_request_on()
    {
        await using WorldServer server = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(Doctor, new Query("GET", "Observation/o1"))).Status);
        JsonObject refusal = JsonNode.Parse(Grant)!.AsObject();
        refusal.Remove("id");
        refusal["provision"] = new JsonObject { ["type"] = "deny" };
        Answer created = await server.SendAsync(Patient, new Query("POST", "Consent", refusal.ToJsonString()));
        Assert.True(created.Status == HttpStatusCode.Created, created.Body);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(Doctor, new Query("GET", "Observation/o1"))).Status);
    }

    [Fact]
    public async Task A_consent_ends_with_its_period()
    {
        await using WorldServer server = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(Doctor, new Query("GET", "Observation/o1"))).Status);
        server.Wait(TimeSpan.FromMinutes(29));
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(Doctor, new Query("GET", "Observation/o1"))).Status);
        server.Wait(TimeSpan.FromMinutes(2));
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(Doctor, new Query("GET", "Observation/o1"))).Status);
        Assert.Equal(0, (int)(await server.SendAsync(Doctor, new Query("GET", "Observation?_summary=count"))).Json["total"]!);
    }

    [Fact]
    public async Task A_refusal_of_what_is_related_follows_what_is_related()
    {
        await using WorldServer server = await StartAsync();
        JsonObject refusal = JsonNode.Parse(Grant)!.AsObject();
        refusal.Remove("id");
        refusal["provision"] = JsonNode.Parse("""{"type":"deny","data":[{"meaning":"related","reference":{"reference":"Composition/d"}}]}""");
        Answer created = await server.SendAsync(Patient, new Query("POST", "Consent", refusal.ToJsonString()));
        Assert.True(created.Status == HttpStatusCode.Created, created.Body);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(Doctor, new Query("GET", "Observation/o1"))).Status);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(Doctor, new Query("GET", "Observation/o2"))).Status);

        JsonObject letter = (await server.SendAsync(Patient, new Query("GET", "Composition/d"))).Json.AsObject();
        letter["section"]![0]!["entry"]![0]!["reference"] = "Observation/o2";
        Answer changed = await server.SendAsync(Patient, new Query("PUT", "Composition/d", letter.ToJsonString()));
        Assert.True(changed.Status == HttpStatusCode.OK, changed.Body);
        Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(Doctor, new Query("GET", "Observation/o1"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await server.SendAsync(Doctor, new Query("GET", "Observation/o2"))).Status);
    }

    private static Query QueryOf(string method, string url, string? body) => new(method, url, body)
    {
        MediaType = url.EndsWith("_search", StringComparison.Ordinal) ? "application/x-www-form-urlencoded" : url == "$graphql" ? "application/json" : "application/fhir+json",
    };

    private static Task RevokeAsync(WorldServer server) => PutAsync(server, Grant.Replace("\"active\"", "\"inactive\"", StringComparison.Ordinal));

    private static async Task PutAsync(WorldServer server, string consent)
    {
        Answer answer = await server.SendAsync(Patient, new Query("PUT", "Consent/c", consent));
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
    }

    private static Task<WorldServer> StartAsync()
    {
        string[] store =
        [
            """{"resourceType":"Organization","id":"clinic","active":true}""",
            """{"resourceType":"Practitioner","id":"doctor","name":[{"family":"Healer"}]}""",
            """{"resourceType":"Patient","id":"p","active":true}""",
            $$$"""{"resourceType":"Encounter","id":"e","status":"finished","class":{{{Codes.Coding($"{Codes.ActCode}|AMB")}}},"subject":{"reference":"Patient/p"}}""",
            .. Enumerable.Range(1, 3).Select(number => $$"""
                {"resourceType":"Observation","id":"o{{number}}","status":"final","code":{{Codes.Concept(Codes.Measured[0])}},"subject":{"reference":"Patient/p"},"encounter":{"reference":"Encounter/e"},
                 "effectiveDateTime":"2026-03-0{{number}}","note":[{"text":"{{Said}}"}]}
                """),
            $$"""
                {"resourceType":"Composition","id":"d","status":"final","type":{{Codes.Concept(Codes.Measured[0])}},"subject":{"reference":"Patient/p"},"date":"2026-03-04","title":"Letter",
                 "author":[{"reference":"Practitioner/doctor"}],"section":[{"title":"All","entry":[{"reference":"Observation/o1"}]}]}
                """,
            Grant,
        ];
        Step[] steps = [.. store.Select(text => JsonNode.Parse(text)!.AsObject()).Select((json, instant) => new Step(instant, (string)json["resourceType"]!, (string)json["id"]!, json))];
        var world = new World(0, "https://profiles.ihe.net/ITI/PCF/Policy-deny", steps, [Doctor, Patient]);
        return WorldServer.StartAsync(world);
    }
}
