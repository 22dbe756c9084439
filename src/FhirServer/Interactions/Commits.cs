using HealthChain.Fhir;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>Writes that are ready to be committed, and the answer once they are.</summary>
/// <param name="Answer">Gets the new version of each write, as <see cref="Committed"/> has them.</param>
internal sealed record Draft(Transaction Transaction, Func<IReadOnlyList<StoredVersion?>, ValueTask<FhirResponse>> Answer)
{
    /// <summary>Versions of which the answer tells although nothing is written of them.</summary>
    public IReadOnlyList<StoredVersion> Disclosed { get; init; } = [];
}

/// <summary>
/// Commits what was thought out, and has it thought out again when meanwhile others changed what it rested on. Thinking again answers
/// for itself: who sent If-Match then learns that the version has changed. The access record is a part of the commit.
/// </summary>
internal sealed class Commits(IResourceStore store, OrganisationDirectory organisations, SubscriptionWrites subscriptions, AccessLog log)
{
    private const int MaxAttempts = 100;

    public async ValueTask<Result<FhirResponse>> CommitAsync(
        FhirRequest request, Func<CancellationToken, ValueTask<Result<Draft>>> think, CancellationToken cancellationToken)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            Result<Draft> draft = await think(cancellationToken);
            if (!draft.IsOk)
            {
                return draft.Error;
            }

            if (draft.Value.Transaction.Writes.Count == 0)
            {
                return (await draft.Value.Answer([])) with { Disclosed = draft.Value.Disclosed };
            }

            Transaction transaction = draft.Value.Transaction with { Record = log.RecordOf(request, draft.Value.Disclosed) };
            Result<CommitResult> result = await store.CommitAsync(request.Requester.Scope, transaction, cancellationToken);
            if (!result.IsOk)
            {
                return result.Error;
            }

            if (result.Value is Committed committed)
            {
                request.Access.IsWritten = true;

                // Before the answer: who reads it may rely on the organisation being verified or suspended.
                organisations.Apply(committed.Versions);
                subscriptions.Apply(transaction.Writes, committed);
                return await draft.Value.Answer(committed.Versions);
            }
        }

        return FhirError.Of(ErrorKind.Conflict, IssueType.LockError, "Others kept changing what this write depends on; send it again.");
    }
}
