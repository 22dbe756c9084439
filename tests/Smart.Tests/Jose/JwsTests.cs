using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart.Jose;
using Xunit;

namespace HealthChain.Smart.Tests.Jose;

public sealed class JwsTests
{
    private const string Header = """{"alg":"ES256","kid":"k"}""";
    private const string Claims = """{"sub":"x"}""";

    private static Func<byte[], byte[]> Es256 { get; } = Forge.Signer("ES256");

    [Theory]
    [InlineData("RS256")]
    [InlineData("RS384")]
    [InlineData("ES256")]
    [InlineData("ES384")]
    public void Each_algorithm_signs_and_is_checked(string algorithm)
    {
        string token = Forge.Token(new JsonObject { ["alg"] = algorithm }, new JsonObject { ["sub"] = "x" }, Forge.Signer(algorithm));

        Assert.True(Read(token).IsSignedBy(Forge.Key(algorithm)));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("nOnE")]
    [InlineData("NONE")]
    [InlineData("")]
    [InlineData("HS256")]
    [InlineData("HS384")]
    [InlineData("HS512")]
    [InlineData("PS256")]
    [InlineData("RS512")]
    [InlineData("ES512")]
    [InlineData("ES256K")]
    [InlineData("EdDSA")]
    [InlineData("es256")]
    [InlineData("ES256 ")]
    public void No_other_algorithm_is_taken(string algorithm)
    {
        Refused(Forge.Token($$"""{"alg":"{{algorithm}}"}""", Claims, Es256));
        Refused(Forge.Token($$"""{"alg":"{{algorithm}}"}""", Claims, _ => []));
    }

    [Fact]
    public void A_public_key_is_no_shared_secret()
    {
        byte[] spki = Forge.Rsa.ExportSubjectPublicKeyInfo();
        byte[] pem = Encoding.ASCII.GetBytes(Forge.Rsa.ExportSubjectPublicKeyInfoPem());
        byte[] jwk = Encoding.UTF8.GetBytes(Forge.Json(Forge.Key("RS256")).ToJsonString());
        foreach (byte[] secret in (byte[][])[spki, pem, jwk])
        {
            Refused(Forge.Token("""{"alg":"HS256"}""", Claims, data => HMACSHA256.HashData(secret, data)));
            Assert.False(Read(Forge.Token("""{"alg":"RS256"}""", Claims, data => HMACSHA256.HashData(secret, data))).IsSignedBy(Forge.Key("RS256")));
        }
    }

