using HealthChain.Files;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>Subscriptions, put together.</summary>
internal static class SubscriptionRegistration
{
    /// <summary>Below the data folder.</summary>
    public const string Folder = "subscriptions";

    /// <summary>How often a silent connection is tried, and how long it may take to answer that.</summary>
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(30);

    public static IServiceCollection AddSubscriptions(this IServiceCollection services)
    {
        services.AddSingleton(OpenBook);
        services.AddSingleton<SubscriptionReader>();
        services.AddSingleton<SubscriptionDirectory>();
        services.AddSingleton<RecentCommits>();
        services.AddSingleton<SubscriptionWrites>();
        services.AddSingleton<SubscriptionStandings>();
        services.AddSingleton<SubscriptionStatusWriter>();
        services.AddSingleton<RestHook>();
        services.AddSingleton<SubscriptionSockets>();
        services.AddSingleton<SubscriptionCatchUp>();
        services.AddSingleton<SubscriptionMeter>();
        services.AddSingleton<SubscriptionSender>();
        services.AddHostedService<SubscriptionFollower>();
        return services;
    }

    /// <summary>To be called before what answers all else below the FHIR base.</summary>
    public static void MapSubscriptions(this WebApplication app)
    {
        SubscriptionSockets sockets = app.Services.GetRequiredService<SubscriptionSockets>();
        app.Map(SubscriptionSockets.Path, branch =>
        {
            branch.UseWebSockets(new WebSocketOptions { KeepAliveInterval = KeepAlive, KeepAliveTimeout = KeepAlive });
            branch.Run(sockets.AnswerAsync);
        });
    }

    /// <summary>Without a data folder, as with an engine in memory, nothing is kept.</summary>
    private static SubscriptionBook OpenBook(IServiceProvider services)
    {
        var hasher = services.GetRequiredService<IndexHasher>();
        if (services.GetService<Stores>() is not { } stores)
        {
            return SubscriptionBook.InMemory(hasher);
        }

        byte[] key = new byte[SealedJournal.KeyBytes];
        stores.Keys.GetSubscriptionKey(key);
        return SubscriptionBook.Open(hasher, RealDisk.Instance, services.GetRequiredService<ServerOptions>().Folder(Folder), key);
    }
}
