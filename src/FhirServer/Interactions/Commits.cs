using HealthChain.Fhir;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>Writes that are ready to be committed, and the answer once they are.</summary>
/// <param name="Answer">Gets the new version of each write, as <see cref="Committed"/> has them.</param>
internal sealed record Draft(Transaction Transaction, Func<IReadOnlyList<StoredVersion?>, ValueTask<FhirResponse>> Answer)
{
    /// <summary>Versions of which the answer tells although nothing is written of them.</summary>
    public IReadOnlyList<StoredVersion> Disclosed { get; init; } = [];

    /// <summary>Patients who come into being.</summary>
    public IReadOnlyList<ResourceKey> NewPatients { get; init; } = [];
}

/// <summary>
/// Commits what was thought out, and has it thought out again when meanwhile others changed what it rested on. Thinking again answers
/// for itself: who sent If-Match then learns that the version has changed. The access record is a part of the commit.
/// </summary>
internal sealed class Commits(IResourceStore store, SubscriptionWrites subscriptions, IndexHasher hasher, AccessLog log)
{
    private const int MaxAttempts = 100;
    private const int Turns = 64;

    /// <summary>Who was overtaken goes on one after the other where they want the same, or each round would let one through and the others think in vain.</summary>
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, Turns).Select(_ => new SemaphoreSlim(1))];

    public async ValueTask<Result<FhirResponse>> CommitAsync(
        FhirRequest request, Func<CancellationToken, ValueTask<Result<Draft>>> think, CancellationToken cancellationToken)
    {
        SemaphoreSlim? turn = null;
        try
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
                Result<CommitResult> result = await store.CommitAsync(ScopeFor(request, draft.Value), transaction, cancellationToken);
                if (!result.IsOk)
                {
                    return result.Error;
                }

                if (result.Value is Committed committed)
                {
                    request.Access.IsWritten = true;
                    subscriptions.Apply(transaction.Writes, committed);
                    return await draft.Value.Answer(committed.Versions);
                }

                if (turn is null && result.Value is GuardFailed failed)
                {
                    SemaphoreSlim next = TurnAt(failed.Guard);
                    await next.WaitAsync(cancellationToken);
                    turn = next;
                }
            }

            return FhirError.Of(ErrorKind.Conflict, IssueType.LockError, "Others kept changing what this write depends on; send it again.");
        }
        finally
        {
            turn?.Release();
        }
    }

    private SemaphoreSlim TurnAt(Guard guard)
    {
        int wanted = guard is AtVersion at ? at.Key.GetHashCode() : ((Finds)guard).Type.GetHashCode(StringComparison.Ordinal);
        return _turns[(uint)wanted % Turns];
    }

    private AccessScope ScopeFor(FhirRequest request, Draft draft) =>
        draft.NewPatients.Count > 0 && request.Requester.Scope is RuledScope ruled ? ruled.With([.. draft.NewPatients.Select(hasher.Reference)]) : request.Requester.Scope;
}
