using HealthChain.Fhir.Schema;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Sqlite.Native;

namespace HealthChain.Storage.Sqlite.Reading;

// Versions without their content; erased ones are no more.
internal sealed partial class Snapshot
{
    public VersionRow? FindVersion(long sequence)
    {
        _sql.BySequence.Bind(1, sequence);
        return Single(_sql.BySequence);
    }

    /// <summary>Sequence number of the next version that is not erased; 0 when there is none.</summary>
    public long NextVersion(long after) => First(_sql.NextVersion, after);

    /// <summary>Sequence number of the newest version of a resource, a deletion too; 0 when there is none.</summary>
    public long NewestOf(long rid) => First(_sql.NewestOf, rid);

    public VersionRow? FindVersion(long rid, long number)
    {
        _sql.ByNumber.Bind(1, rid);
        _sql.ByNumber.Bind(2, number);
        return Single(_sql.ByNumber);
    }

    /// <summary>
    /// The sequence number behind all versions before an instant (milliseconds of Unix time); one more than the newest when there are no others.
    /// </summary>
    /// <remarks>Instants never go back from one version to the next, so halving finds it. Erased versions keep theirs; records are passed over.</remarks>
    public long FirstSince(long instant)
    {
        long low = 1;
        long high = Newest + 1;
        while (low < high)
        {
            long middle = low + ((high - low) / 2);
            if (First(_sql.InstantFrom, middle) >= instant)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    /// <summary>Versions of one resource (if its rid is not 0), of a type, or of all (null) within bounds, newest first.</summary>
    /// <remarks>Ends before the next call of the snapshot's for versions: one such walk at a time.</remarks>
    public IEnumerable<VersionRow> VersionsDown(TypeSchema? type, long rid, long from, long to)
    {
        Statement select = rid != 0 ? _sql.DownOfResource : type is not null ? _sql.DownOfType : _sql.Down;
        select.Bind(1, from);
        select.Bind(2, to);
        if (rid != 0)
        {
            select.Bind(3, rid);
        }
        else if (type is not null)
        {
            select.Bind(3, _numbers.OfType(type.Id));
        }

        try
        {
            while (select.Step())
            {
                yield return VersionAt(select);
            }
        }
        finally
        {
            select.Reset();
        }
    }

    /// <summary>How many versions <see cref="VersionsDown"/> would give.</summary>
    public long CountVersions(TypeSchema? type, long rid, long from, long to)
    {
        if (rid != 0)
        {
            return First(_sql.CountOfResource, from, to, rid);
        }

        long count = 0;
        foreach (TypeSchema counted in type is not null ? [type] : FhirSchema.R4.Types)
        {
            if (_numbers.Has(counted))
            {
                count += from <= 1 && to >= Newest ? CountVersions(counted.Id) : First(_sql.CountOfType, from, to, _numbers.OfType(counted.Id));
            }
        }

        return count;
    }

    /// <summary>Blobs to which any version refers, in the order of their addresses, those after one.</summary>
    public void FindBlobs(BlobAddress? after, List<BlobAddress> blobs, int limit)
    {
        Span<byte> address = stackalloc byte[Digest.Bytes];
        after?.Sealed.Write(address);
        _sql.Blobs.Bind(1, after is null ? default : address);
        _sql.Blobs.Bind(2, limit);
        while (_sql.Blobs.Step())
        {
            blobs.Add(new BlobAddress(Digest.Read(_sql.Blobs.Blob(0))));
        }

        _sql.Blobs.Reset();
    }

    private VersionRow? Single(Statement select)
    {
        try
        {
            return select.Step() ? VersionAt(select) : null;
        }
        finally
        {
            select.Reset();
        }
    }
}
