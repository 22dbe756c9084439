using System.Text;
using HealthChain.Smart.Jose;
using Xunit;

namespace HealthChain.Smart.Tests.Jose;

/// <summary>The examples that the specifications print.</summary>
public sealed class PublishedVectorTests
{
    private const string Payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    private const string RsaKey = """
        {"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}
        """;

    private const string CurveKey = """
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
        """;

    // https://www.rfc-editor.org/rfc/rfc7515#appendix-A.2 and #appendix-A.3
    private const string RsaToken = "eyJhbGciOiJSUzI1NiJ9." + Payload + ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    private const string CurveToken = "eyJhbGciOiJFUzI1NiJ9." + Payload + ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    // https://www.rfc-editor.org/rfc/rfc9449#section-4.1 and #section-7.1
    private const string ProofHeader = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.";
    private const string TokenProof = ProofHeader + "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    private const string ResourceProof = ProofHeader + "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
    private const string BoundToken = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    private const string ProofThumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

    [Theory]
    [InlineData(RsaToken, RsaKey)]
    [InlineData(CurveToken, CurveKey)]
    public void Signatures_of_RFC_7515_fit(string token, string key)
    {
        Assert.True(Jws.TryRead(token, JoseAlgorithms.All, out Jws? jws, out string? refusal), refusal);
        Assert.True(jws.IsSignedBy(KeyOf(key)));
        Assert.Equal("joe", jws.Claims.Text("iss"));
        Assert.Equal(1300819380, jws.Claims.Instant("exp")?.ToUnixTimeSeconds());
    }

    [Fact]
    public void A_signature_fits_no_other_key()
    {
        Assert.True(Jws.TryRead(RsaToken, JoseAlgorithms.All, out Jws? rsa, out _));
        Assert.True(Jws.TryRead(CurveToken, JoseAlgorithms.All, out Jws? curve, out _));

        Assert.False(rsa.IsSignedBy(KeyOf(CurveKey)));
        Assert.False(curve.IsSignedBy(KeyOf(RsaKey)));
        Assert.False(rsa.IsSignedBy(Forge.Key("RS256")));
        Assert.False(curve.IsSignedBy(Forge.Key("ES256")));
    }

    [Fact]
    public void An_HMAC_as_in_RFC_7515_A_1_is_no_signature()
    {
        const string hmac = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + Payload + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

        Assert.False(Jws.TryRead(hmac, JoseAlgorithms.All, out _, out string? refusal));
        Assert.Contains("algorithm", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_without_signature_as_in_RFC_7515_A_5_is_refused() =>
        Assert.False(Jws.TryRead("eyJhbGciOiJub25lIn0." + Payload + ".", JoseAlgorithms.All, out _, out _));

    [Fact]
    public void The_thumbprint_of_RFC_7638_is_found()
    {
        Jwk key = KeyOf("""
            {"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
             "e":"AQAB","alg":"RS256","kid":"2011-04-29"}
            """);

        Assert.Equal("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", key.Thumbprint);
    }

    [Fact]
    public async Task The_proofs_of_RFC_9449_hold()
    {
        var clock = new TestClock { Now = DateTimeOffset.FromUnixTimeSeconds(1562262620) };
        var proofs = new DpopProofs(new SpentIds().SpendAsync, null, clock);
        CancellationToken ct = TestContext.Current.CancellationToken;

        Assert.Equal(ProofThumbprint, (await proofs.VerifyAsync(TokenProof, "POST", new Uri("https://server.example.com/token"), null, ct)).Value);
        Assert.Equal(ProofThumbprint, (await proofs.VerifyAsync(ResourceProof, "GET", new Uri("https://resource.example.org/protectedresource"), BoundToken, ct)).Value);
        Assert.Equal("invalid_dpop_proof", (await proofs.VerifyAsync(TokenProof, "POST", new Uri("https://server.example.com/token"), BoundToken, ct)).Error?.Code);
    }

    private static Jwk KeyOf(string json)
    {
        Assert.True(Jwk.TryRead(JoseJson.ReadObject(Encoding.UTF8.GetBytes(json))!.Value, out Jwk? key, out string? refusal), refusal);
        return key;
    }
}
