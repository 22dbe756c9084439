using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Access.Log;
using HealthChain.Smart;
using Xunit;

namespace HealthChain.Http.Tests;

/// <summary>Records and stored AuditEvents are found by one search, in one order, page by page.</summary>
public sealed class AuditEventSearchTests(QuietServerFixture server) : AuditEventTest(server)
{
    [Theory]
    [InlineData("action=R")]
    [InlineData("action:not=E")]
    [InlineData("type=rest")]
    [InlineData("type=http://terminology.hl7.org/CodeSystem/audit-event-type|rest")]
    [InlineData("subtype=http://hl7.org/fhir/restful-interaction|read")]
    [InlineData("subtype=disclose")]
    [InlineData("outcome=0")]
    [InlineData("agent=Practitioner/7")]
    [InlineData("agent:identifier=portal")]
    [InlineData("agent-role=practitioner")]
    [InlineData("address=192.0.2.7")]
    [InlineData("policy=urn:ietf:params:oauth:jti:token-1")]
    [InlineData("entity-type=http://hl7.org/fhir/resource-types|Observation,http://terminology.hl7.org/CodeSystem/audit-entity-type|2")]
    [InlineData("entity-role=4")]
    [InlineData("entity=Observation/{observation}")]
    [InlineData("entity=Patient/{patient}")]
    [InlineData("patient={patient}")]
    [InlineData("patient=Patient/{patient}")]
    [InlineData("patient:Patient={patient}")]
    [InlineData("patient={base}Patient/{patient}")]
    [InlineData("patient=absent,{patient}")]
    [InlineData("source:identifier={server}")]
    [InlineData("site=127.0.0.1")]
    [InlineData("date=ge2020-01-01")]
    [InlineData("date=gt2020&date=lt2100")]
    [InlineData("_lastUpdated=sa2020-01-01")]
    [InlineData("_id={id}")]
    [InlineData("_id=absent,{id}")]
    [InlineData("_profile=https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.PatientRead")]
    [InlineData("altid:missing=true")]
    [InlineData("_filter=action eq R")]
    public async Task Every_parameter_finds_a_record(string parameter)
    {
        (string patient, _) = await PatientAsync();
        (string observation, long sequence) = await ObservationAsync(patient);
        string id = await Server.RecordAsync(Reading($"Observation/{observation}"), [patient], sequence);
        await Server.RecordAsync(Searching("Observation", "code=x") with { Outcome = AccessOutcome.SeriousFailure, FhirUser = "Practitioner/8", Who = "other", Role = Role.Auditor, TokenName = "t2", Address = "::1" }, [patient]);
        string query = parameter.Replace("{patient}", patient, StringComparison.Ordinal).Replace("{observation}", observation, StringComparison.Ordinal)
            .Replace("{id}", id, StringComparison.Ordinal).Replace("{base}", Base.ToString(), StringComparison.Ordinal).Replace("{server}", "http://127.0.0.1:8080/fhir", StringComparison.Ordinal);

        Assert.Contains(id, await FindAsync($"AuditEvent?{query}&patient={patient}"));
        Assert.Contains(id, await FindAsync($"Patient/{patient}/AuditEvent?{query}"));
    }

    [Theory]
    [InlineData("action=E")]
    [InlineData("subtype=vread")]
    [InlineData("outcome=8")]
    [InlineData("agent=Practitioner/70")]
    [InlineData("agent-role=auditor")]
    [InlineData("entity=Observation/other")]
    [InlineData("patient=other")]
    [InlineData("patient:missing=true")]
    [InlineData("date=lt2020-01-01")]
    [InlineData("date=sa2100")]
    [InlineData("_lastUpdated=2020")]
    [InlineData("_id=log-1")]
    [InlineData("_profile=https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.Read")]
    public async Task Every_parameter_leaves_out_what_does_not_meet_it(string parameter)
    {
        (string patient, _) = await PatientAsync();
        (string observation, long sequence) = await ObservationAsync(patient);
        await Server.RecordAsync(Reading($"Observation/{observation}"), [patient], sequence);

        Answer answer = await GetAsync($"AuditEvent?patient={patient}&{parameter}");
        Assert.Empty(answer.Entries("match"));
        Assert.Equal(0, (int)answer.Json["total"]!);
    }

    [Fact]
    public async Task A_record_about_several_patients_is_found_by_each()
    {
        (string one, _) = await PatientAsync();
        (string other, _) = await PatientAsync();
        string id = await Server.RecordAsync(Searching("Patient", "name=x"), [one, other]);

        Assert.Equal([id], await FindAsync($"AuditEvent?patient={one}"));
        Assert.Equal([id], await FindAsync($"AuditEvent?patient={other}"));
        Assert.Equal([id], await FindAsync($"AuditEvent?patient={one}&patient={other}"));
    }

