using System.Net;
using System.Text.Json.Nodes;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Smart.Jose;
using Xunit;

namespace HealthChain.Http.Tests.Subscriptions;

/// <summary>At least once, in order, whatever happens to the server or the endpoint.</summary>
public sealed class SubscriptionRestartTests : IAsyncLifetime
{
    private readonly List<FhirServerFixture> _servers = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (FhirServerFixture server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_was_not_taken_before_a_restart_is_sent_after_it()
    {
        Restarts test = await StartAsync(SubscriptionServer.Options.Subscriptions);
        await test.What_was_not_taken_before_a_restart_is_sent_after_it();
    }

    [Fact]
    public async Task What_was_told_but_not_noted_before_a_crash_is_told_again()
    {
        Restarts test = await StartAsync(SubscriptionServer.Options.Subscriptions);
        await test.What_was_not_noted_is_told_again();
    }

    [Fact]
    public async Task One_whose_owner_is_not_known_is_told_of_nothing_and_says_so()
    {
        Restarts test = await StartAsync(SubscriptionServer.Options.Subscriptions);
        await test.One_without_owner_says_so();
    }

    [Fact]
    public async Task What_has_no_room_in_memory_is_read_again()
    {
        Restarts test = await StartAsync(SubscriptionServer.Options.Subscriptions with { Waiting = 3 });
        await test.More_than_there_is_room_for_arrives_in_order();
    }

    [Fact]
    public async Task An_endpoint_that_takes_nothing_for_too_long_is_given_up()
    {
        Restarts test = await StartAsync(SubscriptionServer.Options.Subscriptions with { GiveUpAfter = TimeSpan.FromMilliseconds(50) });
        await test.One_that_fails_is_given_up();
    }

    [Fact]
    public async Task Who_mends_the_endpoint_does_not_wait_for_the_pause()
    {
        Restarts test = await StartAsync(SubscriptionServer.Options.Subscriptions with { FirstPause = TimeSpan.FromHours(1), LongestPause = TimeSpan.FromHours(1) });
        await test.A_change_ends_the_pause();
    }

    [Fact]
    public async Task A_slow_endpoint_holds_up_nobody_else()
    {
        Restarts test = await StartAsync(SubscriptionServer.Options.Subscriptions with { InFlightOfHost = 1 });
        await test.A_slow_endpoint_holds_up_nobody_else();
    }

    [Fact]
    public async Task Slow_endpoints_of_one_owner_hold_up_no_other()
    {
        Restarts test = await StartAsync(SubscriptionServer.Options.Subscriptions with { InFlight = 8, Timeout = TimeSpan.FromMinutes(5) });
        await test.Slow_endpoints_of_one_owner_hold_up_no_other();
    }

    [Fact]
    public async Task Endpoints_within_the_network_are_refused_unless_the_operator_allows_them()
    {
        Restarts test = await StartAsync(SubscriptionServer.Options.Subscriptions with { Reach = OutsideReach.Public });
        await test.This_machine_is_not_notified();
    }

    private async Task<Restarts> StartAsync(SubscriptionOptions options)
    {
        var server = new FhirServerFixture(SubscriptionServer.Options with { Subscriptions = options });
        _servers.Add(server);
        await server.InitializeAsync();
        var test = new Restarts(server);
        await test.InitializeAsync();
        return test;
    }

    private sealed class Restarts : SubscriptionTest
    {
        private readonly FhirServerFixture _server;

        public Restarts(FhirServerFixture server)
            : base(server) => _server = server;

        public async Task What_was_not_taken_before_a_restart_is_sent_after_it()
        {
            Assert.SkipWhen(Environment.GetEnvironmentVariable("HEALTHCHAIN_TEST_ENGINE") == "model", "The engine in memory does not outlive a server.");
            string code = Unique();
            await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook", "application/fhir+json", "X-Key: kept"));
            Receiver.Answer = _ => HttpStatusCode.ServiceUnavailable;
            string[] ids = [await CreateAsync(Observation(code)), await CreateAsync(Observation(code)), await CreateAsync(Observation(code))];
            await Receiver.NextAsync();

            await _server.RestartAsync();
            Receiver.Answer = _ => HttpStatusCode.OK;

            // Those that were refused before are told apart from those that were taken by coming again.
            Assert.Equal(ids, await TakenAsync(3));
            string later = await CreateAsync(Observation(code));
            Assert.Equal([later], await TakenAsync(1));
        }

        public async Task What_was_not_noted_is_told_again()
        {
            Assert.SkipWhen(Environment.GetEnvironmentVariable("HEALTHCHAIN_TEST_ENGINE") == "model", "The engine in memory does not outlive a server.");
            string code = Unique();
            await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"));
            string[] ids = [await CreateAsync(Observation(code)), await CreateAsync(Observation(code))];
            Assert.Equal(ids, await TakenAsync(2));

            // As a crash right after that leaves it: nothing was noted yet.
            await _server.RestartAsync(folder => File.Delete(Path.Combine(folder, "subscriptions", "cursors.json")));
            Assert.Equal(ids, await TakenAsync(2));

            string later = await CreateAsync(Observation(code));
            Assert.Equal([later], await TakenAsync(1));

            // Nothing is told twice that was noted; of the last one the server may have ended before it had the answer.
            await _server.RestartAsync();
            string last = await CreateAsync(Observation(code));
            string next = (await TakenAsync(1)).Single();
            next = next == later ? (await TakenAsync(1)).Single() : next;
            Assert.Equal(last, next);
        }

        public async Task One_without_owner_says_so()
        {
            Assert.SkipWhen(Environment.GetEnvironmentVariable("HEALTHCHAIN_TEST_ENGINE") == "model", "The engine in memory does not outlive a server.");
            string code = Unique();
            JsonObject subscription = Subscription($"Observation?code={code}", Receiver.Url + "/hook");
            subscription["id"] = "orphan";
            subscription["status"] = "active";
            await StoreAsync(subscription.ToJsonString());

            await _server.RestartAsync();
            await CreateAsync(Observation(code));

            Assert.Contains("not known whose", (string?)(await StatusAsync("orphan", "error"))["error"], StringComparison.Ordinal);
            Assert.True(Receiver.IsEmpty);
        }

        public async Task More_than_there_is_room_for_arrives_in_order()
        {
            string code = Unique();
            await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"));
            var gate = new TaskCompletionSource();
            Receiver.Gate = gate.Task;
            var ids = new List<string>();
            for (int i = 0; i < 25; i++)
            {
                ids.Add(await CreateAsync(Observation(i % 5 == 4 ? "another" : code)));
            }

            gate.SetResult();

            Assert.Equal(ids.Where((_, i) => i % 5 != 4), await TakenAsync(20));
        }

        public async Task One_that_fails_is_given_up()
        {
            string code = Unique();
            string id = await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/hook"));
            Receiver.Answer = _ => HttpStatusCode.InternalServerError;
            await CreateAsync(Observation(code));

            Assert.Contains("did not take", (string?)(await StatusAsync(id, "error"))["error"], StringComparison.Ordinal);
        }

        public async Task A_change_ends_the_pause()
        {
            string code = Unique();
            JsonObject subscription = Subscription($"Observation?code={code}", Receiver.Url + "/hook");
            string id = await SubscribeAsync(subscription);
            Receiver.Answer = told => told.Path.StartsWith("/hook", StringComparison.Ordinal) ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK;
            string first = await CreateAsync(Observation(code));
            Assert.False((await Receiver.NextAsync()).IsTaken);

            subscription["id"] = id;
            subscription["channel"]!["endpoint"] = Receiver.Url + "/mended";
            Assert.Equal(HttpStatusCode.OK, (await PutAsync($"Subscription/{id}", subscription.ToJsonString())).Status);

            Assert.True((await Receiver.NextAsync()).IsCheck("/mended"));
            Assert.Equal($"/mended/Observation/{first}", (await Receiver.NextAsync()).Path);
        }

        public async Task A_slow_endpoint_holds_up_nobody_else()
        {
            string code = Unique();
            await using Receiver slow = await Receiver.StartAsync();
            await RequestAsync(Subscription($"Observation?code={code}", slow.Url + "/slow"));
            await slow.NextAsync();
            var gate = new TaskCompletionSource();
            slow.Gate = gate.Task;
            await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/quick"));

            string[] ids = [await CreateAsync(Observation(code)), await CreateAsync(Observation(code))];

            Assert.Equal(ids, await TakenAsync(2));
            gate.SetResult();
        }

        public async Task Slow_endpoints_of_one_owner_hold_up_no_other()
        {
            string code = Unique();
            var gate = new TaskCompletionSource();
            Receiver[] slow = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Receiver.StartAsync()));
            foreach (Receiver one in slow)
            {
                await StatusAsync(await RequestAsync(Subscription($"Observation?code={code}", one.Url + "/slow"), SubscriptionServer.BertaToken), "active");
                one.Gate = gate.Task;
            }

            await SubscribeAsync(Subscription($"Observation?code={code}", Receiver.Url + "/quick"), SubscriptionServer.AnnaToken);
            await CreateAsync(Observation(code, patient: "berta"));
            string id = await CreateAsync(Observation(code, patient: "anna"));

            Assert.Equal([id], await TakenAsync(1));
            gate.SetResult();
            foreach (Receiver one in slow)
            {
                await one.DisposeAsync();
            }
        }

        public async Task This_machine_is_not_notified()
        {
            Answer literal = await PostAsync("Subscription", Subscription("Observation?code=1", Receiver.Url + "/hook").ToJsonString());
            Answer plain = await PostAsync("Subscription", Subscription("Observation?code=1", "https://127.0.0.1/hook").ToJsonString());

            // A name is resolved when something is sent, and what it resolves to is looked at then.
            string named = await RequestAsync(Subscription("Observation?code=1", $"https://localhost:{new Uri(Receiver.Url).Port}/hook"));

            Assert.Equal((HttpStatusCode.UnprocessableEntity, HttpStatusCode.UnprocessableEntity), (literal.Status, plain.Status));
            await StatusAsync(named, "error");
            Assert.True(Receiver.IsEmpty);
        }

        /// <summary>Ids of the next that were put and taken.</summary>
        private async Task<string[]> TakenAsync(int count)
        {
            var ids = new List<string>();
            while (ids.Count < count)
            {
                Received next = await Receiver.NextAsync();
                string id = next.Path.Split('/')[^1];
                if (next.IsTaken && (ids.Count == 0 || ids[^1] != id))
                {
                    ids.Add(id);
                }
            }

            return [.. ids];
        }
    }
}
