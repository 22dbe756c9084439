using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage.ContractTests;

/// <summary>What every store is opened with. Stores that are to be compared share one.</summary>
public sealed record StoreSetup(SearchParameterSet Parameters, IndexHasher Hasher, TimeProvider Time)
{
    /// <summary>What the ledgers of all stores are called, so that their statements can be compared.</summary>
    public string LedgerOrigin { get; init; } = "contract.example/ledger";

    private static readonly Lazy<SearchParameterSet> R4 = new(() => new SearchParameterSet(DefinitionSet.R4));

    /// <summary>R4's parameters, a fixed key, a clock that moves when told.</summary>
    public static StoreSetup With(TimeProvider time) => new(R4.Value, new IndexHasher("0123456789abcdef"u8), time);
}

/// <summary>Time that one owner moves.</summary>
public sealed class TestClock : TimeProvider
{
    private long _ticks = new DateTimeOffset(2024, 5, 1, 12, 0, 0, TimeSpan.Zero).Ticks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _ticks), TimeSpan.Zero);

    public void Move(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}
