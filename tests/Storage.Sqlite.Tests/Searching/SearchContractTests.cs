using HealthChain.Storage.ContractTests;

namespace HealthChain.Storage.Sqlite.Tests.Searching;

public sealed class SqliteSearchTests() : SearchContract(setup => new TestStore(setup));

public sealed class SqliteScopeTests() : ScopeContract(setup => new TestStore(setup));

public sealed class SqliteSequenceTests() : SequenceContract(setup => new TestStore(setup));

public sealed class SqliteQueryTests() : QueryContract(setup => new TestStore(setup));
