using HealthChain.FhirServer.Server;
using HealthChain.Smart.Jose;
using Of = HealthChain.FhirServer.Server.Setting<HealthChain.FhirServer.Server.ServerOptions>;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>What an operator may set of subscriptions, with its defaults.</summary>
internal sealed record SubscriptionOptions
{
    /// <summary>Which servers may be notified; null for those of the public internet, in development mode this machine too.</summary>
    public OutsideReach? Reach { get; init; }

    /// <summary>Most Subscriptions, those that are off not counted.</summary>
    public int Most { get; init; } = 10_000;

    /// <summary>Most of one owner.</summary>
    public int MostOfOwner { get; init; } = 1_000;

    /// <summary>How long an endpoint may take to answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After the first failure; each further one doubles it.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(2);

    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>An endpoint that took nothing for so long is given up.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Notifications that are being sent at the same time.</summary>
    public int InFlight { get; init; } = 128;

    /// <summary>Those of them that go to one host.</summary>
    public int InFlightOfHost { get; init; } = 16;

    /// <summary>Notifications of one subscription that wait in memory; what is beyond that is read again from the store.</summary>
    public int Waiting { get; init; } = 1_000;

    /// <summary>Open websockets.</summary>
    public int Sockets { get; init; } = 1_000;

    /// <summary>Those of one client; of an app, those of each of its users.</summary>
    public int SocketsOfClient { get; init; } = 50;

    public OutsideReach ReachFor(bool isDevelopment) => Reach ?? (isDevelopment ? OutsideReach.PublicAndLoopback : OutsideReach.Public);
}

/// <summary>The settings of subscriptions; part of <see cref="Settings"/>.</summary>
internal static class SubscriptionTable
{
    private const string Prefix = "HealthChain:Subscriptions:";
    private const int Day = 86_400;

    public static IReadOnlyList<Of> All { get; } =
    [
        Of.Choice(Prefix + "Endpoints", "which servers may be notified: those of the public internet by https, this machine by http too (in development mode unless it is set), or any by https", typeof(OutsideReach), o => (int)(o.Subscriptions.Reach ?? OutsideReach.Public), (o, value) => With(o, o.Subscriptions with { Reach = (OutsideReach)value })),
        Of.Number(Prefix + "Most", "Subscriptions that are not off", 1, 1_000_000, o => o.Subscriptions.Most, (o, value) => With(o, o.Subscriptions with { Most = value })),
        Of.Number(Prefix + "MostOfOwner", "those of one owner", 1, 1_000_000, o => o.Subscriptions.MostOfOwner, (o, value) => With(o, o.Subscriptions with { MostOfOwner = value })),
        Of.Seconds(Prefix + "Timeout", "how long an endpoint may take to answer", 1, 300, o => o.Subscriptions.Timeout, (o, value) => With(o, o.Subscriptions with { Timeout = value })),
        Of.Seconds(Prefix + "FirstPause", "time to the second try; each further failure doubles it", 1, 3600, o => o.Subscriptions.FirstPause, (o, value) => With(o, o.Subscriptions with { FirstPause = value })),
        Of.Seconds(Prefix + "LongestPause", "longest time from one try to the next", 1, Day, o => o.Subscriptions.LongestPause, (o, value) => With(o, o.Subscriptions with { LongestPause = value })),
        Of.Seconds(Prefix + "GiveUpAfter", "an endpoint that took nothing for so long is given up, and its Subscription says error", 1, 30 * Day, o => o.Subscriptions.GiveUpAfter, (o, value) => With(o, o.Subscriptions with { GiveUpAfter = value })),
        Of.Number(Prefix + "InFlight", "notifications that are being sent at the same time", 1, 10_000, o => o.Subscriptions.InFlight, (o, value) => With(o, o.Subscriptions with { InFlight = value })),
        Of.Number(Prefix + "InFlightOfHost", "those of them that go to one host", 1, 10_000, o => o.Subscriptions.InFlightOfHost, (o, value) => With(o, o.Subscriptions with { InFlightOfHost = value })),
        Of.Number(Prefix + "Waiting", "notifications of one Subscription that wait in memory; the rest is read again from the store", 1, 1_000_000, o => o.Subscriptions.Waiting, (o, value) => With(o, o.Subscriptions with { Waiting = value })),
        Of.Number(Prefix + "Sockets", "open websockets", 0, 1_000_000, o => o.Subscriptions.Sockets, (o, value) => With(o, o.Subscriptions with { Sockets = value })),
        Of.Number(Prefix + "SocketsOfClient", "those of one client; of an app, those of each of its users", 0, 1_000_000, o => o.Subscriptions.SocketsOfClient, (o, value) => With(o, o.Subscriptions with { SocketsOfClient = value })),
    ];

    private static ServerOptions With(ServerOptions options, SubscriptionOptions subscriptions) => options with { Subscriptions = subscriptions };
}
