using HealthChain.Fhir.Definitions;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Fhir.Tests.Definitions;

/// <summary>The profiles that come with the official validator cases: hand-written, in JSON and XML, some wrong on purpose.</summary>
public sealed class ValidatorProfilesTests
{
    // The faults that are there, by the file or structure and the words that name the fault.
    private static readonly string[] Faults =
    [
        "additional-bindings-profile-2.json|'abstract' must be true or false",
        "bad-json-close-1.json|could not be loaded",
        "bad-json-close-2.json|could not be loaded",
        "bad-json-close-3.json|could not be loaded",
        "http://example.com/Observation|no element 'valueBla'",
        "http://example.com/fhir/StructureDefinition/profile-parameters-complex|max is 10, but the base allows at most 5",
        "opdef-out-profile.json|'max' must be a string",
        "parameters-profiled-resource-profiles-patient2|no element 'dateOfBirth'",
        "xml-bad-entities.xml|not well-formed",
    ];

    [Fact]
    public void Profiles_of_the_official_validator_cases_load_and_get_snapshots()
    {
        Assert.SkipUnless(Repository.Shared is not null, "needs the folder shared, with the official validator cases");
        LoadedDefinitions loaded = DefinitionSet.R4.Load(Path.Combine(Repository.Shared, "data", "fhir-test-cases", "validator", "files"));

        loaded.Check();

        Assert.Equal(Faults.Length, loaded.Issues.Count);
        Assert.All(Faults, fault => Assert.Contains(loaded.Issues, issue => fault.Split('|').All(part => issue.Message.Contains(part, StringComparison.Ordinal))));
        Assert.All(
            loaded.Packages.SelectMany(package => package.All(DefinitionKind.StructureDefinition)),
            structure => Assert.NotEmpty(loaded.Definitions.Structure(structure.Url!)!.Snapshot));
    }
}
