using HealthChain.Fhir.Schema;

namespace HealthChain.FhirServer.Interactions;

/// <summary>Gives ids to new resources: UUIDs of version 7, which grow with time and so lie close together in an index.</summary>
internal sealed class IdSource(TimeProvider time)
{
    public string Next(TypeSchema type) => Guid.CreateVersion7(time.GetUtcNow()).ToString();
}