    [Theory]
    [InlineData("""{"alg":"ES256","alg":"ES256"}""", Claims)]
    [InlineData("""{"alg":"none","alg":"ES256"}""", Claims)]
    [InlineData("""{"alg":"ES256","a\u006cg":"none"}""", Claims)]
    [InlineData(Header, """{"sub":"x","sub":"y"}""")]
    [InlineData(Header, """{"sub":"x","a":{"b":1,"b":2}}""")]
    [InlineData(Header, """["sub"]""")]
    [InlineData(Header, "null")]
    [InlineData(Header, "")]
    [InlineData("", Claims)]
    [InlineData("\"ES256\"", Claims)]
    [InlineData("""{"alg":"ES256",}""", Claims)]
    [InlineData("""{"alg":"ES256"}x""", Claims)]
    [InlineData("""{"alg":"ES256"/**/}""", Claims)]
    [InlineData("""{"alg":7}""", Claims)]
    [InlineData("""{"alg":null}""", Claims)]
    [InlineData("""{"alg":["ES256"]}""", Claims)]
    [InlineData("""{"typ":"JWT"}""", Claims)]
    [InlineData("""{"alg":"ES256","kid":7}""", Claims)]
    [InlineData("""{"alg":"ES256","typ":[]}""", Claims)]
    [InlineData("""{"alg":"ES256","crit":[]}""", Claims)]
    [InlineData("""{"alg":"ES256","crit":["exp"],"exp":1}""", Claims)]
    [InlineData("""{"alg":"ES256","crit":["b64"],"b64":false}""", Claims)]
    [InlineData("""{"alg":"ES256","b64":false}""", Claims)]
    [InlineData("""{"alg":"ES256","b64":true}""", Claims)]
    [InlineData("""{"alg":"ES256","kid":"\ud800"}""", Claims)]
    [InlineData(Header, """{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}""")]
    public void Headers_and_claims_that_could_be_read_in_two_ways_are_refused(string header, string claims) => Refused(Forge.Token(header, claims, Es256));

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_refused()
    {
        Refused(Forge.Token(Encoding.UTF8.GetBytes(Header), [.. "{\"sub\":\""u8, 0xC3, 0x28, .. "\"}"u8], Es256));
        Refused(Forge.Token(Encoding.UTF8.GetBytes(Header), [.. "{\"sub\":\""u8, 0xED, 0xA0, 0x80, .. "\"}"u8], Es256));
        Refused(Forge.Token(Encoding.UTF8.GetBytes(Header), [.. "{\"sub\":\""u8, 0xC0, 0x80, .. "\"}"u8], Es256));
        Refused(Forge.Token([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Header)], Encoding.UTF8.GetBytes(Claims), Es256));
        Refused(Forge.Token(Encoding.Unicode.GetBytes(Header), Encoding.Unicode.GetBytes(Claims), Es256));
    }

    [Fact]
    public void There_are_exactly_three_parts()
    {
        string token = Forge.Token(Header, Claims, Es256);
        string[] parts = token.Split('.');

        Refused("");
        Refused(".");
        Refused("..");
        Refused(parts[0] + "." + parts[1]);
        Refused(token + ".");
        // Two signatures, and a token that is encrypted.
        Refused(token + "." + parts[2]);
        Refused(token + "." + parts[2] + "." + parts[2]);
        // The JSON form, with as many signatures as one likes: https://www.rfc-editor.org/rfc/rfc7515#section-7.2
        Refused($$"""{"payload":"{{parts[1]}}","signatures":[{"protected":"{{parts[0]}}","signature":"{{parts[2]}}"}]}""");
        Refused($$"""{"payload":"{{parts[1]}}","protected":"{{parts[0]}}","signature":"{{parts[2]}}"}""");
    }

    [Theory]
    [InlineData("=")]
    [InlineData(" ")]
    [InlineData("\n")]
    [InlineData("+")]
    [InlineData("/")]
    [InlineData("\u00a0")]
    [InlineData("\u0661")]
    public void Each_part_has_one_spelling(string addition)
    {
        string[] parts = Forge.Token(Header, Claims, Es256).Split('.');

        for (int part = 0; part < 3; part++)
        {
            string[] changed = [.. parts];
            changed[part] += addition;
            Refused(string.Join('.', changed));
        }
    }

    [Fact]
    public void Signatures_of_curves_have_one_form()
    {
        byte[] data = Encoding.ASCII.GetBytes("data");
        byte[] der = Forge.P256.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        byte[] right = Es256(data);
        Jwk key = Forge.Key("ES256");

        Assert.True(key.Verifies(JoseAlgorithm.Es256, data, right));
        Assert.False(key.Verifies(JoseAlgorithm.Es256, data, der));
        Assert.False(key.Verifies(JoseAlgorithm.Es256, data, right.AsSpan(0, 63)));
        Assert.False(key.Verifies(JoseAlgorithm.Es256, data, [.. right, 0]));
        Assert.False(key.Verifies(JoseAlgorithm.Es256, data, [0, .. right[..32], 0, .. right[32..]]));
        Assert.False(key.Verifies(JoseAlgorithm.Es256, data, []));
        Assert.False(key.Verifies(JoseAlgorithm.Es384, data, right));
    }

    [Fact]
    public void Zero_and_numbers_beyond_the_order_are_no_signature()
    {
        byte[] order = Convert.FromHexString("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551");
        byte[] zero = new byte[32];
        byte[] data = Encoding.ASCII.GetBytes("data");
        byte[] right = Es256(data);
        Jwk key = Forge.Key("ES256");

        foreach (byte[] half in (byte[][])[zero, order])
        {
            Assert.False(key.Verifies(JoseAlgorithm.Es256, data, [.. half, .. half]));
            Assert.False(key.Verifies(JoseAlgorithm.Es256, data, [.. half, .. right[32..]]));
            Assert.False(key.Verifies(JoseAlgorithm.Es256, data, [.. right[..32], .. half]));
        }
    }

    [Fact]
    public void A_key_inside_a_token_is_not_believed()
    {
        var header = new JsonObject { ["alg"] = "ES384", ["jwk"] = Forge.Json(Forge.Key("ES384")) };

        Jws jws = Read(Forge.Token(header, new JsonObject { ["sub"] = "x" }, Forge.Signer("ES384")));

        Assert.False(jws.IsSignedBy(Forge.Key("ES256")));
        Assert.False(jws.IsSignedBy(Forge.Key("RS256")));
    }

    [Fact]
    public void Long_tokens_are_not_looked_at()
    {
        string token = Forge.Token(Header, $$"""{"sub":"{{new string('x', Jws.MostLetters)}}"}""", Es256);

        Refused(token);
        Refused(new string('.', 10_000_000));
        Refused(new string('A', 10_000_000));
    }

    private static Jws Read(string token)
    {
        Assert.True(Jws.TryRead(token, JoseAlgorithms.All, out Jws? jws, out string? refusal), refusal);
        return jws;
    }

    private static void Refused(string token)
    {
        Assert.False(Jws.TryRead(token, JoseAlgorithms.All, out Jws? jws, out string? refusal));
        Assert.Null(jws);
        Assert.NotEmpty(refusal);
    }
}
