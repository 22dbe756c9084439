using System.Text.Json.Nodes;
using HealthChain.FhirServer.Access.Log;
using HealthChain.Storage;
using Xunit;

namespace HealthChain.Http.Tests.Subscriptions;

/// <summary>What a patient withholds leaves with no notification, from the very next commit on.</summary>
public sealed class SubscriptionConsentTests : SubscriptionTest, IClassFixture<GrantingServer>
{
    private readonly GrantingServer _own;

    public SubscriptionConsentTests(GrantingServer own)
        : base(own.Server) => _own = own;

    [Theory]
    [InlineData("application/fhir+json")]
    [InlineData(null)]
    public async Task Withheld_is_not_told_until_it_is_not_withheld_any_more(string? payload)
    {
        string code = Unique();
        string patient = Unique("p");
        string other = Unique("p");
        await _own.PutAsync($$"""{"resourceType":"Patient","id":"{{patient}}"}""");
        await _own.PutAsync($$"""{"resourceType":"Patient","id":"{{other}}"}""");
        JsonObject subscription = Subscription($"Observation?code={code}", Receiver.Url + "/hook", payload);
        await SubscribeAsync(subscription, await _own.SystemTokenAsync());
        await CreateAsync(Observation(code, patient: patient));
        await Receiver.NextAsync();
        long before = _own.Server.Engine.Newest;

        await _own.PutAsync(Consent(patient, "active"));
        string withheld = await CreateAsync(Observation(code, patient: patient));
        string told = await CreateAsync(Observation(code, patient: other));
        Received first = await Receiver.NextAsync();
        await _own.PutAsync(Consent(patient, "inactive"));
        string after = await CreateAsync(Observation(code, patient: patient));
        Received second = await Receiver.NextAsync();

        if (payload is not null)
        {
            Assert.Equal(($"/hook/Observation/{told}", $"/hook/Observation/{after}"), (first.Path, second.Path));
            Assert.Equal([told, after], await DisclosedAfterAsync(before));
        }

        Assert.True(Receiver.IsEmpty);
        Assert.DoesNotContain(withheld, first.Path + second.Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_waiting_when_it_was_withheld_stays_here()
    {
        string code = Unique();
        string patient = Unique("p");
        await _own.PutAsync($$"""{"resourceType":"Patient","id":"{{patient}}"}""");
        await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"), await _own.SystemTokenAsync());
        bool isUp = false;
        var gate = new TaskCompletionSource();
        Receiver.Answer = _ => isUp ? System.Net.HttpStatusCode.OK : System.Net.HttpStatusCode.ServiceUnavailable;
        Receiver.Gate = gate.Task;
        await CreateAsync(Observation(code, patient: patient));

        // It is refused, but the server does not know that before the consent is there, so it does not try again in between.
        await Receiver.NextAsync();
        await CreateAsync(Observation(code, patient: patient));
        await _own.PutAsync(Consent(patient, "active"));
        isUp = true;
        gate.SetResult();
        string last = await CreateAsync(Observation(code, patient: "anna"));

        Received next;
        do
        {
            next = await Receiver.NextAsync();
        }
        while (!next.IsTaken);

        Assert.Equal($"/hook/Observation/{last}", next.Path);
        Assert.True(Receiver.IsEmpty);
    }

    [Fact]
    public async Task What_is_taken_out_of_a_resource_is_not_in_the_notification()
    {
        const string Label = """{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}""";
        string code = Unique();
        string secret = Unique("secret");
        string token = await _own.SystemTokenAsync("system/Observation.rs?_security:not=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|V system/Subscription.cruds");
        await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"), token);
        JsonNode observation = JsonNode.Parse(Observation(code))!;
        observation["note"] = JsonNode.Parse(
            $$"""[{"text":"open"},{"extension":[{"url":"http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label","valueCoding":{{Label}}}],"text":"{{secret}}"}]""");

        await CreateAsync(observation.ToJsonString());
        Received told = await Receiver.NextAsync();

        Assert.Contains("open", told.Body, StringComparison.Ordinal);
        Assert.Contains("REDACTED", told.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, told.Body, StringComparison.Ordinal);
    }

    /// <summary>The patient denies everything to everybody.</summary>
    private static string Consent(string patient, string status) => $$"""
        {"resourceType":"Consent","id":"of-{{patient}}","status":"{{status}}","dateTime":"2026-01-10",
         "scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
         "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],
         "patient":{"reference":"Patient/{{patient}}"},"performer":[{"reference":"Patient/{{patient}}"}],
         "policy":[{"uri":"urn:example:policy:base"}],"provision":{"type":"deny"} }
        """;

    /// <summary>Ids of what access records say to have left in notifications.</summary>
    private async Task<string[]> DisclosedAfterAsync(long sequence)
    {
        var ids = new List<string>();
        for (long next = sequence + 1; next <= _own.Server.Engine.Newest; next++)
        {
            if (await _own.Server.Engine.ReadRecordAsync(AccessScope.System("tests"), next, Cancel) is { } record
                && AccessCodec.Read(record.Body.Span) is { Action: AccessAction.Notification } happened)
            {
                ids.Add(happened.Target.Split('/')[1]);
            }
        }

        return [.. ids];
    }
}
