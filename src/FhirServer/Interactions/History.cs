using System.Globalization;
using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Responses;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>history of a resource, a type or the system: https://hl7.org/fhir/R4/http.html#history</summary>
internal sealed class History(IResourceStore store, PageCursors cursors, SearchLimits limits) : IInteraction
{
    public async ValueTask<Result<FhirResponse>> AnswerAsync(FhirRequest request, CancellationToken cancellationToken)
    {
        Result<HistoryRequest> read = Read(request);
        if (!read.IsOk)
        {
            return read.Error;
        }

        Result<ElementSelection> selection = ElementSelection.Of(request);
        if (!selection.IsOk)
        {
            return selection.Error;
        }

        HistoryRequest history = read.Value;
        var links = new PageLinks(request, PathOf(request.Target), request.Query.Where(parameter => parameter.Name != PageLinks.Cursor));
        Result<Pages> pages = Pages.Of(cursors, links, request.Parameter(PageLinks.Cursor));
        if (!pages.IsOk)
        {
            return pages.Error;
        }

        PagePosition? position = pages.Value.Position;
        HistoryPage page = await store.HistoryAsync(request.Requester.Scope, history with { Before = position?.Start }, cancellationToken);
        if (page.Versions.Count == 0 && history.Id is not null && !await ExistedAsync(request, history, cancellationToken))
        {
            return FhirError.NotFound($"There is no such {history.Type}, and there never was.");
        }

        return FhirResponse.Of(new Bundle
        {
            Type = "history",
            BaseUrl = request.BaseUrl,
            Total = page.Total,
            Links = pages.Value.Links(page.Next is { } next ? PagePosition.Next(position, 0, next) : null),
            Entries = [.. page.Versions.Select(version => BundleEntry.Of(EntryRole.History, version))],
            Selection = selection.Value,
        });
    }

    /// <summary>A resource without versions in the time that was asked for is still a resource.</summary>
    private async ValueTask<bool> ExistedAsync(FhirRequest request, HistoryRequest history, CancellationToken cancellationToken) =>
        await store.ReadAsync(request.Requester.Scope, new ResourceKey(history.Type!, history.Id!), cancellationToken) is not null;

    private Result<HistoryRequest> Read(FhirRequest request)
    {
        var history = new HistoryRequest { Type = request.Target.Type?.Name, Id = request.Target.Id, Count = limits.DefaultCount };
        var seen = new HashSet<string>();
        foreach (QueryParameter parameter in request.Query)
        {
            if (!seen.Add(parameter.Name))
            {
                return FhirError.Invalid($"'{SearchPath.Shown(parameter.Name)}' stands twice.");
            }

            Result<HistoryRequest> next = Read(history, parameter);
            if (!next.IsOk)
            {
                return next.Error;
            }

            history = next.Value;
        }

        return history;
    }

    /// <summary>A history has no entry in which to report a parameter that was left out, so whatever it does not know is refused.</summary>
    private Result<HistoryRequest> Read(HistoryRequest history, QueryParameter parameter)
    {
        switch (parameter.Name)
        {
            case PageLinks.Cursor or "_summary" or "_elements":
                return history;

            case "_count":
                return int.TryParse(parameter.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
                    ? history with { Count = Math.Min(count, limits.MaxCount) }
                    : Refused(parameter, "a whole number, 0 or more");

            case "_since":
                return DateRange.TryParse(Encoding.UTF8.GetBytes(parameter.Value), out DateRange since)
                    ? history with { Since = Instant(since.Start) }
                    : Refused(parameter, "an instant such as 2024-05-01T12:00:00Z");

            case "_at":
                return DateRange.TryParse(Encoding.UTF8.GetBytes(parameter.Value), out DateRange at)
                    ? history with { At = (Instant(at.Start), Instant(at.End - 1)) }
                    : Refused(parameter, "a date or time such as 2024-05-01");

            // The order that a history has anyway (R4: "sorted with oldest versions last").
            case "_sort" when parameter.Value == "-_lastUpdated":
                return history;

            default:
                return FhirError.Unsupported($"A history has no parameter '{SearchPath.Shown(parameter.Name)}': it knows _count, _since and _at.");
        }
    }

    private static FhirError Refused(QueryParameter parameter, string expected) =>
        FhirError.Invalid($"'{SearchPath.Shown(parameter.Value)}' is no value for '{parameter.Name}': expected {expected}.");

    private static DateTimeOffset Instant(long ticks) => new(Math.Clamp(ticks, 0, DateTime.MaxValue.Ticks), TimeSpan.Zero);

    private static string PathOf(in RequestTarget target) => target switch
    {
        { Id: { } id } => $"{target.Type!.Name}/{id}/_history",
        { Type: { } type } => $"{type.Name}/_history",
        _ => "_history",
    };
}
