using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Access.Audit;
using HealthChain.FhirServer.Definitions;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Operations;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>search, on the system, a type or a compartment: https://hl7.org/fhir/R4/http.html#search</summary>
internal sealed class Search(
    IResourceStore store, SearchReader reader, SearchTerminology terminology, ServedDefinitions definitions, ContainedSearch contained, PageCursors cursors) : IInteraction
{
    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        if (!request.Body.IsEmpty)
        {
            return FhirError.Of(
                ErrorKind.UnsupportedMediaType, IssueType.NotSupported, "A search by POST has its parameters in a form: application/x-www-form-urlencoded.");
        }

        Result<TerminologyService?> codes = await terminology.ForAsync(request.Requester.Scope, request.Query, cancellationToken);
        if (!codes.IsOk)
        {
            return codes.Error;
        }

        Result<SearchPlan> read = reader.Read(ContextOf(request) with { Terminology = codes.Value }, WithoutCursor(request.Query));
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
        Result<Pages> pages = Pages.Of(cursors, links, request.Parameter(PageLinks.Cursor));
        if (!pages.IsOk)
        {
            return pages.Error;
        }

        PagePosition? position = pages.Value.Position;
        Result<Findings> found = plan.Contained != ContainedMode.False ? await FindContainedAsync(request, plan, position, cancellationToken)
            : definitions.IsAmong(plan.Request.Types) ? await FindDefinitionsAsync(request, plan, position, cancellationToken)
            : await FindAsync(request, plan, position, cancellationToken);
        return found.IsOk
            ? FhirResponse.Of(BundleOf(request, plan, found.Value, pages.Value))
            : found.Error;
    }

    /// <summary>What one page holds.</summary>
    private sealed record Findings(List<BundleEntry> Entries, long? Total, PagePosition? Next, bool IncludesTruncated);

    private async ValueTask<Result<Findings>> FindAsync(FhirRequest request, SearchPlan plan, PagePosition? position, CancellationToken cancellationToken)
    {
        SearchRequest search = position is null ? plan.Request : plan.Request with { After = new SearchPosition(position.Start, position.Newest) };
        Result<SearchPage> found = await store.SearchAsync(request.Requester.Scope, search, cancellationToken);
        if (!found.IsOk)
        {
            return found.Error;
        }

        SearchPage page = found.Value;
        var entries = new List<BundleEntry>(page.Matches.Count + page.Included.Count + 1);
        foreach (StoredVersion match in page.Matches)
        {
            entries.Add(BundleEntry.Of(EntryRole.Match, match));
        }

        foreach (StoredVersion included in page.Included)
        {
            entries.Add(BundleEntry.Of(EntryRole.Include, included));
        }

        PagePosition? next = page.Next is { } end ? PagePosition.Next(position, end.Newest, end.Last) : null;
        return new Findings(entries, page.Total, next, page.IncludesTruncated);
    }

    /// <summary>
    /// What is stored, and behind it the definitions that the server works by. Pages of these begin at the negative of one more than how many
    /// were given before.
    /// </summary>
    private async ValueTask<Result<Findings>> FindDefinitionsAsync(FhirRequest request, SearchPlan plan, PagePosition? position, CancellationToken cancellationToken)
    {
        bool isBehind = position is { Start: < 0 };
        Result<Findings> stored = await FindAsync(
            request, isBehind ? plan with { Request = plan.Request with { Count = 0 } } : plan, isBehind ? null : position, cancellationToken);
        if (!stored.IsOk)
        {
            return stored;
        }

        Result<IReadOnlyList<StoredVersion>> served = await definitions.FindAsync(request.Requester.Scope, plan.Request, cancellationToken);
        if (!served.IsOk)
        {
            return served.Error;
        }

        Findings findings = stored.Value with { Total = stored.Value.Total + served.Value.Count };
        int room = plan.Request.Count - findings.Entries.Count(entry => entry.Role == EntryRole.Match);
        if (findings.Next is not null || plan.Request.Count == 0)
        {
            return findings;
        }

        int start = isBehind ? (int)(-position!.Start - 1) : 0;
        findings.Entries.AddRange(served.Value.Skip(start).Take(room).Select(definition => BundleEntry.Of(EntryRole.Match, definition)));
        int end = start + room;
        return end < served.Value.Count ? findings with { Next = PagePosition.Next(position, position?.Newest ?? 0, -end - 1) } : findings;
    }

    /// <summary>
    /// Matches that are contained in others, behind those that stand for themselves where both are asked for. Pages of the contained ones
    /// begin behind the negative of a commit's number.
    /// </summary>
    private async ValueTask<Result<Findings>> FindContainedAsync(
        FhirRequest request, SearchPlan plan, PagePosition? position, CancellationToken cancellationToken)
    {
        if (ContainedSearch.Refusal(plan.Request) is { } refusal)
        {
            return refusal;
        }

        var findings = new Findings([], plan.Request.CountTotal ? 0 : null, null, false);
        if (plan.Contained == ContainedMode.Both)
        {
            // Later pages still need the number of those that stand for themselves.
            SearchPlan own = position is { Start: < 0 } ? plan with { Request = plan.Request with { Count = 0 } } : plan;
            Result<Findings> first = await FindAsync(request, own, position is { Start: < 0 } ? null : position, cancellationToken);
            if (!first.IsOk)
            {
                return first;
            }

            findings = first.Value;
        }

        AccessScope scope = request.Requester.Scope;
        if (findings.Total is { } total)
        {
            Result<long> count = await contained.CountAsync(scope, plan.Request, plan.ContainedType == ContainedType.Container, cancellationToken);
            if (!count.IsOk)
            {
                return count.Error;
            }

            findings = findings with { Total = total + count.Value };
        }

        int room = plan.Request.Count - findings.Entries.Count;
        return findings.Next is not null || plan.Request.Count == 0 ? findings : await AddContainedAsync(scope, plan, position, findings, room, cancellationToken);
    }

    private async ValueTask<Result<Findings>> AddContainedAsync(
        AccessScope scope, SearchPlan plan, PagePosition? position, Findings findings, int room, CancellationToken cancellationToken)
    {
        SearchPosition? after = position is { Start: < 0 and > long.MinValue } ? new SearchPosition(-position.Start, position.Newest) : null;
        Result<ContainedPage> found = await contained.FindAsync(scope, plan.Request, after, room, cancellationToken);
        if (!found.IsOk)
        {
            return found.Error;
        }

        bool isOfContainers = plan.ContainedType == ContainedType.Container;
        foreach (ContainedMatch match in isOfContainers ? found.Value.Matches.DistinctBy(match => match.Container.Key) : found.Value.Matches)
        {
            findings.Entries.Add(isOfContainers
                ? BundleEntry.Of(EntryRole.Match, match.Container)
                : new BundleEntry(EntryRole.Match, match.Container, FhirJson.ToBytes(match.Contained), match.Contained.Child("id").Text));
        }

        return found.Value.IsLast ? findings
            : findings with { Next = PagePosition.Next(position, found.Value.End?.Newest ?? 0, -found.Value.End?.Last ?? long.MinValue) };
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

    private static Bundle BundleOf(FhirRequest request, SearchPlan plan, Findings findings, Pages pages)
    {
        if (IssuesOf(plan, findings) is { Count: > 0 } issues)
        {
            findings.Entries.Add(BundleEntry.Outcome(OperationOutcome.ToJson(issues)));
        }

        return new Bundle
        {
            Type = "searchset",
            BaseUrl = request.BaseUrl,
            Total = findings.Total,
            Links = pages.Links(findings.Next),
            Entries = findings.Entries,
            Selection = ElementSelection.Of(plan),
        };
    }

    private static List<Issue> IssuesOf(SearchPlan plan, Findings findings)
    {
        var issues = new List<Issue>(plan.Ignored);
        if (findings.IncludesTruncated)
        {
            issues.Add(Issue.Warning(IssueType.Incomplete, $"More resources than the limit of {plan.Request.MaxIncluded} would be included with this page; the rest was left out."));
        }

        if (plan.Request.CountTotal && findings.Total is null)
        {
            issues.Add(Issue.Warning(IssueType.Incomplete, "There is no total, since more would have to be looked at than one search may; narrow it by patient or date."));
        }

        // Types that somebody named are to be searched whole; without a name, or in a compartment, what is stored is meant.
        if (plan.Request.Types.Count > 1 && plan.Request.Types.Any(type => type.Name == AuditEvents.Type) && plan.Used.Any(parameter => parameter.Name == "_type"))
        {
            issues.Add(Issue.Warning(IssueType.Incomplete, "Of AuditEvents the stored ones were searched; those of the access log are found by a search of AuditEvent alone."));
        }

        return issues;
    }
}
