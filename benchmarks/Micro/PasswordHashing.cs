using System.Security.Cryptography;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.Smart.Accounts.Passwords;

namespace HealthChain.Micro;

/// <summary>What one hash of a password costs us, in processor time and memory, by each function that was to choose from.</summary>
internal static class PasswordHashing
{
    private const int Rounds = 7;

    public static void Run()
    {
        byte[] password = "correct horse battery staple"u8.ToArray();
        byte[] salt = new byte[16];
        byte[] hash = new byte[32];
        ulong[] memory = new ulong[Argon2id.WordsFor(new Argon2Cost(64 << 10, 1, 1))];
        (string What, Action Work)[] works =
        [
            ("PBKDF2-HMAC-SHA-512, 210,000 iterations", () => Rfc2898DeriveBytes.Pbkdf2(password, salt, hash, 210_000, HashAlgorithmName.SHA512)),
            ("scrypt, 16 MiB (N=2^14 r=8 p=1)", () => Scrypt.Derive(password, salt, 1 << 14, 8, 1, 32)),
            ("scrypt, 64 MiB (N=2^16 r=8 p=1)", () => Scrypt.Derive(password, salt, 1 << 16, 8, 1, 32)),
            ("Argon2id, 19 MiB, 2 passes", () => Argon2id.Hash(password, salt, new Argon2Cost(19 << 10, 2, 1), memory, hash)),
            ("Argon2id, 46 MiB, 1 pass", () => Argon2id.Hash(password, salt, new Argon2Cost(46 << 10, 1, 1), memory, hash)),
            ("Argon2id, 32 MiB, 3 passes", () => Argon2id.Hash(password, salt, new Argon2Cost(32 << 10, 3, 1), memory, hash)),
            ("Argon2id, 64 MiB, 3 passes", () => Argon2id.Hash(password, salt, new Argon2Cost(64 << 10, 3, 1), memory, hash)),
        ];
        double[][] times = [.. works.Select(static _ => new double[Rounds])];
        for (int round = -2; round < Rounds; round++)
        {
            for (int i = 0; i < works.Length; i++)
            {
                TimeSpan start = ThreadTime.Now;
                works[i].Work();
                if (round >= 0)
                {
                    times[i][round] = (ThreadTime.Now - start).TotalMilliseconds;
                }
            }
        }

        for (int i = 0; i < works.Length; i++)
        {
            double[] sorted = [.. times[i].Order()];
            Console.WriteLine($"passwords  {works[i].What,-40} {sorted[Rounds / 2],8:F1} ms of the processor ({sorted[0]:F1} to {sorted[^1]:F1})");
        }
    }
}
