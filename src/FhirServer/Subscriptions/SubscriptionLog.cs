namespace HealthChain.FhirServer.Subscriptions;

/// <summary>What subscriptions say to the operator: ids of Subscriptions, which tell nothing; no criteria, endpoints, headers or contents.</summary>
internal static partial class SubscriptionLog
{
    [LoggerMessage(EventId = 60, Level = LogLevel.Error, Message = "Subscription {Id} could not be served and is tried again")]
    public static partial void Failed(ILogger logger, string id, Exception exception);

    [LoggerMessage(EventId = 61, Level = LogLevel.Warning, Message = "Subscription {Id} is given up: its endpoint took nothing, {Failures} times in a row")]
    public static partial void GivenUp(ILogger logger, string id, int failures);

    [LoggerMessage(EventId = 62, Level = LogLevel.Information, Message = "Subscription {Id} is off: {Reason}")]
    public static partial void Ended(ILogger logger, string id, string reason);

    [LoggerMessage(EventId = 63, Level = LogLevel.Error, Message = "Notifications are behind and go on soon")]
    public static partial void Behind(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 64, Level = LogLevel.Error, Message = "The journal of the owners of Subscriptions is damaged and was put aside: those that were not read send nothing any more")]
    public static partial void Damaged(ILogger logger);
}
