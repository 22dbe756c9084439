using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;

namespace HealthChain.FhirServer.Cli;

/// <summary>The definitions of R4 with those of the folders that <c>--definitions</c> names over them.</summary>
internal sealed class FurtherDefinitions
{
    private readonly List<FhirPackage> _packages = [];

    private FurtherDefinitions()
    {
    }

    public DefinitionSet Set { get; private set; } = DefinitionSet.R4;

    /// <summary>Loads them; null, with a line in <paramref name="errors"/>, if one of the paths does not exist.</summary>
    public static FurtherDefinitions? Load(IReadOnlyList<string> paths, TextWriter errors)
    {
        var result = new FurtherDefinitions();
        foreach (var path in paths)
        {
            if (!Path.Exists(path))
            {
                errors.WriteLine($"healthchain: --definitions {path}: there is no such folder.");
                return null;
            }

            var loaded = result.Set.Load(path);
            result.Set = loaded.Definitions;
            result._packages.AddRange(loaded.Packages);
        }

        return result;
    }

    /// <summary>Says what was wrong with the packages. Definitions are decoded when needed, so this is asked for at the end.</summary>
    /// <returns>Whether all was well.</returns>
    public bool Report(TextWriter errors)
    {
        var sound = true;
        foreach (var issue in _packages.SelectMany(package => package.Issues).Concat(Set.Issues))
        {
            errors.WriteLine($"--definitions: {issue.Severity.Code()}: {issue.Message}");
            sound &= !issue.IsError;
        }

        return sound;
    }
}
