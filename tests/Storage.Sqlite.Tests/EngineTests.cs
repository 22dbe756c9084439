using System.Text;
using HealthChain.Fhir.Model;
using HealthChain.Storage.ContractTests;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests;

/// <summary>What tests of the engine share: a store that is closed with them, and short words for what is done to it.</summary>
public abstract class EngineTests : IAsyncDisposable
{
    private protected static readonly AccessScope Everything = AccessScope.System("engine tests");

    private protected EngineTests(Func<SqliteStoreOptions, SqliteStoreOptions>? change = null)
    {
        Setup = StoreSetup.With(Clock);
        Test = new TestStore(Setup, change);
    }

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected TestClock Clock { get; } = new();

    protected StoreSetup Setup { get; }

    private protected TestStore Test { get; }

    private protected SqliteStore Store => Test.Store;

    protected static ResourceKey Patient(int number) => new("Patient", $"p{number}");

    protected static Put PutOf(string json)
    {
        Element resource = FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;
        return new Put(new ResourceKey(resource.Type.Name, resource.Child("id").Text!), resource);
    }

    protected static Put PatientOf(int number, string family = "Who") =>
        PutOf($$"""{"resourceType":"Patient","id":"p{{number}}","name":[{"family":"{{family}}"}],"birthDate":"1980-01-0{{1 + (number % 9)}}"}""");

    protected static Put ObservationOf(int number, int patient, int value = 5) => PutOf(
        $$"""{"resourceType":"Observation","id":"o{{number}}","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"subject":{"reference":"Patient/p{{patient}}"},"effectiveDateTime":"2024-01-01T10:00:00Z","valueQuantity":{"value":{{value}},"system":"http://unitsofmeasure.org","code":"mg"} }""");

    protected async Task<IReadOnlyList<StoredVersion?>> CommitAsync(params Write[] writes) =>
        Assert.IsType<Committed>((await Store.CommitAsync(Everything, new Transaction(writes, []), Cancel)).Value).Versions;

    /// <summary>The store is whole and agrees with itself.</summary>
    protected async Task<VerifyReport> AssertSoundAsync()
    {
        VerifyReport report = await Store.VerifyAsync(VerifyLevel.Full, null, Cancel);
        Assert.Empty(report.Faults);
        return report;
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Test.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
