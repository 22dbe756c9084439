using HealthChain.Fhir;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Ledger;

namespace HealthChain.Storage.ContractTests;

/// <summary>A way to break the contract.</summary>
public enum Fault
{
    None,
    ForgetsVersionGuards,
    ForgetsFindingGuards,
    CountsTheWithheld,
    IncludesTheWithheld,
    ShowsTheHistoryOfTheWithheld,
    FeedsTheWithheld,
    TurnsHistoryAround,
    RepeatsAcrossPages,
    LosesTheLastWrite,
    FollowsOneStepOnly,
    PutsMissingValuesFirst,
    ForgetsWhomRecordsConcern,
    OpensLeavesOfTheWithheld,
    LosesRecordsOfTransactions,
    WritesWhatMayNotBeWritten,
    ShowsRecordsToAll,
}

/// <summary>A store with one fault, to see whether the contract tests notice.</summary>
public sealed class FaultyStore(IResourceStore inner, Fault fault) : IResourceStore
{
    private static readonly AccessScope Everything = AccessScope.System("a fault under test");

    public ValueTask<StoredVersion?> ReadAsync(AccessScope scope, ResourceKey key, CancellationToken cancellationToken) =>
        inner.ReadAsync(scope, key, cancellationToken);

    public ValueTask<StoredVersion?> ReadVersionAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken) =>
        inner.ReadVersionAsync(scope, key, version, cancellationToken);

    public async ValueTask<Result<SearchPage>> SearchAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken)
    {
        SearchRequest asked = fault switch
        {
            Fault.RepeatsAcrossPages when request.After is { } after => request with { After = after with { Last = Math.Max(1, after.Last - 1) } },
            Fault.FollowsOneStepOnly => request with { Includes = [.. request.Includes.Select(include => include with { Iterates = false })] },
            _ => request,
        };
        SearchPage page = (await inner.SearchAsync(scope, asked, cancellationToken)).Value;
        SearchPage all = (await inner.SearchAsync(Everything, asked, cancellationToken)).Value;
        return fault switch
        {
            Fault.CountsTheWithheld => page with { Total = all.Total },
            Fault.IncludesTheWithheld => page with { Included = all.Included },
            Fault.PutsMissingValuesFirst when request.Sort.Count > 0 && page.Matches.Count > 1 =>
                page with { Matches = [page.Matches[^1], .. page.Matches.SkipLast(1)] },
            _ => page,
        };
    }

    public async ValueTask<HistoryPage> HistoryAsync(AccessScope scope, HistoryRequest request, CancellationToken cancellationToken)
    {
        HistoryPage page = await inner.HistoryAsync(fault == Fault.ShowsTheHistoryOfTheWithheld ? Everything : scope, request, cancellationToken);
        return fault == Fault.TurnsHistoryAround ? page with { Versions = [.. page.Versions.Reverse()] } : page;
    }

    public ValueTask<Result<CommitResult>> CommitAsync(AccessScope scope, Transaction transaction, CancellationToken cancellationToken) =>
        inner.CommitAsync(fault == Fault.WritesWhatMayNotBeWritten ? new Careless(scope) : scope, fault switch
        {
            Fault.LosesRecordsOfTransactions => transaction with { Record = null },
            Fault.ForgetsVersionGuards => transaction with { Guards = [.. transaction.Guards.Where(guard => guard is not AtVersion)] },
            Fault.ForgetsFindingGuards => transaction with { Guards = [.. transaction.Guards.Where(guard => guard is not Finds)] },
            Fault.LosesTheLastWrite => transaction with { Writes = [.. transaction.Writes.Take(Math.Max(1, transaction.Writes.Count - 1))] },
            _ => transaction,
        }, cancellationToken);

    public IAsyncEnumerable<StoredVersion> ChangesAsync(AccessScope scope, long after, CancellationToken cancellationToken) =>
        inner.ChangesAsync(fault == Fault.FeedsTheWithheld ? Everything : scope, after, cancellationToken);

    public ValueTask WaitForChangeAsync(long after, CancellationToken cancellationToken) => inner.WaitForChangeAsync(after, cancellationToken);

    public ValueTask<Result<Erasure>> EraseAsync(
        AccessScope scope, ResourceKey patient, ReadOnlyMemory<byte> record, CancellationToken cancellationToken) =>
        inner.EraseAsync(scope, patient, record, cancellationToken);

    public long Newest => inner.Newest;

    public ValueTask<Result<long>> AppendRecordAsync(AccessScope scope, LedgerRecord record, CancellationToken cancellationToken) =>
        inner.AppendRecordAsync(scope, fault == Fault.ForgetsWhomRecordsConcern ? record with { Patients = [] } : record, cancellationToken);

    public ValueTask<StoredRecord?> ReadRecordAsync(AccessScope scope, long sequence, CancellationToken cancellationToken) =>
        inner.ReadRecordAsync(scope, sequence, cancellationToken);

    public ValueTask<RecordPage> RecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken) =>
        inner.RecordsAsync(fault == Fault.ShowsRecordsToAll ? Everything : scope, query, cancellationToken);

    public ValueTask<int> CountRecordsAsync(AccessScope scope, RecordQuery query, CancellationToken cancellationToken) =>
        inner.CountRecordsAsync(fault == Fault.ShowsRecordsToAll ? Everything : scope, query, cancellationToken);

    public ValueTask<IReadOnlyList<VersionIdentity>> IdentifyAsync(AccessScope scope, IReadOnlyList<long> sequences, CancellationToken cancellationToken) =>
        inner.IdentifyAsync(scope, sequences, cancellationToken);

    public ValueTask<LeafOpening?> OpenLeafAsync(AccessScope scope, ResourceKey key, long version, CancellationToken cancellationToken) =>
        inner.OpenLeafAsync(fault == Fault.OpensLeavesOfTheWithheld ? Everything : scope, key, version, cancellationToken);

    public ValueTask<LeafOpening?> OpenRecordLeafAsync(AccessScope scope, long sequence, CancellationToken cancellationToken) =>
        inner.OpenRecordLeafAsync(scope, sequence, cancellationToken);

    public ValueTask<int> ReadLeavesAsync(AccessScope scope, long after, Memory<byte> commitments, CancellationToken cancellationToken) =>
        inner.ReadLeavesAsync(scope, after, commitments, cancellationToken);

    public ValueTask<long> ReindexAsync(AccessScope scope, string? type, CancellationToken cancellationToken) =>
        inner.ReindexAsync(scope, type, cancellationToken);

    public IAsyncEnumerable<BlobAddress> BlobsAsync(AccessScope scope, CancellationToken cancellationToken) =>
        inner.BlobsAsync(scope, cancellationToken);

    public void Follow(ICommitFollower follower) => inner.Follow(follower);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    /// <summary>A scope that nobody asks about writing.</summary>
    private sealed class Careless(AccessScope scope) : AccessScope
    {
        public override string Requester => scope.Requester;

        public override bool SeesEverything => scope.SeesEverything;

        public override bool MaySee(string type) => scope.MaySee(type);

        public override bool Sees(in ResourceFacts facts) => scope.Sees(facts);

        public override bool MayWrite(in ResourceFacts facts, ChangeKind kind) => true;
    }
}
