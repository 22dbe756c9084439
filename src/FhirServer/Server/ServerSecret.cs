using System.Security.Cryptography;
using HealthChain.Files;

namespace HealthChain.FhirServer.Server;

/// <summary>
/// Random bytes that only this installation knows, in a file of its data folder that nobody else may read. What hangs on it is short-lived
/// (page links), so losing the file costs little; it is no key of stored data.
/// </summary>
internal static class ServerSecret
{
    private const int Length = 32;
    private const string FileName = "server.secret";

    /// <summary>Reads the secret of a data folder, or makes it at the first start.</summary>
    public static byte[] ReadOrMake(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (File.Exists(path) && File.ReadAllBytes(path) is { Length: Length } known)
        {
            return known;
        }

        byte[] secret = RandomNumberGenerator.GetBytes(Length);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        PrivateFolder.Make(folder);
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.Write(secret);
        return secret;
    }
}
