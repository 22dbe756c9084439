using System.Security.Cryptography;
using System.Text;
using HealthChain.Smart.Jose;

namespace HealthChain.Micro;

/// <summary>What signing and checking tokens costs in processor time, beside the signature alone.</summary>
internal static class JoseTokens
{
    private const int Rounds = 11;
    private const int Calls = 200;

    public static void Run()
    {
        string folder = Directory.CreateTempSubdirectory("healthchain-micro").FullName;
        SigningKeys keys = SigningKeys.Open(new SigningKeyOptions { Folder = folder }, TimeProvider.System);
        var idTokens = new IdTokens("https://us.example", "https://us.example/fhir", keys, TimeProvider.System);
        var idToken = new IdToken { Subject = "a", Audience = "app", SignedIn = TimeProvider.System.GetUtcNow(), FhirUser = "Patient/1", AccessToken = "x" };
        using RSA rsa = RSA.Create(2048);
        using ECDsa p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using ECDsa p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var outside = new OutsideHttp(OutsideReach.Public, TimeSpan.FromSeconds(1));
        var fetcher = new JwksFetcher(new JwksFetcherOptions(), outside, TimeProvider.System);
        SpendOnce spend = (_, _, _, _) => ValueTask.FromResult(true);
        var assertions = new ClientAssertions(["https://us.example"], fetcher, spend, TimeProvider.System);
        var proofs = new DpopProofs(spend, null, TimeProvider.System);
        var registered = new ClientKeys(new JwkSet([Jwk.Of(rsa, "rsa"), Jwk.Of(p384, "curve")]), null);
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        string claims = $$"""{"iss":"c","sub":"c","aud":"https://us.example","jti":"1","exp":{{now + 240}}}""";
        string rs384 = Token("""{"alg":"RS384","kid":"rsa"}""", claims, data => rsa.SignData(data, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1));
        string es384 = Token("""{"alg":"ES384","kid":"curve"}""", claims, data => p384.SignData(data, HashAlgorithmName.SHA384));
        ECParameters point = p256.ExportParameters(false);
        string proof = Token(
            $$$"""{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"{{{Base64UrlText.Of(point.Q.X)}}}","y":"{{{Base64UrlText.Of(point.Q.Y)}}}"}}""",
            $$"""{"jti":"1","htm":"GET","htu":"https://us.example/fhir/Patient/1","iat":{{now}}}""",
            data => p256.SignData(data, HashAlgorithmName.SHA256));
        byte[] signed = Encoding.ASCII.GetBytes(rs384[..rs384.LastIndexOf('.')]);
        byte[] rsaSignature = rsa.SignData(signed, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1);
        byte[] curveSignature = p384.SignData(signed, HashAlgorithmName.SHA384);
        var url = new Uri("https://us.example/fhir/Patient/1");
        (string What, Action Work)[] works =
        [
            ("RSA-2048 signature alone", () => rsa.SignData(signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            ("id_token, RS256", () => idTokens.Sign(idToken)),
            ("id_token, ES384", () => idTokens.Sign(idToken, JoseAlgorithm.Es384)),
            ("RSA-2048 check alone", () => rsa.VerifyData(signed, rsaSignature, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1)),
            ("client assertion, RS384", () => Taken(assertions.VerifyAsync(rs384, "c", registered, CancellationToken.None))),
            ("P-384 check alone", () => p384.VerifyData(signed, curveSignature, HashAlgorithmName.SHA384)),
            ("client assertion, ES384", () => Taken(assertions.VerifyAsync(es384, "c", registered, CancellationToken.None))),
            ("DPoP proof, ES256", () => Taken(proofs.VerifyAsync(proof, "GET", url, null, CancellationToken.None))),
        ];
        double[][] times = [.. works.Select(static _ => new double[Rounds])];
        for (int round = -2; round < Rounds; round++)
        {
            for (int i = 0; i < works.Length; i++)
            {
                TimeSpan start = ThreadTime.Now;
                for (int call = 0; call < Calls; call++)
                {
                    works[i].Work();
                }

                if (round >= 0)
                {
                    times[i][round] = (ThreadTime.Now - start).TotalMicroseconds / Calls;
                }
            }
        }

        for (int i = 0; i < works.Length; i++)
        {
            Array.Sort(times[i]);
            Console.WriteLine($"{works[i].What,-28} {times[i][Rounds / 2],8:F0} us of the processor ({times[i][0]:F0} to {times[i][^1]:F0})");
        }

        Directory.Delete(folder, recursive: true);
    }

    private static void Taken<T>(ValueTask<HealthChain.Smart.OAuthResult<T>> answer)
    {
        // The ids are spent in memory here, so nothing is ever waited for.
        if (!answer.IsCompletedSuccessfully || !answer.Result.IsOk)
        {
            throw new InvalidOperationException("It was refused.");
        }
    }

    private static string Token(string header, string claims, Func<byte[], byte[]> sign)
    {
        string signed = Base64UrlText.Of(Encoding.UTF8.GetBytes(header)) + "." + Base64UrlText.Of(Encoding.UTF8.GetBytes(claims));
        return signed + "." + Base64UrlText.Of(sign(Encoding.ASCII.GetBytes(signed)));
    }
}
