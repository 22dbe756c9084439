using HealthChain.Fhir.Model;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Ledger;

namespace HealthChain.Storage;

/// <summary>
/// Writes that happen together or not at all, under conditions that are checked at the moment of the commit. Everything that takes
/// thought (searching for a conditional reference, patching, resolving urns) is done before, on a state that the guards pin down; if a guard
/// fails, the caller thinks again.
/// </summary>
public sealed record Transaction(IReadOnlyList<Write> Writes, IReadOnlyList<Guard> Guards)
{
    /// <summary>
    /// Goes to the ledger in the same commit, right after the versions, if there is a commit, even one that makes no version: so a write is never
    /// without its record, nor a record without its write. The store adds to what it names the new versions, and the patients of the new
    /// and of the old ones.
    /// </summary>
    public LedgerRecord? Record { get; init; }

    public static Transaction Of(Write write, params Guard[] guards) => new([write], guards);
}

/// <summary>One new version of one resource; a transaction holds at most one for each.</summary>
public abstract record Write(ResourceKey Key);

/// <summary>Creates the resource or makes its next version. A deleted one comes back.</summary>
/// <param name="Resource">
/// The new content, of the key's type and with its id. <c>meta.versionId</c> and <c>meta.lastUpdated</c> in it are ignored: the commit assigns them.
/// </param>
public sealed record Put(ResourceKey Key, Element Resource) : Write(Key)
{
    /// <summary>The server chose the id: a create, which histories tell from a put to an id that the client chose.</summary>
    public bool IsPosted { get; init; }

    /// <summary>What whoever makes the write wants to find again when it is committed; engines pass it over.</summary>
    public object? Attachment { get; init; }

    /// <summary>The blobs to which the content refers; they are durable already.</summary>
    public IReadOnlyList<BlobAddress> Blobs { get; init; } = BlobStandIn.AddressesIn(Resource);
}

/// <summary>Deletes the resource; deleting a deleted, absent or withheld one makes no version.</summary>
public sealed record Delete(ResourceKey Key) : Write(Key);

/// <summary>Something that must hold when the transaction commits, before any of its writes, for the caller's scope.</summary>
public abstract record Guard;

/// <summary>The resource stands at exactly that version; 0 means that it has never existed, is deleted or withheld.</summary>
public sealed record AtVersion(ResourceKey Key, long Version) : Guard;

/// <summary>The condition is met by exactly these resources, in whatever order, seen by the caller's scope.</summary>
/// <remarks>With an empty list it is what makes conditional creates safe: two of them cannot both find nothing.</remarks>
public sealed record Finds(string Type, Criterion Criterion, IReadOnlyList<ResourceKey> Keys) : Guard;

/// <summary>What came of a transaction.</summary>
public abstract record CommitResult;

/// <summary>It is durable.</summary>
/// <param name="Versions">For each write its new version; null for a deletion that had nothing to delete.</param>
public sealed record Committed(IReadOnlyList<StoredVersion?> Versions) : CommitResult
{
    /// <summary>Sequence number of <see cref="Transaction.Record"/>; 0 when there was none.</summary>
    public long Record { get; init; }
}

/// <summary>Nothing was written, because that guard did not hold.</summary>
public sealed record GuardFailed(Guard Guard) : CommitResult;
