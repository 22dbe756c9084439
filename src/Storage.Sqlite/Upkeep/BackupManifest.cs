using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HealthChain.Storage.Sqlite.Upkeep;

/// <summary>What a backup holds, beside it as JSON.</summary>
internal sealed record BackupManifest(int Format, int SchemaVersion, string Tenant, long Newest, DateTimeOffset Taken, long DatabaseBytes, string DatabaseSha256)
{
    public const int TodaysFormat = 1;
    public const string FileName = "backup.json";

    public static BackupManifest Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            throw new StoreException($"{folder} holds no finished backup: {FileName} is missing.");
        }

        BackupManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(File.ReadAllBytes(path), BackupJson.Default.BackupManifest);
        }
        catch (JsonException failure)
        {
            throw new StoreException($"{path} is damaged.", failure);
        }

        return manifest is { Format: TodaysFormat }
            ? manifest
            : throw new StoreException($"{path} has format {manifest?.Format.ToString(CultureInfo.InvariantCulture) ?? "none"}; this program reads format {TodaysFormat}.");
    }

    /// <summary>Written last and durably: a backup without it is none.</summary>
    public void Write(string folder)
    {
        using var file = new FileStream(Path.Combine(folder, FileName), FileMode.CreateNew);
        file.Write(JsonSerializer.SerializeToUtf8Bytes(this, BackupJson.Default.BackupManifest));
        file.Flush(flushToDisk: true);
    }

    public static string HashOf(string path, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using FileStream file = File.OpenRead(path);
        byte[] buffer = new byte[1 << 20];
        int read;
        while ((read = file.Read(buffer)) > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            hash.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

[JsonSerializable(typeof(BackupManifest))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
internal sealed partial class BackupJson : JsonSerializerContext;
