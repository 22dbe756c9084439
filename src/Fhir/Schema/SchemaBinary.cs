namespace HealthChain.Fhir.Schema;

internal static class SchemaBinary
{
    public static FhirSchema LoadEmbedded() => throw new FhirException(FhirError.Unsupported("schema"));
}
