using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Patch;

namespace HealthChain.Fuzz;

/// <summary>FHIRPath Patch on a fixed resource. What it makes is a resource that reads.</summary>
public sealed class FhirPathPatchTarget : FuzzTarget
{
    private readonly Element _resource = FhirJson.Read(Resources.Json[0]).Root;

    public override string Name => "fhirpath-patch";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        Patch("""{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"gender"},{"name":"value","valueCode":"male"}"""),
        Patch("""{"name":"type","valueCode":"insert"},{"name":"path","valueString":"Patient.name[0].given"},{"name":"index","valueInteger":1},{"name":"value","valueString":"X"}"""),
        Patch("""{"name":"type","valueCode":"move"},{"name":"path","valueString":"Patient.name[0].given"},{"name":"source","valueInteger":0},{"name":"destination","valueInteger":2}"""),
        Patch("""{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Patient.contained[0]"},{"name":"value","resource":{"resourceType":"Basic","code":{"text":"x"}}}"""),
        Patch("""{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"name","valueString":"contact"},{"name":"value","part":[{"name":"name","part":[{"name":"family","valueString":"F"}]}]}"""),
        Patch("""{"name":"type","valueCode":"delete"},{"name":"path","valueString":"Patient.birthDate"}"""),
    ];

    public override IReadOnlyList<byte[]> Dictionary { get; } = Words(
        "add", "insert", "delete", "replace", "move", "Patient", "Patient.name", "Patient.name.given", "Patient.text.div", "Patient.contained", "Patient.id", "descendants()",
        "{\"name\":\"value\",\"valueQuantity\":{\"value\":1.10}}", "\"part\":[", "extension", "value[x]", "id", "birthDate", "-1", ".where(true)", "%resource", "|");

    public override void Run(byte[] input)
    {
        ReadResult parameters = FhirJson.Read(input);
        if (!parameters.IsOk)
        {
            return;
        }

        Result<ElementTree> result = FhirPathPatch.Apply(_resource, parameters.Root);
        Promise(result.IsOk ? FhirJson.Read(FhirJson.ToBytes(result.Value.Root)).IsOk : result.Error.Issues.Count > 0, "a resource that reads, or an issue");
    }

    private static byte[] Patch(string parts) =>
        System.Text.Encoding.UTF8.GetBytes($$"""{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{{parts}}]}]}""");
}
