using System.Net;
using HealthChain.FhirServer.Access.Log;
using Xunit;

namespace HealthChain.Http.Tests.AccessLog;

/// <summary>Each interaction leaves exactly one record, whatever came of it, which names what left.</summary>
public sealed class InteractionRecordTests(LoggedServer server) : AccessLogTest(server.Server), IClassFixture<LoggedServer>
{
    private static string Patient(string id, string members = "") => $$"""{"resourceType":"Patient","id":"{{id}}","name":[{"family":"Muster"}]{{members}}}""";

    private static string Observation(string id, string patient, string code = "c") =>
        $$"""{"resourceType":"Observation","id":"{{id}}","status":"final","code":{"coding":[{"system":"http://codes","code":"{{code}}"}]},"subject":{"reference":"Patient/{{patient}}"} }""";

    private async Task<string> StoreRecordAsync()
    {
        string id = Unique("p");
        await StoreAsync(Patient(id));
        await StoreAsync(Observation(id + "-o", id, id));
        return id;
    }

    private static void Check(LoggedAccess record, AccessAction action, int status, string target, string? query = null)
    {
        Assert.Equal((action, status, target, query), (record.Event.Action, record.Event.Status, record.Event.Target, record.Event.Query));
        Assert.Equal(status >= 500 ? AccessOutcome.SeriousFailure : status >= 400 ? AccessOutcome.MinorFailure : AccessOutcome.Success, record.Event.Outcome);
        Assert.Equal(status >= 400, record.Event.Detail is not null);
    }

    [Theory]
    [InlineData("GET", "Patient/{p}", 200)]
    [InlineData("HEAD", "Patient/{p}", 200)]
    [InlineData("GET", "Patient/{p}?_summary=true", 200, "_summary=true")]
    public async Task A_read_names_the_version(string verb, string path, int status, string? query = null)
    {
        string id = await StoreRecordAsync();

        (Answer answer, LoggedAccess record) = await OneAsync(() => SendAsync(new HttpMethod(verb), path.Replace("{p}", id, StringComparison.Ordinal)));

        Assert.Equal(status, (int)answer.Status);
        Check(record, AccessAction.Read, status, $"Patient/{id}", query);
        Assert.Equal([$"Patient/{id}/1"], record.Versions);
        Assert.Equal([id], record.Patients);
    }

    [Fact]
    public async Task A_read_of_what_has_not_changed_names_it_too()
    {
        string id = await StoreRecordAsync();

        (Answer answer, LoggedAccess record) = await OneAsync(() => GetAsync($"Observation/{id}-o", ("If-None-Match", "W/\"1\"")));

        Assert.Equal(HttpStatusCode.NotModified, answer.Status);
        Check(record, AccessAction.Read, 304, $"Observation/{id}-o");
        Assert.Equal([$"Observation/{id}-o/1"], record.Versions);
        Assert.Equal([id], record.Patients);
    }

    [Fact]
    public async Task A_read_of_a_version_names_that_one()
    {
        string id = await StoreRecordAsync();
        await StoreAsync(Patient(id, ""","active":true"""));

        (_, LoggedAccess record) = await OneAsync(() => GetAsync($"Patient/{id}/_history/1"));

        Check(record, AccessAction.VersionRead, 200, $"Patient/{id}/_history/1");
        Assert.Equal([$"Patient/{id}/1"], record.Versions);
    }

    [Fact]
    public async Task Who_asked_from_where_and_what_for_is_told()
    {
        string id = await StoreRecordAsync();

        (_, LoggedAccess record) = await OneAsync(() => GetAsync($"Patient/{id}", As(LoggedServer.DoctorToken), ("X-Request-Id", "request-7")));

        Assert.Equal(
            ("doctor", Smart.Role.Practitioner, "Practitioner/7", "Organization/1", "TREAT", "127.0.0.1", "request-7"),
            (record.Event.Who, record.Event.Role!.Value, record.Event.FhirUser, record.Event.Organisation, record.Event.Purpose, record.Event.Address, record.Event.RequestId));
    }

