namespace HealthChain.Fhir.Definitions;

/// <summary>A definition set over the packages of a folder.</summary>
/// <param name="Definitions">The set; packages that could not be read are left out.</param>
/// <param name="Packages">What was found, later ones winning: archives in the order of their names, then single resources.</param>
public sealed record LoadedDefinitions(DefinitionSet Definitions, IReadOnlyList<FhirPackage> Packages)
{
    /// <summary>What is wrong so far, of files and of the snapshots made from them. <see cref="Check"/> makes it complete.</summary>
    public IReadOnlyList<Issue> Issues => [.. Packages.SelectMany(package => package.Issues), .. Definitions.Issues];

    /// <summary>Decodes every definition of the packages and makes every snapshot.</summary>
    public void Check()
    {
        foreach (FhirPackage package in Packages)
        {
            package.Check();
            foreach (StructureDefinition structure in package.All(DefinitionKind.StructureDefinition).Cast<StructureDefinition>())
            {
                Definitions.Structure(structure.ToString());
            }
        }
    }
}
