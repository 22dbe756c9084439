namespace HealthChain.Fhir.Search;

/// <summary>By which elements of a resource is told what decisions ask of it; of whatever type it is, those count that the type has.</summary>
public static class FactElements
{
    /// <summary>When it happened: of those that are there, the first counts.</summary>
    public static IReadOnlyList<string> Times { get; } =
    [
        "effective", "performed", "onset", "occurrence", "occurred", "identified", "period", "billablePeriod", "servicePeriod", "started", "start", "whenHandedOver",
        "authoredOn", "authored", "sent", "date", "recordedDate", "created", "dateTime", "dateWritten", "recorded", "issued",
    ];

    /// <summary>References to who made it, or what has one as its <c>actor</c>.</summary>
    public static IReadOnlyList<string> Makers { get; } = ["performer", "author", "recorder", "asserter", "requester", "provider"];

    /// <summary>References to the organisation that keeps it.</summary>
    public static IReadOnlyList<string> Keepers { get; } = ["custodian", "managingOrganization", "serviceProvider"];
}
