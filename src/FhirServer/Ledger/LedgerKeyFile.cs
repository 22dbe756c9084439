using System.Security.Cryptography;

namespace HealthChain.FhirServer.Ledger;

/// <summary>
/// A file with the secret of 32 bytes behind an Ed25519 key, in base64. Nobody but the server's own user may read it. Losing it costs no proof
/// that was given; a copy belongs beside that of the tenant key.
/// </summary>
internal static class LedgerKeyFile
{
    private const int SeedBytes = 32;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Reads the secret, or makes one.</summary>
    /// <exception cref="IOException">The file cannot be used, or others may read it.</exception>
    public static byte[] ReadOrMake(string path)
    {
        if (File.Exists(path))
        {
            return Read(path);
        }

        byte[] seed = RandomNumberGenerator.GetBytes(SeedBytes);
        string unfinished = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var file = new FileStream(unfinished, options))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(seed) + "\n"));
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path);
        return seed;
    }

    private static byte[] Read(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerOnly) != 0)
        {
            throw new IOException($"{path} can be read by others. Set its mode to 0600 (chmod) and start again.");
        }

        byte[] seed = new byte[SeedBytes];
        return Convert.TryFromBase64String(File.ReadAllText(path).Trim(), seed, out int length) && length == SeedBytes
            ? seed
            : throw new IOException($"{path} is no key: {SeedBytes} bytes in base64 are expected.");
    }
}
