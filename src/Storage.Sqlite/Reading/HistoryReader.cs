using HealthChain.Fhir.Schema;
using HealthChain.Storage.Sqlite.Writing;

namespace HealthChain.Storage.Sqlite.Reading;

/// <summary>Reads pages of history.</summary>
internal sealed class HistoryReader(Snapshot snapshot, EngineParts parts, VersionReader versions)
{
    public HistoryPage Read(HistoryRequest request, CancellationToken cancellationToken)
    {
        long from = request.Since is { } since ? snapshot.FirstSince(Ceiling(since)) : 1;
        long to = request.At is { } at ? snapshot.FirstSince(Floor(at.To) + 1) - 1 : snapshot.Newest;
        TypeSchema? type = request.Type is null ? null : FhirSchema.R4.Type(request.Type);
        if (request.Type is not null && type is null)
        {
            return new HistoryPage([], 0, null);
        }

        long rid = 0;
        if (request.Id is not null)
        {
            rid = snapshot.FindIdentity(Preparer.IdentityOf(parts.Hasher, new ResourceKey(request.Type!, request.Id)));
            if (rid == 0)
            {
                return new HistoryPage([], 0, null);
            }
        }

        // Counted without looking at each, where all are seen.
        bool isCounted = versions.Scope.SeesEverything && request.At is null;
        long total = isCounted ? snapshot.CountVersions(type, rid, from, to) : 0;
        var page = new List<StoredVersion>();
        bool hasMore = false;
        foreach (VersionRow row in snapshot.VersionsDown(type, rid, from, isCounted && request.Before is { } start ? Math.Min(to, start - 1) : to))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!WasCurrent(row, request) || !versions.Sees(row))
            {
                continue;
            }

            total += isCounted ? 0 : 1;
            if (request.Before is { } before && row.Sequence >= before)
            {
                continue;
            }

            if (page.Count < request.Count)
            {
                if (snapshot.Open(row.Sequence) is { } version)
                {
                    page.Add(version);
                }

                continue;
            }

            hasMore = true;
            if (isCounted)
            {
                break;
            }
        }

        return new HistoryPage(page, total, hasMore && page.Count > 0 ? page[^1].Sequence : null);
    }

    /// <summary>Whether it was still current at some time after the beginning of the asked period; that it was before the end is known.</summary>
    private bool WasCurrent(in VersionRow row, HistoryRequest request) =>
        request.At is not { } at || snapshot.FindVersion(row.Rid, row.Version + 1) is not { } next || next.Instant > Floor(at.From);

    private static long Floor(DateTimeOffset instant) => instant.ToUnixTimeMilliseconds();

    private static long Ceiling(DateTimeOffset instant)
    {
        long floor = Floor(instant);
        return DateTimeOffset.FromUnixTimeMilliseconds(floor) < instant ? floor + 1 : floor;
    }
}
