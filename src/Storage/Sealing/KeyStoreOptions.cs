namespace HealthChain.Storage.Sealing;

/// <summary>Where the keys lie and how many are kept at hand.</summary>
public sealed record KeyStoreOptions
{
    /// <summary>Folder of <c>subjects.keys</c>, the wrapped secrets. Created with mode 0700.</summary>
    public required string Folder { get; init; }

    /// <summary>
    /// Folder of the tenant key that wraps them. Put it on another medium than <see cref="Folder"/>: a thief needs both. Created with mode 0700.
    /// </summary>
    public required string TenantKeyFolder { get; init; }

    /// <summary>Subjects whose key is kept ready for use in memory, at about 2.5 KB each.</summary>
    public int MaxCachedSubjects { get; init; } = 8192;
}
