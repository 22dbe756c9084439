using System.Buffers;

namespace HealthChain.Fhir.Model;

internal static class JsonTreeWriter
{
    public static void Write(Element element, IBufferWriter<byte> output, bool pretty) =>
        throw new FhirException(FhirError.Unsupported($"{element} {output} {pretty}"));
}
