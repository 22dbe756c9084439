using System.Buffers.Binary;
using System.Security.Cryptography;

namespace HealthChain.Smart.Jose;

/// <summary>
/// Nonces for proofs of possession (https://www.rfc-editor.org/rfc/rfc9449#section-8): each stands for a stretch of time and is accepted
/// during it and the next. Nothing is stored; the secret dies with the process, and so does the use of proofs made before a restart.
/// </summary>
public sealed class DpopNonces(TimeProvider time)
{
    private const int StretchBytes = 8;
    private const int ProofBytes = 16;

    private static readonly TimeSpan Stretch = TimeSpan.FromMinutes(2);

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);

    /// <summary>What to send in the header DPoP-Nonce now.</summary>
    public string Current => Make(Now);

    private long Now => time.GetUtcNow().UtcTicks / Stretch.Ticks;

    public bool IsRecent(string? nonce)
    {
        long now = Now;
        return nonce is not null && (IsSame(nonce, Make(now)) || IsSame(nonce, Make(now - 1)));
    }

    private static bool IsSame(string left, string right) =>
        CryptographicOperations.FixedTimeEquals(System.Runtime.InteropServices.MemoryMarshal.AsBytes(left.AsSpan()), System.Runtime.InteropServices.MemoryMarshal.AsBytes(right.AsSpan()));

    private string Make(long stretch)
    {
        Span<byte> number = stackalloc byte[StretchBytes];
        BinaryPrimitives.WriteInt64BigEndian(number, stretch);
        return Base64UrlText.Of(HMACSHA256.HashData(_secret, number).AsSpan(0, ProofBytes));
    }
}
