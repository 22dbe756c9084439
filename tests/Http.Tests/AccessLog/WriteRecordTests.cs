using System.Net;
using HealthChain.FhirServer.Access.Log;
using HealthChain.Http.Tests.Wire;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.Http.Tests.AccessLog;

/// <summary>A write leaves exactly one record, which is committed with it; a write that fails leaves one too.</summary>
public sealed class WriteRecordTests(LoggedServer server) : AccessLogTest(server.Server), IClassFixture<LoggedServer>
{
    private static string Patient(string? id, string members = "") => $$"""{"resourceType":"Patient"{{(id is null ? "" : $",\"id\":\"{id}\"")}}{{members}}}""";

    private static string Observation(string? id, string subject, string code = "c") =>
        $$"""{"resourceType":"Observation"{{(id is null ? "" : $",\"id\":\"{id}\"")}},"status":"final","code":{"coding":[{"system":"http://codes","code":"{{code}}"}]},"subject":{"reference":"{{subject}}"} }""";

    private static void CheckCommitted(LoggedAccess record, AccessAction action, string target, string? query = null) => Assert.Equal(
        (action, AccessOutcome.Success, 0, target, query, (string?)null),
        (record.Event.Action, record.Event.Outcome, record.Event.Status, record.Event.Target, record.Event.Query, record.Event.Detail));

    [Fact]
    public async Task A_create_names_the_version_and_whose_it_is()
    {
        string id = Unique();
        await StoreAsync(Patient(id));

        (Answer answer, LoggedAccess record) = await OneAsync(() => PostAsync("Observation", Observation(null, $"Patient/{id}"), As(LoggedServer.DoctorToken)));

        CheckCommitted(record, AccessAction.Create, "Observation");
        Assert.Equal([$"Observation/{(string)answer.Json["id"]!}/1"], record.Versions);
        Assert.Equal([id], record.Patients);
        Assert.Equal("doctor", record.Event.Who);
        Assert.Equal(StatementKind.Access, record.Kind);
    }

    [Fact]
    public async Task Updating_tells_of_the_new_version_and_of_both_patients()
    {
        (string from, string to, string id) = (Unique(), Unique(), Unique());
        await StoreAsync(Patient(from));
        await StoreAsync(Patient(to));

        (_, LoggedAccess created) = await OneAsync(() => PutAsync($"Observation/{id}", Observation(id, $"Patient/{from}")));
        (_, LoggedAccess updated) = await OneAsync(() => PutAsync($"Observation/{id}", Observation(id, $"Patient/{to}")));

        CheckCommitted(created, AccessAction.Update, $"Observation/{id}");
        CheckNamed(created, [$"Observation/{id}/1"], [from]);
        CheckCommitted(updated, AccessAction.Update, $"Observation/{id}");
        Assert.Equal([$"Observation/{id}/2"], updated.Versions);
        Assert.Equal(LoggedAccess.Sorted([from, to]), updated.Patients);
    }

    [Fact]
    public async Task Patching_and_deleting_leave_one_each()
    {
        string id = Unique();
        await StoreAsync(Patient(id));

        (_, LoggedAccess patched) = await OneAsync(() => PatchAsync($"Patient/{id}", """[{"op":"add","path":"/active","value":true}]""", "application/json-patch+json"));
        (_, LoggedAccess deleted) = await OneAsync(() => DeleteAsync($"Patient/{id}"));
        (Answer again, LoggedAccess nothing) = await OneAsync(() => DeleteAsync($"Patient/{id}"));

        CheckCommitted(patched, AccessAction.Patch, $"Patient/{id}");
        CheckNamed(patched, [$"Patient/{id}/2"], [id]);
        CheckCommitted(deleted, AccessAction.Delete, $"Patient/{id}");
        CheckNamed(deleted, [$"Patient/{id}/3"], [id]);
        Assert.Equal(HttpStatusCode.NoContent, again.Status);
        CheckCommitted(nothing, AccessAction.Delete, $"Patient/{id}");
        CheckNamed(nothing, [], [id]);
    }

