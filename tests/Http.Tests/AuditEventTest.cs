using HealthChain.FhirServer.Access.Log;
using HealthChain.Smart;
using HealthChain.Storage;
using Xunit;

[assembly: AssemblyFixture(typeof(HealthChain.Http.Tests.QuietServerFixture))]

namespace HealthChain.Http.Tests;

/// <summary>A server whose requests leave no records of their own, so that tests know exactly which there are.</summary>
public sealed class QuietServerFixture() : FhirServerFixture(new FhirServer.Server.ServerOptions { Development = true, AccessLog = false });

/// <summary>What tests of the access log share: records that are there without requests.</summary>
public abstract class AuditEventTest(QuietServerFixture server) : FhirTest(server)
{
    private static readonly AccessEvent ReadBySomebody = new(AccessAction.Read, AccessOutcome.Success)
    {
        Status = 200,
        Who = "portal",
        FhirUser = "Practitioner/7",
        Role = Role.Practitioner,
        Organisation = "Organization/1",
        Purpose = "TREAT",
        TokenName = "token-1",
        Address = "192.0.2.7",
        RequestId = "request-1",
    };

    internal static AccessEvent Reading(string target) => ReadBySomebody with { Target = target };

    internal static AccessEvent Searching(string type, string query) => ReadBySomebody with { Action = AccessAction.Search, Target = type, Query = query };

    internal FhirServerFixture Server => server;

    /// <summary>A patient, and the sequence number of the version.</summary>
    protected async Task<(string Id, long Sequence)> PatientAsync()
    {
        string id = Unique("p");
        StoredVersion version = await server.StoreAsync("Patient", id, $$"""{"resourceType":"Patient","id":"{{id}}"}""");
        return (id, version.Sequence);
    }

    protected async Task<(string Id, long Sequence)> ObservationAsync(string patient)
    {
        string id = Unique("o");
        StoredVersion version = await server.StoreAsync(
            "Observation", id, $$"""{"subject":{"reference":"Patient/{{patient}}"},"resourceType":"Observation","id":"{{id}}","status":"final","code":{"text":"x"} }""");
        return (id, version.Sequence);
    }

    /// <summary>An AuditEvent that a client stored.</summary>
    protected async Task<string> StoredEventAsync(string patient, string recorded, string action = "R")
    {
        string id = Unique("stored");
        await StoreAsync($$$"""
            {"resourceType":"AuditEvent","id":"{{{id}}}","type":{"system":"http://terminology.hl7.org/CodeSystem/audit-event-type","code":"rest"},"action":"{{{action}}}","recorded":"{{{recorded}}}",
            "agent":[{"who":{"reference":"Device/feed"},"requestor":true}],"source":{"observer":{"reference":"Device/feed"}},"entity":[{"what":{"reference":"Patient/{{{patient}}}"}}]}
            """);
        return id;
    }

    /// <summary>Ids of the matches of all pages, in order.</summary>
    protected async Task<List<string>> FindAllAsync(string path)
    {
        var found = new List<string>();
        for (string? next = path; next is not null;)
        {
            Answer answer = await GetAsync(next);
            Assert.True(answer.Status == System.Net.HttpStatusCode.OK, $"{next}: {(int)answer.Status} {answer.Body}");
            found.AddRange(answer.Entries("match").Select(resource => (string)resource["id"]!));
            next = PagingTests.Link(answer, "next");
        }

        return found;
    }
}
