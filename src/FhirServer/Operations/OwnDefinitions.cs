using System.Reflection;
using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;

namespace HealthChain.FhirServer.Operations;

/// <summary>The OperationDefinitions of operations that R4 does not define; resources in this assembly, one for each.</summary>
internal static class OwnDefinitions
{
    /// <summary>What their canonicals start with.</summary>
    public const string Canonical = "https://healthchain.example/fhir/OperationDefinition/";

    /// <summary>The files, as they were written.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Files()
    {
        Assembly assembly = typeof(OwnDefinitions).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".OperationDefinition.json", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using Stream file = assembly.GetManifestResourceStream(name)!;
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            yield return bytes;
        }
    }

    /// <summary>The file with the definition of that canonical; null when it is none of ours.</summary>
    public static ReadOnlyMemory<byte>? Find(string canonical) => Files()
        .Where(file => FhirJson.Read(file).Root.Child("url").ValueIs(Encoding.UTF8.GetBytes(canonical)))
        .Select(file => (ReadOnlyMemory<byte>?)file).FirstOrDefault();

    /// <summary>A set of definitions with these over it.</summary>
    public static DefinitionSet Over(DefinitionSet definitions) =>
        definitions.With([new DefinitionList([.. Files().Select(file => DefinitionJson.Read(file, "own definitions").Value)])]);
}
