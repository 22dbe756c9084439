namespace HealthChain.Storage;

/// <summary>Type and id of a resource: <c>Patient/123</c>.</summary>
public readonly record struct ResourceKey(string Type, string Id)
{
    public override string ToString() => $"{Type}/{Id}";
}

/// <summary>What a version did to its resource.</summary>
public enum ChangeKind : byte
{
    /// <summary>The resource came to be, or came back after a deletion.</summary>
    Create,
    Update,
    Delete,
}

/// <summary>A version as it is kept.</summary>
/// <param name="Key">Whose version.</param>
/// <param name="Version">Counted from 1 for each resource; <c>meta.versionId</c>.</param>
/// <param name="LastUpdated">When it was committed, to the millisecond; never earlier than that of a version committed before it.</param>
/// <param name="Sequence">Place in the order of all commits; without gaps.</param>
/// <param name="Json">The resource in UTF-8, its meta filled in, as it goes over the wire; empty for a deletion.</param>
public sealed record StoredVersion(
    ResourceKey Key, long Version, DateTimeOffset LastUpdated, long Sequence, ChangeKind Change, ReadOnlyMemory<byte> Json)
{
    public bool IsDeleted => Change == ChangeKind.Delete;

    /// <summary>True when large values of it lie in blobs: <see cref="Json"/> holds references in their place.</summary>
    public bool HasBlobs { get; init; }

    /// <summary>
    /// The patients in whose compartment it is, or whose data it holds (<see cref="PatientsWithin"/>): hashes of <c>Patient/id</c>, as
    /// <see cref="IndexHasher.Reference(ResourceKey)"/> makes them. Of a deletion those of the version that it ended.
    /// </summary>
    public IReadOnlyList<long> Patients { get; init; } = [];

    /// <summary>As <see cref="Put.IsPosted"/> said.</summary>
    public bool IsPosted { get; init; }
}

/// <summary>What the erasure of a patient removed.</summary>
public sealed record Erasure(long Resources, long Versions);