    [Fact]
    public async Task What_a_patient_asks_concerns_that_patient_too()
    {
        await StoreAsync(Patient(LoggedServer.PatientId));
        await StoreAsync("""{"resourceType":"Practitioner","id":"shared"}""");
        string other = await StoreRecordAsync();

        (Answer shared, LoggedAccess read) = await OneAsync(() => GetAsync("Practitioner/shared", As(LoggedServer.PatientToken)));
        (Answer withheld, LoggedAccess tried) = await OneAsync(() => GetAsync($"Patient/{other}", As(LoggedServer.PatientToken)));

        Assert.Equal(HttpStatusCode.OK, shared.Status);
        CheckNamed(read, ["Practitioner/shared/1"], [LoggedServer.PatientId]);
        Assert.Equal(HttpStatusCode.NotFound, withheld.Status);
        CheckNamed(tried, [], [LoggedServer.PatientId, other]);
    }

    [Theory]
    [InlineData("Patient/{p}-none", 404, false)]
    [InlineData("Patient/{p}/_history/7", 404, true)]
    [InlineData("Patient/{p}?_elements=nosuchelement", 400, true)]
    public async Task A_refused_read_names_nothing_that_left_but_the_patient_it_was_about(string path, int status, bool isKnown)
    {
        string id = await StoreRecordAsync();

        (Answer answer, LoggedAccess record) = await OneAsync(() => GetAsync(path.Replace("{p}", id, StringComparison.Ordinal), ("Prefer", "handling=strict")));

        Assert.Equal(status, (int)answer.Status);
        Assert.Equal(status, record.Event.Status);
        Assert.NotNull(record.Event.Detail);
        Assert.Empty(record.Versions);
        Assert.Equal(isKnown ? [id] : [], record.Patients);
    }

    [Fact]
    public async Task Reading_what_was_deleted_is_on_record()
    {
        string id = await StoreRecordAsync();
        await RemoveAsync("Patient", id);

        (Answer answer, LoggedAccess record) = await OneAsync(() => GetAsync($"Patient/{id}"));

        Assert.Equal(HttpStatusCode.Gone, answer.Status);
        Check(record, AccessAction.Read, 410, $"Patient/{id}");
        Assert.Equal([id], record.Patients);
    }

    [Fact]
    public async Task A_search_names_all_on_the_page_and_their_patients()
    {
        string id = await StoreRecordAsync();
        string other = Unique("p");
        await StoreAsync(Patient(other));
        await StoreAsync(Observation(other + "-o", other, id));

        string query = $"code={id}&_include=Observation:patient&_count=10";
        (Answer answer, LoggedAccess record) = await OneAsync(() => GetAsync($"Observation?{query}"));

        Assert.Equal(2, answer.Entries("include").Count());
        Check(record, AccessAction.Search, 200, "Observation", query);
        Assert.Equal(LoggedAccess.Sorted([$"Patient/{id}/1", $"Patient/{other}/1", $"Observation/{id}-o/1", $"Observation/{other}-o/1"]), record.Versions);
        Assert.Equal(LoggedAccess.Sorted([id, other]), record.Patients);
    }

    [Fact]
    public async Task A_page_names_what_is_on_it_and_no_more()
    {
        string id = await StoreRecordAsync();
        await StoreAsync(Observation(id + "-o2", id, id));

        (Answer first, LoggedAccess one) = await OneAsync(() => GetAsync($"Observation?code={id}&_count=1"));
        string next = (string)first.Json["link"]!.AsArray().Single(link => (string?)link!["relation"] == "next")!["url"]!;
        (_, LoggedAccess two) = await OneAsync(() => GetAsync(next));

        Assert.Equal([$"Observation/{id}-o/1"], one.Versions);
        Assert.Equal([$"Observation/{id}-o2/1"], two.Versions);
    }

