using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart.Jose;
using Xunit;

namespace HealthChain.Smart.Tests.Jose;

public sealed class OutsideTests : IDisposable
{
    private readonly TestClock _clock = new();
    private readonly KeyServer _server = new();

    [Theory]
    [InlineData("8.8.8.8", true)]
    [InlineData("2606:4700::1111", true)]
    [InlineData("::ffff:8.8.8.8", true)]
    [InlineData("0.0.0.0", false)]
    [InlineData("10.1.2.3", false)]
    [InlineData("100.64.0.1", false)]
    [InlineData("100.100.100.200", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("127.8.9.1", false)]
    [InlineData("168.63.129.16", false)]
    [InlineData("169.254.169.254", false)]
    [InlineData("172.16.0.1", false)]
    [InlineData("172.31.255.255", false)]
    [InlineData("172.32.0.1", true)]
    [InlineData("192.0.0.192", false)]
    [InlineData("192.168.1.1", false)]
    [InlineData("198.19.0.1", false)]
    [InlineData("203.0.113.9", false)]
    [InlineData("224.0.0.1", false)]
    [InlineData("255.255.255.255", false)]
    [InlineData("::", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("::7f00:1", false)]
    [InlineData("64:ff9b::7f00:1", false)]
    [InlineData("2001::1", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("2002:7f00:1::", false)]
    [InlineData("fc00::1", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("fe80::1", false)]
    [InlineData("fec0::1", false)]
    [InlineData("ff02::1", false)]
    public void Only_the_public_internet_is_asked(string address, bool isPublic) =>
        Assert.Equal(isPublic, OutsideAddresses.MayConnect(IPAddress.Parse(address), OutsideReach.Public));

    [Theory]
    [InlineData("https://keys.example.org/jwks", true)]
    [InlineData("http://keys.example.org/jwks", false)]
    [InlineData("http://127.0.0.1/jwks", false)]
    [InlineData("https://127.0.0.1/jwks", false)]
    [InlineData("https://2130706433/jwks", false)]
    [InlineData("https://0x7f.1/jwks", false)]
    [InlineData("https://0177.0.0.1/jwks", false)]
    [InlineData("https://[::1]/jwks", false)]
    [InlineData("https://user:pw@keys.example.org/jwks", false)]
    [InlineData("https://keys.example.org/jwks#x", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("ftp://keys.example.org/jwks", false)]
    public void Addresses_that_are_wrong_in_themselves_are_seen_at_once(string address, bool isFine) =>
        Assert.Equal(isFine, OutsideHttp.MayAsk(new Uri(address), OutsideReach.Public));

    [Fact]
    public async Task A_name_that_leads_into_our_own_network_is_not_asked()
    {
        foreach (string inside in (string[])["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254"])
        {
            using var http = new OutsideHttp(OutsideReach.Public, TimeSpan.FromSeconds(5), (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse(inside)]));
            Assert.Null(await AskAsync(http, $"https://keys.example.org:{_server.Port}/jwks"));
        }

        // One address of several is enough.
        using var mixed = new OutsideHttp(OutsideReach.Public, TimeSpan.FromSeconds(5), (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("8.8.8.8"), IPAddress.Loopback]));
        Assert.Null(await AskAsync(mixed, $"https://keys.example.org:{_server.Port}/jwks"));
        Assert.Equal(0, _server.Connections);
    }

    [Fact]
    public async Task A_name_that_changes_its_mind_is_resolved_once()
    {
        int asked = 0;
        using var http = new OutsideHttp(OutsideReach.Any, TimeSpan.FromSeconds(60), (_, _) =>
        {
            asked++;
            return Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
        });

        Assert.NotNull(await AskAsync(http, _server.Address));
        Assert.Equal(1, asked);
    }

    [Theory]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", HttpStatusCode.Found)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{}", null)]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n(endless)", null)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", null)]
    [InlineData("no HTTP\r\n\r\n", null)]
    [InlineData("(silence)", null)]
    public async Task Redirects_are_not_followed_and_size_and_time_are_bounded(string answer, HttpStatusCode? status)
    {
        _server.Answer = answer;

        // Where something is answered, nobody waits for the end of the time.
        using var http = new OutsideHttp(OutsideReach.PublicAndLoopback, TimeSpan.FromSeconds(answer == "(silence)" ? 2 : 60));

        Assert.Equal(status, (await AskAsync(http, _server.Address))?.Status);

        // Who gave up can be faster than who was to take the call.
        for (int tries = 0; tries < 600 && _server.Connections == 0; tries++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.Equal(1, _server.Connections);
    }

    [Fact]
    public async Task Keys_are_kept_as_long_as_their_owner_allows()
    {
        _server.Publish("max-age=60", Forge.Key("ES384", "a"));
        JwksFetcher fetcher = Fetcher();

        Assert.NotNull(await FindAsync(fetcher, "a"));
        Assert.NotNull(await FindAsync(fetcher, "a"));
        Assert.Equal(1, _server.Requests);
        _clock.Now += TimeSpan.FromSeconds(61);
        _server.Publish("no-store", Forge.Key("ES384", "b"));
        Assert.Null(await FindAsync(fetcher, "a"));
        Assert.Equal(2, _server.Requests);
        Assert.NotNull(await FindAsync(fetcher, "b"));
        Assert.Equal(3, _server.Requests);
    }

    [Fact]
    public async Task Keys_are_not_kept_for_days()
    {
        _server.Publish("max-age=31536000", Forge.Key("ES384", "a"));
        JwksFetcher fetcher = Fetcher();

        Assert.NotNull(await FindAsync(fetcher, "a"));
        _clock.Now += TimeSpan.FromHours(1);
        Assert.NotNull(await FindAsync(fetcher, "a"));
        Assert.Equal(2, _server.Requests);
    }

    [Fact]
    public async Task An_unknown_kid_is_asked_for_but_not_without_end()
    {
        _server.Publish("max-age=600", Forge.Key("ES384", "a"));
        JwksFetcher fetcher = Fetcher();
        Assert.NotNull(await FindAsync(fetcher, "a"));
        _server.Publish("max-age=600", Forge.Key("ES384", "b"));

        Assert.NotNull(await FindAsync(fetcher, "b"));
        Assert.Equal(2, _server.Requests);
        for (int i = 0; i < 100; i++)
        {
            Assert.Null(await FindAsync(fetcher, "unknown-" + i));
        }

        Assert.Equal(new JwksFetcherOptions().AtOnce, _server.Requests);
        Assert.NotNull(await FindAsync(fetcher, "b"));
        _clock.Now += new JwksFetcherOptions().Between;
        Assert.Null(await FindAsync(fetcher, "unknown"));
        Assert.Equal(new JwksFetcherOptions().AtOnce + 1, _server.Requests);
    }

    [Fact]
    public async Task Who_has_a_key_that_is_known_does_not_wait_for_who_has_not()
    {
        _server.Publish("max-age=600", Forge.Key("ES384", "a"));
        JwksFetcher fetcher = Fetcher();
        Assert.NotNull(await FindAsync(fetcher, "a"));
        _server.Answer = "(silence)";
        ValueTask<Jwk?> unknown = FindAsync(fetcher, "unknown");

        ValueTask<Jwk?> known = FindAsync(fetcher, "a");

        Assert.True(known.IsCompletedSuccessfully);
        Assert.NotNull(await known);
        _server.Speak();
        Assert.Null(await unknown);
    }

    [Fact]
    public async Task Many_who_need_the_same_keys_ask_once()
    {
        _server.Publish("max-age=600", Forge.Key("ES384", "a"));
        JwksFetcher fetcher = Fetcher();

        Jwk?[] found = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => FindAsync(fetcher, "a").AsTask()));

        Assert.DoesNotContain(null, found);
        Assert.Equal(1, _server.Requests);
    }

    [Theory]
    [InlineData("HTTP/1.1 500 Error\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}")]
    public async Task An_answer_that_is_no_set_of_keys_gives_none(string answer)
    {
        _server.Answer = answer;

        Assert.Null(await FindAsync(Fetcher(), "a"));
    }

    [Fact]
    public async Task A_client_signs_with_keys_at_its_address()
    {
        _server.Publish("max-age=600", Forge.Key("ES384", "a"));
        var assertions = new ClientAssertions(["https://us.example/token"], Fetcher(), new SpentIds().SpendAsync, _clock);
        async Task<OAuthError?> Verify(string jti, string? jku, string kid = "a")
        {
            var header = new JsonObject { ["alg"] = "ES384", ["kid"] = kid };
            if (jku is not null)
            {
                header["jku"] = jku;
            }

            var claims = new JsonObject { ["iss"] = "c", ["sub"] = "c", ["aud"] = "https://us.example/token", ["jti"] = jti, ["exp"] = _clock.Now.AddMinutes(1).ToUnixTimeSeconds() };
            return (await assertions.VerifyAsync(Forge.Token(header, claims, Forge.Signer("ES384")), "c", ClientKeys.Of(null, _server.Address), TestContext.Current.CancellationToken)).Error;
        }

        Assert.Null(await Verify("1", null));
        Assert.Null(await Verify("2", _server.Address));
        Assert.Contains("set of keys", (await Verify("3", _server.Address + "2"))?.Reason, StringComparison.Ordinal);
        Assert.Contains("not signed", (await Verify("4", null, "b"))?.Reason, StringComparison.Ordinal);
    }

    public void Dispose() => _server.Dispose();

    private JwksFetcher Fetcher() => new(new JwksFetcherOptions(), new OutsideHttp(OutsideReach.PublicAndLoopback, TimeSpan.FromSeconds(30)), _clock);

    private ValueTask<Jwk?> FindAsync(JwksFetcher fetcher, string kid) =>
        fetcher.FindKeyAsync(new Uri(_server.Address), kid, JoseAlgorithm.Es384, TestContext.Current.CancellationToken);

    private static async Task<OutsideAnswer?> AskAsync(OutsideHttp http, string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        return await http.AskAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>A server on this machine that answers each connection with the same bytes.</summary>
    private sealed class KeyServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _end = new();
        private readonly TaskCompletionSource _speaks = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _connections;
        private int _requests;

        public KeyServer()
        {
            _listener.Start();
            _ = ServeAsync();
        }

        public string Answer { get; set; } = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public string Address => $"http://127.0.0.1:{Port}/jwks";

        public int Connections => _connections;

        public int Requests => _requests;

        public void Publish(string cacheControl, params Jwk[] keys)
        {
            string body = new JsonObject { ["keys"] = new JsonArray([.. keys.Select(Forge.Json)]) }.ToJsonString();
            Answer = $"HTTP/1.1 200 OK\r\nCache-Control: {cacheControl}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";
        }

        /// <summary>Goes on where it was silent.</summary>
        public void Speak() => _speaks.SetResult();

        public void Dispose()
        {
            _end.Cancel();
            _listener.Dispose();
            _end.Dispose();
        }

        private async Task ServeAsync()
        {
            while (!_end.IsCancellationRequested)
            {
                try
                {
                    _ = AnswerAsync(await _listener.AcceptTcpClientAsync(_end.Token));
                }
                catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
                {
                    return;
                }
            }
        }

        private async Task AnswerAsync(TcpClient client)
        {
            Interlocked.Increment(ref _connections);
            using (client)
            {
                try
                {
                    NetworkStream stream = client.GetStream();
                    await ReadRequestAsync(stream);
                    Interlocked.Increment(ref _requests);
                    if (Answer == "(silence)")
                    {
                        await _speaks.Task.WaitAsync(_end.Token);
                    }

                    await stream.WriteAsync(Encoding.ASCII.GetBytes(Answer), _end.Token);
                    while (Answer.EndsWith("(endless)", StringComparison.Ordinal))
                    {
                        await stream.WriteAsync(new byte[4096], _end.Token);
                    }
                }
                catch (Exception ended) when (ended is IOException or OperationCanceledException)
                {
                    // The other side went away, or the test is over.
                }
            }
        }

        private async Task ReadRequestAsync(NetworkStream stream)
        {
            byte[] buffer = new byte[8192];
            int read = 0;
            while (!buffer.AsSpan(0, read).EndsWith("\r\n\r\n"u8))
            {
                int more = await stream.ReadAsync(buffer.AsMemory(read), _end.Token);
                if (more == 0)
                {
                    throw new IOException("The request did not end.");
                }

                read += more;
            }
        }
    }
}
