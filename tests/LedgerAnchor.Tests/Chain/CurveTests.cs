using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Chain;

public sealed class CurveTests
{
    private static readonly BigInteger _order = BigInteger.Parse("0fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")]
    [InlineData("abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45")]
    public void Keccak_gives_known_hashes(string text, string expected) => Assert.Equal(expected, Keccak256.Of(Encoding.ASCII.GetBytes(text)).ToString());

    [Fact]
    public void Keccak_with_the_padding_of_FIPS_202_is_SHA3()
    {
        Assert.SkipUnless(SHA3_256.IsSupported, "The operating system's library has no SHA-3.");
        var random = new Random(1);
        Span<byte> hash = stackalloc byte[32];
        for (int length = 0; length < 700; length++)
        {
            byte[] data = new byte[length];
            random.NextBytes(data);
            Keccak256.Sponge(data, 0x06, hash);
            Assert.Equal(SHA3_256.HashData(data), hash.ToArray());
        }
    }

    // RFC 6979 §A.2.5: the nonce does not depend on the curve, and both orders are just below 2^256.
    [Fact]
    public void Nonces_are_those_of_RFC_6979()
    {
        using var nonces = new Rfc6979Nonces(Convert.FromHexString("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"), SHA256.HashData("sample"u8));

        Assert.Equal("A6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60", Convert.ToHexString(nonces.Next()));
        Assert.NotEqual("A6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60", Convert.ToHexString(nonces.Next()));
    }

    // Known answers that implementations of Bitcoin share.
    [Theory]
    [InlineData("Satoshi Nakamoto", "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8", "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5")]
    [InlineData("All those moments will be lost in time, like tears in rain. Time to die...", "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b", "547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21")]
    public void Signatures_are_the_known_ones(string message, string r, string s)
    {
        Secp256k1Signature signature = Curves.SignSecp256k1(Bytes(1), Hash256.Of(Encoding.ASCII.GetBytes(message)));

        Assert.Equal((r, s), (signature.R.ToString(), signature.S.ToString()));
    }

    [Fact]
    public void Signers_of_odd_hashes_are_recovered()
    {
        BigInteger[] numbers = [0, 1, 2, _order / 2, _order - 1, _order, _order + 1, (BigInteger.One << 256) - 1];
        foreach (BigInteger secret in (BigInteger[])[1, 2, _order / 2, _order - 2, _order - 1])
        {
            foreach (BigInteger number in numbers)
            {
                var hash = new Hash256(Bytes(number));
                Secp256k1Signature signature = Curves.SignSecp256k1(Bytes(secret), hash);

                Assert.Equal(Curves.Secp256k1PublicKey(Bytes(secret)), Curves.RecoverSecp256k1(hash, signature));
                Assert.True(new BigInteger(signature.S.ToArray(), true, true) <= _order / 2);
                Assert.NotEqual(Curves.Secp256k1PublicKey(Bytes(secret)), Curves.RecoverSecp256k1(hash, signature with { IsOdd = !signature.IsOdd }));
            }
        }
    }

    [Fact]
    public void What_is_no_secret_is_refused()
    {
        foreach (byte[] secret in (byte[][])[new byte[32], Bytes(_order), Bytes(_order + 1), Bytes((BigInteger.One << 256) - 1), [], new byte[31], [.. Bytes(1), 1]])
        {
            Assert.False(Curves.IsSecp256k1Secret(secret));
            Assert.Throws<ArgumentException>(() => Curves.Secp256k1PublicKey(secret));
            Assert.Throws<ArgumentException>(() => Curves.SignSecp256k1(secret, default));
        }
    }

    [Fact]
    public void What_is_no_signature_has_no_signer()
    {
        Hash256 hash = Hash256.Of([1]);
        Secp256k1Signature good = Curves.SignSecp256k1(Bytes(1), hash);
        BigInteger s = new(good.S.ToArray(), true, true);
        foreach (BigInteger number in (BigInteger[])[0, _order, _order + 1, (BigInteger.One << 256) - 1])
        {
            Assert.Null(Curves.RecoverSecp256k1(hash, good with { R = new Hash256(Bytes(number)) }));
            Assert.Null(Curves.RecoverSecp256k1(hash, good with { S = new Hash256(Bytes(number)) }));
        }

        // No point has this x: 5³ + 7 is no square.
        Assert.Null(Curves.RecoverSecp256k1(hash, good with { R = new Hash256(Bytes(5)) }));
        Assert.Null(Curves.RecoverSecp256k1(hash, new Secp256k1Signature(good.R, new Hash256(Bytes(_order - s)), !good.IsOdd)));
    }

    // R = eG·s⁻¹ makes the key the point at infinity: r is then the x of G, s is e.
    [Fact]
    public void A_signature_that_leads_to_the_point_at_infinity_has_no_signer()
    {
        byte[] generator = Curves.Secp256k1PublicKey(Bytes(1));
        var signature = new Secp256k1Signature(new Hash256(generator.AsSpan(0, 32)), new Hash256(Bytes(12345)), (generator[^1] & 1) == 1);

        Assert.Null(Curves.RecoverSecp256k1(new Hash256(Bytes(12345)), signature));
    }

    /// <summary>CVE-2024-30172: this key and signature, from the report of it, kept later versions of the library busy for ever.</summary>
    [Fact]
    public async Task Verifying_ends_for_the_signature_that_was_crafted_against_the_library()
    {
        byte[] key = Convert.FromHexString("386e7cf7b9e8353933b07f1db8d84d3720bb667cbd811b312b4e338672338a6d");
        byte[] message = Convert.FromHexString("414141624c6743596c6f414141514943486e6a4a71326a75705455472d5a36694d716871313467414854486f64757677694844664f594a3230775f77426c6e35444a3953614e616353496835336b626e716e723965ef34c5");
        byte[] signature = Convert.FromBase64String("dNxDIj/CG5FX5oahRGYhpGQEZLjuSHfqfjljy12oshuQiSQd791/NkSOxMdhdK8TGZQyHafihIOzwqeQaUf6Dw==");

        await Task.Run(() => Curves.VerifyEd25519(key, message, signature), TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    // Under a key of small order, every eighth message at least has such a signature without any secret.
    [Fact]
    public void Keys_of_small_order_verify_nothing()
    {
        byte[][] points =
        [
            .. new[]
            {
                "0100000000000000000000000000000000000000000000000000000000000000",
                "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                "0000000000000000000000000000000000000000000000000000000000000000",
                "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            }.Select(Convert.FromHexString).SelectMany(static point => new[] { point, [.. point[..^1], (byte)(point[^1] | 0x80)] }),
        ];
        foreach (byte[] key in points)
        {
            foreach (byte[] r in points)
            {
                for (byte message = 0; message < 16; message++)
                {
                    Assert.False(Curves.VerifyEd25519(key, [message], [.. r, .. new byte[32]]));
                }
            }
        }
    }

    private static byte[] Bytes(BigInteger number)
    {
        byte[] bytes = new byte[32];
        number.TryWriteBytes(bytes.AsSpan(32 - number.GetByteCount(true)), out _, true, true);
        return bytes;
    }
}
