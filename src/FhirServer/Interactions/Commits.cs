using HealthChain.Fhir;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Organisations;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Interactions;

/// <summary>Writes that are ready to be committed, and the answer once they are.</summary>
/// <param name="Answer">Gets the new version of each write, as <see cref="Committed"/> has them.</param>
internal sealed record Draft(Transaction Transaction, Func<IReadOnlyList<StoredVersion?>, ValueTask<FhirResponse>> Answer);

/// <summary>
/// Commits what was thought out, and has it thought out again when meanwhile others changed what it rested on. Thinking again answers
/// for itself: who sent If-Match then learns that the version has changed.
/// </summary>
internal sealed class Commits(IResourceStore store, OrganisationDirectory organisations)
{
    private const int MaxAttempts = 100;

    public async ValueTask<Result<FhirResponse>> CommitAsync(
        AccessScope scope, Func<CancellationToken, ValueTask<Result<Draft>>> think, CancellationToken cancellationToken)
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
                return await draft.Value.Answer([]);
            }

            Result<CommitResult> result = await store.CommitAsync(scope, draft.Value.Transaction, cancellationToken);
            if (!result.IsOk)
            {
                return result.Error;
            }

            if (result.Value is Committed committed)
            {
                // Before the answer: who reads it may rely on the organisation being verified or suspended.
                organisations.Apply(committed.Versions);
                return await draft.Value.Answer(committed.Versions);
            }
        }

        return FhirError.Of(ErrorKind.Conflict, IssueType.LockError, "Others kept changing what this write depends on; send it again.");
    }
}
