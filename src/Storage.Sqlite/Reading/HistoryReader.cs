using HealthChain.Fhir.Schema;

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
            rid = snapshot.FindIdentity(parts.Hasher.Reference(new ResourceKey(request.Type!, request.Id)));
            if (rid == 0)
            {
                return new HistoryPage([], 0, null);
            }
        }

        // Counted without looking at each where all are seen, and not at all where each would have to be opened.
        bool seesAll = versions.Scope.SeesEverything;
        bool isCounting = seesAll && request.At is not null;
        long total = seesAll && !isCounting ? snapshot.CountVersions(type, rid, from, to) : 0;
        var page = new List<StoredVersion>();
        bool hasMore = false;
        foreach (VersionRow row in snapshot.VersionsDown(type, rid, from, !isCounting && request.Before is { } start ? Math.Min(to, start - 1) : to))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!WasCurrent(row, request) || !versions.Sees(row))
            {
                continue;
            }

            total += isCounting ? 1 : 0;
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
            if (!isCounting)
            {
                break;
            }
        }

        long? known = seesAll ? total : request.Before is null && !hasMore ? page.Count : null;
        return new HistoryPage(page, known, hasMore && page.Count > 0 ? page[^1].Sequence : null);
    }

    /// <summary>
    /// Whether it was still current at some time after the beginning of the asked period; that it was before the end is known. What does not exist
    /// for the requester did not take its place.
    /// </summary>
    private bool WasCurrent(in VersionRow row, HistoryRequest request)
    {
        if (request.At is not { } at)
        {
            return true;
        }

        for (long number = row.Version + 1; snapshot.FindVersion(row.Rid, number) is { } next; number++)
        {
            if (next.Instant > Floor(at.From))
            {
                return true;
            }

            if (versions.Sees(next))
            {
                return false;
            }
        }

        return true;
    }

    private static long Floor(DateTimeOffset instant) => instant.ToUnixTimeMilliseconds();

    private static long Ceiling(DateTimeOffset instant)
    {
        long floor = Floor(instant);
        return DateTimeOffset.FromUnixTimeMilliseconds(floor) < instant ? floor + 1 : floor;
    }
}
