using System.Reflection;
using System.Text.Json.Nodes;

namespace HealthChain.FhirServer.Organisations.Bootstrap;

/// <summary>
/// Accounts for trying things out, one for each role with the resources that belong to it, and apps for a developer's machine. Names and password are
/// public (docs/operations.md), so they are for loopback addresses only.
/// </summary>
internal sealed class DemoPeople(PreRegistration registration, ConfiguredResources resources)
{
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        (PreRegistrationFile? file, IReadOnlyList<string> problems) = PreRegistrationFile.Read(ReadPart("Demo.json"));
        await registration.ApplyAsync(file ?? throw new InvalidDataException(problems[0]), cancellationToken);
        foreach (JsonNode? resource in JsonNode.Parse(ReadPart("DemoResources.json"))!.AsArray())
        {
            await resources.PutAsync(resource!.AsObject(), entry: null, cancellationToken);
        }
    }

    private static byte[] ReadPart(string name)
    {
        using Stream part = Assembly.GetExecutingAssembly().GetManifestResourceStream("HealthChain.FhirServer." + name)!;
        byte[] bytes = new byte[part.Length];
        part.ReadExactly(bytes);
        return bytes;
    }
}
