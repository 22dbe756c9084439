using Org.BouncyCastle.Math.EC.Rfc8032;

namespace HealthChain.LedgerProofs;

/// <summary>
/// Everything that the base library lacks. The only file that knows which library brings it, so that another one takes its place by
/// changing this file and one reference (docs/adr says why this library and which of its advisories do not concern us).
/// </summary>
public static class Curves
{
    public const int Ed25519KeyBytes = 32;
    public const int Ed25519SignatureBytes = 64;

    /// <param name="seed">The secret of 32 bytes from which RFC 8032 derives the rest.</param>
    public static byte[] Ed25519PublicKey(ReadOnlySpan<byte> seed)
    {
        byte[] key = new byte[Ed25519KeyBytes];
        Ed25519.GeneratePublicKey(seed.ToArray(), 0, key, 0);
        return key;
    }

    /// <summary>Signs; the same message gives the same signature.</summary>
    public static byte[] SignEd25519(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> message)
    {
        byte[] signature = new byte[Ed25519SignatureBytes];
        Ed25519.Sign(seed.ToArray(), 0, message.ToArray(), 0, message.Length, signature, 0);
        return signature;
    }

    public static bool VerifyEd25519(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        publicKey.Length == Ed25519KeyBytes
        && signature.Length == Ed25519SignatureBytes
        && Ed25519.Verify(signature.ToArray(), 0, publicKey.ToArray(), 0, message.ToArray(), 0, message.Length);
}
