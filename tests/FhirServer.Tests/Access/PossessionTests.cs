using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.Smart.Jose;
using HealthChain.Smart.Scopes;
using HealthChain.Smart.State;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.FhirServer.Tests.Access;

/// <summary>Tokens that are bound to a key, at the FHIR server: https://www.rfc-editor.org/rfc/rfc9449#section-7</summary>
public sealed class PossessionTests : IAsyncDisposable
{
    private const string Url = "http://localhost/fhir/Location/hidden";
    private const string Secret = "A room of which nobody knows";

    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private static readonly ECDsa OtherKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private readonly ServerFactory _server = new();
    private HttpClient? _client;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("?_format=json#fragment")]
    public async Task Who_has_the_key_gets_in(string rest)
    {
        string token = await TokenAsync();

        using HttpResponseMessage answer = await AskAsync("DPoP", token, Proof(token));
        using HttpResponseMessage further = await AskAsync("dpop", token, Proof(token, url: Url + rest));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (answer.StatusCode, further.StatusCode));
        Assert.Contains(Secret, await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no proof")]
    [InlineData("two proofs")]
    [InlineData("empty proof")]
    [InlineData("no token")]
    [InlineData("another key")]
    [InlineData("signed by another key")]
    [InlineData("another method")]
    [InlineData("another address")]
    [InlineData("another host")]
    [InlineData("old")]
    [InlineData("early")]
    [InlineData("no ath")]
    [InlineData("ath of another token")]
    [InlineData("no jti")]
    public async Task A_proof_with_one_thing_wrong_is_refused(string what)
    {
        string token = await TokenAsync();
        string[] proofs = what switch
        {
            "no proof" => [],
            "two proofs" => [Proof(token), Proof(token)],
            "empty proof" => [""],
            "no token" => ["x"],
            "another key" => [Proof(token, key: OtherKey)],
            "signed by another key" => [Proof(token, signer: OtherKey)],
            "another method" => [Proof(token, method: "POST")],
            "another address" => [Proof(token, url: Url + "/_history/1")],
            "another host" => [Proof(token, url: Url.Replace("localhost", "elsewhere.example", StringComparison.Ordinal))],
            "old" => [Proof(token, age: TimeSpan.FromSeconds(90))],
            "early" => [Proof(token, age: TimeSpan.FromSeconds(-60))],
            "no ath" => [Proof(null)],
            "ath of another token" => [Proof(token + "x")],
            _ => [Proof(token, jti: null)],
        };

        using HttpResponseMessage answer = await AskAsync("DPoP", token, proofs);

        await RefusedAsync(answer, "DPoP realm=\"fhir\", error=\"invalid_dpop_proof\", algs=\"ES256 ES384 RS256 RS384\"", [token, .. proofs]);
    }

    [Fact]
    public async Task A_proof_is_good_once_for_whatever_it_is_used_first()
    {
        string token = await TokenAsync();
        string proof = Proof(token);

        using HttpResponseMessage first = await AskAsync("DPoP", token, proof);
        using HttpResponseMessage second = await AskAsync("DPoP", token, proof);
        using HttpResponseMessage sameId = await AskAsync("DPoP", token, Proof(token, jti: "one"));
        using HttpResponseMessage again = await AskAsync("DPoP", token, Proof(token, jti: "one"));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, sameId.StatusCode));
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (second.StatusCode, again.StatusCode));
    }

    [Fact]
    public async Task A_bound_token_is_nobodys_bearer_token_and_a_bearer_token_nobodys_bound_one()
    {
        string bound = await TokenAsync();
        string bearer = await TokenAsync(isBound: false);

        using HttpResponseMessage asBearer = await AskAsync("Bearer", bound);
        using HttpResponseMessage asBearerWithProof = await AskAsync("Bearer", bound, Proof(bound));
        using HttpResponseMessage asBound = await AskAsync("DPoP", bearer, Proof(bearer));
        using HttpResponseMessage unknown = await AskAsync("DPoP", "nobody's", Proof("nobody's"));
        using HttpResponseMessage good = await AskAsync("Bearer", bearer);

        Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        await RefusedAsync(asBearer, "Bearer realm=\"fhir\", error=\"invalid_token\"", bound);
        await RefusedAsync(asBearerWithProof, "Bearer realm=\"fhir\", error=\"invalid_token\"", bound);
        await RefusedAsync(asBound, "DPoP realm=\"fhir\", error=\"invalid_token\", algs=\"ES256 ES384 RS256 RS384\"", bearer);
        await RefusedAsync(unknown, "DPoP realm=\"fhir\", error=\"invalid_token\", algs=\"ES256 ES384 RS256 RS384\"", "nobody's");
    }

    [Fact]
    public async Task Where_proofs_need_a_nonce_the_answer_has_one()
    {
        _server.Settings["HealthChain:Smart:DpopNonces"] = "true";
        string token = await TokenAsync();

        using HttpResponseMessage without = await AskAsync("DPoP", token, Proof(token));
        string nonce = Assert.Single(without.Headers.GetValues("DPoP-Nonce"));
        using HttpResponseMessage with = await AskAsync("DPoP", token, Proof(token, nonce: nonce));
        using HttpResponseMessage wrong = await AskAsync("DPoP", token, Proof(token, nonce: "made up"));

        await RefusedAsync(without, "DPoP realm=\"fhir\", error=\"use_dpop_nonce\", algs=\"ES256 ES384 RS256 RS384\"", token);
        await RefusedAsync(wrong, "DPoP realm=\"fhir\", error=\"use_dpop_nonce\", algs=\"ES256 ES384 RS256 RS384\"", token);
        Assert.Equal(HttpStatusCode.OK, with.StatusCode);
        Assert.NotEmpty(with.Headers.GetValues("DPoP-Nonce"));
    }

    private static async Task RefusedAsync(HttpResponseMessage answer, string challenge, params string[] secrets)
    {
        Assert.Equal((HttpStatusCode.Unauthorized, challenge), (answer.StatusCode, Assert.Single(answer.Headers.GetValues("WWW-Authenticate"))));
        string told = await answer.Content.ReadAsStringAsync(Cancel) + answer.Headers;
        Assert.Contains("OperationOutcome", told, StringComparison.Ordinal);
        Assert.All([Secret, .. secrets.Where(secret => secret.Length > 1)], secret => Assert.DoesNotContain(secret, told, StringComparison.Ordinal));
    }

    /// <summary>A token of a system, and something to read with it.</summary>
    private async Task<string> TokenAsync(bool isBound = true)
    {
        _client ??= _server.CreateClient();
        using var content = new StringContent($$"""{"resourceType":"Location","id":"hidden","name":"{{Secret}}"}""", Encoding.UTF8, "application/fhir+json");
        using HttpResponseMessage stored = await _client.PutAsync(Url, content, Cancel);
        Assert.True(stored.IsSuccessStatusCode);

        var state = _server.Services.GetRequiredService<SmartState>();
        var system = new Client { Id = "system", Name = "A system", Kind = ClientKind.ConfidentialAsymmetric, GrantTypes = [ClientMetadata.ClientCredentials], AllowedScopes = "system/*.rs", Jwks = """{"keys":[]}""" };
        Assert.True((await state.RegisterAsync(system)).IsOk);
        return (await state.IssueForSystemAsync(new SystemRequest("system", ScopeSet.Parse("system/*.rs"), isBound ? Jwk.Of(Key).Thumbprint : null))).Value.AccessToken;
    }

    private async Task<HttpResponseMessage> AskAsync(string scheme, string token, params string[] proofs)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Url);
        request.Headers.TryAddWithoutValidation("Authorization", $"{scheme} {token}");
        foreach (string proof in proofs)
        {
            request.Headers.TryAddWithoutValidation("DPoP", proof);
        }

        return await _client!.SendAsync(request, Cancel);
    }

    /// <param name="token">Whose hash it holds; null for none.</param>
    /// <param name="key">That stands in it.</param>
    private static string Proof(string? token, string method = "GET", string url = Url, TimeSpan age = default, ECDsa? key = null, ECDsa? signer = null, string? jti = "", string? nonce = null)
    {
        var claims = new JsonObject { ["htm"] = method, ["htu"] = url, ["iat"] = (TimeProvider.System.GetUtcNow() - age).ToUnixTimeSeconds() };
        if (token is not null)
        {
            claims["ath"] = Base64UrlText.Of(SHA256.HashData(Encoding.ASCII.GetBytes(token)));
        }

        if (jti is not null)
        {
            claims["jti"] = jti.Length == 0 ? Path.GetRandomFileName() : jti;
        }

        if (nonce is not null)
        {
            claims["nonce"] = nonce;
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Jwk.Of(key ?? Key).WriteTo(writer);
        }

        var header = new JsonObject { ["typ"] = "dpop+jwt", ["alg"] = "ES256", ["jwk"] = JsonNode.Parse(buffer.WrittenSpan) };
        string signed = TextOf(header) + "." + TextOf(claims);
        return signed + "." + Base64UrlText.Of((signer ?? key ?? Key).SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256));
    }

    private static string TextOf(JsonObject json) => Base64UrlText.Of(Encoding.UTF8.GetBytes(json.ToJsonString()));
}
