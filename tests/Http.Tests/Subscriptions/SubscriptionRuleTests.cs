using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Subscriptions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.Http.Tests.Subscriptions;

/// <summary>What a Subscription may say, whose it is, and what of it is read by whom.</summary>
public sealed class SubscriptionRuleTests(SubscriptionServer own) : SubscriptionTest(own.Server), IClassFixture<SubscriptionServer>
{
    private const string Secret = "Bearer a-secret-of-the-endpoint";

    [Theory]
    [InlineData("Nothing?code=1", "https://example.org/hook", "", "Subscription.criteria")]
    [InlineData("code=1", "https://example.org/hook", "", "Subscription.criteria")]
    [InlineData("Observation?no-such-parameter=1", "https://example.org/hook", "", "Subscription.criteria")]
    [InlineData("Observation?date=yesterday", "https://example.org/hook", "", "Subscription.criteria")]
    [InlineData("Observation?_include=Observation:subject", "https://example.org/hook", "", "Subscription.criteria")]
    [InlineData("AuditEvent?type=rest", "https://example.org/hook", "", "Subscription.criteria")]
    [InlineData("Observation?code=1", "http://example.org/hook", "", "Subscription.channel.endpoint")]
    [InlineData("Observation?code=1", "https://10.1.2.3/hook", "", "Subscription.channel.endpoint")]
    [InlineData("Observation?code=1", "https://169.254.169.254/latest", "", "Subscription.channel.endpoint")]
    [InlineData("Observation?code=1", "https://[fd00::1]/hook", "", "Subscription.channel.endpoint")]
    [InlineData("Observation?code=1", "https://[::ffff:192.168.0.1]/hook", "", "Subscription.channel.endpoint")]
    [InlineData("Observation?code=1", "https://user@example.org/hook", "", "Subscription.channel.endpoint")]
    [InlineData("Observation?code=1", "file:///etc/passwd", "", "Subscription.channel.endpoint")]
    [InlineData("Observation?code=1", "https://example.org/hook", "text/html", "Subscription.channel.payload")]
    public async Task What_cannot_be_kept_is_refused_by_name(string criteria, string endpoint, string payload, string element)
    {
        Answer answer = await PostAsync("Subscription", Subscription(criteria, endpoint, payload.Length == 0 ? null : payload).ToJsonString());

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal(element, (string?)answer.Json["issue"]![0]!["expression"]![0]);
    }

    /// <summary>A leap second is an instant of FHIR, and none of the platform's.</summary>
    [Theory]
    [InlineData("2020-01-01T00:00:00Z")]
    [InlineData("2016-12-31T23:59:60Z")]
    public async Task One_whose_end_has_come_is_told_of_nothing(string end)
    {
        JsonObject subscription = Subscription($"Observation?code={Unique()}", Receiver.Url + "/hook");
        subscription["end"] = end;

        string id = await RequestAsync(subscription);

        Assert.Equal("Its end has come.", (string?)(await StatusAsync(id, "off"))["error"]);
        Assert.True(Receiver.IsEmpty);
    }

