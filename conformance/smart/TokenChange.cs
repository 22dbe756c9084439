using System.Security.Cryptography;
using System.Text;
using HealthChain.Smart.Jose;

namespace HealthChain.Conformance.Smart;

/// <summary>Changes a token as attackers and broken lines do. What comes out always differs from what went in.</summary>
internal static class TokenChange
{
    private const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n";

    public static string Make(Random random, string token, JoseAlgorithm algorithm, byte[] known)
    {
        string[] parts = token.Split('.');
        byte[] signature = Base64UrlText.Read(parts[2])!;
        int at = random.Next(token.Length);
        string changed = random.Next(12) switch
        {
            0 => token[..at] + Letters[random.Next(Letters.Length)] + token[(at + 1)..],
            1 => token[..at] + token[(at + 1)..],
            2 => token[..at] + Letters[random.Next(Letters.Length)] + token[at..],
            3 => token[..at],
            4 => token + "=",
            5 => Header($$"""{"alg":"none"}""") + "." + parts[1] + ".",
            6 => Header($$"""{"alg":"nOnE"}""") + "." + parts[1] + "." + parts[2],
            // The hash of the other length, a shared secret out of what is public.
            7 => Header($$"""{"alg":"{{OtherHash(algorithm)}}"}""") + "." + parts[1] + "." + parts[2],
            8 => Keyed(Header("""{"alg":"HS256"}""") + "." + parts[1], known),
            9 => parts[0] + "." + parts[1] + "." + Base64UrlText.Of(new byte[signature.Length]),
            10 => parts[0] + "." + parts[1] + "." + Base64UrlText.Of([.. signature, 0]),
            _ => parts[0] + "." + Base64UrlText.Of([.. Base64UrlText.Read(parts[1])!, (byte)' ']) + "." + parts[2],
        };
        return changed == token ? token + "." : changed;
    }

    private static string OtherHash(JoseAlgorithm algorithm) => algorithm switch
    {
        JoseAlgorithm.Rs256 => "RS384",
        JoseAlgorithm.Rs384 => "RS256",
        JoseAlgorithm.Es256 => "ES384",
        _ => "ES256",
    };

    private static string Header(string json) => Base64UrlText.Of(Encoding.UTF8.GetBytes(json));

    private static string Keyed(string signed, byte[] secret) => signed + "." + Base64UrlText.Of(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(signed)));
}
