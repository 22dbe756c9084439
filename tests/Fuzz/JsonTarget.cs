using HealthChain.Fhir.Model;

namespace HealthChain.Fuzz;

/// <summary>The JSON reader. What it accepts must come out of the writer as a text that reads and writes to itself.</summary>
public sealed class JsonTarget : FuzzTarget
{
    public override string Name => "json";

    public override IReadOnlyList<byte[]> Seeds { get; } = Resources.Json;

    public override IReadOnlyList<byte[]> Dictionary { get; } = Words(
        "{", "}", "[", "]", ",", ":", "\"", "null", "true", "-0.0e1", "\"\\ud83d\\ude00\"", "\\u0000", "\"resourceType\":\"Patient\"",
        "\"resourceType\":\"Bundle\"", "\"extension\":[{\"url\":\"u\"}]", "\"_given\":[null,{\"id\":\"x\"}]", "\"given\":[\"a\",null]",
        "\"contained\":[", "\"valueQuantity\":{\"value\":1.10}", "\"valueString\":\"s\"", "\"id\":\"a\"", "\"entry\":[{\"resource\":{", "\"part\":[{\"name\":\"n\"}]");

    public override void Run(byte[] input)
    {
        ReadResult first = FhirJson.Read(input);
        Promise(first.IsOk || first.Issues.Count > 0, "a refused input has an issue");
        if (!first.IsOk)
        {
            return;
        }

        byte[] written = FhirJson.ToBytes(first.Root);
        ReadResult second = FhirJson.Read(written);
        Promise(second.IsOk, "what is written can be read");
        Promise(written.AsSpan().SequenceEqual(FhirJson.ToBytes(second.Root)), "writing is stable");
    }
}
