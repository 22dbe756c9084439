using System.Buffers;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using HealthChain.Files;

namespace HealthChain.Smart.Jose;

/// <summary>The file of our signing keys, for the server's own user alone. It is replaced as a whole, so that after a crash the old or the new one is there.</summary>
internal sealed class SigningKeyFile(string folder)
{
    private const int Format = 1;
    private const int MostKeys = 64;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _path = Path.Combine(folder, "smart-signing.keys");

    /// <summary>Changes when somebody writes the file.</summary>
    public long Stamp() => File.GetLastWriteTimeUtc(_path).Ticks;

    public bool HasChanged(long stamp) => Stamp() != stamp;

    /// <summary>Null when there is no file yet.</summary>
    /// <exception cref="IOException">The file is damaged, or others may read it.</exception>
    public ImmutableArray<SigningKey>? Read()
    {
        if (!File.Exists(_path))
        {
            return null;
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(_path) & ~OwnerOnly) != 0)
        {
            throw new IOException($"{_path} can be read by others. Set its mode to 0600 (chmod) and start again.");
        }

        byte[] bytes = File.ReadAllBytes(_path);
        ImmutableArray<SigningKey>? keys = TryRead(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        return keys ?? throw new IOException($"{_path} is damaged, or of another version. Restore it, or remove it to make new keys.");
    }

    public void Write(ImmutableArray<SigningKey> keys)
    {
        var buffer = new ArrayBufferWriter<byte>(8192);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format"u8, Format);
            writer.WriteStartArray("keys"u8);
            foreach (SigningKey key in keys)
            {
                Write(writer, key);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        PrivateFolder.Make(folder);
        RealDisk.Instance.Replace(_path, buffer.WrittenSpan);
        buffer.Clear();
    }

    /// <summary>Null when it is no such file. The cause is dropped, for it could quote what must stay secret.</summary>
    private static ImmutableArray<SigningKey>? TryRead(byte[] bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            JsonElement keys = document.RootElement.GetProperty("keys");
            return document.RootElement.GetProperty("format").GetInt32() == Format && keys.GetArrayLength() <= MostKeys
                ? [.. keys.EnumerateArray().Select(Read)]
                : null;
        }
        catch (Exception damaged) when (damaged is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or CryptographicException)
        {
            return null;
        }
    }

    private static SigningKey Read(JsonElement json)
    {
        byte[] secret = json.GetProperty("secret").GetBytesFromBase64();
        try
        {
            return SigningKey.Import(
                JoseAlgorithms.Find(json.GetProperty("alg").GetString()) ?? throw new FormatException("No such algorithm."),
                secret, Instant(json, "signsFrom"), Instant(json, "signsUntil"), Instant(json, "retires"));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static DateTimeOffset Instant(JsonElement json, string name) => DateTimeOffset.FromUnixTimeMilliseconds(json.GetProperty(name).GetInt64());

    private static void Write(Utf8JsonWriter writer, SigningKey key)
    {
        byte[] secret = key.Export();
        writer.WriteStartObject();
        writer.WriteString("alg"u8, key.Algorithm.Name());
        writer.WriteNumber("signsFrom"u8, key.SignsFrom.ToUnixTimeMilliseconds());
        writer.WriteNumber("signsUntil"u8, key.SignsUntil.ToUnixTimeMilliseconds());
        writer.WriteNumber("retires"u8, key.Retires.ToUnixTimeMilliseconds());
        writer.WriteBase64String("secret"u8, secret);
        writer.WriteEndObject();
        CryptographicOperations.ZeroMemory(secret);
    }
}