    [Theory]
    [InlineData("Observation?subject=Patient/{p}&code=nothing", "Observation", "subject=Patient/{p}&code=nothing")]
    [InlineData("Observation?patient={p}&code=nothing", "Observation", "patient={p}&code=nothing")]
    [InlineData("Patient?_id={p}&name=nobody", "Patient", "_id={p}&name=nobody")]
    [InlineData("Patient/{p}/Condition", "Patient/{p}", "Condition")]
    [InlineData("Patient/{p}/*?_type=Condition", "Patient/{p}", "*?_type=Condition")]
    public async Task A_search_that_finds_nothing_is_on_the_record_of_the_patient_it_names(string path, string target, string query)
    {
        string id = await StoreRecordAsync();

        (_, LoggedAccess record) = await OneAsync(() => GetAsync(path.Replace("{p}", id, StringComparison.Ordinal)));

        Check(record, AccessAction.Search, 200, target.Replace("{p}", id, StringComparison.Ordinal), query.Replace("{p}", id, StringComparison.Ordinal));
        Assert.Empty(record.Versions);
        Assert.Equal([id], record.Patients);
    }

    [Fact]
    public async Task A_search_by_form_is_one_like_any_other()
    {
        string id = await StoreRecordAsync();

        (_, LoggedAccess record) = await OneAsync(() => FormAsync("Observation/_search?_count=3", $"code={id}&note=a%26b"));

        Check(record, AccessAction.Search, 200, "Observation", $"_count=3&code={id}&note=a%26b");
        Assert.Equal([$"Observation/{id}-o/1"], record.Versions);
    }

    [Theory]
    [InlineData("Patient?identifier={p}", "Patient?identifier={p}")]
    [InlineData("Patient?identifier={p},{q}&_count=5", "Patient?identifier=***&_count=5")]
    [InlineData("Patient?identifier=nobodys&birthdate=1970-01-02", "Patient?identifier=***&birthdate=***")]
    [InlineData("Observation?subject:Patient.identifier={p},{q}&code:not=x", "Observation?subject:Patient.identifier=***&code:not=x")]
    [InlineData("Patient?_has:Observation:patient:code={p},{q}", "Patient?_has:Observation:patient:code=***")]
    public async Task By_whose_name_or_number_somebody_searched_is_told_to_the_one_whom_it_concerns_alone(string path, string kept)
    {
        (string p, string q) = (await StoreRecordAsync(), await StoreRecordAsync());
        await StoreAsync(Patient(p, $$""","identifier":[{"value":"{{p}}"}]"""));
        await StoreAsync(Patient(q, $$""","identifier":[{"value":"{{q}}"}]"""));
        string In(string text) => text.Replace("{p}", p, StringComparison.Ordinal).Replace("{q}", q, StringComparison.Ordinal);

        (_, LoggedAccess record) = await OneAsync(() => GetAsync(In(path)));

        Assert.Equal(In(kept), $"{record.Event.Target}?{record.Event.Query}");
    }

    [Theory]
    [InlineData("Patient/{p}/_history", "Patient/{p}", 2)]
    [InlineData("Patient/_history?_count=2", "Patient", 2)]
    [InlineData("_history?_count=3", "", 3)]
    public async Task A_history_names_its_versions_deletions_too(string path, string target, int versions)
    {
        string id = await StoreRecordAsync();
        await RemoveAsync("Patient", id);

        (_, LoggedAccess record) = await OneAsync(() => GetAsync(path.Replace("{p}", id, StringComparison.Ordinal)));

        Assert.Equal((AccessAction.History, target.Replace("{p}", id, StringComparison.Ordinal)), (record.Event.Action, record.Event.Target));
        Assert.Equal(versions, record.Versions.Length);
        Assert.Contains($"Patient/{id}/2", record.Versions);
    }

