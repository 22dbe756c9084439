namespace HealthChain.Storage.Blobs;

/// <summary>What a sweep found and removed.</summary>
/// <param name="Kept">Blobs that are referred to or too young.</param>
/// <param name="Removed">Blobs that nothing refers to.</param>
/// <param name="RemovedIncoming">Remains of writes that never ended.</param>
/// <param name="RemovedBytes">Sealed bytes of all that was removed.</param>
public sealed record BlobSweep(long Kept, long Removed, long RemovedIncoming, long RemovedBytes);

// Removing what no version refers to: after a refused or failed commit, an erased subject, a crash.
public sealed partial class BlobStore
{
    /// <summary>The least age at which a blob may be swept: the time between writing a blob and committing its version must stay below.</summary>
    public static readonly TimeSpan LeastAge = TimeSpan.FromMinutes(1);

    /// <summary>Removes all blobs that nothing refers to and that are older than an age. Writes and reads go on meanwhile.</summary>
    /// <param name="isReferenced">
    /// Whether a committed version refers to the blob, asked after its age is known: a version that refers to it was either committed by then or
    /// comes later than <paramref name="minimumAge"/> after its blob, which callers must rule out.
    /// </param>
    public BlobSweep Sweep(Func<BlobAddress, bool> isReferenced, TimeSpan minimumAge, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(minimumAge, LeastAge);
        DateTime newest = (_time.GetUtcNow() - minimumAge).UtcDateTime;
        long kept = 0;
        long removed = 0;
        long bytes = 0;
        foreach (string folder in Directory.EnumerateDirectories(_folder))
        {
            long before = removed;
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!BlobAddress.TryParse(file.Name, out BlobAddress address) || PathOf(address) != file.FullName || !file.Exists)
                {
                    continue;
                }

                if (file.LastWriteTimeUtc > newest || isReferenced(address))
                {
                    kept++;
                    continue;
                }

                bytes += file.Length;
                _disk.Delete(file.FullName);
                removed++;
            }

            if (removed != before)
            {
                _disk.SyncFolder(folder);
            }
        }

        long incoming = SweepIncoming(newest, ref bytes);
        return new BlobSweep(kept, removed, incoming, bytes);
    }

    private long SweepIncoming(DateTime newest, ref long bytes)
    {
        long removed = 0;
        foreach (var file in new DirectoryInfo(_incoming).EnumerateFiles())
        {
            // Its writer may have given it its name since it was listed; what is asked of the file is one look at it.
            if (!_writing.ContainsKey(Path.Combine(_incoming, file.Name)) && file.Exists && file.LastWriteTimeUtc <= newest)
            {
                bytes += file.Length;
                _disk.Delete(file.FullName);
                removed++;
            }
        }

        return removed;
    }
}
