using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Bundles;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Searching;

/// <summary>A contained resource that meets a search.</summary>
internal readonly record struct ContainedMatch(StoredVersion Container, Element Contained);

/// <param name="End">The container that ended the page; null when the page is empty.</param>
/// <param name="IsLast">No page follows.</param>
internal sealed record ContainedPage(IReadOnlyList<ContainedMatch> Matches, SearchPosition? End, bool IsLast);

/// <summary>
/// Finds contained resources: https://hl7.org/fhir/R4/search.html#contained. The index knows which types a resource contains; what is
/// asked of those is judged on the resources themselves, up to a limit, in the order in which their containers were made.
/// </summary>
internal sealed class ContainedSearch(IResourceStore store, SearchParameterSet parameters, LocalMatch local, SearchLimits limits)
{
    private const int ChunkSize = 200;

    /// <summary>Why a search cannot be made in contained resources; null when it can.</summary>
    public static FhirError? Refusal(SearchRequest search) =>
        search.Sort.Count > 0 || search.Includes.Count > 0
            ? FhirError.Unsupported("'_contained' cannot be combined with _sort, _include or _revinclude here.")
            : IsLocal(search.Criterion)
                ? null
                : FhirError.Unsupported("'_contained' cannot be combined with chains, _has, compartments, lists, _text or _content here.");

    /// <param name="count">Most matches; those of one container stay together, so that a page may be a little longer.</param>
    public async ValueTask<Result<ContainedPage>> FindAsync(
        AccessScope scope, SearchRequest search, SearchPosition? after, int count, CancellationToken cancellationToken)
    {
        var matches = new List<ContainedMatch>();
        SearchPosition? last = null;
        bool isMore = false;
        FhirError? error = await WalkAsync(scope, search, after, (container, newest) =>
        {
            ContainedMatch[] found = [.. MatchesIn(container, search)];
            isMore = found.Length > 0 && matches.Count >= count;
            if (found.Length > 0 && !isMore)
            {
                matches.AddRange(found);
                last = new SearchPosition(container.Sequence, newest);
            }

            return !isMore;
        }, cancellationToken);
        return error is null ? new ContainedPage(matches, last, !isMore) : error;
    }

    /// <summary>How many matches there are in all.</summary>
    /// <param name="ofContainers">Count the containers instead.</param>
    public async ValueTask<Result<long>> CountAsync(AccessScope scope, SearchRequest search, bool ofContainers, CancellationToken cancellationToken)
    {
        long total = 0;
        FhirError? error = await WalkAsync(scope, search, null, (container, _) =>
        {
            int found = MatchesIn(container, search).Count();
            total += ofContainers ? Math.Min(found, 1) : found;
            return true;
        }, cancellationToken);
        return error is null ? total : error;
    }

    /// <summary>Visits the resources that contain one of the types searched, until the visitor has enough.</summary>
    private async ValueTask<FhirError?> WalkAsync(
        AccessScope scope, SearchRequest search, SearchPosition? after, Func<StoredVersion, long, bool> visit, CancellationToken cancellationToken)
    {
        var request = new SearchRequest { Types = [], Criterion = Containing(search), Count = ChunkSize, After = after };
        for (int visited = 0; ;)
        {
            Result<SearchPage> chunk = await store.SearchAsync(scope, request, cancellationToken);
            if (!chunk.IsOk)
            {
                return chunk.Error;
            }

            // Where the store does not say how far the search reaches, it reaches as far as the newest resource found.
            SearchPage page = chunk.Value;
            long newest = request.After?.Newest ?? page.Next?.Newest ?? page.Matches.Select(match => match.Sequence).DefaultIfEmpty().Max();
            foreach (StoredVersion container in page.Matches)
            {
                if (++visited > limits.MaxContainers)
                {
                    return SearchFaults.TooMany("resources that contain others to look into", limits.MaxContainers);
                }

                if (!visit(container, newest))
                {
                    return null;
                }
            }

            if (page.Next is null)
            {
                return null;
            }

            request = request with { After = page.Next };
        }
    }

    private HasValue Containing(SearchRequest search) => search.Types.Count == 0
        ? new HasValue(parameters.ContainedType, SearchModifier.Missing, [new MissingQuery(false)])
        : new HasValue(parameters.ContainedType, SearchModifier.None, [.. search.Types.Select(type => new TokenQuery(null, Encoding.UTF8.GetBytes(type.Name)))]);

    private IEnumerable<ContainedMatch> MatchesIn(StoredVersion container, SearchRequest search)
    {
        foreach (Element contained in FhirJson.Read(container.Json).Root.ChildrenOf("contained").ToList())
        {
            if ((search.Types.Count == 0 || search.Types.Contains(contained.Type))
                && LocalMatch.Meets(local.ValuesOf(contained), search.Criterion) == true)
            {
                yield return new ContainedMatch(container, contained);
            }
        }
    }

    private static bool IsLocal(Criterion criterion) => criterion switch
    {
        HasValue => true,
        AllOf all => all.Parts.All(IsLocal),
        OneOf one => one.Parts.All(IsLocal),
        NoneOf none => IsLocal(none.Part),
        _ => false,
    };
}
