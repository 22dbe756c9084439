using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Model;

internal static class JsonTreeReader
{
    public static ReadResult Read(FhirSchema schema, ReadOnlyMemory<byte> utf8, TypeSchema? rootType, ReadLimits limits) =>
        throw new FhirException(FhirError.Unsupported($"{schema.Types.Count} {utf8.Length} {rootType} {limits}"));
}
