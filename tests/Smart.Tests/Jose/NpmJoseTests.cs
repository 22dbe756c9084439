using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.Conformance.Smart;
using HealthChain.Smart.Jose;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Smart.Tests.Jose;

/// <summary>The short form of conformance/smart: tokens between npm's jose and us, both ways.</summary>
public sealed class NpmJoseTests : IDisposable
{
    private const int Cases = 200;
    private const int Seed = 20261121;
    private const string NotThere = "Node.js, or npm's registry to install jose from, is not to be had.";

    private readonly NodeProgram? _oracle = JoseDifferential.TryStartOracle();

    [Fact]
    public void What_one_signs_the_other_takes_and_neither_takes_what_was_changed()
    {
        Assert.SkipUnless(_oracle is not null, NotThere);

        Findings findings = JoseDifferential.Run(_oracle, Cases, Seed);

        Assert.Empty(findings.Differences);
        Assert.Equal(Cases, findings.ByKind["changed, not taken by us"]);
    }

    [Fact]
    public void Jose_takes_our_id_tokens_with_the_keys_that_we_publish()
    {
        Assert.SkipUnless(_oracle is not null, NotThere);
        string folder = Path.Combine(Path.GetTempPath(), "healthchain-jose-" + Path.GetRandomFileName());
        var clock = new TestClock();
        SigningKeys keys = SigningKeys.Open(new SigningKeyOptions { Folder = folder }, clock);
        var tokens = new IdTokens("https://us.example", "https://us.example/fhir", keys, clock);
        var idToken = new IdToken { Subject = "a", Audience = "app", SignedIn = clock.Now, Nonce = "n", FhirUser = "Patient/1" };

        foreach (JoseAlgorithm algorithm in (JoseAlgorithm[])[JoseAlgorithm.Rs256, JoseAlgorithm.Es384])
        {
            string token = tokens.Sign(idToken, algorithm);
            JsonElement taken = Ask(token, keys, "app", clock.Now);
            Assert.Equal("https://us.example/fhir/Patient/1", taken.GetProperty("payload").GetProperty("fhirUser").GetString());
            Assert.Equal(algorithm.Name(), taken.GetProperty("header").GetProperty("alg").GetString());
            Assert.Equal("ERR_JWT_CLAIM_VALIDATION_FAILED", Ask(token, keys, "other", clock.Now).GetProperty("refused").GetString());
            Assert.Equal("ERR_JWT_EXPIRED", Ask(token, keys, "app", clock.Now + IdTokens.Life).GetProperty("refused").GetString());
        }

        string old = tokens.Sign(idToken);
        keys.Rotate(forget: true);
        Assert.Equal("ERR_JWKS_NO_MATCHING_KEY", Ask(old, keys, "app", clock.Now).GetProperty("refused").GetString());
        Directory.Delete(folder, recursive: true);
    }

    public void Dispose() => _oracle?.Dispose();

    private JsonElement Ask(string token, SigningKeys keys, string audience, DateTimeOffset now) => _oracle!.Ask(new JsonObject
    {
        ["kind"] = "idToken",
        ["keys"] = JsonNode.Parse(keys.PublicKeys.Span),
        ["token"] = token,
        ["issuer"] = "https://us.example",
        ["audience"] = audience,
        ["now"] = now.ToUnixTimeSeconds(),
    });
}
