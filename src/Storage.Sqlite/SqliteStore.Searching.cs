using HealthChain.Fhir;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite;

// Searches, and the guards that search.
public sealed partial class SqliteStore
{
    public ValueTask<Result<SearchPage>> SearchAsync(AccessScope scope, SearchRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult<Result<SearchPage>>(FhirError.Unsupported("This engine does not search yet."));
    }

    private static bool FindsExactly(Snapshot view, AccessScope scope, Finds guard) =>
        throw new NotSupportedException("This engine does not search yet.");
}
