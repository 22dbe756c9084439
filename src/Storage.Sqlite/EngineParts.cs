using HealthChain.Fhir.Search;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Index;
using HealthChain.Storage.Sqlite.Reading;
using HealthChain.Storage.Sqlite.Writing;

namespace HealthChain.Storage.Sqlite;

/// <summary>What reading and writing share; nothing of it changes while the store is open.</summary>
internal sealed record EngineParts(
    SqliteStoreOptions Options,
    KeyStore Keys,
    ResourceSealer Sealer,
    IndexHasher Hasher,
    SearchParameterSet Parameters,
    Numbers Numbers,
    RowWriter RowWriter,
    HeadCache Heads,
    TimeProvider Time,
    string? LedgerOrigin)
{
    public StoreMeter Meter { get; } = new();

    public ChainSource Chains { get; } = new();

    public CommitFollowers Followers { get; } = new();
}
