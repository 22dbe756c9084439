using System.Net.WebSockets;
using System.Text;
using Xunit;

namespace HealthChain.Http.Tests.Subscriptions;

/// <summary>Notifications by websocket: https://hl7.org/fhir/R4/subscription.html#websocket</summary>
public sealed class WebSocketTests(SubscriptionServer own) : SubscriptionTest(own.Server), IClassFixture<SubscriptionServer>
{
    [Fact]
    public async Task Who_binds_a_Subscription_is_sent_a_ping_for_each_event()
    {
        string code = Unique();
        string id = await SubscribeAsync(WebSocketSubscription($"Observation?code={code}"));
        using ClientWebSocket socket = await OpenAsync();

        await SendAsync(socket, $"bind {id}");
        string bound = await ReceiveAsync(socket);
        await CreateAsync(Observation("another"));
        await CreateAsync(Observation(code));
        string first = await ReceiveAsync(socket);
        await CreateAsync(Observation(code));
        string second = await ReceiveAsync(socket);

        Assert.Equal(($"bound {id}", $"ping {id}", $"ping {id}"), (bound, first, second));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_token_lets_in_by_header_and_by_subprotocol(bool isHeader)
    {
        string code = Unique();
        string id = await SubscribeAsync(WebSocketSubscription($"Observation?code={code}"), SubscriptionServer.AnnaToken);
        using ClientWebSocket socket = isHeader ? await OpenAsync(SubscriptionServer.AnnaToken) : await OpenAsync(protocols: ["fhir.subscription", "bearer." + SubscriptionServer.AnnaToken]);

        await SendAsync(socket, $"bind {id}");
        string bound = await ReceiveAsync(socket);
        await CreateAsync(Observation(code, patient: "berta"));
        await CreateAsync(Observation(code, patient: "anna"));
        string ping = await ReceiveAsync(socket);
        await SendAsync(socket, "bind nothing");

        // Only one of the two was Anna's.
        Assert.Equal(($"bound {id}", $"ping {id}", "error"), (bound, ping, await ReceiveAsync(socket)));
        Assert.Equal(isHeader ? null : "fhir.subscription", socket.SubProtocol is "" ? null : socket.SubProtocol);
    }

    [Fact]
    public async Task Nobody_binds_what_is_not_hers_or_is_not_there_and_both_look_the_same()
    {
        string annas = await SubscribeAsync(WebSocketSubscription($"Observation?code={Unique()}"), SubscriptionServer.AnnaToken);
        string hook = await SubscribeAsync(Subscription($"Observation?code={Unique()}", Receiver.Url + "/hook"), SubscriptionServer.BertaToken);
        using ClientWebSocket socket = await OpenAsync(SubscriptionServer.BertaToken);

        foreach (string id in new[] { annas, "there-is-no-such", hook, "../x", "" })
        {
            await SendAsync(socket, $"bind {id}");
            Assert.Equal("error", await ReceiveAsync(socket));
        }
    }

    [Theory]
    [InlineData("a-token-that-nobody-has", null, "401")]
    [InlineData(null, "https://evil.example.org", "403")]
    public async Task Strangers_are_not_let_in(string? token, string? origin, string status)
    {
        WebSocketException refused = await Assert.ThrowsAsync<WebSocketException>(() => OpenAsync(token, origin));

        Assert.Contains(status, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_is_sent_the_server_answers_or_hangs_up_and_goes_on()
    {
        string code = Unique();
        string id = await SubscribeAsync(WebSocketSubscription($"Observation?code={code}"));
        var random = new Random(20_261_121);
        for (int round = 0; round < 50; round++)
        {
            using ClientWebSocket fuzzed = await OpenAsync();
            try
            {
                for (int i = 0; i < 8; i++)
                {
                    byte[] bytes = new byte[random.Next(0, 300)];
                    random.NextBytes(bytes);
                    if (random.Next(2) == 0)
                    {
                        Encoding.ASCII.GetBytes("bind ").AsSpan()[..Math.Min(5, bytes.Length)].CopyTo(bytes);
                    }

                    // Text that is no UTF-8 ends a websocket by itself: https://www.rfc-editor.org/rfc/rfc6455#section-8.1
                    await fuzzed.SendAsync(bytes, random.Next(3) == 0 ? WebSocketMessageType.Text : WebSocketMessageType.Binary, random.Next(4) != 0, Cancel);
                }
            }
            catch (Exception hungUp) when (hungUp is WebSocketException or IOException)
            {
                // It was too long, or too much.
            }
        }

        using ClientWebSocket socket = await OpenAsync();
        await SendAsync(socket, $"bind {id}");
        Assert.Equal($"bound {id}", await ReceiveAsync(socket));
        await CreateAsync(Observation(code));
        Assert.Equal($"ping {id}", await ReceiveAsync(socket));
    }

    private async Task<ClientWebSocket> OpenAsync(string? token = null, string? origin = null, params string[] protocols)
    {
        var socket = new ClientWebSocket();
        if (token is not null)
        {
            socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        }

        if (origin is not null)
        {
            socket.Options.SetRequestHeader("Origin", origin);
        }

        foreach (string protocol in protocols)
        {
            socket.Options.AddSubProtocol(protocol);
        }

        await socket.ConnectAsync(new UriBuilder(new Uri(Base, "websocket")) { Scheme = "ws" }.Uri, Cancel);
        return socket;
    }

    private static Task SendAsync(ClientWebSocket socket, string message) => socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, true, Cancel);

    private static async Task<string> ReceiveAsync(ClientWebSocket socket)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        byte[] buffer = new byte[256];
        WebSocketReceiveResult result = await socket.ReceiveAsync(buffer, limit.Token);
        return Encoding.UTF8.GetString(buffer, 0, result.Count);
    }
}
