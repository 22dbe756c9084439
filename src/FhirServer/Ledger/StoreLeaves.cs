using HealthChain.LedgerAnchor.Log;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Ledger;

/// <summary>The leaves of the ledger in the rows of the store.</summary>
internal sealed class StoreLeaves(IResourceStore store) : ILeafSource
{
    private static readonly AccessScope Scope = AccessScope.System("ledger");

    public long Count => store.Newest;

    public ValueTask<int> ReadAsync(long first, Memory<byte> entries, CancellationToken cancellationToken) =>
        store.ReadLeavesAsync(Scope, first, entries, cancellationToken);

    public ValueTask WaitForMoreAsync(long count, CancellationToken cancellationToken) => store.WaitForChangeAsync(count, cancellationToken);
}
