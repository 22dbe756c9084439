using HealthChain.Storage.ContractTests;
using HealthChain.Storage.ContractTests.Model;

namespace HealthChain.Storage.Model.Tests;

public sealed class ModelVersionTests() : VersionContract(setup => new ModelStore(setup));

public sealed class ModelSearchTests() : SearchContract(setup => new ModelStore(setup));

public sealed class ModelScopeTests() : ScopeContract(setup => new ModelStore(setup));

public sealed class ModelSequenceTests() : SequenceContract(setup => new ModelStore(setup));

public sealed class ModelEraseTests() : EraseContract(setup => new ModelStore(setup));

public sealed class ModelFollowerTests() : FollowerContract(setup => new ModelStore(setup));

public sealed class ModelBlobTests() : BlobContract(setup => new ModelStore(setup));

public sealed class ModelLedgerTests() : LedgerContract(setup => new ModelStore(setup));

public sealed class ModelRecordTests() : RecordContract(setup => new ModelStore(setup));
