using HealthChain.Fhir;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite;

// Searches.
public sealed partial class SqliteStore
{
    public async ValueTask<Result<SearchPage>> SearchAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using ReaderPool.Rented rented = await _readers.RentAsync(cancellationToken);
        return _search.Search(rented.Snapshot, scope, request, cancellationToken);
    }
}