    [Fact]
    public async Task A_conditional_create_tells_what_was_made_or_found()
    {
        string id = Unique();
        string patient = Patient(null, $$""","identifier":[{"system":"http://mrn","value":"{{id}}"}]""");
        var condition = ("If-None-Exist", $"identifier=http://mrn|{id}");

        (Answer made, LoggedAccess created) = await OneAsync(() => PostAsync("Patient", patient, condition));
        (Answer there, LoggedAccess found) = await OneAsync(() => PostAsync("Patient", patient, condition));

        string version = $"Patient/{(string)made.Json["id"]!}/1";
        CheckCommitted(created, AccessAction.Create, "Patient", "identifier=***");
        Assert.Equal([version], created.Versions);
        Assert.Equal(HttpStatusCode.OK, there.Status);
        Assert.Equal((AccessAction.Create, 200, $"identifier=http://mrn|{id}"), (found.Event.Action, found.Event.Status, found.Event.Query));
        Assert.Equal([version], found.Versions);
    }

    [Fact]
    public async Task Conditional_updates_patches_and_deletes_keep_their_criteria()
    {
        string id = Unique();
        await StoreAsync(Observation(id + "-1", "Patient/" + id, id));

        (_, LoggedAccess updated) = await OneAsync(() => PutAsync($"Observation?code={id}", Observation(null, "Patient/" + id, id)));
        (_, LoggedAccess patched) = await OneAsync(() => PatchAsync($"Observation?code={id}", """[{"op":"replace","path":"/status","value":"amended"}]""", "application/json-patch+json"));
        await StoreAsync(Observation(id + "-2", "Patient/" + id, id));
        (_, LoggedAccess deleted) = await OneAsync(() => DeleteAsync($"Observation?code={id}"));

        CheckCommitted(updated, AccessAction.Update, "Observation", $"code={id}");
        Assert.Equal([$"Observation/{id}-1/2"], updated.Versions);
        CheckCommitted(patched, AccessAction.Patch, "Observation", $"code={id}");
        Assert.Equal([$"Observation/{id}-1/3"], patched.Versions);
        CheckCommitted(deleted, AccessAction.Delete, "Observation", $"code={id}");
        Assert.Equal([$"Observation/{id}-1/4", $"Observation/{id}-2/2"], deleted.Versions);
    }

    [Theory]
    [InlineData("POST", "Patient", "{\"resourceType\":\"Patient\",", 400)]
    [InlineData("POST", "Patient", "{\"resourceType\":\"Observation\"}", 400)]
    [InlineData("POST", "Observation", "{\"resourceType\":\"Observation\",\"status\":\"final\"}", 400)]
    [InlineData("PUT", "Patient/{p}", "{\"resourceType\":\"Patient\",\"id\":\"other\"}", 400)]
    [InlineData("PUT", "Patient/{p}", "{\"resourceType\":\"Patient\",\"id\":\"{p}\"}", 412)]
    [InlineData("DELETE", "Patient/{p}", null, 412)]
    [InlineData("PATCH", "Patient/{p}", "[{\"op\":\"test\",\"path\":\"/active\",\"value\":true}]", 412)]
    public async Task A_write_that_is_refused_leaves_one_record_and_names_nothing(string verb, string path, string? content, int status)
    {
        string id = Unique();
        await StoreAsync(Patient(id));

        (Answer answer, LoggedAccess record) = await OneAsync(() => SendAsync(
            new HttpMethod(verb), path.Replace("{p}", id, StringComparison.Ordinal), content?.Replace("{p}", id, StringComparison.Ordinal), ("If-Match", "W/\"9\"")));

        Assert.InRange((int)answer.Status, 400, 499);
        Assert.Equal((int)answer.Status, record.Event.Status);
        Assert.True(status == (int)answer.Status || (status == 400 && (int)answer.Status == 422), $"{(int)answer.Status} {answer.Body}");
        Assert.Equal(AccessOutcome.MinorFailure, record.Event.Outcome);
        Assert.NotNull(record.Event.Detail);
        Assert.Empty(record.Versions);
        Assert.Equal(path.Contains("{p}", StringComparison.Ordinal) ? [id] : [], record.Patients);
    }

