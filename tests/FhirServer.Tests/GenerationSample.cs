using System.Text.Json;
using HealthChain.FhirServer.Generation;

namespace HealthChain.FhirServer.Tests;

/// <summary>Generated bundles, as bytes and parsed; line 0 holds what the patients share.</summary>
internal sealed class GenerationSample
{
    public static readonly DateOnly Until = new(2026, 1, 31);

    public GenerationSample(ulong seed, int patients)
    {
        using var stream = new MemoryStream();
        using (var output = new BundleOutput(line => stream.Write(line.Span)))
        {
            var generator = new Generator(seed, Until, output);
            generator.WriteShared();
            for (var number = 1; number <= patients; number++)
            {
                generator.WritePatient(number);
            }

            ResourceCount = output.Count;
        }

        Bytes = stream.ToArray();
        Lines = [.. Split(Bytes)];
        Bundles = [.. Lines.Select(line => JsonDocument.Parse(line).RootElement)];
    }

    public byte[] Bytes { get; }

    public IReadOnlyList<ReadOnlyMemory<byte>> Lines { get; }

    public IReadOnlyList<JsonElement> Bundles { get; }

    public long ResourceCount { get; }

    public JsonElement Shared => Bundles[0];

    public IEnumerable<JsonElement> Patients => Bundles.Skip(1);

    public static IEnumerable<JsonElement> Resources(JsonElement bundle, string? type = null) =>
        bundle.GetProperty("entry").EnumerateArray().Select(entry => entry.GetProperty("resource")).Where(resource => type is null || TypeOf(resource) == type);

    public static string TypeOf(JsonElement resource) => resource.GetProperty("resourceType").GetString()!;

    public IEnumerable<JsonElement> All(string type) => Patients.SelectMany(bundle => Resources(bundle, type));

    /// <summary>All strings under a name, at any depth.</summary>
    public static IEnumerable<string> Strings(JsonElement element, string name) => element.ValueKind switch
    {
        JsonValueKind.Array => element.EnumerateArray().SelectMany(item => Strings(item, name)),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property =>
            property.Name == name && property.Value.ValueKind == JsonValueKind.String ? [property.Value.GetString()!] : Strings(property.Value, name)),
        _ => [],
    };

    private static IEnumerable<ReadOnlyMemory<byte>> Split(byte[] bytes)
    {
        for (var start = 0; start < bytes.Length;)
        {
            var end = Array.IndexOf(bytes, (byte)'\n', start);
            yield return bytes.AsMemory(start, end - start);
            start = end + 1;
        }
    }
}
