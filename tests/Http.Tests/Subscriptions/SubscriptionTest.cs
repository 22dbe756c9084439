using System.Net;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Server;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Smart;
using HealthChain.Smart.Jose;
using Xunit;

namespace HealthChain.Http.Tests.Subscriptions;

/// <summary>A server whose endpoints may be on this machine, and that does not wait long for them.</summary>
public sealed class SubscriptionServer : IAsyncLifetime
{
    public const string AnnaToken = "anna-of-these-tests-token";
    public const string BertaToken = "berta-of-these-tests-token";
    public const string AdministratorToken = "administrator-of-these-tests";

    internal static ServerOptions Options { get; } = new()
    {
        Development = true,
        ConsentPolicy = HealthChain.Consent.ImplicitPolicy.AllNormal.Uri,
        Tokens =
        [
            new TokenOptions { Token = AnnaToken, Name = "anna-app", Role = Role.Patient, FhirUser = "Patient/anna" },
            new TokenOptions { Token = BertaToken, Name = "berta-app", Role = Role.Patient, FhirUser = "Patient/berta" },
            new TokenOptions { Token = AdministratorToken, Name = "administrator", Role = Role.Administrator },
        ],
        Subscriptions = new SubscriptionOptions
        {
            Reach = OutsideReach.PublicAndLoopback,
            FirstPause = TimeSpan.FromMilliseconds(20),
            LongestPause = TimeSpan.FromMilliseconds(100),
            Timeout = TimeSpan.FromSeconds(30),
        },
    };

    public FhirServerFixture Server { get; } = new(Options);

    public async ValueTask InitializeAsync()
    {
        await Server.InitializeAsync();
        await Server.StoreAsync("Patient", "anna", """{"resourceType":"Patient","id":"anna"}""");
        await Server.StoreAsync("Patient", "berta", """{"resourceType":"Patient","id":"berta"}""");
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>What tests of subscriptions share.</summary>
public abstract class SubscriptionTest(FhirServerFixture server) : FhirTest(server), IAsyncLifetime
{
    private readonly FhirServerFixture _server = server;
    private Receiver? _receiver;

    protected Receiver Receiver => _receiver!;

    public async ValueTask InitializeAsync() => _receiver = await Receiver.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Receiver.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected static (string Name, string Value)[] As(string? token) => token is null ? [] : [("Authorization", "Bearer " + token)];

    protected static string Observation(string code, string? id = null, string patient = "anna") => $$$"""
        {"resourceType":"Observation"{{{(id is null ? "" : $",\"id\":\"{id}\"")}}},"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"{{{code}}}"}]},"subject":{"reference":"Patient/{{{patient}}}"}}
        """;

    protected static JsonObject Subscription(string criteria, string endpoint, string? payload = "application/fhir+json", params string[] headers)
    {
        var channel = new JsonObject { ["type"] = "rest-hook", ["endpoint"] = endpoint };
        if (payload is not null)
        {
            channel["payload"] = payload;
        }

        if (headers.Length > 0)
        {
            channel["header"] = new JsonArray([.. headers.Select(header => (JsonNode)header)]);
        }

        return new JsonObject { ["resourceType"] = "Subscription", ["status"] = "requested", ["reason"] = "to be told", ["criteria"] = criteria, ["channel"] = channel };
    }

    protected static JsonObject WebSocketSubscription(string criteria) => new()
    {
        ["resourceType"] = "Subscription",
        ["status"] = "requested",
        ["reason"] = "to be told",
        ["criteria"] = criteria,
        ["channel"] = new JsonObject { ["type"] = "websocket" },
    };

    /// <summary>Creates a Subscription, and waits until it is active and the check of its endpoint is over.</summary>
    protected async Task<string> SubscribeAsync(JsonObject subscription, string? token = null)
    {
        string id = await RequestAsync(subscription, token);
        await StatusAsync(id, "active");
        if ((string?)subscription["channel"]!["endpoint"] is { } endpoint)
        {
            Assert.True((await Receiver.NextAsync()).IsCheck(new Uri(endpoint).AbsolutePath));
        }

        return id;
    }

    protected async Task<string> RequestAsync(JsonObject subscription, string? token = null)
    {
        Answer created = await PostAsync("Subscription", subscription.ToJsonString(), As(token));
        Assert.True(created.Status == HttpStatusCode.Created, created.Body);
        return (string)created.Json["id"]!;
    }

    /// <summary>Waits for the server to say that of a Subscription.</summary>
    protected async Task<JsonNode> StatusAsync(string id, string status)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        string last = "";
        try
        {
            while (true)
            {
                long newest = _server.Engine.Newest;
                JsonNode subscription = (await GetAsync($"Subscription/{id}")).Json;
                last = subscription.ToJsonString();
                if ((string?)subscription["status"] == status)
                {
                    return subscription;
                }

                // Reading is on record too, so look again only when something else was written.
                await _server.Engine.WaitForChangeAsync(newest + 1, limit.Token);
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"The Subscription did not become {status}: {last}");
            throw;
        }
    }
}
