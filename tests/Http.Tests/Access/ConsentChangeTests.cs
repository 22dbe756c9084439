using System.Text.Json.Nodes;
using Xunit;
using static HealthChain.Http.Tests.Access.ConsentServer;

namespace HealthChain.Http.Tests.Access;

/// <summary>What patients say counts for the next request, whatever that is.</summary>
public sealed class ConsentChangeTests(ConsentServer server) : IClassFixture<ConsentServer>
{
    [Fact]
    public async Task A_revocation_counts_for_the_next_request_in_every_interface()
    {
        string patient = await server.PatientAsync();
        string observation = await server.ObservationAsync(patient);
        string consent = await server.ConsentAsync(patient, Rule("permit", "Organization/two"));
        string[] open = await LookAsync(patient, observation);
        Assert.DoesNotContain(open, what => what.EndsWith("nothing", StringComparison.Ordinal));

        await server.SendAsync(Operator, HttpMethod.Put, $"Consent/{consent}", ConsentOf(patient, Rule("permit", "Organization/two"), "inactive", consent));

        Assert.DoesNotContain(await LookAsync(patient, observation), what => !what.EndsWith("nothing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_new_refusal_counts_for_the_next_request_in_every_interface()
    {
        string patient = await server.PatientAsync();
        string observation = await server.ObservationAsync(patient);
        await server.ConsentAsync(patient, Rule("permit", "Organization/two"));
        Assert.DoesNotContain(await LookAsync(patient, observation), what => what.EndsWith("nothing", StringComparison.Ordinal));

        await server.ConsentAsync(patient, Rule("deny", "Practitioner/stranger"));

        Assert.DoesNotContain(await LookAsync(patient, observation), what => !what.EndsWith("nothing", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_link_to_a_next_page_that_was_given_out_before_a_revocation_leads_to_nothing()
    {
        string patient = await server.PatientAsync();
        await server.ObservationAsync(patient);
        await server.ObservationAsync(patient);
        string consent = await server.ConsentAsync(patient, Rule("permit", "Organization/two"));
        JsonNode first = JsonNode.Parse((await server.GetAsync(Stranger, $"Observation?patient={patient}&_count=1")).Body)!;
        string next = (string)first["link"]!.AsArray().Single(link => (string)link!["relation"]! == "next")!["url"]!;

        await server.SendAsync(Operator, HttpMethod.Delete, $"Consent/{consent}");

        Assert.DoesNotContain("\"Observation\"", (await server.GetAsync(Stranger, next)).Body);
    }

    [Fact]
    public async Task A_consent_ends_while_tokens_live()
    {
        string patient = await server.PatientAsync();
        string observation = await server.ObservationAsync(patient);
        DateTimeOffset now = server.Clock.GetUtcNow();
        string begin = now.AddHours(1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        string end = now.AddHours(2).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        await server.ConsentAsync(patient, Rule("permit", "Organization/two", $$""","period":{"start":"{{begin}}","end":"{{end}}"}"""));
        Assert.Equal(404, await server.StatusAsync(Stranger, $"Observation/{observation}"));

        server.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(200, await server.StatusAsync(Stranger, $"Observation/{observation}"));

        server.Clock.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(2));
        Assert.Equal(404, await server.StatusAsync(Stranger, $"Observation/{observation}"));
    }

    [Fact]
    public async Task Consents_of_a_patient_who_was_replaced_count_for_who_came_in_the_place()
    {
        (string old, string now) = (await server.PatientAsync(), await server.PatientAsync());
        string observation = await server.ObservationAsync(now);
        await server.ConsentAsync(old, Rule("deny", "Practitioner/doctor"));
        Assert.Equal(200, await server.StatusAsync(Doctor, $"Observation/{observation}"));

        await server.SendAsync(Operator, HttpMethod.Put, $"Patient/{old}", $$"""
            {"resourceType":"Patient","id":"{{old}}","managingOrganization":{"reference":"Organization/one"},"link":[{"other":{"reference":"Patient/{{now}}"},"type":"replaced-by"}]}
            """);
        Assert.Equal(404, await server.StatusAsync(Doctor, $"Observation/{observation}"));

        await server.SendAsync(Operator, HttpMethod.Put, $"Patient/{old}", $$"""{"resourceType":"Patient","id":"{{old}}","managingOrganization":{"reference":"Organization/one"} }""");
        Assert.Equal(200, await server.StatusAsync(Doctor, $"Observation/{observation}"));
    }

    [Fact]
    public async Task Nobody_makes_a_patient_whose_consents_would_count_for_another()
    {
        string patient = await server.PatientAsync();

        MatrixAnswer answer = await server.SendAsync(Stranger, HttpMethod.Post, "Patient", $$"""
            {"resourceType":"Patient","link":[{"other":{"reference":"Patient/{{patient}}"},"type":"replaced-by"}]}
            """);

        Assert.Equal(403, answer.Status);
    }

    [Fact]
    public async Task Who_may_correct_a_record_may_not_take_it()
    {
        string patient = await server.PatientAsync();
        await server.ConsentAsync(patient, Rule("permit", "Organization/two"));
        string Held(string by) => $$"""{"resourceType":"Patient","id":"{{patient}}","active":true,"managingOrganization":{"reference":"Organization/{{by}}"} }""";

        Assert.Equal(403, (await server.SendAsync(Stranger, HttpMethod.Put, $"Patient/{patient}", Held("two"))).Status);
        Assert.Equal(200, (await server.SendAsync(Stranger, HttpMethod.Put, $"Patient/{patient}", Held("one"))).Status);
    }

    [Fact]
    public async Task What_an_instance_refers_to_is_related_to_it_and_changes_with_it()
    {
        string patient = await server.PatientAsync();
        (string one, string other) = (await server.ObservationAsync(patient), await server.ObservationAsync(patient));
        string Panel(string? id, string member) => $$"""
            {"resourceType":"Observation",{{(id is null ? "" : $"\"id\":\"{id}\",")}}"status":"final","code":{"text":"panel"},"subject":{"reference":"Patient/{{patient}}"},
            "hasMember":[{"reference":"Observation/{{member}}"}]}
            """;
        string panel = await server.CreateAsync(Doctor, Panel(null, one));
        await server.ConsentAsync(patient, Rule("deny", "Practitioner/nurse", $$""","data":[{"meaning":"related","reference":{"reference":"Observation/{{panel}}"} }]"""));

        Assert.Equal(404, await server.StatusAsync(Nurse, $"Observation/{one}"));
        Assert.Equal(200, await server.StatusAsync(Nurse, $"Observation/{other}"));
        await server.SendAsync(Doctor, HttpMethod.Put, $"Observation/{panel}", Panel(panel, other));
        Assert.Equal(200, await server.StatusAsync(Nurse, $"Observation/{one}"));
        Assert.Equal(404, await server.StatusAsync(Nurse, $"Observation/{other}"));
    }

    [Theory]
    [InlineData("""{"type":"permit","provision":[{"class":[{"system":"http://hl7.org/fhir/resource-types","code":"Condition"}]}]}""", "Consent.provision.provision")]
    [InlineData("""{"type":"deny","class":[{"system":"urn:unknown","code":"x"}]}""", "Consent.provision")]
    public async Task An_active_consent_that_cannot_be_followed_is_refused_and_a_draft_of_it_is_not(string provision, string element)
    {
        string patient = await server.PatientAsync();

        MatrixAnswer refused = await server.SendAsync(Operator, HttpMethod.Post, "Consent", ConsentOf(patient, provision));
        Assert.Equal(422, refused.Status);
        Assert.Contains(element, refused.Body);

        string draft = await server.ConsentAsync(patient, provision, "draft");
        string patch = """[{"op":"replace","path":"/status","value":"active"}]""";
        Assert.Equal(422, (await server.SendAsync(Operator, HttpMethod.Patch, $"Consent/{draft}", patch, "application/json-patch+json")).Status);
        Assert.Equal(422, (await server.SendAsync(Operator, HttpMethod.Put, $"Consent/{draft}", ConsentOf(patient, provision, id: draft))).Status);
        string bundle = $$"""{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"POST","url":"Consent"},"resource":{{ConsentOf(patient, provision)}} }]}""";
        Assert.Equal(422, (await server.SendAsync(Operator, HttpMethod.Post, "", bundle)).Status);
    }

    [Fact]
    public async Task An_active_consent_needs_a_patient()
    {
        MatrixAnswer answer = await server.SendAsync(Operator, HttpMethod.Post, "Consent", ConsentOf("x", """{"type":"permit"}""").Replace("\"patient\":{\"reference\":\"Patient/x\"},", "", StringComparison.Ordinal));

        Assert.Equal(422, answer.Status);
        Assert.Contains("Consent.patient", answer.Body);
    }

    [Fact]
    public async Task A_record_as_a_whole_comes_without_the_consents_that_tell_what_is_not_in_it()
    {
        string patient = await server.PatientAsync();
        await server.ConsentAsync(patient, Rule("permit", "Organization/two"));

        Assert.DoesNotContain("\"Consent\"", (await server.GetAsync(Stranger, $"Patient/{patient}/$everything")).Body);
        Assert.Contains("\"Consent\"", (await server.GetAsync(Stranger, $"Patient/{patient}/$everything?_type=Consent")).Body);
        Assert.Contains("\"Consent\"", (await server.GetAsync(Operator, $"Patient/{patient}/$everything")).Body);
    }

    /// <summary>What a stranger gets of an observation by each interface.</summary>
    private async Task<string[]> LookAsync(string patient, string observation)
    {
        string[] urls =
        [
            $"Observation/{observation}", $"Observation/{observation}/_history/1", $"Observation/{observation}/_history", "Observation/_history",
            $"Observation?_id={observation}", $"Observation?patient={patient}&_summary=count", $"Patient?_id={patient}&_revinclude=Observation:patient",
            $"Patient?_id={patient}&_has:Observation:patient:code=http://loinc.org|1-8", $"Patient/{patient}/$everything", $"Patient/{patient}/Observation",
            $"$graphql?query={{Observation(id:\"{observation}\"){{id}}}}",
        ];
        var seen = new List<string>();
        foreach (string url in urls)
        {
            string body = (await server.GetAsync(Stranger, url)).Body;
            bool isThere = url.Contains("_summary", StringComparison.Ordinal) ? !body.Contains("\"total\":0", StringComparison.Ordinal)
                : url.Contains("_has", StringComparison.Ordinal) ? body.Contains($"\"id\":\"{patient}\"", StringComparison.Ordinal)
                : body.Contains($"\"id\":\"{observation}\"", StringComparison.Ordinal);
            seen.Add($"{url}: {(isThere ? "it" : "nothing")}");
        }

        return [.. seen];
    }
}
