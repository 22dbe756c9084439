using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Patch;

namespace HealthChain.Fuzz;

/// <summary>JSON Patch on a fixed resource. What it makes is a resource that reads.</summary>
public sealed class JsonPatchTarget : FuzzTarget
{
    private readonly Element _resource = FhirJson.Read(Resources.Json[0]).Root;

    public override string Name => "json-patch";

    public override IReadOnlyList<byte[]> Seeds { get; } = Words(
        """[{"op":"test","path":"/active","value":true},{"op":"replace","path":"/active","value":false},{"op":"add","path":"/name/0/given/-","value":"D"}]""",
        """[{"op":"move","from":"/name/0/given/0","path":"/name/0/given/2"},{"op":"copy","from":"/contained/0","path":"/contained/-"},{"op":"remove","path":"/birthDate"}]""");

    public override IReadOnlyList<byte[]> Dictionary { get; } = Words(
        "{\"op\":\"", "add", "remove", "replace", "move", "copy", "test", "\"path\":\"/", "\"from\":\"\"", "\"value\":", "/-", "/0", "~0", "~1", "~", "/name/0", "null",
        "/contained", "{\"op\":\"copy\",\"from\":\"\",\"path\":\"/text\"},", "\\ud800", "1e400");

    public override void Run(byte[] input)
    {
        Result<ElementTree> result = JsonPatch.Apply(_resource, input);
        Promise(result.IsOk ? FhirJson.Read(FhirJson.ToBytes(result.Value.Root)).IsOk : result.Error.Issues.Count > 0, "a resource that reads, or an issue");
    }
}
