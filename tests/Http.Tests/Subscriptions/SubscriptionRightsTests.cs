using System.Buffers.Text;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Access.Log;
using HealthChain.LedgerProofs;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;
using Xunit;

namespace HealthChain.Http.Tests.Subscriptions;

/// <summary>A server with an authorisation server's state behind it: a system, an app, and Anna's account.</summary>
public sealed class GrantingServer : IAsyncLifetime
{
    public const string System = "laboratory";
    public const string App = "diary";
    public const string Account = "anna-account";

    private const string RedirectUri = "https://app.example/back";
    private const string Verifier = "a-verifier-that-is-long-enough-for-the-rules-of-pkce";

    internal SmartState State { get; } = SmartState.InMemory(new SmartStateOptions(), TimeProvider.System);

    public FhirServerFixture Server { get; }

    public GrantingServer() => Server = new FhirServerFixture(SubscriptionServer.Options) { Smart = State };

    internal static Client SystemClient { get; } = new()
    {
        Id = System,
        Kind = ClientKind.ConfidentialAsymmetric,
        Name = "A laboratory",
        AllowedScopes = "system/*.cruds",
        Organisation = "Organization/hospital",
    };

    public async ValueTask InitializeAsync()
    {
        await Server.InitializeAsync();
        foreach (string resource in new[]
        {
            """{"resourceType":"Patient","id":"anna"}""",
            """{"resourceType":"Organization","id":"hospital","active":true,"name":"Hospital"}""",
            """{"resourceType":"VerificationResult","id":"verified","target":[{"reference":"Organization/hospital"}],"status":"validated"}""",
        })
        {
            await PutAsync(resource);
        }

        await State.RegisterAsync(SystemClient);
        await State.RegisterAsync(new Client
        {
            Id = App,
            Kind = ClientKind.Public,
            Name = "A diary",
            RedirectUris = [RedirectUri],
            AllowedScopes = "offline_access patient/*.cruds",
        });
        await State.AddAccountAsync(new Account { Id = Account, Name = "anna", Role = Role.Patient, FhirUser = "Patient/anna" });
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    public async Task PutAsync(string resource)
    {
        JsonNode node = JsonNode.Parse(resource)!;
        using var content = new StringContent(resource, Encoding.UTF8, "application/fhir+json");
        using HttpResponseMessage response = await Server.Client.PutAsync(new Uri(Server.Base, $"{node["resourceType"]}/{node["id"]}"), content);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    public async Task<string> SystemTokenAsync(string scopes = "system/*.cruds") =>
        (await State.IssueForSystemAsync(new SystemRequest(System, ScopeSet.Parse(scopes)))).Value.AccessToken;

    internal async Task<IssuedTokens> AnnasTokensAsync(string scopes = "patient/*.cruds offline_access")
    {
        string code = (await State.IssueCodeAsync(new CodeRequest
        {
            Client = App,
            Account = Account,
            RedirectUri = RedirectUri,
            CodeChallenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(Verifier))),
            Scopes = ScopeSet.Parse(scopes),
            Authenticated = TimeProvider.System.GetUtcNow(),
            Launch = new LaunchContext { Patient = "anna" },
        })).Value;
        return (await State.RedeemCodeAsync(new CodeRedemption(App, code, RedirectUri, Verifier))).Value;
    }
}

/// <summary>What is told is what the owner may see at the moment when it is told, by a right that stands.</summary>
public sealed class SubscriptionRightsTests : SubscriptionTest, IClassFixture<GrantingServer>
{
    private readonly GrantingServer _own;

    public SubscriptionRightsTests(GrantingServer own)
        : base(own.Server) => _own = own;

    [Fact]
    public async Task What_a_system_was_given_stands_while_it_is_registered_for_it()
    {
        string code = Unique();
        string id = await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"), await _own.SystemTokenAsync("system/Observation.rs system/Subscription.cruds"));
        string told = await CreateAsync(Observation(code));
        Assert.Equal($"/hook/Observation/{told}", (await Receiver.NextAsync()).Path);

        await _own.State.RegisterAsync(GrantingServer.SystemClient with { IsBlocked = true });
        await CreateAsync(Observation(code));

        JsonNode off = await StatusAsync(id, "off");
        await _own.State.RegisterAsync(GrantingServer.SystemClient);
        Assert.Equal("What the owner was given has ended.", (string?)off["error"]);
        Assert.True(Receiver.IsEmpty);
    }

    [Fact]
    public async Task Scopes_bound_what_is_told()
    {
        string code = Unique();
        string token = await _own.SystemTokenAsync("system/Observation.rs?code=http://loinc.org|" + code + " system/Subscription.cruds");
        await SubscribeAsync(Subscription("Observation?status=final", Receiver.Url + "/hook"), token);

        await CreateAsync(Observation("another"));
        string id = await CreateAsync(Observation(code));

        Assert.Equal($"/hook/Observation/{id}", (await Receiver.NextAsync()).Path);
    }

    [Fact]
    public async Task A_user_who_takes_back_what_she_gave_ends_what_came_of_it()
    {
        string code = Unique();
        IssuedTokens tokens = await _own.AnnasTokensAsync();
        string id = await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"), tokens.AccessToken);
        string told = await CreateAsync(Observation(code));
        Assert.Equal($"/hook/Observation/{told}", (await Receiver.NextAsync()).Path);

        Authorisation given = Assert.Single(_own.State.AuthorisationsOf(GrantingServer.Account));
        await _own.State.RevokeAuthorisationAsync(GrantingServer.Account, given.Id);
        await CreateAsync(Observation(code));

        await StatusAsync(id, "off");
        Assert.True(Receiver.IsEmpty);
    }

