using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.EC;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Math.EC;
using Org.BouncyCastle.Math.EC.Multiplier;
using Org.BouncyCastle.Math.EC.Rfc8032;
using Org.BouncyCastle.Utilities;
using ECPoint = Org.BouncyCastle.Math.EC.ECPoint;

namespace HealthChain.LedgerProofs;

/// <summary>
/// Everything that the base library lacks. The only file that knows which library brings it, so that another one takes its place by
/// changing this file and one reference (docs/adr/0021-one-old-library-for-two-curves.md says which of its advisories concern us).
/// </summary>
public static class Curves
{
    public const int Ed25519KeyBytes = 32;
    public const int Ed25519SignatureBytes = 64;
    public const int Secp256k1SecretBytes = 32;

    /// <summary>A point: x, then y. The byte 0x04 that some formats put in front is left out, as Ethereum does.</summary>
    public const int Secp256k1PublicKeyBytes = 64;

    private static readonly byte[][] _smallOrder =
    [
        Convert.FromHexString("0100000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
        Convert.FromHexString("0000000000000000000000000000000000000000000000000000000000000000"),
        Convert.FromHexString("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        Convert.FromHexString("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    ];

    private static readonly X9ECParameters _secp256k1 = CustomNamedCurves.GetByName("secp256k1");
    private static readonly BigInteger _order = _secp256k1.N;
    private static readonly BigInteger _halfOrder = _order.ShiftRight(1);
    private static readonly byte[] _orderBytes = Fixed(_order);

    /// <param name="seed">The secret of 32 bytes from which RFC 8032 derives the rest.</param>
    public static byte[] Ed25519PublicKey(ReadOnlySpan<byte> seed)
    {
        byte[] key = new byte[Ed25519KeyBytes];
        WithCopy(seed, copy => Ed25519.GeneratePublicKey(copy, 0, key, 0));
        return key;
    }

    /// <summary>Signs; the same message gives the same signature.</summary>
    public static byte[] SignEd25519(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message)
    {
        byte[] signature = new byte[Ed25519SignatureBytes];
        byte[] text = message.ToArray();
        WithCopy(seed, copy => Ed25519.Sign(copy, 0, text, 0, text.Length, signature, 0));
        return signature;
    }

    /// <remarks>Keys of small order are nobody's: under them one signature fits any message, which the library lets pass.</remarks>
    public static bool VerifyEd25519(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        publicKey.Length == Ed25519KeyBytes
        && signature.Length == Ed25519SignatureBytes
        && !IsOfSmallOrder(publicKey)
        && Ed25519.Verify(signature.ToArray(), 0, publicKey.ToArray(), 0, message.ToArray(), 0, message.Length);

    /// <summary>Whether these bytes are a secret of the curve: 32 of them, as a number from 1 to its order less 1.</summary>
    public static bool IsSecp256k1Secret(ReadOnlySpan<byte> secret) =>
        secret.Length == Secp256k1SecretBytes && secret.ContainsAnyExcept((byte)0) && secret.SequenceCompareTo(_orderBytes) < 0;

    /// <exception cref="ArgumentException">It is no secret of the curve.</exception>
    public static byte[] Secp256k1PublicKey(ReadOnlySpan<byte> secret) =>
        Bytes(new FixedPointCombMultiplier().Multiply(_secp256k1.G, Secret(secret)).Normalize());

    /// <summary>Signs a hash with the nonce of RFC 6979 §3.2 (HMAC-SHA256): the same hash gives the same signature.</summary>
    /// <remarks>The s of the result is in the lower half, as EIP-2 asks, and its recovery id follows that.</remarks>
    /// <exception cref="ArgumentException">It is no secret of the curve.</exception>
    public static Secp256k1Signature SignSecp256k1(ReadOnlySpan<byte> secret, Hash256 hash)
    {
        BigInteger key = Secret(secret);
        BigInteger message = Number(hash.ToArray());
        using var nonces = new Rfc6979Nonces(secret, Fixed(message.Mod(_order)));
        while (true)
        {
            ReadOnlySpan<byte> candidate = nonces.Next();
            if (!IsSecp256k1Secret(candidate))
            {
                continue;
            }

            BigInteger nonce = Secret(candidate);

            // A comb with fixed steps and a table that is read in full: the nonce decides neither branches nor addresses.
            ECPoint point = new FixedPointCombMultiplier().Multiply(_secp256k1.G, nonce).Normalize();
            BigInteger r = point.AffineXCoord.ToBigInteger();

            // Points beyond the order exist with a chance of 2^-128 and would need a recovery id that Ethereum does not have.
            if (r.SignValue == 0 || r.CompareTo(_order) >= 0)
            {
                continue;
            }

            BigInteger s = Blinded(nonce, message.Add(r.Multiply(key)));
            if (s.SignValue == 0)
            {
                continue;
            }

            bool odd = point.AffineYCoord.TestBitZero();
            bool high = s.CompareTo(_halfOrder) > 0;
            return new Secp256k1Signature(new Hash256(Fixed(r)), new Hash256(Fixed(high ? _order.Subtract(s) : s)), odd != high);
        }
    }

    /// <summary>Whose signature of that hash it is.</summary>
    /// <returns>The public key; null when the signature is nobody's, or its s is in the upper half: EIP-2 refuses these because each has a twin.</returns>
    public static byte[]? RecoverSecp256k1(Hash256 hash, Secp256k1Signature signature)
    {
        BigInteger r = Number(signature.R.ToArray());
        BigInteger s = Number(signature.S.ToArray());
        if (!IsScalar(r) || !IsScalar(s) || s.CompareTo(_halfOrder) > 0)
        {
            return null;
        }

        ECPoint point;
        try
        {
            point = _secp256k1.Curve.DecodePoint([signature.IsOdd ? (byte)3 : (byte)2, .. signature.R.ToArray()]);
        }
        catch (ArgumentException)
        {
            // No point has that x.
            return null;
        }

        // SEC 1 §4.1.6: Q = r⁻¹ (sR − eG).
        BigInteger inverse = BigIntegers.ModOddInverse(_order, r);
        BigInteger ofBase = _order.Subtract(Number(hash.ToArray()).Mod(_order)).Multiply(inverse).Mod(_order);
        BigInteger ofPoint = s.Multiply(inverse).Mod(_order);
        ECPoint key = ECAlgorithms.SumOfTwoMultiplies(_secp256k1.G, ofBase, point, ofPoint).Normalize();
        return key.IsInfinity ? null : Bytes(key);
    }

    // The eight points whose order divides 8 have five different y; the highest bit of a key is the sign of its x. Other spellings of them, with y from
    // the prime upwards, the library refuses.
    private static bool IsOfSmallOrder(ReadOnlySpan<byte> publicKey)
    {
        Span<byte> y = stackalloc byte[Ed25519KeyBytes];
        publicKey.CopyTo(y);
        y[^1] &= 0x7F;
        foreach (byte[] small in _smallOrder)
        {
            if (y.SequenceEqual(small))
            {
                return true;
            }
        }

        return false;
    }

    // k⁻¹ · sum, with both factors multiplied by a random number first: what the arithmetic takes longer over is then never the secret's doing.
    private static BigInteger Blinded(BigInteger nonce, BigInteger sum)
    {
        Span<byte> random = stackalloc byte[Secp256k1SecretBytes];
        RandomNumberGenerator.Fill(random);
        random[0] &= 0x7F;
        random[^1] |= 1;
        BigInteger blind = Number(random);
        return BigIntegers.ModOddInverse(_order, nonce.Multiply(blind).Mod(_order)).Multiply(sum.Multiply(blind).Mod(_order)).Mod(_order);
    }

    private static BigInteger Secret(ReadOnlySpan<byte> secret)
    {
        if (!IsSecp256k1Secret(secret))
        {
            throw new ArgumentException("This is no secret of secp256k1.", nameof(secret));
        }

        BigInteger number = BigInteger.Zero;
        WithCopy(secret, copy => number = new BigInteger(1, copy));
        return number;
    }

    // The library wants arrays: what is copied for it does not stay behind.
    private static void WithCopy(ReadOnlySpan<byte> secret, Action<byte[]> use)
    {
        byte[] copy = secret.ToArray();
        try
        {
            use(copy);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(copy);
        }
    }

    private static bool IsScalar(BigInteger number) => number.SignValue > 0 && number.CompareTo(_order) < 0;

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(1, bytes.ToArray());

    private static byte[] Fixed(BigInteger number) => BigIntegers.AsUnsignedByteArray(Hash256.Bytes, number);

    private static byte[] Bytes(ECPoint point) => [.. point.AffineXCoord.GetEncoded(), .. point.AffineYCoord.GetEncoded()];
}

/// <summary>An ECDSA signature over secp256k1 from which the signer can be told.</summary>
/// <param name="IsOdd">Whether the y of the point whose x is r is odd: Ethereum's <c>yParity</c>.</param>
public readonly record struct Secp256k1Signature(Hash256 R, Hash256 S, bool IsOdd);

/// <summary>The nonces of RFC 6979 §3.2 for one secret and one hash, in order.</summary>
internal sealed class Rfc6979Nonces : IDisposable
{
    private readonly byte[] _key = new byte[Hash256.Bytes];
    private readonly byte[] _value = new byte[Hash256.Bytes];
    private bool _started;

    /// <param name="hash">Reduced by the order: <c>bits2octets</c>.</param>
    public Rfc6979Nonces(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> hash)
    {
        Array.Fill(_value, (byte)1);
        Span<byte> seed = stackalloc byte[Hash256.Bytes + 1 + 2 * Hash256.Bytes];
        secret.CopyTo(seed[(Hash256.Bytes + 1)..]);
        hash.CopyTo(seed[(2 * Hash256.Bytes + 1)..]);
        for (byte step = 0; step < 2; step++)
        {
            _value.CopyTo(seed);
            seed[Hash256.Bytes] = step;
            Advance(seed);
        }

        CryptographicOperations.ZeroMemory(seed);
    }

    public ReadOnlySpan<byte> Next()
    {
        if (_started)
        {
            Span<byte> seed = stackalloc byte[Hash256.Bytes + 1];
            _value.CopyTo(seed);
            seed[^1] = 0;
            Advance(seed);
        }

        _started = true;
        HMACSHA256.HashData(_key, _value, _value);
        return _value;
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_key);
        CryptographicOperations.ZeroMemory(_value);
    }

    private void Advance(ReadOnlySpan<byte> seed)
    {
        HMACSHA256.HashData(_key, seed, _key);
        HMACSHA256.HashData(_key, _value, _value);
    }
}