    [Fact]
    public async Task What_the_server_can_do_may_be_asked_without_a_record() => Assert.Empty(await RecordedAsync(() => GetAsync("metadata")));

    [Fact]
    public async Task Definitions_of_the_server_itself_are_no_versions_in_the_store()
    {
        (_, LoggedAccess record) = await OneAsync(() => GetAsync("SearchParameter/Patient-name"));
        Assert.Equal((AccessAction.Read, 0), (record.Event.Action, record.Versions.Length));

        (_, record) = await OneAsync(() => GetAsync("SearchParameter?_count=2"));
        Assert.Equal((AccessAction.Search, 0), (record.Event.Action, record.Versions.Length));
    }

    [Theory]
    [InlineData("GET", "nothing/here", 404, AccessAction.Unknown, "GET /nothing/here")]
    [InlineData("PUT", "Patient/not!an!id", 400, AccessAction.Unknown, "PUT /Patient/not!an!id")]
    [InlineData("TRACE", "Patient", 405, AccessAction.Unknown, "TRACE /Patient")]
    [InlineData("GET", "$nosuch", 404, AccessAction.Operation, "$nosuch")]
    [InlineData("DELETE", "Patient/1/_history", 405, AccessAction.Unknown, null)]
    public async Task What_could_not_be_understood_is_on_record(string verb, string path, int status, object action, string? query)
    {
        (Answer answer, LoggedAccess record) = await OneAsync(() => SendAsync(new HttpMethod(verb), path));

        Assert.Equal((status, status, action, query), ((int)answer.Status, record.Event.Status, (object)record.Event.Action, record.Event.Query));
        Assert.NotNull(record.Event.Detail);
    }

    [Fact]
    public async Task Nobody_known_is_on_record_without_the_token_that_was_tried()
    {
        string id = await StoreRecordAsync();

        (Answer answer, LoggedAccess record) = await OneAsync(() => GetAsync($"Patient/{id}", As("a-token-that-is-none")));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
        Assert.Equal((AccessAction.Unknown, 401, "anybody", $"GET /Patient/{id}"), (record.Event.Action, record.Event.Status, record.Event.Who, record.Event.Query));
        Assert.Empty(record.Patients);
        Assert.DoesNotContain("a-token-that-is-none", record.Event.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Accept", "image/png", 406)]
    [InlineData("Prefer", "respond-async, handling=strict", 400)]
    public async Task What_cannot_be_answered_as_asked_is_on_record(string header, string value, int status)
    {
        string id = await StoreRecordAsync();

        (Answer answer, LoggedAccess record) = await OneAsync(() => GetAsync($"Patient/{id}", (header, value)));

        Assert.Equal(status, (int)answer.Status);
        Check(record, AccessAction.Read, status, $"Patient/{id}");
        Assert.Empty(record.Versions);
    }

    [Fact]
    public async Task Credentials_in_the_url_are_not_kept()
    {
        (_, LoggedAccess record) = await OneAsync(() => GetAsync(
            "Patient?_count=3&access_token=hush-hush&PASSWORD=hush-hush", ("Cookie", "session=hush-hush"), ("Proxy-Authorization", "hush-hush")));

        Assert.Equal("_count=3&access_token=***&PASSWORD=***", record.Event.Query);
        Assert.DoesNotContain("hush", record.Event.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_query_is_cut_and_says_so()
    {
        (_, LoggedAccess record) = await OneAsync(() => FormAsync("Observation/_search", "code=" + new string('ö', 3000)));

        Assert.StartsWith("code=öö", record.Event.Query, StringComparison.Ordinal);
        Assert.EndsWith("ö [cut]", record.Event.Query, StringComparison.Ordinal);
        Assert.InRange(System.Text.Encoding.UTF8.GetByteCount(record.Event.Query!), AccessCodec.LongestQuery - 4, AccessCodec.LongestQuery);
    }
}
