using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Smart.Jose;
using Xunit;

namespace HealthChain.Smart.Tests.Jose;

public sealed class ClientMetadataTests
{
    [Fact]
    public void An_app_in_a_browser_is_read()
    {
        ClientMetadata app = Read("""
            {"client_name":"Growth chart","redirect_uris":["https://app.example.org/cb"],"token_endpoint_auth_method":"none",
             "grant_types":["authorization_code","refresh_token"],"scope":"launch/patient patient/*.rs openid","dpop_bound_access_tokens":true,"unknown":7}
            """).Value;

        Assert.Equal("Growth chart", app.Name);
        Assert.Equal("none", app.AuthMethod);
        Assert.Equal(["authorization_code", "refresh_token"], app.GrantTypes);
        Assert.Equal(["https://app.example.org/cb"], app.RedirectUris);
        Assert.Equal("launch/patient patient/*.rs openid", app.Scopes.Text);
        Assert.Equal(["https://app.example.org"], app.Origins());
        Assert.True(app.IsKeyBound);
    }

    [Fact]
    public void What_is_not_said_is_as_the_specification_says()
    {
        ClientMetadata app = Read("""{"redirect_uris":["https://app.example.org/cb"]}""").Value;

        Assert.Equal("client_secret_basic", app.AuthMethod);
        Assert.Equal(["authorization_code"], app.GrantTypes);
        Assert.False(app.IsKeyBound);
    }

    [Fact]
    public void A_system_is_read()
    {
        ClientMetadata system = Read(System(keys => { })).Value;

        Assert.Equal(["client_credentials"], system.GrantTypes);
        Assert.Equal(Forge.Key("ES384", "curve").Thumbprint, Assert.Single(JwkSet.Read(Encoding.UTF8.GetBytes(system.Jwks!)).Value.Keys).Thumbprint);
        Assert.Empty(system.RedirectUris);
    }