    [Fact]
    public async Task The_entries_of_a_batch_are_on_record_each_for_itself()
    {
        string id = Unique();
        await StoreAsync(Patient(id));
        string batch = $$"""
            {"resourceType":"Bundle","type":"batch","entry":[
             {"request":{"method":"GET","url":"Patient/{{id}}"} },
             {"request":{"method":"GET","url":"Patient/{{id}}-none"} },
             {"request":{"method":"GET","url":"Observation?patient={{id}}"} },
             {"request":{"method":"POST","url":"Observation"},"resource":{{Observation(null, "Patient/" + id)}} },
             {"request":{"method":"POST","url":"Observation"},"resource":{{Observation(null, "Patient/" + id)}} },
             {"request":{"method":"DELETE","url":"Observation/{{id}}-none"} },
             {"request":{"method":"BREW","url":"Patient"} }]}
            """;

        LoggedAccess[] records = await RecordedAsync(async () => Assert.Equal(HttpStatusCode.OK, (await PostAsync("", batch, ("X-Request-Id", "batch-1"))).Status));

        Assert.Equal(
            ["Create Observation 0", "Create Observation 0", $"Delete Observation/{id}-none 0", $"Read Patient/{id} 200", $"Read Patient/{id}-none 404", "Search Observation 200", "Unknown  400"],
            LoggedAccess.Sorted(records.Select(record => $"{record.Event.Action} {record.Event.Target} {record.Event.Status}")));
        Assert.All(records, record => Assert.Equal("batch-1", record.Event.RequestId));
        Assert.Equal(2, records.Single(record => record.Event.Action == AccessAction.Search).Versions.Length);
    }

    [Theory]
    [InlineData("{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{}", 400)]
    [InlineData("{\"resourceType\":\"Bundle\",\"type\":\"collection\"}", 400)]
    [InlineData("{\"resourceType\":\"Patient\"}", 400)]
    public async Task A_bundle_that_cannot_be_worked_on_leaves_one_record(string content, int status)
    {
        (Answer answer, LoggedAccess record) = await OneAsync(() => PostAsync("", content));

        Assert.Equal((status, status, AccessAction.Transaction), ((int)answer.Status, record.Event.Status, record.Event.Action));
    }