    [Theory]
    [InlineData("email")]
    [InlineData("sms")]
    [InlineData("message")]
    public async Task Other_channels_are_refused(string type)
    {
        JsonObject subscription = Subscription("Observation?code=1", "https://example.org/hook");
        subscription["channel"]!["type"] = type;

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PostAsync("Subscription", subscription.ToJsonString())).Status);
    }

    [Theory]
    [InlineData("Host: elsewhere.example.org")]
    [InlineData("Content-Length: 1")]
    [InlineData("Transfer-Encoding: chunked")]
    [InlineData("no header")]
    [InlineData("Two\tWords: 1")]
    [InlineData("X-Broken: a\r\nX-Smuggled: b")]
    [InlineData("X-Unknown: ***")]
    public async Task Headers_that_are_none_or_the_servers_are_refused(string header)
    {
        Answer answer = await PostAsync("Subscription", Subscription("Observation?code=1", "https://example.org/hook", null, header).ToJsonString());

        Assert.True(answer.Status is HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest, answer.Body);
        Assert.DoesNotContain("Smuggled", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("active")]
    [InlineData("error")]
    public async Task Clients_do_not_say_what_is_the_servers_to_say(string status)
    {
        JsonObject subscription = Subscription("Observation?code=1", Receiver.Url + "/hook");
        subscription["status"] = status;

        Answer answer = await PostAsync("Subscription", subscription.ToJsonString());

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal("Subscription.status", (string?)answer.Json["issue"]![0]!["expression"]![0]);
        Assert.True(Receiver.IsEmpty);
    }

    [Fact]
    public async Task What_waited_for_its_turn_does_not_leave_after_a_Subscription_was_turned_off()
    {
        string code = Unique();
        JsonObject subscription = Subscription($"Observation?code={code}", Receiver.Url + "/hook");
        string id = await SubscribeAsync(subscription);
        Subscriber subscriber = own.Server.Services.GetRequiredService<SubscriptionDirectory>().Find(id)!;
        var others = new List<RestHook.Slot>();
        for (int other = 1; other <= SubscriptionServer.Options.Subscriptions.InFlightOfHost; other++)
        {
            others.Add(await own.Server.Services.GetRequiredService<RestHook>().EnterAsync(-other, new Uri(Receiver.Url), Cancel));
        }

        await CreateAsync(Observation(code));
        await UntilAsync(() => subscriber.IsServed);
        await Task.Delay(200, Cancel);
        (subscription["id"], subscription["status"]) = (id, "off");
        Assert.Equal(HttpStatusCode.OK, (await PutAsync($"Subscription/{id}", subscription.ToJsonString())).Status);
        others.ForEach(static other => other.Dispose());

        await UntilAsync(() => !subscriber.IsServed);
        Assert.True(Receiver.IsEmpty);
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        for (int tries = 0; !isSo(); tries++)
        {
            Assert.True(tries < 6_000, "It did not come to that within a minute.");
            await Task.Delay(10, Cancel);
        }
    }

    [Fact]
    public async Task What_the_server_is_about_to_say_may_be_sent_back_already()
    {
        JsonObject subscription = Subscription($"Observation?code={Unique()}", Receiver.Url + "/hook");
        string id = await SubscribeAsync(subscription);
        subscription["id"] = id;
        subscription["status"] = "off";
        Assert.Equal(HttpStatusCode.OK, (await PutAsync($"Subscription/{id}", subscription.ToJsonString())).Status);
        Subscriber subscriber = own.Server.Services.GetRequiredService<SubscriptionDirectory>().Find(id)!;
        await UntilAsync(() => subscriber.Becoming is null);

        subscription["status"] = "active";
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await PutAsync($"Subscription/{id}", subscription.ToJsonString())).Status);

        // As while its status is written: the store has it already, and the server's own mind not yet.
        subscriber.Becoming = new StrongBox<SubscriptionStatus>(SubscriptionStatus.Active);

        Assert.Equal(HttpStatusCode.OK, (await PutAsync($"Subscription/{id}", subscription.ToJsonString())).Status);
    }

    [Fact]
    public async Task Secrets_come_in_and_are_never_given_back()
    {
        JsonObject subscription = Subscription($"Observation?code={Unique()}", Receiver.Url + "/hook", null, "Authorization: " + Secret);
        Answer created = await PostAsync("Subscription", subscription.ToJsonString());
        string id = (string)created.Json["id"]!;
        await StatusAsync(id, "active");

        foreach (string path in new[] { $"Subscription/{id}", $"Subscription/{id}/_history", $"Subscription/{id}/_history/1", $"Subscription?_id={id}", $"_history?_count=20" })
        {
            foreach (string? token in new[] { null, SubscriptionServer.AdministratorToken })
            {
                Assert.DoesNotContain("a-secret", (await GetAsync(path, As(token))).Body, StringComparison.Ordinal);
            }
        }

        Assert.DoesNotContain("a-secret", created.Body, StringComparison.Ordinal);
        Assert.Equal("Authorization: ***", (string?)created.Json["channel"]!["header"]![0]);
        Assert.All(own.Server.DataFiles(), file => Assert.DoesNotContain("a-secret", TextOf(file), StringComparison.Ordinal));
    }

    private static string TextOf(string file)
    {
        // Two files are locked by the server; they hold no resources.
        if (file.EndsWith("/lock", StringComparison.Ordinal) || file.EndsWith("subjects.keys", StringComparison.Ordinal))
        {
            return "";
        }

        try
        {
            return System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(file));
        }
        catch (FileNotFoundException)
        {
            // It was about to take another one's place, which was listed too.
            return "";
        }
    }

    [Fact]
    public async Task A_secret_that_comes_back_hidden_stays_what_it_was()
    {
        string code = Unique();
        string id = await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook", null, "Authorization: " + Secret));
        JsonObject read = (await GetAsync($"Subscription/{id}")).Json.AsObject();
        read["reason"] = "for another reason";

        Answer changed = await PutAsync($"Subscription/{id}", read.ToJsonString());
        await CreateAsync(Observation(code));

        Assert.Equal(("active", HttpStatusCode.OK), ((string?)changed.Json["status"], changed.Status));
        Assert.Equal(Secret, (await Receiver.NextAsync()).Headers["Authorization"]);
    }

    [Fact]
    public async Task A_Subscription_exists_for_its_owner_alone()
    {
        JsonObject subscription = Subscription($"Observation?code={Unique()}", Receiver.Url + "/hook");
        string id = await RequestAsync(subscription, SubscriptionServer.AnnaToken);
        await StatusAsync(id, "active");
        subscription["id"] = id;
        subscription["channel"]!["endpoint"] = Receiver.Url + "/stolen";

        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Subscription/{id}", As(SubscriptionServer.AnnaToken))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"Subscription/{id}", As(SubscriptionServer.BertaToken))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync($"Subscription/{id}/_history/1", As(SubscriptionServer.BertaToken))).Status);
        Assert.Equal(0, (int)(await GetAsync($"Subscription?_id={id}", As(SubscriptionServer.BertaToken))).Json["total"]!);
        Assert.Equal(1, (int)(await GetAsync($"Subscription?_id={id}", As(SubscriptionServer.AnnaToken))).Json["total"]!);
        Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync($"Subscription/{id}", As(SubscriptionServer.AdministratorToken))).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await PutAsync($"Subscription/{id}", subscription.ToJsonString(), As(SubscriptionServer.BertaToken))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await PutAsync($"Subscription/{id}", subscription.ToJsonString(), As(SubscriptionServer.AdministratorToken))).Status);
        await DeleteAsync($"Subscription/{id}", As(SubscriptionServer.BertaToken));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync($"Subscription/{id}", As(SubscriptionServer.AnnaToken))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await DeleteAsync($"Subscription/{id}", As(SubscriptionServer.AdministratorToken))).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await DeleteAsync($"Subscription/{id}", As(SubscriptionServer.AnnaToken))).Status);
        Assert.Equal(HttpStatusCode.Gone, (await GetAsync($"Subscription/{id}", As(SubscriptionServer.AnnaToken))).Status);
    }

    [Fact]
    public async Task Owners_are_told_of_what_exists_for_them()
    {
        string code = Unique();
        await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"), SubscriptionServer.AnnaToken);

        await CreateAsync(Observation(code, patient: "berta"));
        string annas = await CreateAsync(Observation(code, patient: "anna"));
        await CreateAsync(Observation(code, patient: "berta"));
        string last = await CreateAsync(Observation(code, patient: "anna"));

        Assert.Equal($"/hook/Observation/{annas}", (await Receiver.NextAsync()).Path);
        Assert.Equal($"/hook/Observation/{last}", (await Receiver.NextAsync()).Path);
    }

    [Fact]
    public async Task A_chain_in_criteria_leads_over_what_exists_for_the_owner()
    {
        string code = Unique();
        string name = Unique("Zwick");
        await own.Server.StoreAsync("Practitioner", "zwick", $$"""{"resourceType":"Practitioner","id":"zwick","name":[{"family":"{{name}}"}]}""");
        await own.Server.StoreAsync("Patient", "hidden", $$"""{"resourceType":"Patient","id":"hidden","name":[{"family":"{{name}}"}]}""");
        await SubscribeAsync(Subscription($"Observation?code={code}&performer:Patient.family={name}", Receiver.Url + "/hook"), SubscriptionServer.AnnaToken);
        await SubscribeAsync(Subscription($"Observation?code={code}&performer:Practitioner.family={name}", Receiver.Url + "/open"), SubscriptionServer.AnnaToken);

        JsonNode observation = JsonNode.Parse(Observation(code))!;
        observation["performer"] = JsonNode.Parse("""[{"reference":"Patient/hidden"},{"reference":"Practitioner/zwick"}]""");
        await CreateAsync(observation.ToJsonString());
        await CreateAsync(observation.ToJsonString());

        Assert.StartsWith("/open/", (await Receiver.NextAsync()).Path);
        Assert.StartsWith("/open/", (await Receiver.NextAsync()).Path);
    }

    [Fact]
    public async Task Metadata_say_where_websockets_are()
    {
        JsonNode rest = (await GetAsync("metadata")).Json["rest"]![0]!;

        Assert.Equal("http://hl7.org/fhir/StructureDefinition/capabilitystatement-websocket", (string?)rest["extension"]![0]!["url"]);
        Assert.EndsWith("/fhir/websocket", (string?)rest["extension"]![0]!["valueUri"], StringComparison.Ordinal);
    }
}
