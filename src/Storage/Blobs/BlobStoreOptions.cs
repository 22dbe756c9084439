namespace HealthChain.Storage.Blobs;

/// <summary>Where blobs lie and how large they may be.</summary>
public sealed record BlobStoreOptions
{
    /// <summary>Folder of the blobs. Created with mode 0700.</summary>
    public required string Folder { get; init; }

    /// <summary>Largest content that is taken.</summary>
    public long MaxBytes { get; init; } = 1L << 30;
}
