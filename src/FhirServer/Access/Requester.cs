using HealthChain.Storage;

namespace HealthChain.FhirServer.Access;

/// <summary>On whose behalf a request runs.</summary>
/// <param name="Scope">What exists for the requester; goes into every store call.</param>
internal sealed record Requester(AccessScope Scope);
