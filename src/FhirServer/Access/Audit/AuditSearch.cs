using System.Runtime.CompilerServices;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Bundles;
using HealthChain.FhirServer.Searching;
using HealthChain.LedgerProofs;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;

namespace HealthChain.FhirServer.Access.Audit;

/// <summary>
/// Searches AuditEvents: those that are stored and those that access records are, as one, in one order. The engine finds the stored ones;
/// of the records it gives those of a patient or of a time, and the criteria judge their AuditEvents as they judge any resource.
/// </summary>
internal sealed class AuditSearch(IResourceStore engine, AuditEvents events, SearchParameterSet parameters, LocalMatch local, SearchLimits limits)
{
    private const int ChunkSize = 250;

    /// <summary>Where a page begins: behind an AuditEvent of that time.</summary>
    /// <param name="Sequence">Of the record, or of the stored version; 0 for the first page.</param>
    private sealed record Place(bool IsRecord, long Sequence, long Time, long Newest);

    private readonly record struct Match(long Time, StoredVersion Event);

    /// <param name="End">The last record that was looked at, where the limit ended the look; else null: there are no more.</param>
    private sealed record Found(List<StoredRecord> Records, StoredRecord? End);

    public async ValueTask<Result<SearchPage>> FindAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken)
    {
        Result<AuditOrder> order = AuditOrder.Of(request, parameters);
        if (!order.IsOk)
        {
            return order.Error;
        }

        if (request.Includes.Any(include => include.IsReverse || include.Iterates))
        {
            return FhirError.Unsupported("AuditEvents can be searched with _include, but not with _revinclude or _include:iterate.");
        }

        Result<AuditQuery> query = AuditQuery.Read(request.Criterion, parameters);
        if (!query.IsOk)
        {
            return query.Error;
        }

        Result<Place> place = await PlaceAsync(scope, order.Value, request.After, cancellationToken);
        return place.IsOk
            ? await PageAsync(scope, request, order.Value, await NarrowedAsync(scope, query.Value, cancellationToken), place.Value, cancellationToken)
            : place.Error;
    }

    /// <summary>
    /// Whom a record concerns its AuditEvent names as well, to a reader who may know it, so that the store's answer need not be asked again. But
    /// a patient of whom the store never heard is named in a record's body alone, and no chain leads there.
    /// </summary>
    private async ValueTask<AuditQuery> NarrowedAsync(AccessScope scope, AuditQuery query, CancellationToken cancellationToken) =>
        query.Patient is not { } patient ? query
        : scope.SeesRecord(new RecordFacts(StatementKind.Access, [])) && !await events.KnowsAsync(patient, cancellationToken) ? query.OfAll()
        : scope.SeesRecord(new RecordFacts(StatementKind.Access, [events.HashOf(patient)])) ? query.OfThePatient()
        : query;

    private async ValueTask<Result<SearchPage>> PageAsync(
        AccessScope scope, SearchRequest request, AuditOrder order, AuditQuery query, Place place, CancellationToken cancellationToken)
    {
        long? total = null;
        if (request.CountTotal)
        {
            Result<long?> count = await CountAsync(scope, request, query, place, cancellationToken);
            if (!count.IsOk)
            {
                return count.Error;
            }

            total = count.Value;
            if (total is null && request.Count == 0)
            {
                return SearchFaults.TooMany("records of the access log to count; narrow the search by patient or date", limits.MaxRecords);
            }
        }

        if (request.Count == 0)
        {
            return new SearchPage([], [], total, null, false);
        }

        Result<SearchPage> stored = await engine.SearchAsync(scope, StoredBehind(request, order, place), cancellationToken);
        if (!stored.IsOk)
        {
            return stored.Error;
        }

        Found found = await RecordsAsync(scope, order, query, place, order.IsDescending ? request.Count + 1 : int.MaxValue, cancellationToken);
        if (!order.IsDescending && found.End is not null)
        {
            return SearchFaults.TooMany("records of the access log to sort from the oldest; narrow the search by patient or date", limits.MaxRecords);
        }

        IReadOnlyList<StoredVersion> records = await events.WriteAsync(scope, order.IsDescending ? found.Records : [.. found.Records.AsEnumerable().Reverse().Take(request.Count + 1)], cancellationToken);
        List<Match> merged = Merge(order, stored.Value.Matches, records);
        if (found.End is { } end)
        {
            // What is stored and older waits until the records up to there were looked at.
            merged.RemoveAll(match => order.IsBefore(order.ValueOf(AuditQuery.TimeOf(end)), match.Time));
        }

        bool isFull = merged.Count > request.Count || (merged.Count == request.Count && (found.End is not null || stored.Value.Next is not null));
        merged = [.. merged.Take(request.Count)];
        SearchPosition? next = isFull ? PositionOf(AuditEvents.SequenceOf(merged[^1].Event.Key) is not null, merged[^1].Event.Sequence, place.Newest)
            : found.End is not null ? PositionOf(isRecord: true, found.End.Sequence, place.Newest)
            : null;
        StoredVersion[] matches = [.. merged.Select(match => match.Event)];
        (IReadOnlyList<StoredVersion> included, bool isTruncated) = await IncludeAsync(scope, request, matches, cancellationToken);
        return new SearchPage(matches, included, total, next, isTruncated);
    }

    /// <summary>Stored ones on a page: behind the one that ended the page before, or behind the time of the record that did.</summary>
    private static SearchRequest StoredBehind(SearchRequest request, AuditOrder order, Place place)
    {
        SearchRequest stored = request with { Sort = [order.Key], Includes = [], CountTotal = false, After = null };
        return place switch
        {
            { Sequence: 0 } => stored,
            { IsRecord: true } => stored with { Criterion = new AllOf([request.Criterion, order.Behind(place.Time)]) },
            _ => stored with { After = new SearchPosition(place.Sequence, place.Newest) },
        };
    }

    private List<Match> Merge(AuditOrder order, IReadOnlyList<StoredVersion> stored, IReadOnlyList<StoredVersion> records)
    {
        var merged = new List<Match>(stored.Count + records.Count);
        int next = 0;
        foreach (StoredVersion version in stored)
        {
            long time = order.ValueOf(version, local);
            for (; next < records.Count && TimeOf(records[next]) is var earlier && order.IsBefore(earlier, time); next++)
            {
                merged.Add(new Match(earlier, records[next]));
            }

            merged.Add(new Match(time, version));
        }

        for (; next < records.Count; next++)
        {
            merged.Add(new Match(TimeOf(records[next]), records[next]));
        }

        return merged;

        long TimeOf(StoredVersion record) => order.ValueOf(new DateRange(record.LastUpdated.UtcTicks, record.LastUpdated.UtcTicks + TimeSpan.TicksPerMillisecond));
    }

    /// <summary>How many there are in all; null when there are more records than one search may look at.</summary>
    private async ValueTask<Result<long?>> CountAsync(AccessScope scope, SearchRequest request, AuditQuery query, Place place, CancellationToken cancellationToken)
    {
        Result<SearchPage> stored = await engine.SearchAsync(scope, request with { Count = 0, Sort = [], Includes = [], After = null, CountTotal = true }, cancellationToken);
        if (!stored.IsOk)
        {
            return stored.Error;
        }

        if (query is { Only: null, Dates.Count: 0, Rest.Count: 0 })
        {
            int all = await engine.CountRecordsAsync(scope, query.Records(place.Newest + 1, null, null, limits.MaxRecords + 1), cancellationToken);
            return all <= limits.MaxRecords ? (long?)(stored.Value.Total + all) : null;
        }

        var top = new Place(IsRecord: true, 0, 0, place.Newest);
        Found found = await RecordsAsync(scope, null, query, top, int.MaxValue, cancellationToken);
        return found.End is null ? (long?)(stored.Value.Total + found.Records.Count) : null;
    }

    /// <summary>Records that match, newest first, behind a place.</summary>
    /// <param name="order">Null where there is no place to be behind.</param>
    private async ValueTask<Found> RecordsAsync(
        AccessScope scope, AuditOrder? order, AuditQuery query, Place place, int count, CancellationToken cancellationToken)
    {
        var matches = new List<StoredRecord>();
        var extractor = new SearchExtractor(parameters);
        int looked = 0;
        await foreach (StoredRecord[] chunk in CandidatesAsync(scope, order, query, place, query.Rest.Count == 0 ? count : ChunkSize, cancellationToken))
        {
            StoredRecord[] candidates = [.. chunk.Where(record => query.MeetsDates(AuditQuery.TimeOf(record)) && IsBehind(record, order, place))];
            bool[] meets = await MeetAsync(scope, query, candidates, extractor, cancellationToken);
            for (int i = 0; i < candidates.Length; i++)
            {
                if (meets[i])
                {
                    matches.Add(candidates[i]);
                    if (matches.Count == count)
                    {
                        return new Found(matches, null);
                    }
                }
            }

            looked += chunk.Length;
            if (looked >= limits.MaxRecords)
            {
                return new Found(matches, chunk[^1]);
            }
        }

        return new Found(matches, null);
    }

    private static bool IsBehind(StoredRecord record, AuditOrder? order, Place place) => order is null || place switch
    {
        { Sequence: 0 } => true,
        { IsRecord: true } => order.IsDescending ? record.Sequence < place.Sequence : record.Sequence > place.Sequence,
        _ => !order.IsBefore(order.ValueOf(AuditQuery.TimeOf(record)), place.Time),
    };

    /// <summary>Candidates in chunks, newest first.</summary>
    private async IAsyncEnumerable<StoredRecord[]> CandidatesAsync(
        AccessScope scope, AuditOrder? order, AuditQuery query, Place place, int size, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (query.Only is { } sequences)
        {
            foreach (long sequence in sequences.Where(sequence => sequence <= place.Newest))
            {
                if (await engine.ReadRecordAsync(scope, sequence, cancellationToken) is { Kind: StatementKind.Access } record)
                {
                    yield return [record];
                }
            }

            yield break;
        }

        // A page begins where the one before ended, so that a long log is gone through in the end however little one search may look at.
        bool isFirst = order is null || place.Sequence == 0;
        long? after = isFirst || order!.IsDescending ? null : place.Time;
        long? until = isFirst || !order!.IsDescending ? null : place.Time;
        long? before = until is not null && place.IsRecord ? place.Sequence : place.Newest + 1;
        while (before is { } end)
        {
            RecordPage page = await engine.RecordsAsync(scope, query.Records(end, after, until, Math.Min(size, Math.Min(ChunkSize, limits.MaxRecords))), cancellationToken);
            if (page.Records.Count > 0)
            {
                yield return [.. page.Records];
            }

            before = page.Next;
            size = ChunkSize;
        }
    }

    private async ValueTask<bool[]> MeetAsync(
        AccessScope scope, AuditQuery query, StoredRecord[] candidates, SearchExtractor extractor, CancellationToken cancellationToken)
    {
        bool[] meets = new bool[candidates.Length];
        if (query.Rest.Count == 0)
        {
            Array.Fill(meets, true);
            return meets;
        }

        var rest = new AllOf(query.Rest);
        IReadOnlyList<StoredVersion>? written = query.AsksForVersions ? await events.WriteAsync(scope, candidates, cancellationToken) : null;
        for (int i = 0; i < meets.Length; i++)
        {
            IndexValues values = written is null ? events.OutlineOf(scope, candidates[i], extractor) : local.ValuesOf(FhirJson.Read(written[i].Json).Root);
            meets[i] = LocalMatch.Meets(values, rest) == true;
        }

        return meets;
    }

    /// <summary>What the AuditEvents of a page point at, each once.</summary>
    private async ValueTask<(IReadOnlyList<StoredVersion> Included, bool IsTruncated)> IncludeAsync(
        AccessScope scope, SearchRequest request, StoredVersion[] matches, CancellationToken cancellationToken)
    {
        var included = new Dictionary<ResourceKey, StoredVersion>();
        Include[] includes = [.. request.Includes.Where(include => include.Source.Name == AuditEvents.Type)];
        foreach (ResourceKey key in matches.SelectMany(match => AuditTargets.Of(local.ValuesOf(FhirJson.Read(match.Json).Root), includes)).Distinct())
        {
            if (matches.All(match => match.Key != key) && await engine.ReadAsync(scope, key, cancellationToken) is { IsDeleted: false } target)
            {
                if (included.Count == request.MaxIncluded)
                {
                    return ([.. included.Values], true);
                }

                included.Add(key, target);
            }
        }

        return ([.. included.Values], false);
    }

    private async ValueTask<Result<Place>> PlaceAsync(AccessScope scope, AuditOrder order, SearchPosition? after, CancellationToken cancellationToken)
    {
        if (after is null)
        {
            return new Place(IsRecord: true, 0, 0, engine.Newest);
        }

        (bool isRecord, long sequence) = (after.Last % 2 == 1, after.Last / 2);
        long? time = null;
        if (isRecord && await engine.ReadRecordAsync(scope, sequence, cancellationToken) is { } record)
        {
            time = order.ValueOf(AuditQuery.TimeOf(record));
        }
        else if (!isRecord && await events.FindStoredAsync(scope, sequence, cancellationToken) is { } stored)
        {
            time = order.ValueOf(stored, local);
        }

        return time is { } known
            ? new Place(isRecord, sequence, known, after.Newest)
            : FhirError.Of(ErrorKind.Gone, IssueType.Deleted, "What ended the page before is no longer there; begin the search again.");
    }

    /// <summary>Versions and records share one order of numbers; the lowest bit tells which of both it is.</summary>
    private static SearchPosition PositionOf(bool isRecord, long sequence, long newest) => new((sequence * 2) + (isRecord ? 1 : 0), newest);
}
