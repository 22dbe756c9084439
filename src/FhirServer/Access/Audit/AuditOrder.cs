using HealthChain.Fhir;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Bundles;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Audit;

/// <summary>
/// The order of AuditEvents, stored ones and those of records: by <c>date</c> or <c>_lastUpdated</c>, newest first unless asked otherwise.
/// At the same time stored ones come first.
/// </summary>
internal sealed record AuditOrder(SortKey Key)
{
    public bool IsDescending => Key.Descending;

    public static Result<AuditOrder> Of(SearchRequest request, SearchParameterSet parameters) => request.Sort switch
    {
        [] => new AuditOrder(new SortKey(parameters.Find(ResourceTypes.Find(AuditEvents.Type)!, "date")!, descending: true)),
        [{ Parameters: [{ Code: "date" or "_lastUpdated" }] } key] => new AuditOrder(key),
        _ => FhirError.Unsupported("AuditEvents can be sorted by date or _lastUpdated, one of them, up or down."),
    };

    /// <summary>The time by which a stored AuditEvent is sorted.</summary>
    public long ValueOf(StoredVersion stored, LocalMatch local) =>
        (long)(SortValue.Of(local.ValuesOf(Fhir.Model.FhirJson.Read(stored.Json).Root), Key)?.Number ?? 0);

    public long ValueOf(DateRange recorded) => IsDescending ? recorded.End : recorded.Start;

    /// <summary>Whether what has the first time comes before what has the other.</summary>
    public bool IsBefore(long time, long other) => IsDescending ? time > other : time < other;

    /// <summary>That a stored AuditEvent comes behind all of a time.</summary>
    public Criterion Behind(long time) => new HasValue(
        Key.Parameters[0],
        SearchModifier.None,
        [IsDescending ? new DateQuery(SearchPrefix.EndsBefore, new DateRange(time - 1, time)) : new DateQuery(SearchPrefix.StartsAfter, new DateRange(time, time + 1))]);
}
