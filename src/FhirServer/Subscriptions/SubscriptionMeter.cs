using System.Diagnostics.Metrics;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>Metrics of subscriptions: how many, never whose or what.</summary>
internal sealed class SubscriptionMeter : IDisposable
{
    public const string Name = "HealthChain.Subscriptions";

    private readonly Meter _meter = new(Name);
    private readonly Counter<long> _sent;
    private readonly Counter<long> _failures;

    public SubscriptionMeter(SubscriptionDirectory directory, SubscriptionSockets sockets, Storage.IResourceStore store)
    {
        _sent = _meter.CreateCounter<long>("healthchain.subscription.notifications", "{notification}", "Notifications that were taken.");
        _failures = _meter.CreateCounter<long>("healthchain.subscription.failures", "{notification}", "Notifications and checks that were not taken.");
        _meter.CreateObservableGauge("healthchain.subscription.live", () => directory.Live, "{subscription}", "Subscriptions that are not off.");
        _meter.CreateObservableGauge("healthchain.subscription.waiting", () => directory.Waiting, "{notification}", "Notifications that wait in memory.");
        _meter.CreateObservableGauge("healthchain.subscription.lag", () => directory.Live == 0 ? 0 : store.Newest - directory.Position, "{version}", "Versions and records that were not looked at yet.");
        _meter.CreateObservableGauge("healthchain.subscription.sockets", () => sockets.Count, "{connection}", "Open websockets.");
    }

    public void Sent(SubscriptionChannel channel, int count) =>
        _sent.Add(count, new KeyValuePair<string, object?>("fhir.channel", channel == SubscriptionChannel.RestHook ? "rest-hook" : "websocket"));

    public void Failed() => _failures.Add(1);

    public void Dispose() => _meter.Dispose();
}
