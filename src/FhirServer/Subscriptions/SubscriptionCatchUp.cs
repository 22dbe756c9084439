using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>Reads again, for one Subscription, what did not find room in memory or came before a start of the server. A few at a time.</summary>
internal sealed class SubscriptionCatchUp(IResourceStore store, SubscriptionDirectory directory, SearchParameterSet parameters, IndexHasher hasher, ServerOptions options) : IDisposable
{
    private const int AtOnce = 2;

    private static readonly AccessScope Scope = AccessScope.System("subscription candidates");

    private readonly SemaphoreSlim _turns = new(AtOnce);

    public async Task RunAsync(Subscriber subscriber, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        try
        {
            if (subscriber.ResumeFrom is not { } from || subscriber.State.Terms is not { } terms)
            {
                return;
            }

            var values = new VersionValues(parameters, hasher, options.BaseUrl);
            long through = store.Newest;
            await foreach (StoredVersion version in store.ChangesAsync(Scope, from, cancellationToken))
            {
                if (version.IsDeleted || version.Key.Type != terms.Of.Name)
                {
                    continue;
                }

                values.Read(version);
                if (!directory.CatchUp(subscriber, version, values))
                {
                    return;
                }

                through = Math.Max(through, version.Sequence);
            }

            directory.EndCatchUp(subscriber, through);
        }
        finally
        {
            _turns.Release();
        }
    }

    public void Dispose() => _turns.Dispose();
}
