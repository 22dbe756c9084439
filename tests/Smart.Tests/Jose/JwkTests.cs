using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart.Jose;
using Xunit;

namespace HealthChain.Smart.Tests.Jose;

public sealed class JwkTests
{
    [Fact]
    public void Short_and_endless_RSA_keys_are_refused()
    {
        using RSA weak = RSA.Create(1024);
        Refused(Forge.Json(Jwk.Of(weak)));
        Refused(Changed("RS256", "n", Base64UrlText.Of([.. Enumerable.Repeat((byte)0xFF, 1025)])));
    }

    [Theory]
    [InlineData("AQ")]
    [InlineData("Aw")]
    [InlineData("AQAA")]
    [InlineData("AAEAAQ")]
    [InlineData("AQAAAAE")]
    [InlineData("")]
    public void Odd_exponents_alone_are_taken_and_no_small_ones(string exponent) => Refused(Changed("RS256", "e", exponent));

    [Fact]
    public void A_modulus_has_no_leading_zero_and_is_odd()
    {
        byte[] modulus = Base64UrlText.Read(Forge.Json(Forge.Key("RS256"))["n"]!.GetValue<string>())!;
        Refused(Changed("RS256", "n", Base64UrlText.Of([0, .. modulus])));
        modulus[^1] ^= 1;
        Refused(Changed("RS256", "n", Base64UrlText.Of(modulus)));
    }

    [Fact]
    public void Points_lie_on_their_curve()
    {
        JsonObject json = Forge.Json(Forge.Key("ES256"));
        byte[] x = Base64UrlText.Read(json["x"]!.GetValue<string>())!;
        x[0] ^= 1;
        Refused(Changed("ES256", "x", Base64UrlText.Of(x)));
        Refused(Changed("ES256", "x", Base64UrlText.Of([0, .. x])));
        Refused(Changed("ES256", "x", Base64UrlText.Of(new byte[32])));
        Refused(Changed("ES256", "crv", "P-384"));
        Refused(Changed("ES256", "crv", "secp256k1"));
        Refused(Changed("ES256", "crv", "p-256"));
        Refused(Changed("ES256", "y", null));
        JsonObject infinity = Changed("ES256", "x", Base64UrlText.Of(new byte[32]));
        infinity["y"] = Base64UrlText.Of(new byte[32]);
        Refused(infinity);
    }

    [Theory]
    [InlineData("d")]
    [InlineData("p")]
    [InlineData("dq")]
    [InlineData("oth")]
    [InlineData("k")]
    public void Secrets_are_refused(string member)
    {
        Refused(Changed("ES256", member, "AAAA"));
        Assert.False(Set(Forge.Json(Forge.Key("RS384")), Changed("ES256", member, "AAAA")).IsOk);
    }

    [Fact]
    public void Keys_for_other_uses_are_refused()
    {
        Refused(Changed("ES256", "use", "enc"));
        JsonObject wrapping = Forge.Json(Forge.Key("ES256"));
        wrapping["key_ops"] = new JsonArray("wrapKey");
        Refused(wrapping);
    }

    [Fact]
    public void A_key_is_used_with_its_own_algorithm_alone()
    {
        byte[] data = Encoding.ASCII.GetBytes("data");
        Jwk key = Jwk.Of(Forge.Rsa, "k", JoseAlgorithm.Rs384);

        Assert.True(key.Verifies(JoseAlgorithm.Rs384, data, Forge.Signer("RS384")(data)));
        Assert.False(key.Verifies(JoseAlgorithm.Rs256, data, Forge.Signer("RS256")(data)));
    }

    [Fact]
    public void Sets_leave_out_what_they_do_not_know_but_not_everything()
    {
        JsonObject unknown = new() { ["kty"] = "OKP", ["crv"] = "Ed25519", ["x"] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };

        Assert.Single(Set(unknown, Forge.Json(Forge.Key("ES384", "k"))).Value.Keys);
        Assert.False(Set((JsonObject)unknown.DeepClone()).IsOk);
        Assert.False(Set().IsOk);
        Assert.False(JwkSet.Read("""{"keys":{}}"""u8.ToArray()).IsOk);
        Assert.False(JwkSet.Read("""[]"""u8.ToArray()).IsOk);
        Assert.False(Set([.. Enumerable.Range(0, JwkSet.MostKeys + 1).Select(n => Forge.Json(Forge.Key("ES384", "k" + n)))]).IsOk);
    }

    [Fact]
    public void Of_several_keys_one_must_be_meant()
    {
        JwkSet set = new([Forge.Key("RS384", "same"), Forge.Key("ES384", "same"), Forge.Key("ES256", "twice"), Forge.Key("ES256", "twice")]);

        Assert.True(set.TryChoose("same", JoseAlgorithm.Rs384, out Jwk? rsa));
        Assert.Equal(JwkKind.Rsa, rsa.Kind);
        Assert.True(set.TryChoose("same", JoseAlgorithm.Es384, out Jwk? curve));
        Assert.Equal(JwkKind.P384, curve.Kind);
        Assert.False(set.TryChoose("twice", JoseAlgorithm.Es256, out _));
        Assert.False(set.TryChoose("other", JoseAlgorithm.Es384, out _));
    }

    private static JsonObject Changed(string algorithm, string member, string? value)
    {
        JsonObject json = Forge.Json(Forge.Key(algorithm));
        if (value is null)
        {
            json.Remove(member);
        }
        else
        {
            json[member] = value;
        }

        return json;
    }

    private static OAuthResult<JwkSet> Set(params JsonObject[] keys) =>
        JwkSet.Read(Encoding.UTF8.GetBytes(new JsonObject { ["keys"] = new JsonArray([.. keys]) }.ToJsonString()));

    private static void Refused(JsonObject json)
    {
        Assert.False(Jwk.TryRead(JoseJson.ReadObject(Encoding.UTF8.GetBytes(json.ToJsonString()))!.Value, out Jwk? key, out string? refusal));
        Assert.Null(key);
        Assert.NotEmpty(refusal);
    }
}