    [Theory]
    [InlineData("https://app.example.org/cb?fixed=1", true)]
    [InlineData("http://127.0.0.1:8400/cb", true)]
    [InlineData("http://localhost/cb", true)]
    [InlineData("http://[::1]:80/cb", true)]
    [InlineData("org.example.app:/cb", true)]
    [InlineData("http://app.example.org/cb", false)]
    [InlineData("https://app.example.org/cb#", false)]
    [InlineData("https://app.example.org/cb#x", false)]
    [InlineData("https://user@app.example.org/cb", false)]
    [InlineData("https://*.example.org/cb", false)]
    [InlineData("https://app.example.org\\@evil.example/cb", false)]
    [InlineData(" https://app.example.org/cb", false)]
    [InlineData("https://app.example.org/c\u00e4", false)]
    [InlineData("/cb", false)]
    [InlineData("", false)]
    [InlineData("javascript:alert(1)", false)]
    [InlineData("data:text/html,x", false)]
    [InlineData("app:/cb", false)]
    public void Only_safe_redirect_addresses_are_taken(string address, bool isTaken)
    {
        var json = new JsonObject { ["redirect_uris"] = new JsonArray(address), ["token_endpoint_auth_method"] = "none" };

        OAuthResult<ClientMetadata> answer = Read(json.ToJsonString());

        Assert.Equal(isTaken ? null : "invalid_redirect_uri", answer.Error?.Code);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8400/cb", "http://127.0.0.1:51004/cb", true)]
    [InlineData("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true)]
    [InlineData("http://127.0.0.1:8400/cb?x=1", "http://127.0.0.1/cb?x=1", true)]
    [InlineData("http://127.0.0.1:8400", "http://127.0.0.1:1", true)]
    [InlineData("http://[::1]:8400/cb", "http://[::1]:51004/cb", true)]
    [InlineData("http://127.0.0.1:8400/cb", "http://127.0.0.1:51004/other", false)]
    [InlineData("http://127.0.0.1:8400/cb", "http://127.0.0.1:51004/cb?x=1", false)]
    [InlineData("http://127.0.0.1:8400/cb", "http://127.0.0.1:51004@evil.example/cb", false)]
    [InlineData("http://127.0.0.1:8400/cb", "http://127.0.0.1.evil.example/cb", false)]
    [InlineData("http://127.0.0.1:8400/cb", "http://127.0.0.1:/cb", false)]
    [InlineData("http://127.0.0.1:8400/cb", "http://127.0.0.1:0/cb", false)]
    [InlineData("http://127.0.0.1:8400/cb", "http://127.0.0.1:65536/cb", false)]
    [InlineData("http://127.0.0.1:8400/cb", "http://127.0.0.1:+80/cb", false)]
    [InlineData("http://127.0.0.1:8400/cb", "http://127.0.0.1:80 /cb", false)]
    [InlineData("http://127.0.0.1:8400/cb", "http://[::1]:8400/cb", false)]
    [InlineData("http://127.0.0.1:8400/cb", "https://127.0.0.1:8400/cb", false)]
    [InlineData("http://localhost:8400/cb", "http://localhost:51004/cb", false)]
    [InlineData("https://app.example/cb", "https://app.example:8443/cb", false)]
    public void An_app_on_the_users_machine_has_the_port_that_is_free(string registered, string asked, bool fits)
    {
        Assert.Equal(fits, RedirectAddress.Fits(registered, asked, isPublic: true));
        Assert.False(RedirectAddress.Fits(registered, asked, isPublic: false));
        Assert.True(RedirectAddress.Fits(registered, registered, isPublic: false));
    }

    [Fact]
    public void A_scheme_of_its_own_is_for_clients_without_a_secret() =>
        Assert.Equal("invalid_redirect_uri", Read("""{"redirect_uris":["org.example.app:/cb"]}""").Error?.Code);

    [Theory]
    [InlineData("""{"redirect_uris":["https://a.example/"],"redirect_uris":["https://b.example/"]}""")]
    [InlineData("""{"redirect_uris":"https://a.example/"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"grant_types":["implicit"]}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"grant_types":["password"]}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"response_types":["token"]}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"response_types":["code id_token"]}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"client_secret_jwt"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"private_key_jwt"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":7}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"jwks_uri":"https://a.example/jwks"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"http://a.example/jwks"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://169.254.169.254/jwks"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://[::ffff:10.0.0.1]/jwks"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":7}""")]
    [InlineData("""{"grant_types":["client_credentials"],"token_endpoint_auth_method":"client_secret_basic"}""")]
    [InlineData("""{"grant_types":["refresh_token"],"token_endpoint_auth_method":"none"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"client_name":""}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"client_name":"two\nlines"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"client_name":"An app \u202e(at good.example)"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"client_name":"An app \u2067x"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"logo_uri":"javascript:alert(1)"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"id_token_signed_response_alg":"none"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"id_token_encrypted_response_alg":"RSA-OAEP"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"token_endpoint_auth_signing_alg":"HS256"}""")]
    [InlineData("""{"redirect_uris":["https://a.example/"],"subject_type":"pairwise"}""")]
    [InlineData("""[]""")]
    [InlineData("""{""")]
    public void What_cannot_be_followed_is_refused(string json) => Assert.Equal("invalid_client_metadata", Read(json).Error?.Code);

    [Fact]
    public void Redirect_addresses_are_there_exactly_for_codes()
    {
        Assert.Equal("invalid_redirect_uri", Read("""{"token_endpoint_auth_method":"none"}""").Error?.Code);
        Assert.Equal("invalid_redirect_uri", Read(System(json => json["redirect_uris"] = new JsonArray("https://a.example/"))).Error?.Code);
    }

    [Fact]
    public void Keys_must_be_for_our_algorithms_public_and_told_apart()
    {
        Assert.Equal("invalid_client_metadata", Read(System(json => Keys(json).Add(Forge.Json(Forge.Key("ES384", "curve"))))).Error?.Code);
        Assert.Equal("invalid_client_metadata", Read(System(json => Keys(json)[0] = Forge.Json(Forge.Key("ES256", "curve")))).Error?.Code);
        Assert.Equal("invalid_client_metadata", Read(System(json => Keys(json)[0]!.AsObject().Remove("kid"))).Error?.Code);
        Assert.Equal("invalid_client_metadata", Read(System(json => Keys(json)[0]!["d"] = "AAAA")).Error?.Code);
        Assert.Equal("invalid_client_metadata", Read(System(json => json["jwks_uri"] = "https://a.example/jwks")).Error?.Code);
    }

    [Fact]
    public void A_registration_that_is_too_long_is_refused() =>
        Assert.Equal("invalid_client_metadata", Read(System(json => json["filler"] = new string('x', ClientMetadata.MostBytes))).Error?.Code);

    private static JsonArray Keys(JsonObject json) => json["jwks"]!["keys"]!.AsArray();

    private static string System(Action<JsonObject> change)
    {
        var json = new JsonObject
        {
            ["grant_types"] = new JsonArray("client_credentials"),
            ["token_endpoint_auth_method"] = "private_key_jwt",
            ["jwks"] = new JsonObject { ["keys"] = new JsonArray(Forge.Json(Forge.Key("ES384", "curve"))) },
            ["scope"] = "system/*.rs",
        };
        change(json);
        return json.ToJsonString();
    }

    private static OAuthResult<ClientMetadata> Read(string json) => ClientMetadata.Read(Encoding.UTF8.GetBytes(json), OutsideReach.Public);
}
