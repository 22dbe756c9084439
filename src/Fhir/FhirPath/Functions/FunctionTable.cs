using System.Collections.Frozen;

namespace HealthChain.Fhir.FhirPath;

/// <summary>The functions whose arguments are plain values. Those that evaluate an argument per item have nodes of their own (see <see cref="Compiler"/>).</summary>
internal static class FunctionTable
{
    private static readonly FrozenDictionary<string, Function> ByName = ((Function[])
        [.. CollectionFunctions.All, .. StringFunctions.All, .. MathFunctions.All, .. ConversionFunctions.All, .. DateFunctions.All, .. FhirFunctions.All])
        .ToFrozenDictionary(static function => function.Name);

    public static IEnumerable<string> Names => ByName.Keys;

    public static Function? Find(string name) => ByName.GetValueOrDefault(name);
}
