namespace HealthChain.Architecture.Tests;

/// <summary>The built products, which stand beside this test because it references the composition root.</summary>
internal static class ProductAssemblies
{
    public static IEnumerable<string> Paths() =>
        Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Where(path => Levels.Knows(NameOf(path)));

    /// <summary>The project's name: <c>Fhir</c> for HealthChain.Fhir.dll. The composition root is the command that people type.</summary>
    public static string NameOf(string path) => Path.GetFileNameWithoutExtension(path) switch
    {
        "healthchain" => "FhirServer",
        var name => name.Replace("HealthChain.", "", StringComparison.Ordinal),
    };
}
