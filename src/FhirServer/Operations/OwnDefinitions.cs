using System.Reflection;
using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;

namespace HealthChain.FhirServer.Operations;

/// <summary>
/// Definitions that R4 does not have: the OperationDefinitions of operations of our own, and the profiles of profiles/consent with their codes. Resources in
/// this assembly, one for each.
/// </summary>
internal static class OwnDefinitions
{
    /// <summary>What canonicals of operations start with.</summary>
    public const string Canonical = "https://healthchain.example/fhir/OperationDefinition/";

    private const string Operation = ".OperationDefinition.json";
    private const string Profile = ".Profile.json";

    /// <summary>The files of operations, as they were written.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Files() => Files(Operation);

    /// <summary>The profiles with their canonicals.</summary>
    public static IEnumerable<(string Url, ReadOnlyMemory<byte> File)> Profiles() =>
        from file in Files(Profile)
        let root = FhirJson.Read(file).Root
        where root.Type.Name == nameof(StructureDefinition)
        select (root.Child("url").Text!, file);

    /// <summary>The file with the definition of that canonical; null when it is none of ours.</summary>
    public static ReadOnlyMemory<byte>? Find(string canonical) => Files()
        .Where(file => FhirJson.Read(file).Root.Child("url").ValueIs(Encoding.UTF8.GetBytes(canonical)))
        .Select(file => (ReadOnlyMemory<byte>?)file).FirstOrDefault();

    /// <summary>A set of definitions with these over it.</summary>
    public static DefinitionSet Over(DefinitionSet definitions) =>
        definitions.With([new DefinitionList([.. Files(Operation).Concat(Files(Profile)).Select(file => DefinitionJson.Read(file, "own definitions").Value)])]);

    private static IEnumerable<ReadOnlyMemory<byte>> Files(string end)
    {
        Assembly assembly = typeof(OwnDefinitions).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(name => name.EndsWith(end, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using Stream file = assembly.GetManifestResourceStream(name)!;
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            yield return bytes;
        }
    }
}
