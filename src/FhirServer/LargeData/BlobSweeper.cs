using HealthChain.Storage;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.LargeData;

/// <summary>Removes the blobs that no version refers to: of refused writes, of erased patients, of uploads that broke off.</summary>
internal sealed class BlobSweeper(IResourceStore store, BlobStore blobs)
{
    /// <summary>Far longer than any request takes from writing a blob to committing its version, and a sweep to collect what is referred to.</summary>
    public static readonly TimeSpan MinimumAge = TimeSpan.FromDays(1);

    /// <summary>One sweep. Needs 8 bytes of memory for each blob in use; reads and writes go on meanwhile.</summary>
    public async ValueTask<BlobSweep> SweepAsync(TimeSpan minimumAge, CancellationToken cancellationToken)
    {
        // The first 8 bytes of a digest nearly always tell; when they do not, a blob stays that might have gone.
        var used = new List<ulong>();
        await foreach (BlobAddress address in store.BlobsAsync(AccessScope.System("sweep of blobs"), cancellationToken))
        {
            used.Add(First(address));
        }

        used.Sort();
        return blobs.Sweep(address => used.BinarySearch(First(address)) >= 0, minimumAge, cancellationToken);
    }

    private static ulong First(BlobAddress address) => (ulong)(address.Sealed.High >> 64);
}
