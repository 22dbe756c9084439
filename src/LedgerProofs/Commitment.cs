using System.Security.Cryptography;

namespace HealthChain.LedgerProofs;

/// <summary>
/// The entry of the log for a statement: <c>SHA-256("HCL1" | salt 16 | SHA-256(statement))</c>. Who has no salt can neither open it nor test a
/// guess, and once the salt is gone nobody can: so the log need not forget what is erased.
/// </summary>
public static class Commitment
{
    public const int SaltBytes = 16;

    /// <summary>Length of what is hashed last.</summary>
    public const int OpenedBytes = PrefixBytes + SaltBytes + Hash256.Bytes;

    private const int PrefixBytes = 4;

    public static Hash256 Of(ReadOnlySpan<byte> statement, ReadOnlySpan<byte> salt)
    {
        Span<byte> commitment = stackalloc byte[Hash256.Bytes];
        Write(statement, salt, commitment);
        return new Hash256(commitment);
    }

    /// <param name="destination">Takes the 32 bytes.</param>
    /// <exception cref="ArgumentException">The salt has another length than <see cref="SaltBytes"/>.</exception>
    public static void Write(ReadOnlySpan<byte> statement, ReadOnlySpan<byte> salt, Span<byte> destination)
    {
        if (salt.Length != SaltBytes)
        {
            throw new ArgumentException($"A salt has {SaltBytes} bytes, not {salt.Length}.", nameof(salt));
        }

        Span<byte> hash = stackalloc byte[Hash256.Bytes];
        Span<byte> opened = stackalloc byte[OpenedBytes];
        SHA256.HashData(statement, hash);
        WriteOpened(hash, salt, opened);
        SHA256.HashData(opened, destination);
    }

    /// <summary>What the commitment is the hash of, for whoever hashes many at once.</summary>
    /// <param name="statement">Its hash.</param>
    /// <param name="destination">Takes <see cref="OpenedBytes"/>.</param>
    public static void WriteOpened(ReadOnlySpan<byte> statement, ReadOnlySpan<byte> salt, Span<byte> destination)
    {
        "HCL1"u8.CopyTo(destination);
        salt.CopyTo(destination[PrefixBytes..]);
        statement.CopyTo(destination[(PrefixBytes + SaltBytes)..]);
    }
}
