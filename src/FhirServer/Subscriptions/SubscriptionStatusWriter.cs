using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Operations;
using HealthChain.Storage;
using HealthChain.Storage.Ledger;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>Writes what the server has to say of a Subscription into the resource: that it is active, has failed, or has ended.</summary>
internal sealed class SubscriptionStatusWriter(IResourceStore store, SubscriptionDirectory directory)
{
    private static readonly AccessScope Scope = AccessScope.System("subscription status");

    /// <summary>Changes the status of the version that it is about; whoever wrote another one meanwhile is right.</summary>
    /// <param name="error">Why, for the owner to read; null for nothing wrong.</param>
    /// <returns>False when the store could not write, and nothing is decided.</returns>
    public async ValueTask<bool> WriteAsync(Subscriber subscriber, SubscriptionState about, SubscriptionStatus status, string? error, CancellationToken cancellationToken)
    {
        StoredVersion? newest = await store.ReadAsync(Scope, subscriber.Key, cancellationToken);
        if (newest is null || newest.Sequence != about.Sequence || newest.IsDeleted)
        {
            if (newest is not null)
            {
                directory.Apply(newest);
            }

            return true;
        }

        var happened = new AccessEvent(AccessAction.Update, AccessOutcome.Success) { Who = "subscriptions", Target = subscriber.Key.ToString(), Detail = error };
        Transaction transaction = Transaction.Of(new Put(subscriber.Key, Changed(newest, status, error)), new AtVersion(subscriber.Key, newest.Version)) with
        {
            Record = new LedgerRecord(AccessCodec.Write(happened)),
        };
        var becoming = new StrongBox<SubscriptionStatus>(status);
        subscriber.Becoming = becoming;
        try
        {
            Result<CommitResult> result = await store.CommitAsync(Scope, transaction, cancellationToken);
            if (result is { IsOk: true, Value: Committed committed })
            {
                directory.Apply(committed.Versions[0]!);
            }

            return result.IsOk;
        }
        finally
        {
            subscriber.Became(becoming);
        }
    }

    private static Element Changed(StoredVersion version, SubscriptionStatus status, string? error)
    {
        JsonObject resource = JsonNode.Parse(version.Json.Span)!.AsObject();
        resource["status"] = status.Code();
        resource.Remove("error");
        if (error is not null)
        {
            resource["error"] = error;
        }

        return FhirJson.Read(NodeJson.Of(resource)).Root;
    }
}
