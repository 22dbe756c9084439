using System.Collections.Concurrent;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>
/// Searches a snapshot: finds candidates through the index that leads to the fewest, asks the keys of each whether it meets the whole
/// condition, and opens only what keys do not decide and what stands on the page. Thread-safe.
/// </summary>
internal sealed class SearchEngine(EngineParts parts)
{
    private static readonly TypeSchema[] AllTypes = [.. FhirSchema.R4.Types.Where(type => type is { IsResource: true, IsAbstract: false })];

    private readonly ConditionCompiler _compiler = new(parts.Parameters, parts.Hasher, new PatientMemberships(parts.Parameters));
    private readonly SortValueCache _sortValues = new(parts.Options.CachedSortValues);
    private readonly IdentityCache _identities = new();
    private readonly ConcurrentBag<SearchRun> _runs = [];

    /// <summary>One page; an error when it would cost too much.</summary>
    public Result<SearchPage> Search(Snapshot snapshot, AccessScope scope, SearchRequest request, CancellationToken cancellationToken)
    {
        SearchRun run = Begin(snapshot, scope, cancellationToken);
        try
        {
            Result<SearchPage> page = Search(run, request);
            parts.Meter.Searched(run.Examined, run.Opened, page.IsOk ? page.Value.Matches.Count : 0);
            return page;
        }
        catch (FhirException exception)
        {
            return exception.Error;
        }
        finally
        {
            End(run);
        }
    }

    /// <summary>Whether a condition is met by exactly the resources that a guard names; an error when it would cost too much to tell.</summary>
    public Result<bool> Holds(Snapshot snapshot, AccessScope scope, Finds guard)
    {
        SearchRun run = Begin(snapshot, scope, CancellationToken.None);
        try
        {
            TypeSchema type = FhirSchema.R4.Type(guard.Type)!;
            HashSet<long> expected = [.. guard.Keys.Select(parts.Hasher.Reference)];
            var matches = new MatchCollector(run, [type], _compiler.Within(scope, _compiler.Compile(guard.Criterion, [type]), [type]), _compiler, long.MaxValue);
            int found = 0;
            bool isOther = false;
            matches.Visit(candidate =>
            {
                found++;
                isOther = !expected.Contains(candidate.Head.Identity);
                return !isOther;
            });
            return !isOther && found == expected.Count;
        }
        catch (FhirException exception)
        {
            return exception.Error;
        }
        finally
        {
            End(run);
        }
    }

    /// <summary>Forgets what it remembers of resources, after an erasure.</summary>
    public void Forget() => _sortValues.Clear();

    private Result<SearchPage> Search(SearchRun run, SearchRequest request)
    {
        TypeSchema[] types = [.. (request.Types.Count == 0 ? AllTypes : request.Types).Where(run.MaySee)];
        var sort = new SortReader(request.Sort, _sortValues);
        Ranked? place = null;
        if (request.After is { } after)
        {
            place = PlaceOf(run, sort, after.Last);
            if (place is null)
            {
                return FhirError.Of(ErrorKind.Gone, IssueType.NotFound, "The resource at which the page before ended is gone: start the search again.");
            }
        }

        long newest = request.After?.Newest ?? run.Snapshot.Newest;
        var page = new PageBuilder(sort, request.Count == 0 ? 0 : request.Count + 1, place);
        var matches = new MatchCollector(run, types, _compiler.Within(run.Scope, _compiler.Compile(request.Criterion, types), types), _compiler, newest);
        long total = matches.Collect(page, request.CountTotal, _compiler.IsNewestFirst(request.Sort));
        return ToPage(run, request, page.ToPage(), total, newest);
    }

    private Result<SearchPage> ToPage(SearchRun run, SearchRequest request, List<Ranked> found, long total, long newest)
    {
        bool hasMore = found.Count > request.Count;
        if (hasMore)
        {
            found.RemoveAt(found.Count - 1);
        }

        List<long> included = [];
        bool isTruncated = false;
        if (request.Includes.Count > 0 && found.Count > 0)
        {
            var walk = new IncludeWalk(parts.Parameters, _compiler.Memberships, run, request);
            included = walk.Walk(found);
            isTruncated = walk.IsTruncated;
        }

        return new SearchPage(
            Open(run, found.Select(match => match.Sequence)),
            Open(run, included),
            request.CountTotal ? total : null,
            hasMore && found.Count > 0 ? new SearchPosition(found[^1].Sequence, newest) : null,
            isTruncated);
    }

    /// <summary>Opens what goes on the page; what is being erased is left out.</summary>
    private static List<StoredVersion> Open(SearchRun run, IEnumerable<long> sequences)
    {
        var versions = new List<StoredVersion>();
        foreach (long sequence in sequences)
        {
            if (run.Snapshot.Open(sequence) is { } version)
            {
                versions.Add(version);
            }
        }

        return versions;
    }

    /// <summary>Reads again what the last resource of the page before was sorted by.</summary>
    private Ranked? PlaceOf(SearchRun run, SortReader sort, long last)
    {
        if (run.Snapshot.Open(last) is not { IsDeleted: false } version || run.Snapshot.FindIdentity(parts.Hasher.Reference(version.Key)) is not (var rid and not 0))
        {
            return null;
        }

        var values = new SortValue?[sort.Count];
        if (values.Length > 0)
        {
            Element root = FhirJson.Read(version.Json).Root;
            var resource = new IndexValues();
            run.Extractor.Extract(root, resource);
            sort.Read(resource, values);
        }

        return new Ranked(rid, last, values);
    }


    private SearchRun Begin(Snapshot snapshot, AccessScope scope, CancellationToken cancellationToken)
    {
        SearchRun run = _runs.TryTake(out SearchRun? idle) ? idle : new SearchRun(parts, _identities);
        run.Begin(snapshot, scope, cancellationToken);
        return run;
    }

    private void End(SearchRun run)
    {
        run.End();
        _runs.Add(run);
    }
}