    [Fact]
    public async Task A_refused_request_for_a_patient_who_never_was_is_found()
    {
        string absent = Unique("absent");
        string id = await Server.RecordAsync(Reading($"Patient/{absent}") with { Outcome = AccessOutcome.MinorFailure, Status = 404 }, [absent]);

        Assert.Equal([id], await FindAsync($"AuditEvent?patient={absent}"));
        Assert.Equal([id], await FindAsync($"AuditEvent?entity=Patient/{absent}&outcome=4"));
    }

    [Fact]
    public async Task A_form_finds_the_same()
    {
        (string patient, _) = await PatientAsync();
        string id = await Server.RecordAsync(Reading("Practitioner/1"), [patient]);

        using var form = new FormUrlEncodedContent([new("patient", patient), new("action", "R")]);
        using HttpResponseMessage response = await Client.PostAsync(new Uri(Base, "AuditEvent/_search"), form, Cancel);

        Assert.Equal(id, (string)JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["entry"]![0]!["resource"]!["id"]!);
    }

    [Fact]
    public async Task Stored_ones_and_records_come_in_one_order()
    {
        (string patient, _) = await PatientAsync();
        string oldest = await StoredEventAsync(patient, "2001-01-01T00:00:00Z");
        string first = await Server.RecordAsync(Reading("Practitioner/1"), [patient]);
        string second = await Server.RecordAsync(Reading("Practitioner/2"), [patient]);
        string future = await StoredEventAsync(patient, "2101-01-01T00:00:00Z");
        string third = await Server.RecordAsync(Reading("Practitioner/3"), [patient]);
        string[] down = [future, third, second, first, oldest];

        Assert.Equal(down, await FindAsync($"AuditEvent?patient={patient}"));
        Assert.Equal(down, await FindAsync($"AuditEvent?patient={patient}&_sort=-date"));
        Assert.Equal(down.Reverse(), await FindAsync($"AuditEvent?patient={patient}&_sort=date"));
        foreach (bool isDown in new[] { true, false })
        {
            Answer updated = await GetAsync($"AuditEvent?patient={patient}&_sort={(isDown ? "-" : "")}_lastUpdated");
            string[] times = [.. updated.Entries("match").Select(found => (string)found["meta"]!["lastUpdated"]!)];
            Assert.Equal(isDown ? times.OrderDescending(StringComparer.Ordinal) : times.Order(StringComparer.Ordinal), times);
            Assert.Equal(down.Order(StringComparer.Ordinal), updated.Entries("match").Select(found => (string)found["id"]!).Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("&_sort=date")]
    [InlineData("&_sort=-date")]
    [InlineData("&_sort=_lastUpdated")]
    [InlineData("&_sort=-_lastUpdated")]
    [InlineData("&_sort=-date&action=R")]
    [InlineData("&_sort=date&_total=none")]
    public async Task Pages_of_every_size_give_each_once(string order)
    {
        (string patient, _) = await PatientAsync();
        string now = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        for (int i = 0; i < 5; i++)
        {
            await StoredEventAsync(patient, i % 2 == 0 ? now : $"200{i}-01-01T00:00:00.5+02:00");
            await Server.RecordAsync(Reading("Practitioner/1"), [patient]);
            await Server.RecordAsync(Reading("Practitioner/2"), [patient]);
        }

        List<string> all = await FindAllAsync($"AuditEvent?patient={patient}{order}&_count=100");
        Assert.Equal(15, all.Count);
        for (int size = 1; size <= 16; size++)
        {
            Assert.Equal(all, await FindAllAsync($"AuditEvent?patient={patient}{order}&_count={size}"));
        }
    }

    [Fact]
    public async Task Pages_do_not_show_what_came_after_the_first()
    {
        (string patient, _) = await PatientAsync();
        for (int i = 0; i < 4; i++)
        {
            await Server.RecordAsync(Reading("Practitioner/1"), [patient]);
        }

        Answer page = await GetAsync($"AuditEvent?patient={patient}&_sort=date&_count=2");
        await Server.RecordAsync(Reading("Practitioner/2"), [patient]);
        Answer last = await GetAsync(PagingTests.Link(page, "next")!);

        Assert.Equal(2, last.Entries("match").Count());
        Assert.Equal(4, (int)last.Json["total"]!);
        Assert.Null(PagingTests.Link(last, "next"));
        Assert.Equal(2, (await GetAsync(PagingTests.Link(last, "previous")!)).Entries("match").Count());
    }

    [Fact]
    public async Task Totals_count_both_kinds()
    {
        (string patient, _) = await PatientAsync();
        await StoredEventAsync(patient, "2001-01-01T00:00:00Z");
        await Server.RecordAsync(Reading("Practitioner/1"), [patient]);
        await Server.RecordAsync(Searching("Observation", "code=x"), [patient]);

        Assert.Equal(3, (int)(await GetAsync($"AuditEvent?patient={patient}&_count=1")).Json["total"]!);
        Assert.Equal(3, (int)(await GetAsync($"AuditEvent?patient={patient}&_summary=count")).Json["total"]!);
        Assert.Equal(2, (int)(await GetAsync($"AuditEvent?patient={patient}&action=R&_summary=count")).Json["total"]!);
        Assert.Null((await GetAsync($"AuditEvent?patient={patient}&_total=none")).Json["total"]);
    }

    [Fact]
    public async Task Elements_and_includes_are_given_as_asked()
    {
        (string patient, long patientSequence) = await PatientAsync();
        (string observation, long sequence) = await ObservationAsync(patient);
        await Server.RecordAsync(Reading($"Observation/{observation}"), [patient], sequence);
        await Server.RecordAsync(Reading($"Patient/{patient}"), [patient], patientSequence);

        Answer all = await GetAsync($"AuditEvent?patient={patient}&_include=AuditEvent:entity&_elements=recorded");
        Assert.All(all.Entries("match"), found => Assert.Null(found["entity"]));
        Assert.Equal([observation, patient], all.Entries("include").Select(included => (string)included["id"]!).Order(StringComparer.Ordinal));
        Assert.Equal([patient], (await GetAsync($"AuditEvent?patient={patient}&_include=AuditEvent:patient")).Entries("include").Select(included => (string)included["id"]!));
        Assert.Equal([patient], (await GetAsync($"AuditEvent?patient={patient}&_include=AuditEvent:entity:Patient")).Entries("include").Select(included => (string)included["id"]!));
        Assert.Equal(2, (await GetAsync($"AuditEvent?patient={patient}&_include=*")).Entries("include").Count());
    }

    [Theory]
    [InlineData("AuditEvent?patient.name=x")]
    [InlineData("AuditEvent?_has:Provenance:target:recorded=2020")]
    [InlineData("AuditEvent?_text=x")]
    [InlineData("AuditEvent?_sort=action")]
    [InlineData("AuditEvent?_sort=-date,action")]
    [InlineData("AuditEvent?_revinclude=Provenance:target")]
    [InlineData("AuditEvent?_include:iterate=AuditEvent:patient")]
    [InlineData("Patient?_has:AuditEvent:patient:action=R")]
    [InlineData("Patient?_revinclude=AuditEvent:patient")]
    [InlineData("Provenance?target:AuditEvent.action=R")]
    public async Task What_the_log_cannot_answer_is_refused(string search)
    {
        Answer answer = await GetAsync(search);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(["not-supported"], answer.IssueCodes);
    }

    [Fact]
    public async Task Where_types_are_mixed_the_answer_says_that_the_log_is_not_in_it()
    {
        Answer answer = await GetAsync("?_type=AuditEvent,Provenance&_count=1");

        Assert.Contains("access log", answer.Entries("outcome").Single().ToJsonString(), StringComparison.Ordinal);
        Assert.Empty((await GetAsync("?_type=Patient,Provenance&_count=1")).Entries("outcome"));
    }

    [Fact]
    public async Task Everything_about_a_patient_leaves_the_log_out()
    {
        (string patient, _) = await PatientAsync();
        await Server.RecordAsync(Reading($"Patient/{patient}"), [patient]);

        Answer everything = await GetAsync($"Patient/{patient}/$everything");

        Assert.DoesNotContain("AuditEvent", everything.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_history_of_the_type_has_both_kinds_newest_first()
    {
        string stored = await StoredEventAsync("x", "2001-01-01T00:00:00Z");
        string first = await Server.RecordAsync(Reading("Practitioner/1"), []);
        string second = await Server.RecordAsync(Reading("Practitioner/2"), []);

        var ids = new List<string>();
        string[] own = [second, first, stored];
        for (string? url = "AuditEvent/_history?_count=2"; url is not null && !own.All(ids.Contains);)
        {
            Answer page = await GetAsync(url);
            ids.AddRange(Ids(page));
            url = PagingTests.Link(page, "next");
        }

        // Other tests make records here meanwhile.
        Assert.Equal(own, ids.Where(own.Contains));
    }

    /// <summary>The one search that answers: to whom did my data go?</summary>
    [Fact]
    public async Task The_accounting_of_disclosures_is_one_search()
    {
        (string patient, long sequence) = await PatientAsync();
        string read = await Server.RecordAsync(Reading($"Patient/{patient}"), [patient], sequence);
        string searched = await Server.RecordAsync(Searching("Patient", "name=x") with { Role = Role.Insurer }, [patient], sequence);
        await Server.RecordAsync(Reading($"Patient/{patient}") with { Role = Role.Patient, FhirUser = $"Patient/{patient}" }, [patient], sequence);
        await Server.RecordAsync(Reading($"Patient/{patient}") with { Outcome = AccessOutcome.MinorFailure, Status = 403 }, [patient]);
        await Server.RecordAsync(Reading($"Patient/{patient}") with { Action = AccessAction.Update }, [patient], sequence);

        string sixYearsAgo = TimeProvider.System.GetUtcNow().AddYears(-6).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        string[] found = await FindAsync($"AuditEvent?patient={patient}&subtype=http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle|disclose&date=ge{sixYearsAgo}");

        Assert.Equal([searched, read], found);
    }

    private static string[] Ids(Answer history) => [.. ((JsonArray)history.Json["entry"]!).Select(entry => (string)entry!["resource"]!["id"]!)];
}
