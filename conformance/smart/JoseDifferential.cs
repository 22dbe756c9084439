using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.Smart.Jose;
using HealthChain.TestKit;

namespace HealthChain.Conformance.Smart;

/// <summary>What a run found.</summary>
/// <param name="Stricter">How many changed tokens jose takes and we refuse.</param>
public sealed record Findings(int Cases, IReadOnlyDictionary<string, int> ByKind, int Stricter, IReadOnlyList<string> Differences);

/// <summary>Tokens and keys between npm's jose and us, both ways: what one makes, the other takes, and what was changed neither takes.</summary>
public static class JoseDifferential
{
    private const int MostShown = 300;

    private static readonly JoseAlgorithm[] Algorithms = [JoseAlgorithm.Rs256, JoseAlgorithm.Rs384, JoseAlgorithm.Es256, JoseAlgorithm.Es384];

    /// <summary>The script that asks npm's jose; null when Node.js or its packages are not to be had.</summary>
    public static NodeProgram? TryStartOracle() => NodeProgram.TryStart("conformance/smart", "jose.mjs");

    /// <summary>The same seed gives the same tokens, but for keys and the randomness of ECDSA.</summary>
    public static Findings Run(NodeProgram oracle, int cases, int seed)
    {
        var run = new OneRun(oracle, new Random(seed));
        for (int i = 0; i < cases; i++)
        {
            run.Next(i);
        }

        return run.Findings(cases);
    }

    /// <summary>Reads and checks a token as the server does.</summary>
    internal static bool WeTake(string token, Jwk key, JoseAlgorithm algorithm, out string payload)
    {
        bool isTaken = Jws.TryRead(token, [algorithm], out Jws? jws, out _) && jws.IsSignedBy(key);
        payload = isTaken ? jws!.Claims.Json.GetRawText() : "";
        return isTaken;
    }

    private sealed class OneRun(NodeProgram oracle, Random random)
    {
        private readonly SortedDictionary<string, int> _byKind = [];
        private readonly List<string> _differences = [];
        private readonly Dictionary<JoseAlgorithm, TheirKey> _keys = [];
        private int _stricter;

        public Findings Findings(int cases) => new(cases, _byKind, _stricter, _differences);

        public void Next(int number)
        {
            JoseAlgorithm algorithm = Algorithms[random.Next(Algorithms.Length)];
            JsonObject claims = Claims();
            TheirKey key = KeyFor(algorithm);
            string theirs = oracle.Ask(new JsonObject
            {
                ["kind"] = "sign",
                ["secret"] = JsonNode.Parse(key.Secret.GetRawText()),
                ["header"] = new JsonObject { ["alg"] = algorithm.Name(), ["kid"] = key.Public.Thumbprint },
                ["claims"] = claims.DeepClone(),
            }).GetProperty("token").GetString()!;
            Note(number, "theirs, taken by us", WeTake(theirs, key.Public, algorithm, out string read) && JsonNode.DeepEquals(JsonNode.Parse(read), claims), theirs);

            string ours = OurToken(algorithm, claims, key);
            Note(number, "ours, taken by them", TheyTake(ours, key, algorithm), ours);

            string changed = TokenChange.Make(random, theirs, algorithm, Encoding.UTF8.GetBytes(key.Public.Thumbprint));
            bool byUs = WeTake(changed, key.Public, algorithm, out _);
            bool byThem = TheyTake(changed, key, algorithm);
            _stricter += !byUs && byThem ? 1 : 0;
            Note(number, "changed, not taken by us", !byUs, changed);
        }

        private void Note(int number, string kind, bool isRight, string token)
        {
            _byKind[kind] = _byKind.GetValueOrDefault(kind) + 1;
            if (!isRight)
            {
                _differences.Add($"case {number}, {kind}: {(token.Length <= MostShown ? token : token[..MostShown] + "...")}");
            }
        }

        private bool TheyTake(string token, TheirKey key, JoseAlgorithm algorithm) => !oracle.Ask(new JsonObject
        {
            ["kind"] = "verify",
            ["token"] = token,
            ["jwk"] = JsonNode.Parse(key.PublicJson.GetRawText()),
            ["algorithms"] = new JsonArray(algorithm.Name()),
        }).TryGetProperty("refused", out _);

        private static string OurToken(JoseAlgorithm algorithm, JsonObject claims, TheirKey key)
        {
            string signed = Base64UrlText.Of(Encoding.UTF8.GetBytes(new JsonObject { ["alg"] = algorithm.Name() }.ToJsonString()))
                + "." + Base64UrlText.Of(Encoding.UTF8.GetBytes(claims.ToJsonString()));
            byte[] data = Encoding.ASCII.GetBytes(signed);
            return signed + "." + Base64UrlText.Of(key.Sign(algorithm, data));
        }

        /// <summary>Now and then a new key, which both sides must name alike.</summary>
        private TheirKey KeyFor(JoseAlgorithm algorithm)
        {
            if (!_keys.TryGetValue(algorithm, out TheirKey? key) || random.Next(20) == 0)
            {
                JsonElement made = oracle.Ask(new JsonObject { ["kind"] = "generate", ["alg"] = algorithm.Name() });
                key = _keys[algorithm] = new TheirKey(made.GetProperty("public"), made.GetProperty("secret"));
                Note(-1, "thumbprint", key.Public.Thumbprint == made.GetProperty("thumbprint").GetString(), key.PublicJson.GetRawText());
            }

            return key;
        }

        private JsonObject Claims()
        {
            var claims = new JsonObject { ["sub"] = Text(), ["iat"] = random.Next() };
            for (int i = random.Next(4); i > 0; i--)
            {
                claims["c" + i] = random.Next(4) switch
                {
                    0 => Text(),
                    1 => random.Next(),
                    2 => new JsonArray(Text(), random.Next(2) == 0),
                    _ => new JsonObject { [Text()] = null },
                };
            }

            return claims;
        }

        private string Text() => string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => (string[])["a", "7", "\"", "\\", "\u00e4", "\u4e2d", "\U0001f600", "/", "\n"]).Select(letters => letters[random.Next(letters.Length)]));
    }

    /// <summary>A key that jose made, as we read it.</summary>
    private sealed class TheirKey
    {
        public TheirKey(JsonElement publicJson, JsonElement secret)
        {
            PublicJson = publicJson;
            Secret = secret;
            Public = Jwk.TryRead(publicJson, out Jwk? key, out string? refusal) ? key : throw new InvalidOperationException(refusal);
        }

        public JsonElement PublicJson { get; }

        public JsonElement Secret { get; }

        public Jwk Public { get; }

        public byte[] Sign(JoseAlgorithm algorithm, byte[] data)
        {
            byte[] Member(string name) => Base64UrlText.Read(Secret.GetProperty(name).GetString())!;
            if (algorithm.Kind() == JwkKind.Rsa)
            {
                using RSA rsa = RSA.Create(new RSAParameters
                {
                    Modulus = Member("n"),
                    Exponent = Member("e"),
                    D = Member("d"),
                    P = Member("p"),
                    Q = Member("q"),
                    DP = Member("dp"),
                    DQ = Member("dq"),
                    InverseQ = Member("qi"),
                });
                return rsa.SignData(data, algorithm.Hash(), RSASignaturePadding.Pkcs1);
            }

            using ECDsa curve = ECDsa.Create(new ECParameters
            {
                Curve = algorithm.Kind() == JwkKind.P256 ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384,
                Q = new ECPoint { X = Member("x"), Y = Member("y") },
                D = Member("d"),
            });
            return curve.SignData(data, algorithm.Hash());
        }
    }
}
