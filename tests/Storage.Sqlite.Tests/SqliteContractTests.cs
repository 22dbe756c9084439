using HealthChain.Storage.ContractTests;

namespace HealthChain.Storage.Sqlite.Tests;

public sealed class SqliteVersionTests() : VersionContract(setup => new TestStore(setup));

public sealed class SqliteEraseTests() : EraseContract(setup => new TestStore(setup));

public sealed class SqliteFollowerTests() : FollowerContract(setup => new TestStore(setup));

public sealed class SqliteBlobTests() : BlobContract(setup => new TestStore(setup));

public sealed class SqliteLedgerTests() : LedgerContract(setup => new TestStore(setup));

public sealed class SqliteRecordTests() : RecordContract(setup => new TestStore(setup));

/// <summary>Generations of a few rows, so that sequences run through all of their life.</summary>
public sealed class SmallGenerationTests() : SequenceContract(setup => new TestStore(setup, options => options with { GenerationRows = 40, MaxGroup = 4 }));
