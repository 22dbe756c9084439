using System.Security.Cryptography;
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

    /// <summary>Each row is an assertion with one thing wrong, and the word of the refusal that names it.</summary>
    public static TheoryData<string, string> Wrong { get; } = new()
    {
        { "kid missing", "kid" },
        { "kid unknown", "not signed" },
        { "kid of a key of another type", "not signed" },
        { "another key", "not signed" },
        { "RS256", "algorithm" },
        { "ES256", "algorithm" },
        { "none", "algorithm" },
        { "HS256 with the public key", "algorithm" },
        { "own key inside", "not signed" },
        { "own certificate address", "not signed" },
        { "jku of somebody", "set of keys" },
        { "typ of an access token", "typ" },
        { "typ of a proof", "typ" },
        { "iss of another", "Issuer" },
        { "iss missing", "Issuer" },
        { "sub of another", "Issuer" },
        { "sub missing", "Issuer" },
        { "aud of another", "aud" },
        { "aud missing", "aud" },
        { "aud empty", "aud" },
        { "aud of us and another", "aud" },
        { "aud with a slash more", "aud" },
        { "aud of numbers", "aud" },
        { "exp missing", "expires" },
        { "exp past", "expired" },
        { "exp as text", "number" },
        { "exp negative", "number" },
        { "exp endless", "number" },
        { "exp in an hour", "five minutes" },
        { "exp just beyond five minutes and the skew", "five minutes" },
        { "nbf in the future", "not valid yet" },
        { "iat in the future", "future" },
        { "jti missing", "jti" },
        { "jti empty", "jti" },
        { "jti long", "jti" },
        { "jti a number", "jti" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task An_assertion_with_one_thing_wrong_is_refused(string what, string word)
    {
        JsonObject header = Header("RS384", "rsa");
        JsonObject claims = Claims();
        Func<byte[], byte[]> sign = Forge.Signer("RS384");
        Spoil(what, header, claims, ref sign);

        string? refusal = await RefusalAsync(Forge.Token(header, claims, sign));

        Assert.Contains(word, refusal, StringComparison.Ordinal);
        // Nothing was spent on it: the right assertion still works.
        Assert.Null(await RefusalAsync(Forge.Token(Header("RS384", "rsa"), Claims(), Forge.Signer("RS384"))));
    }

    [Fact]
    public async Task An_assertion_works_once()
    {
        string assertion = Forge.Token(Header("RS384", "rsa"), Claims(), Forge.Signer("RS384"));
        string again = Forge.Token(Header("ES384", "curve"), Claims(), Forge.Signer("ES384"));

        Assert.Null(await RefusalAsync(assertion));
        Assert.Equal("The assertion was used before.", await RefusalAsync(assertion));
        // The id counts, not the letters.
        Assert.Equal("The assertion was used before.", await RefusalAsync(again));
        // The memory of it ends when the assertion could not be used any more in any case.
        Assert.Equal(_clock.Now.AddMinutes(4) + ClientAssertions.Skew, _spent.LastUntil);
        _clock.Now = _spent.LastUntil;
        Assert.Equal("The token has expired.", await RefusalAsync(assertion));
    }

    [Fact]
    public async Task Clocks_may_differ_a_little()
    {
        JsonObject early = Claims();
        early["nbf"] = (_clock.Now + TimeSpan.FromSeconds(9)).ToUnixTimeSeconds();
        early["iat"] = (_clock.Now + TimeSpan.FromSeconds(9)).ToUnixTimeSeconds();
        early["exp"] = (_clock.Now + ClientAssertions.LongestLife + TimeSpan.FromSeconds(9)).ToUnixTimeSeconds();
        JsonObject late = Claims();
        late["exp"] = (_clock.Now - TimeSpan.FromSeconds(9)).ToUnixTimeSeconds();
        late["jti"] = "random-2";

        Assert.Null(await RefusalAsync(Forge.Token(Header("RS384", "rsa"), early, Forge.Signer("RS384"))));
        Assert.Null(await RefusalAsync(Forge.Token(Header("RS384", "rsa"), late, Forge.Signer("RS384"))));
    }

    [Fact]
    public async Task A_client_that_is_not_known_is_told_what_a_wrong_key_is_told()
    {
        OAuthResult<bool> unknown = await _assertions.VerifyAsync(Forge.Token(Header("RS384", "rsa"), Claims(), Forge.Signer("RS384")), Client, null, TestContext.Current.CancellationToken);
        string? wrongKey = await RefusalAsync(Forge.Token(Header("RS384", "rsa"), Claims(), data => Forge.OtherRsa.SignData(data, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1)));

        Assert.Equal(wrongKey, unknown.Error?.Reason);
    }

    [Fact]
    public async Task Another_clients_assertion_is_not_for_this_client()
    {
        string assertion = Forge.Token(Header("RS384", "rsa"), Claims(), Forge.Signer("RS384"));

        OAuthResult<bool> answer = await _assertions.VerifyAsync(assertion, "somebody-else", Registered, TestContext.Current.CancellationToken);

        Assert.Equal("invalid_client", answer.Error?.Code);
    }

    private void Spoil(string what, JsonObject header, JsonObject claims, ref Func<byte[], byte[]> sign)
    {
        long At(double minutes) => _clock.Now.AddMinutes(minutes).ToUnixTimeSeconds();
        switch (what)
        {
            case "kid missing": header.Remove("kid"); break;
            case "kid unknown": header["kid"] = "other"; break;
            case "kid of a key of another type": header["kid"] = "curve"; break;
            case "another key": sign = OtherKey; break;
            case "RS256" or "ES256": header["alg"] = what; sign = Forge.Signer(what); break;
            case "none": header["alg"] = what; sign = _ => []; break;
            case "HS256 with the public key": header["alg"] = "HS256"; sign = data => HMACSHA256.HashData(Forge.Rsa.ExportSubjectPublicKeyInfo(), data); break;
            case "own key inside": header["jwk"] = Forge.Json(Jwk.Of(Forge.OtherRsa)); sign = OtherKey; break;
            case "own certificate address": header["x5u"] = "https://evil.example/cert"; sign = OtherKey; break;
            case "jku of somebody": header["jku"] = "https://evil.example/jwks"; break;
            case "typ of an access token": header["typ"] = "at+jwt"; break;
            case "typ of a proof": header["typ"] = "dpop+jwt"; break;
            case "iss of another" or "sub of another": claims[what[..3]] = "other"; break;
            case "aud of another": claims["aud"] = "https://other.example/token"; break;
            case "aud empty": claims["aud"] = new JsonArray(); break;
            case "aud of us and another": claims["aud"] = new JsonArray(TokenUrl, "https://other.example/token"); break;
            case "aud with a slash more": claims["aud"] = TokenUrl + "/"; break;
            case "aud of numbers": claims["aud"] = new JsonArray(1); break;
            case "exp past": claims["exp"] = At(-1); break;
            case "exp as text": claims["exp"] = "2100-01-01"; break;
            case "exp negative": claims["exp"] = -1; break;
            case "exp endless": claims["exp"] = 1e300; break;
            case "exp in an hour": claims["exp"] = At(60); break;
            case "exp just beyond five minutes and the skew": claims["exp"] = At(5) + 11; break;
            case "nbf in the future" or "iat in the future": claims[what[..3]] = At(1); break;
            case "jti empty": claims["jti"] = ""; break;
            case "jti long": claims["jti"] = new string('x', 257); break;
            case "jti a number": claims["jti"] = 7; break;
            default: Assert.True(what.EndsWith(" missing", StringComparison.Ordinal) && claims.Remove(what[..3]), what); break;
        }
    }

    private static byte[] OtherKey(byte[] data) => Forge.OtherRsa.SignData(data, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1);

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
