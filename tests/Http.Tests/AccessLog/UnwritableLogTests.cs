using System.Net;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Server;
using HealthChain.Smart;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.Http.Tests.AccessLog;

/// <summary>A server whose disk can become full.</summary>
public sealed class FullServer : IAsyncLifetime
{
    private FullDisk? _disk;

    public FullServer() => Server = new FhirServerFixture(new ServerOptions { Development = true })
    {
        Around = store => FullDisk.Around(store, out _disk),
    };

    public FhirServerFixture Server { get; }

    public FullDisk Disk => _disk!;

    public ValueTask InitializeAsync() => Server.InitializeAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>What cannot be put on record is not answered.</summary>
public sealed class UnwritableLogTests(FullServer server) : AccessLogTest(server.Server), IClassFixture<FullServer>
{
    private async Task<Answer> WhenFullAsync(Func<Task<Answer>> request)
    {
        server.Disk.IsFull = true;
        try
        {
            return await request();
        }
        finally
        {
            server.Disk.IsFull = false;
        }
    }

    private async Task<string> StoreRecordAsync()
    {
        string id = Unique("secret");
        await StoreAsync($$"""{"resourceType":"Patient","id":"{{id}}","name":[{"family":"Geheim"}]}""");
        return id;
    }

    [Theory]
    [InlineData("GET", "Patient/{p}")]
    [InlineData("GET", "Patient/{p}/_history/1")]
    [InlineData("GET", "Patient?_id={p}")]
    [InlineData("GET", "Patient/{p}/_history")]
    [InlineData("GET", "Patient/{p}/*")]
    [InlineData("GET", "Patient/{p}/$everything")]
    [InlineData("GET", "Patient/{p}/$graphql?query={id,name{family}}")]
    [InlineData("GET", "Patient/{p}/$meta")]
    [InlineData("GET", "Patient/{p}-none")]
    [InlineData("GET", "nothing/here")]
    [InlineData("DELETE", "Patient/{p}")]
    public async Task No_record_no_answer(string verb, string path)
    {
        string id = await StoreRecordAsync();

        Answer answer = await WhenFullAsync(() => SendAsync(new HttpMethod(verb), path.Replace("{p}", id, StringComparison.Ordinal)));

        Assert.Equal((503, "OperationOutcome"), ((int)answer.Status, (string?)answer.Json["resourceType"]));
        Assert.Equal(["transient"], answer.IssueCodes);
        Assert.NotNull(answer.Header("Retry-After"));
        Assert.DoesNotContain("Geheim", answer.Body, StringComparison.Ordinal);
        Assert.Null(answer.Header("ETag"));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Patient/{id}")).Status);
    }

    [Fact]
    public async Task A_head_request_is_refused_like_a_read()
    {
        string id = await StoreRecordAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await WhenFullAsync(() => SendAsync(HttpMethod.Head, $"Patient/{id}"))).Status);
    }

    [Fact]
    public async Task Entries_of_a_batch_are_refused_one_by_one()
    {
        string id = await StoreRecordAsync();
        string batch = $$"""
            {"resourceType":"Bundle","type":"batch","entry":[
             {"request":{"method":"GET","url":"Patient/{{id}}"} },
             {"request":{"method":"PUT","url":"Patient/{{id}}"},"resource":{"resourceType":"Patient","id":"{{id}}","active":true} },
             {"request":{"method":"GET","url":"Patient/{{id}}/_history"} }]}
            """;

        Answer answer = await WhenFullAsync(() => PostAsync("", batch));

        Assert.All(answer.Json["entry"]!.AsArray(), entry => Assert.StartsWith("503", (string)entry!["response"]!["status"]!, StringComparison.Ordinal));
        Assert.DoesNotContain("Geheim", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_that_cannot_be_recorded_writes_nothing()
    {
        string id = await StoreRecordAsync();

        Answer answer = await WhenFullAsync(() => PutAsync($"Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}","active":true}"""));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.Equal("W/\"1\"", (await GetAsync($"Patient/{id}")).Header("ETag"));
    }

    [Fact]
    public async Task What_is_committed_needs_no_further_record()
    {
        string id = await StoreRecordAsync();
        server.Disk.TakesCommits = true;

        Answer answer = await WhenFullAsync(() => PutAsync($"Patient/{id}", $$"""{"resourceType":"Patient","id":"{{id}}","active":true}"""));

        server.Disk.TakesCommits = false;
        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Fact]
    public async Task What_happens_at_the_authorisation_server_is_on_record_or_does_not_happen()
    {
        string id = await StoreRecordAsync();
        var log = server.Server.Services.GetRequiredService<FhirServer.Access.Log.AccessLog>();
        var granted = new SmartEvent(SmartEventKind.AccessGranted)
        {
            Client = "app",
            Patient = id,
            Scopes = "patient/*.rs",
            Person = new Person("account-1", Role.Patient, $"Patient/{id}", null),
        };

        LoggedAccess record = Assert.Single(await RecordedAsync(async () => Assert.True(await log.RecordAsync(granted))));
        server.Disk.IsFull = true;
        bool isRecorded = await log.RecordAsync(granted);
        server.Disk.IsFull = false;

        Assert.Equal((AccessAction.AccessGranted, "app", "account-1", $"Patient/{id}", "patient/*.rs"),
            (record.Event.Action, record.Event.Who, record.Event.Account, record.Event.Target, record.Event.Query));
        CheckNamed(record, [], [id]);
        Assert.False(isRecorded);
    }

    [Fact]
    public async Task What_the_server_can_do_is_told_all_the_same() =>
        Assert.Equal(HttpStatusCode.OK, (await WhenFullAsync(() => GetAsync("metadata"))).Status);
}

/// <summary>The log can be switched off for measurements.</summary>
public sealed class NoLogTests
{
    [Fact]
    public async Task Without_the_log_there_are_no_records()
    {
        var server = new FhirServerFixture(new ServerOptions { Development = true, AccessLog = false });
        await server.InitializeAsync();
        try
        {
            using HttpResponseMessage created = await server.Client.PostAsync("Patient", new StringContent("""{"resourceType":"Patient"}""", null, "application/fhir+json"), TestContext.Current.CancellationToken);
            using HttpResponseMessage found = await server.Client.GetAsync("Patient", TestContext.Current.CancellationToken);

            Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (created.StatusCode, found.StatusCode));
            Assert.Equal(1, server.Engine.Newest);
            Assert.NotNull(JsonNode.Parse(await found.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["entry"]);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }
}