    [Fact]
    public async Task A_new_token_of_the_same_decision_changes_nothing()
    {
        string code = Unique();
        IssuedTokens tokens = await _own.AnnasTokensAsync();
        await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"), tokens.AccessToken);

        await _own.State.RefreshAsync(new RefreshRequest(GrantingServer.App, tokens.RefreshToken!));
        await _own.State.RevokeTokenAsync(GrantingServer.App, tokens.AccessToken);
        string id = await CreateAsync(Observation(code));

        Assert.Equal($"/hook/Observation/{id}", (await Receiver.NextAsync()).Path);
    }

    [Fact]
    public async Task Of_an_organisation_that_is_suspended_nobody_is_told_anything()
    {
        string code = Unique();
        string id = await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"), await _own.SystemTokenAsync());
        await _own.PutAsync("""{"resourceType":"VerificationResult","id":"verified","target":[{"reference":"Organization/hospital"}],"status":"val-fail"}""");
        try
        {
            await CreateAsync(Observation(code));

            Assert.Contains("not verified", (string?)(await StatusAsync(id, "off"))["error"], StringComparison.Ordinal);
            Assert.True(Receiver.IsEmpty);
        }
        finally
        {
            await _own.PutAsync("""{"resourceType":"VerificationResult","id":"verified","target":[{"reference":"Organization/hospital"}],"status":"validated"}""");
        }
    }

    [Fact]
    public async Task What_leaves_is_on_record_before_with_whom_it_is_about_and_once_however_often_it_is_sent()
    {
        string code = Unique();
        string subscription = await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"), await _own.SystemTokenAsync());
        int left = 2;
        Receiver.Answer = _ => left-- > 0 ? global::System.Net.HttpStatusCode.BadGateway : global::System.Net.HttpStatusCode.OK;
        long before = _own.Server.Engine.Newest;

        string id = await CreateAsync(Observation(code));
        for (int i = 0; i < 3; i++)
        {
            await Receiver.NextAsync();
        }

        (StoredRecord Record, AccessEvent Event) told = Assert.Single(await DisclosuresAfterAsync(before));
        Assert.Equal((GrantingServer.System, Role.Backend, "Organization/hospital"), (told.Event.Who, told.Event.Role, told.Event.Organisation));
        Assert.Equal(($"Observation/{id}/_history/1", $"Subscription/{subscription}"), (told.Event.Target, told.Event.Detail));
        Assert.Equal("Patient/anna", Assert.Single(told.Record.Patients).ToString());
        Assert.Single(told.Record.Accessed);
        Answer disclosed = await GetAsync($"AuditEvent?patient=anna&entity=Observation/{id}&subtype=http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle|disclose");
        Assert.Equal("R", (string?)Assert.Single(disclosed.Entries("match"))["action"]);
    }

    [Fact]
    public async Task A_websocket_ends_with_the_token_that_let_it_in()
    {
        string code = Unique();
        IssuedTokens tokens = await _own.AnnasTokensAsync();
        string id = await SubscribeAsync(WebSocketSubscription($"Observation?code={code}"), tokens.AccessToken);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", "Bearer " + tokens.AccessToken);
        await socket.ConnectAsync(new UriBuilder(new Uri(Base, "websocket")) { Scheme = "ws" }.Uri, Cancel);
        await socket.SendAsync(Encoding.UTF8.GetBytes($"bind {id}"), WebSocketMessageType.Text, true, Cancel);
        byte[] buffer = new byte[256];
        WebSocketReceiveResult bound = await socket.ReceiveAsync(buffer, Cancel);

        await _own.State.RevokeTokenAsync(GrantingServer.App, tokens.AccessToken);
        await CreateAsync(Observation(code));
        WebSocketReceiveResult end = await socket.ReceiveAsync(new byte[256], Cancel);

        Assert.Equal($"bound {id}", Encoding.UTF8.GetString(buffer, 0, bound.Count));
        Assert.Equal((WebSocketMessageType.Close, WebSocketCloseStatus.PolicyViolation), (end.MessageType, end.CloseStatus));
    }

    [Fact]
    public async Task What_does_not_exist_for_the_owner_leaves_no_trace_of_a_notification()
    {
        string code = Unique();
        string token = await _own.SystemTokenAsync("system/Observation.rs?status=amended system/Subscription.cruds");
        await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"), token);
        string second = Unique();
        await SubscribeAsync(Subscription($"Observation?code={second}", Receiver.Url + "/second"), await _own.SystemTokenAsync());
        long before = _own.Server.Engine.Newest;

        await CreateAsync(Observation(code));
        await CreateAsync(Observation(second));

        Assert.StartsWith("/second/", (await Receiver.NextAsync()).Path);
        Assert.Single(await DisclosuresAfterAsync(before));
    }

    private async Task<List<(StoredRecord Record, AccessEvent Event)>> DisclosuresAfterAsync(long sequence)
    {
        var found = new List<(StoredRecord, AccessEvent)>();
        for (long next = sequence + 1; next <= _own.Server.Engine.Newest; next++)
        {
            if (await _own.Server.Engine.ReadRecordAsync(AccessScope.System("tests"), next, Cancel) is { Kind: StatementKind.Access } record
                && AccessCodec.Read(record.Body.Span) is { Action: AccessAction.Notification } happened)
            {
                found.Add((record, happened));
            }
        }

        return found;
    }
}
