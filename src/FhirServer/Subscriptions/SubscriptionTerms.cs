using HealthChain.Fhir.Schema;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>https://hl7.org/fhir/R4/valueset-subscription-channel-type.html, of which these two are served.</summary>
internal enum SubscriptionChannel
{
    RestHook,
    WebSocket,
}

/// <summary>https://hl7.org/fhir/R4/valueset-subscription-status.html</summary>
internal enum SubscriptionStatus
{
    /// <summary>The owner wants notifications; the server has not seen yet that they can be sent.</summary>
    Requested,
    Active,

    /// <summary>Given up by the server.</summary>
    Error,
    Off,
}

/// <summary>What a Subscription asks for, read and understood. Immutable.</summary>
/// <param name="Of">Resources of which type.</param>
/// <param name="Query">The parameters of the criteria.</param>
/// <param name="Criterion">What they mean, as they were read at first.</param>
/// <param name="Endpoint">Null for a websocket.</param>
/// <param name="Payload">Null for notifications that tell nothing but that there is something.</param>
/// <param name="End">When it turns off by itself.</param>
internal sealed record SubscriptionTerms(
    TypeSchema Of, IReadOnlyList<QueryParameter> Query, Criterion Criterion, SubscriptionChannel Channel, Uri? Endpoint, FhirFormat? Payload, DateTimeOffset? End)
{
    public const string Type = "Subscription";
}

/// <summary>A Subscription as its newest version has it. Immutable.</summary>
/// <param name="Sequence">Of that version.</param>
/// <param name="Terms">Null when they cannot be read, or do not matter any more.</param>
internal sealed record SubscriptionState(long Sequence, SubscriptionStatus Status, SubscriptionTerms? Terms)
{
    public bool IsLive => Terms is not null && Status is SubscriptionStatus.Requested or SubscriptionStatus.Active;
}

internal static class SubscriptionStatuses
{
    public static string Code(this SubscriptionStatus status) => status.ToString().ToLowerInvariant();

    public static SubscriptionStatus? Find(string? code) => code switch
    {
        "requested" => SubscriptionStatus.Requested,
        "active" => SubscriptionStatus.Active,
        "error" => SubscriptionStatus.Error,
        "off" => SubscriptionStatus.Off,
        _ => null,
    };
}
