using System.Text.Json.Nodes;
using HealthChain.Smart.Jose;
using Xunit;

namespace HealthChain.Smart.Tests.Jose;

public sealed class ClientAssertionTests
{
    private const string Client = "bulk-client";
    private const string TokenUrl = "https://fhir.example.org/auth/token";
    private const string Issuer = "https://fhir.example.org";

    private readonly TestClock _clock = new();
    private readonly SpentIds _spent = new();
    private readonly ClientAssertions _assertions;

    public ClientAssertionTests()
    {
        var fetcher = new JwksFetcher(new JwksFetcherOptions(), new OutsideHttp(OutsideReach.Public, TimeSpan.FromSeconds(1)), _clock);
        _assertions = new ClientAssertions([TokenUrl, Issuer], fetcher, _spent.SpendAsync, _clock);
    }

    private static ClientKeys Registered { get; } = new(new JwkSet([Forge.Key("RS384", "rsa"), Forge.Key("ES384", "curve")]), null);

    [Theory]
    [InlineData("RS384", "rsa", TokenUrl)]
    [InlineData("ES384", "curve", TokenUrl)]
    [InlineData("RS384", "rsa", Issuer)]
    public async Task A_client_is_known_by_its_signature(string algorithm, string kid, string audience)
    {
        JsonObject claims = Claims();
        claims["aud"] = audience;

        string assertion = Forge.Token(Header(algorithm, kid), claims, Forge.Signer(algorithm));

        Assert.Equal(Client, ClientAssertions.ClientOf(assertion));
        Assert.Null(await RefusalAsync(assertion));
    }

    private static JsonObject Header(string algorithm, string kid) => new() { ["alg"] = algorithm, ["kid"] = kid, ["typ"] = "JWT" };

    private JsonObject Claims() => new()
    {
        ["iss"] = Client,
        ["sub"] = Client,
        ["aud"] = TokenUrl,
        ["exp"] = _clock.Now.AddMinutes(4).ToUnixTimeSeconds(),
        ["jti"] = "random-1",
    };

    private async Task<string?> RefusalAsync(string assertion, ClientKeys? keys = null)
    {
        OAuthResult<bool> answer = await _assertions.VerifyAsync(assertion, Client, keys ?? Registered, TestContext.Current.CancellationToken);
        if (answer.IsOk)
        {
            Assert.True(answer.Value);
            return null;
        }

        Assert.Equal("invalid_client", answer.Error.Code);
        return answer.Error.Reason;
    }
}
