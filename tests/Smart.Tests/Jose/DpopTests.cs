using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart.Jose;
using Xunit;

namespace HealthChain.Smart.Tests.Jose;

public sealed class DpopTests
{
    private const string AccessToken = "opaque-access-token";

    private static readonly Uri Address = new("https://fhir.example.org/fhir/Patient/1");

    private readonly TestClock _clock = new();
    private readonly SpentIds _spent = new();
    private readonly DpopProofs _proofs;

    public DpopTests() => _proofs = new DpopProofs(_spent.SpendAsync, null, _clock);

    [Theory]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("RS256")]
    public async Task A_proof_gives_the_thumbprint_of_its_key(string algorithm)
    {
        OAuthResult<string> answer = await VerifyAsync(Forge.Token(Header(algorithm), Claims(), Forge.Signer(algorithm)));

        Assert.Equal(Forge.Key(algorithm).Thumbprint, answer.Value);
    }

    [Theory]
    [InlineData("https://fhir.example.org/fhir/Patient/1?_format=json#x", true)]
    [InlineData("HTTPS://FHIR.example.org:443/fhir/Patient/1", true)]
    [InlineData("https://fhir.example.org/fhir/./Patient/1", true)]
    [InlineData("https://fhir.example.org/fhir/%50atient/1", true)]
    [InlineData("https://fhir.example.org/fhir/patient/1", false)]
    [InlineData("https://fhir.example.org/fhir/Patient/1/", false)]
    [InlineData("https://fhir.example.org/fhir/Patient/2", false)]
    [InlineData("https://fhir.example.org:8443/fhir/Patient/1", false)]
    [InlineData("http://fhir.example.org/fhir/Patient/1", false)]
    [InlineData("https://other@fhir.example.org/fhir/Patient/1", false)]
    [InlineData("/fhir/Patient/1", false)]
    [InlineData("", false)]
    public async Task Addresses_are_compared_after_normalising_without_query(string htu, bool isSame)
    {
        JsonObject claims = Claims();
        claims["htu"] = htu;

        Assert.Equal(isSame, (await VerifyAsync(Forge.Token(Header("ES256"), claims, Forge.Signer("ES256")))).IsOk);
    }

    public static TheoryData<string, string> Wrong { get; } = new()
    {
        { "typ JWT", "typ" },
        { "typ missing", "typ" },
        { "jwk missing", "typ" },
        { "jwk with its secret", "secret" },
        { "jwk of another", "signed" },
        { "jwk symmetric", "secret" },
        { "none", "algorithm" },
        { "HS256", "algorithm" },
        { "htm of another", "htm" },
        { "htm in small letters", "htm" },
        { "htm missing", "htm" },
        { "htu missing", "htu" },
        { "iat missing", "iat" },
        { "iat old", "iat" },
        { "iat in the future", "future" },
        { "iat as text", "number" },
        { "exp past", "expired" },
        { "jti missing", "jti" },
        { "jti empty", "jti" },
        { "jti long", "jti" },
        { "ath missing", "ath" },
        { "ath of another token", "ath" },
        { "ath as the token itself", "ath" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task A_proof_with_one_thing_wrong_is_refused(string what, string word)
    {
        JsonObject header = Header("ES256");
        JsonObject claims = Claims();
        Func<byte[], byte[]> sign = Forge.Signer("ES256");
        Spoil(what, header, claims, ref sign);

        OAuthResult<string> answer = await VerifyAsync(Forge.Token(header, claims, sign));

        Assert.Equal("invalid_dpop_proof", answer.Error?.Code);
        Assert.Contains(word, answer.Error?.Reason, StringComparison.Ordinal);
        Assert.True((await VerifyAsync(Forge.Token(Header("ES256"), Claims(), Forge.Signer("ES256")))).IsOk);
    }

    [Fact]
    public async Task A_proof_works_once_for_its_key()
    {
        string proof = Forge.Token(Header("ES256"), Claims(), Forge.Signer("ES256"));

        Assert.True((await VerifyAsync(proof)).IsOk);
        Assert.Equal("The proof was used before.", (await VerifyAsync(proof)).Error?.Reason);
        Assert.True((await VerifyAsync(Forge.Token(Header("ES384"), Claims(), Forge.Signer("ES384")))).IsOk);
        _clock.Now = _spent.LastUntil + TimeSpan.FromSeconds(1);
        Assert.Equal("The proof is too old (iat).", (await VerifyAsync(proof)).Error?.Reason);
    }

    [Fact]
    public async Task A_proof_shows_the_nonce_where_it_is_asked_for()
    {
        var nonces = new DpopNonces(_clock);
        var proofs = new DpopProofs(_spent.SpendAsync, nonces, _clock);
        async Task<string?> Answer(string? nonce)
        {
            JsonObject claims = Claims();
            claims["iat"] = _clock.Now.ToUnixTimeSeconds();
            claims["jti"] = _clock.Now.ToString("O");
            if (nonce is not null)
            {
                claims["nonce"] = nonce;
            }

            return (await proofs.VerifyAsync(Forge.Token(Header("ES256"), claims, Forge.Signer("ES256")), "GET", Address, AccessToken, TestContext.Current.CancellationToken)).Error?.Code;
        }

        string first = nonces.Current;
        Assert.Equal("use_dpop_nonce", await Answer(null));
        Assert.Equal("use_dpop_nonce", await Answer("something"));
        Assert.Equal("use_dpop_nonce", await Answer(new DpopNonces(_clock).Current));
        Assert.Null(await Answer(first));
        _clock.Now += TimeSpan.FromMinutes(2);
        Assert.NotEqual(first, nonces.Current);
        Assert.Null(await Answer(first));
        _clock.Now += TimeSpan.FromMinutes(2);
        Assert.Equal("use_dpop_nonce", await Answer(first));
    }

    private void Spoil(string what, JsonObject header, JsonObject claims, ref Func<byte[], byte[]> sign)
    {
        long At(double seconds) => _clock.Now.AddSeconds(seconds).ToUnixTimeSeconds();
        switch (what)
        {
            case "typ JWT": header["typ"] = "JWT"; break;
            case "typ missing" or "jwk missing": header.Remove(what[..3]); break;
            case "jwk with its secret": header["jwk"]!["d"] = Base64UrlText.Of(Forge.P256.ExportParameters(true).D); break;
            case "jwk of another": header["jwk"] = Forge.Json(Jwk.Of(ECDsa.Create(ECCurve.NamedCurves.nistP256))); break;
            case "jwk symmetric": header["jwk"] = new JsonObject { ["kty"] = "oct", ["k"] = "AAAA" }; break;
            case "none": header["alg"] = what; sign = _ => []; break;
            case "HS256": header["alg"] = what; sign = data => HMACSHA256.HashData("AAAA"u8, data); break;
            case "htm of another": claims["htm"] = "POST"; break;
            case "htm in small letters": claims["htm"] = "get"; break;
            case "iat old": claims["iat"] = At(-71); break;
            case "iat in the future": claims["iat"] = At(12); break;
            case "iat as text": claims["iat"] = "now"; break;
            case "exp past": claims["exp"] = At(-11); break;
            case "jti empty": claims["jti"] = ""; break;
            case "jti long": claims["jti"] = new string('x', 257); break;
            case "ath of another token": claims["ath"] = Base64UrlText.Of(SHA256.HashData("other"u8)); break;
            case "ath as the token itself": claims["ath"] = AccessToken; break;
            default: Assert.True(what.EndsWith(" missing", StringComparison.Ordinal) && claims.Remove(what[..3]), what); break;
        }
    }

    private static JsonObject Header(string algorithm) => new() { ["typ"] = "dpop+jwt", ["alg"] = algorithm, ["jwk"] = Forge.Json(Forge.Key(algorithm)) };

    private JsonObject Claims() => new()
    {
        ["jti"] = "id-1",
        ["htm"] = "GET",
        ["htu"] = Address.AbsoluteUri,
        ["iat"] = _clock.Now.ToUnixTimeSeconds(),
        ["ath"] = Base64UrlText.Of(SHA256.HashData(Encoding.ASCII.GetBytes(AccessToken))),
    };

    private ValueTask<OAuthResult<string>> VerifyAsync(string proof) => _proofs.VerifyAsync(proof, "GET", Address, AccessToken, TestContext.Current.CancellationToken);
}