    [Fact]
    public async Task A_transaction_leaves_one_record_of_all_it_wrote()
    {
        string id = Unique();
        await StoreAsync(Observation(id + "-old", "Patient/" + id));
        string transaction = $$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
             {"fullUrl":"urn:uuid:5b8a9e1c-0a53-4d52-8f0b-0f6f0a7b1c01","request":{"method":"PUT","url":"Patient/{{id}}"},"resource":{{Patient(id)}} },
             {"request":{"method":"PUT","url":"Observation/{{id}}-new"},"resource":{{Observation(id + "-new", "Patient/" + id)}} },
             {"request":{"method":"DELETE","url":"Observation/{{id}}-old"} }]}
            """;

        (Answer answer, LoggedAccess record) = await OneAsync(() => PostAsync("", transaction));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        CheckCommitted(record, AccessAction.Transaction, "");
        Assert.Equal(LoggedAccess.Sorted([$"Patient/{id}/1", $"Observation/{id}-new/1", $"Observation/{id}-old/2"]), record.Versions);
        Assert.Equal([id], record.Patients);
    }

    [Fact]
    public async Task What_a_transaction_reads_is_on_record_as_what_it_is()
    {
        string id = Unique();
        await StoreAsync(Patient(id));
        string transaction = $$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
             {"request":{"method":"PUT","url":"Patient/{{id}}"},"resource":{{Patient(id, ",\"active\":true")}} },
             {"request":{"method":"GET","url":"Patient/{{id}}"} }]}
            """;

        LoggedAccess[] records = await RecordedAsync(async () => Assert.Equal(HttpStatusCode.OK, (await PostAsync("", transaction)).Status));

        Assert.Equal(["Transaction", "Read"], records.Select(record => record.Event.Action.ToString()));
        Assert.All(records, record => Assert.Equal([$"Patient/{id}/2"], record.Versions));
    }

    [Fact]
    public async Task A_transaction_that_finds_what_it_would_create_tells_so()
    {
        string id = Unique();
        await StoreAsync(Patient(id, $$""","identifier":[{"system":"http://mrn","value":"{{id}}"}]"""));
        static string Entry(string id, string more) => $$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
             {"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=http://mrn|{{id}}"},"resource":{{Patient(null)}} }{{more}}]}
            """;

        (_, LoggedAccess alone) = await OneAsync(() => PostAsync("", Entry(id, "")));
        (_, LoggedAccess besides) = await OneAsync(() => PostAsync("", Entry(id, $$""",{"request":{"method":"PUT","url":"Basic/{{id}}"},"resource":{"resourceType":"Basic","id":"{{id}}","code":{"text":"x"} } }""")));

        CheckNamed(alone, [$"Patient/{id}/1"], [id]);
        Assert.Equal(LoggedAccess.Sorted([$"Patient/{id}/1", $"Basic/{id}/1"]), besides.Versions);
    }

    [Fact]
    public async Task A_transaction_that_is_refused_leaves_one_record()
    {
        string id = Unique();
        string transaction = $$"""
            {"resourceType":"Bundle","type":"transaction","entry":[
             {"request":{"method":"PUT","url":"Patient/{{id}}"},"resource":{{Patient(id)}} },
             {"request":{"method":"PUT","url":"Patient/{{id}}-2","ifMatch":"W/\"3\""},"resource":{{Patient(id + "-2")}} }]}
            """;

        (Answer answer, LoggedAccess record) = await OneAsync(() => PostAsync("", transaction));

        Assert.Equal((412, 412, AccessAction.Transaction), ((int)answer.Status, record.Event.Status, record.Event.Action));
        Assert.Empty(record.Versions);
    }

    [Fact]
    public async Task Writes_that_are_thought_through_again_leave_one_record_each()
    {
        const int Writers = 16;
        string id = Unique();
        string patient = Patient(null, $$""","identifier":[{"system":"http://mrn","value":"{{id}}"}]""");

        LoggedAccess[] records = await RecordedAsync(() => Task.WhenAll(Enumerable.Range(0, Writers).Select(_ =>
            PostAsync("Patient", patient, ("If-None-Exist", $"identifier=http://mrn|{id}")))));

        Assert.Equal(Writers, records.Length);
        Assert.Single(records, record => record.Event.Status == 0);
        Assert.Single(records.SelectMany(record => record.Versions).Distinct());
    }

    [Fact]
    public async Task A_client_that_goes_away_leaves_one_record()
    {
        long before = Store.Newest;
        using (var connection = new RawConnection(Base))
        {
            await connection.SendAsync("POST /fhir/Patient HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/fhir+json\nContent-Length: 400\n\n{\"resourceType\":");
        }

        await Store.WaitForChangeAsync(before, Cancel);
        await GetAsync("metadata");
        LoggedAccess record = Assert.Single(await RecordsAfterAsync(before));
        Assert.Equal((AccessAction.Create, "Patient"), (record.Event.Action, record.Event.Target));
        Assert.NotEqual(AccessOutcome.Success, record.Event.Outcome);
    }

    [Fact]
    public async Task An_erasure_is_its_own_record_and_tells_nothing_of_the_patient()
    {
        string id = Unique("erased");
        await StoreAsync(Patient(id));

        (Answer answer, LoggedAccess record) = await OneAsync(() => PostAsync(
            $"Patient/{id}/$erase", Parameters(Parameter("reason", "valueString", "\"asked for in writing\"")), ("X-Request-Id", id)));

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(StatementKind.Erasure, record.Kind);
        Assert.Equal(
            (AccessAction.Operation, "Patient", "$erase", "asked for in writing", "development"),
            (record.Event.Action, record.Event.Target, record.Event.Query, record.Event.Detail, record.Event.Who));
        Assert.DoesNotContain(id, record.Event.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Administration_is_on_record()
    {
        (_, LoggedAccess record) = await OneAsync(() => PostAsync("Basic/$reindex", """{"resourceType":"Parameters"}"""));
        Assert.Equal((AccessAction.Operation, "Basic", "$reindex", 200), (record.Event.Action, record.Event.Target, record.Event.Query, record.Event.Status));

        (Answer refused, record) = await OneAsync(() => PostAsync("Basic/$reindex", """{"resourceType":"Parameters"}""", As(LoggedServer.DoctorToken)));
        Assert.Equal((403, 403), ((int)refused.Status, record.Event.Status));
    }

    [Fact]
    public async Task Uploading_content_leaves_one_record()
    {
        (Answer answer, LoggedAccess record) = await OneAsync(() => SendAsync(HttpMethod.Post, "Binary", "plain words", ("Content-Type", "text/plain")));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        CheckCommitted(record, AccessAction.Create, "Binary");
        (_, LoggedAccess read) = await OneAsync(() => GetAsync(new Uri(answer.Header("Location")!).AbsolutePath[6..].Split("/_history")[0], ("Accept", "text/plain")));
        Assert.Equal(record.Versions, read.Versions);
    }
}
