using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>
/// The file in which Ethereum's tools keep a key under a password (Web3 Secret Storage, version 3): AES-128-CTR under a key derived by scrypt or PBKDF2.
/// </summary>
/// <remarks>What is derived and decrypted on the way is overwritten. Failures say neither password nor key.</remarks>
public static class Keystore
{
    private const int Version = 3;
    private const int SaltBytes = 32;
    private const int CipherKeyBytes = 16;
    private const int DerivedBytes = 2 * CipherKeyBytes;
    private const int MaxIterations = 10_000_000;
    private const int MaxTextBytes = 1 << 16;

    // What geth calls standard: a quarter of a gigabyte, and about a second.
    private const int StandardCost = 1 << 18;
    private const int BlockSize = 8;
    private const int Parallel = 1;

    /// <summary>Opens the file with its password.</summary>
    /// <exception cref="FormatException">It is no keystore of version 3, or asks for more work than we give.</exception>
    /// <exception cref="CryptographicException">The password is wrong, or the file is damaged.</exception>
    public static LocalSigner Open(ReadOnlyMemory<byte> json, ReadOnlySpan<byte> password)
    {
        if (json.Length > MaxTextBytes)
        {
            throw new FormatException("A keystore is not that large.");
        }

        try
        {
            using var document = JsonDocument.Parse(json);
            return Open(document.RootElement, password);
        }
        catch (JsonException e)
        {
            throw new FormatException("A keystore is JSON.", e);
        }
    }

    /// <summary>Writes a key to a keystore, with scrypt.</summary>
    /// <param name="cost">A power of two; the standard one takes 256 MB of memory.</param>
    public static byte[] Write(LocalSigner signer, ReadOnlySpan<byte> password, int cost = StandardCost)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        byte[] counter = RandomNumberGenerator.GetBytes(CipherKeyBytes);
        byte[] derived = Scrypt.Derive(password, salt, cost, BlockSize, Parallel, DerivedBytes);
        byte[] text = new byte[Curves.Secp256k1SecretBytes];
        signer.CopySecret(text);
        Encrypt(derived.AsSpan(0, CipherKeyBytes), counter, text);
        var json = new JsonObject
        {
            ["version"] = Version,
            ["id"] = new Guid(RandomNumberGenerator.GetBytes(CipherKeyBytes)).ToString(),
            ["address"] = signer.Address.ToString()[2..].ToLowerInvariant(),
            ["crypto"] = new JsonObject
            {
                ["cipher"] = "aes-128-ctr",
                ["cipherparams"] = new JsonObject { ["iv"] = Convert.ToHexStringLower(counter) },
                ["ciphertext"] = Convert.ToHexStringLower(text),
                ["kdf"] = "scrypt",
                ["kdfparams"] = new JsonObject { ["dklen"] = DerivedBytes, ["n"] = cost, ["r"] = BlockSize, ["p"] = Parallel, ["salt"] = Convert.ToHexStringLower(salt) },
                ["mac"] = Mac(derived, text).ToString(),
            },
        };
        CryptographicOperations.ZeroMemory(derived);
        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    private static LocalSigner Open(JsonElement json, ReadOnlySpan<byte> password)
    {
        // Writers of old spelled it with a capital.
        JsonElement crypto = json.Has("crypto") ? json.Member("crypto") : json.Member("Crypto");
        if (Integer(json, "version") != Version || crypto.Text("cipher") != "aes-128-ctr")
        {
            throw new FormatException("This keystore is not of version 3, or has another cipher than aes-128-ctr.");
        }

        byte[] counter = Bytes(crypto.Member("cipherparams"), "iv");
        byte[] text = Bytes(crypto, "ciphertext");
        byte[] mac = Bytes(crypto, "mac");
        if (counter.Length != CipherKeyBytes || text.Length != Curves.Secp256k1SecretBytes)
        {
            throw new FormatException("This keystore holds something else than a key.");
        }

        byte[] derived = Derive(crypto.Text("kdf"), crypto.Member("kdfparams"), password);
        try
        {
            if (!CryptographicOperations.FixedTimeEquals(Mac(derived, text).ToArray(), mac))
            {
                throw new CryptographicException("The password of the keystore is wrong, or the file is damaged.");
            }

            Encrypt(derived.AsSpan(0, CipherKeyBytes), counter, text);
            return SignerOf(text, json.Has("address") ? json.Text("address") : null);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(derived);
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private static LocalSigner SignerOf(ReadOnlySpan<byte> secret, string? address)
    {
        if (!Curves.IsSecp256k1Secret(secret))
        {
            throw new FormatException("This keystore holds something else than a key.");
        }

        var signer = new LocalSigner(secret);
        string own = signer.Address.ToString();
        if (address is null || own.EndsWith(address, StringComparison.OrdinalIgnoreCase))
        {
            return signer;
        }

        signer.Dispose();
        throw new FormatException("This keystore names another address than its key has.");
    }

    private static byte[] Derive(string? kdf, JsonElement parameters, ReadOnlySpan<byte> password)
    {
        byte[] salt = Bytes(parameters, "salt");
        if (Integer(parameters, "dklen") != DerivedBytes)
        {
            throw new FormatException("The key of a keystore is derived with 32 bytes.");
        }

        switch (kdf)
        {
            case "scrypt":
                return Scrypt.Derive(password, salt, Integer(parameters, "n"), Integer(parameters, "r"), Integer(parameters, "p"), DerivedBytes);
            case "pbkdf2" when parameters.Text("prf") == "hmac-sha256" && Integer(parameters, "c") is var iterations and > 0 and <= MaxIterations:
                return Rfc2898DeriveBytes.Pbkdf2(password, salt, iterations, HashAlgorithmName.SHA256, DerivedBytes);
            default:
                throw new FormatException("The key derivation of this keystore is not known, or takes too long.");
        }
    }

    private static Hash256 Mac(ReadOnlySpan<byte> derived, ReadOnlySpan<byte> text) => Keccak256.Of([.. derived[CipherKeyBytes..], .. text]);

    // Counter mode, which the base library lacks: the text is combined with the encrypted counter, so that the same step decrypts.
    private static void Encrypt(ReadOnlySpan<byte> key, ReadOnlySpan<byte> counter, Span<byte> text)
    {
        using var aes = Aes.Create();
        aes.SetKey(key);
        UInt128 count = BinaryPrimitives.ReadUInt128BigEndian(counter);
        Span<byte> block = stackalloc byte[CipherKeyBytes];
        for (int at = 0; at < text.Length; at += block.Length, count = unchecked(count + 1))
        {
            BinaryPrimitives.WriteUInt128BigEndian(block, count);
            aes.EncryptEcb(block, block, PaddingMode.None);
            for (int i = 0; i < block.Length && at + i < text.Length; i++)
            {
                text[at + i] ^= block[i];
            }
        }

        CryptographicOperations.ZeroMemory(block);
    }

    private static int Integer(JsonElement json, string name) =>
        json.Member(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out int value) ? value : throw new FormatException($"The member {name} of a keystore is a number.");

    private static byte[] Bytes(JsonElement json, string name) => Hex.ParseData("0x" + json.Text(name));
}
