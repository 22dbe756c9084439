namespace HealthChain.Storage.Blobs;

/// <summary>Where large data lies and what counts as large.</summary>
public sealed record BlobOptions
{
    /// <summary>Folder of the blobs. Created with mode 0700.</summary>
    public required string Folder { get; init; }

    /// <summary>Largest content that is taken.</summary>
    public long MaxBytes { get; init; } = 1L << 30;

    /// <summary>Data whose base64 text is not longer stays in its resource.</summary>
    public int InlineBytes { get; init; } = 64 << 10;
}
