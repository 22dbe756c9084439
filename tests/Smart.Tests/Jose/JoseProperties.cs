using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using HealthChain.Smart.Jose;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Smart.Tests.Jose;

public sealed class JoseProperties
{
    private static readonly string[] Algorithms = ["RS256", "RS384", "ES256", "ES384"];

    [Fact]
    public void Bytes_have_one_spelling_in_base64url() => Prop.ForAll<byte[]>(bytes =>
    {
        string text = Base64UrlText.Of(bytes);
        Assert.Equal(bytes, Base64UrlText.Read(text));
        // No other last letter gives the same bytes.
        return text.Length == 0 || "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            .Where(letter => letter != text[^1]).All(letter => Base64UrlText.Read(text[..^1] + letter) is not { } other || !other.AsSpan().SequenceEqual(bytes));
    }).Check(RandomCases.Of(100));

    [Fact]
    public void Any_text_is_read_or_refused_without_an_exception() => Prop.ForAll<string, byte[], byte[]>((text, header, claims) =>
    {
        _ = Jws.TryRead(text ?? "", JoseAlgorithms.All, out _, out _);
        _ = Jws.TryRead(Forge.Token(header, claims, data => data), JoseAlgorithms.All, out _, out _);
        _ = JwkSet.Read(header);
        _ = ClientMetadata.Read(claims, OutsideReach.Public);
    }).Check(RandomCases.Of(100));

    /// <summary>Whatever letter is changed: the token is refused, or its signature does not fit.</summary>
    [Fact]
    public void A_changed_letter_is_seen()
    {
        Gen<(string Token, string Algorithm, int At, char Letter)> changes =
            from algorithm in Gen.Elements(Algorithms)
            let token = Forge.Token(new JsonObject { ["alg"] = algorithm, ["kid"] = "k" }, new JsonObject { ["sub"] = "somebody", ["exp"] = 1234567890 }, Forge.Signer(algorithm))
            from at in Gen.Choose(0, token.Length - 1)
            from letter in Gen.Elements<char>("ABCXYZabcxyz0189-_.=\n".ToCharArray())
            where token[at] != letter
            select (token, algorithm, at, letter);
        Prop.ForAll(changes.ToArbitrary(), change =>
        {
            string changed = change.Token[..change.At] + change.Letter + change.Token[(change.At + 1)..];
            return !Jws.TryRead(changed, JoseAlgorithms.All, out Jws? jws, out _) || !jws.IsSignedBy(Forge.Key(change.Algorithm));
        }).Check(RandomCases.Of(500));
    }

    [Fact]
    public void Only_the_key_that_signed_fits() => Prop.ForAll(
        (from signed in Gen.Elements(Algorithms) from other in Gen.Elements(Algorithms) select (signed, other)).ToArbitrary(),
        pair =>
        {
            string token = Forge.Token(new JsonObject { ["alg"] = pair.signed }, new JsonObject { ["sub"] = "x" }, Forge.Signer(pair.signed));
            Assert.True(Jws.TryRead(token, JoseAlgorithms.All, out Jws? jws, out _));
            bool isSame = Forge.Key(pair.signed).Thumbprint == Forge.Key(pair.other).Thumbprint;
            return jws.IsSignedBy(Forge.Key(pair.other)) == isSame && !jws.IsSignedBy(Jwk.Of(Forge.OtherRsa));
        }).Check(RandomCases.Of(100));

    [Fact]
    public void Keys_are_read_as_they_were_written() => Prop.ForAll(Gen.Elements(Algorithms).ToArbitrary(), algorithm =>
    {
        Jwk key = Forge.Key(algorithm, "k-" + algorithm);
        JwkSet set = JwkSet.Read(Encoding.UTF8.GetBytes(new JsonObject { ["keys"] = new JsonArray(Forge.Json(key)) }.ToJsonString())).Value;
        return set.Keys is [var read] && read.Thumbprint == key.Thumbprint && read.Kid == key.Kid && read.Kind == key.Kind;
    }).Check(RandomCases.Of(100));
}
