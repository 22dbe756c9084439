using HealthChain.Fhir;
using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>search, on the system, a type or a compartment: https://hl7.org/fhir/R4/http.html#search</summary>
internal sealed class Search(IResourceStore store, SearchReader reader, PageCursors cursors) : IInteraction
{
    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        if (!request.Body.IsEmpty)
        {
            return FhirError.Of(
                ErrorKind.UnsupportedMediaType, IssueType.NotSupported, "A search by POST has its parameters in a form: application/x-www-form-urlencoded.");
        }

        Result<SearchPlan> read = reader.Read(ContextOf(request), WithoutCursor(request.Query));
        if (!read.IsOk)
        {
            return read.Error;
        }

        SearchPlan plan = read.Value;
        if (plan is { Summary: SummaryMode.Text, Request.Includes.Count: > 0 })
        {
            return FhirError.Invalid("R4 does not allow _include and _revinclude together with _summary=text.");
        }

        var links = new PageLinks(request, PathOf(request.Target), plan.Used);
        string? cursor = request.Parameter(PageLinks.Cursor);
        PagePosition? position = null;
        if (cursor is not null)
        {
            Result<PagePosition> opened = cursors.Open(cursor, links.Context);
            if (!opened.IsOk)
            {
                return opened.Error;
            }

            position = opened.Value;
        }

        SearchRequest search = position is null ? plan.Request : plan.Request with { After = new SearchPosition(position.Start, position.Newest) };
        Result<SearchPage> found = await store.SearchAsync(request.Requester.Scope, search, cancellationToken);
        return found.IsOk
            ? FhirResponse.Of(BundleOf(request, plan, found.Value, new Pages(cursors, links, cursor, position)))
            : found.Error;
    }

    private static SearchContext ContextOf(FhirRequest request) => new()
    {
        Types = TypesOf(request.Target),
        Compartment = request.Target.Kind is TargetKind.Compartment or TargetKind.CompartmentSearch
            ? new CompartmentOf(request.Target.Type!.Name, request.Target.Id!)
            : null,
        Handling = request.Prefer.Handling,
        ServerBase = request.BaseUrl,
    };

    private static IReadOnlyList<TypeSchema> TypesOf(in RequestTarget target) => target switch
    {
        { Kind: TargetKind.Compartment or TargetKind.CompartmentSearch, Name: "*" } => [],
        { Kind: TargetKind.Compartment or TargetKind.CompartmentSearch } => [ResourceTypes.Find(target.Name!)!],
        { Type: { } type } => [type],
        _ => [],
    };

    /// <summary>Where the same search is made by GET, relative to the base.</summary>
    private static string PathOf(in RequestTarget target) => target.Kind switch
    {
        TargetKind.Compartment or TargetKind.CompartmentSearch => $"{target.Type!.Name}/{target.Id}/{target.Name}",
        _ => target.Type?.Name ?? "",
    };

    private static IReadOnlyList<QueryParameter> WithoutCursor(IReadOnlyList<QueryParameter> query) =>
        query.Any(parameter => parameter.Name == PageLinks.Cursor) ? [.. query.Where(parameter => parameter.Name != PageLinks.Cursor)] : query;

    private static Bundle BundleOf(FhirRequest request, SearchPlan plan, SearchPage page, Pages pages)
    {
        var entries = new List<BundleEntry>(page.Matches.Count + page.Included.Count + 1);
        foreach (StoredVersion match in page.Matches)
        {
            entries.Add(BundleEntry.Of(EntryRole.Match, match));
        }

        foreach (StoredVersion included in page.Included)
        {
            entries.Add(BundleEntry.Of(EntryRole.Include, included));
        }

        if (IssuesOf(plan, page) is { Count: > 0 } issues)
        {
            entries.Add(BundleEntry.Outcome(OperationOutcome.ToJson(issues)));
        }

        return new Bundle
        {
            Type = "searchset",
            BaseUrl = request.BaseUrl,
            Total = page.Total,
            Links = pages.Links(page.Next is { } next ? PagePosition.Next(pages.Position, next.Newest, next.Last) : null),
            Entries = entries,
            Selection = ElementSelection.Of(plan),
        };
    }

    private static IReadOnlyList<Issue> IssuesOf(SearchPlan plan, SearchPage page) => page.IncludesTruncated
        ? [.. plan.Ignored, Issue.Warning(IssueType.Incomplete, $"More resources than the limit of {plan.Request.MaxIncluded} would be included with this page; the rest was left out.")]
        : plan.Ignored;
}
