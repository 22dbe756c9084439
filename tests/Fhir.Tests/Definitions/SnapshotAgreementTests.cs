using HealthChain.Fhir.Definitions;
using Xunit;

namespace HealthChain.Fhir.Tests.Definitions;

/// <summary>Makes the snapshots of the specification's profiles again from their differentials and compares them with the published ones.</summary>
public sealed class SnapshotAgreementTests(ITestOutputHelper output)
{
    // Where the published snapshot is not what the published differential says.
    private static readonly Dictionary<string, string> Explained = new()
    {
        ["bp"] = "component:SystolicBP.valueQuantity: published as value[x] narrowed to Quantity, here (as the specification does outside slices) as its slice valueQuantity; the same values are allowed",
        ["catalog"] = "the differential names a slice of Composition.date without slicing it; the published snapshot lost Composition.date itself",
        ["clinicaldocument"] = "extension:versionNumber: the extension allows one, which the published snapshot leaves out",
        ["elementdefinition-de"] = "the published snapshot repeats what the extensions' own definitions say, which the differential does not ask for",
        ["familymemberhistory-genetic"] = "the differential names slices of relationship, sex and condition without slicing them; the published snapshot lost the elements themselves",
        ["provenance-relevant-history"] = "the published snapshot has neither the binding that the differential gives to agent nor a content reference that exists",
    };

    [Fact]
    public void Snapshots_made_from_differentials_agree_with_the_published_ones()
    {
        DefinitionSet r4 = DefinitionSet.R4;
        int structures = 0;
        int elements = 0;
        int equal = 0;
        var differing = new SortedSet<string>(StringComparer.Ordinal);
        foreach (StructureDefinition published in r4.Structures.Where(structure => structure.IsConstraint && structure.Differential.Count > 0))
        {
            structures++;
            StructureDefinition made = new SnapshotGenerator(r4).Generate(published with { Snapshot = [] }).Structure;
            Dictionary<string, ElementDefinition> byId = made.Snapshot.ToDictionary(element => element.Id);
            foreach (ElementDefinition expected in published.Snapshot)
            {
                elements++;
                string[] faults = byId.Remove(expected.Id, out ElementDefinition? actual) ? [.. SnapshotComparison.Compare(expected, actual)] : ["missing"];
                equal += faults.Length == 0 ? 1 : 0;
                Report(published, faults.Select(fault => $"{expected.Id} {fault}"));
            }

            HashSet<string> shared = [.. published.Snapshot.Select(element => element.Id).Intersect(made.Snapshot.Select(element => element.Id))];
            if (!published.Snapshot.Select(element => element.Id).Where(shared.Contains).SequenceEqual(made.Snapshot.Select(element => element.Id).Where(shared.Contains)))
            {
                Report(published, ["the elements are in another order"]);
            }

            Report(published, byId.Keys.Select(id => $"{id} is not published"));
        }

        output.WriteLine($"{equal} of {elements} elements of {structures} structures agree ({100.0 * equal / elements:F2} %)");
        Assert.Equal(Explained.Keys.Order(StringComparer.Ordinal), differing);
        Assert.True(equal >= 0.99 * elements);

        void Report(StructureDefinition structure, IEnumerable<string> faults)
        {
            foreach (string fault in faults)
            {
                output.WriteLine($"{structure.Url}: {fault}");
                differing.Add(structure.Url[(structure.Url.LastIndexOf('/') + 1)..]);
            }
        }
    }

    [Fact]
    public void Of_the_published_differentials_only_those_with_faults_give_issues()
    {
        string[] faulty =
        [
            .. DefinitionSet.R4.Structures
                .Where(structure => structure.IsConstraint && structure.Differential.Count > 0)
                .Where(structure => new SnapshotGenerator(DefinitionSet.R4).Generate(structure).Issues.Count > 0)
                .Select(structure => structure.Url[(structure.Url.LastIndexOf('/') + 1)..])
                .Order(StringComparer.Ordinal),
        ];

        // codesystem-history allows no nested extensions and then constrains them; the other two name slices of what is not sliced.
        Assert.Equal(["catalog", "codesystem-history", "familymemberhistory-genetic"], faulty);
    }
}

/// <summary>What two definitions of an element say differently, of all that validation looks at.</summary>
internal static class SnapshotComparison
{
    public static IEnumerable<string> Compare(ElementDefinition expected, ElementDefinition actual)
    {
        (string Name, string Expected, string Actual)[] members =
        [
            ("min", $"{expected.Min}", $"{actual.Min}"),
            ("max", $"{expected.Max}", $"{actual.Max}"),
            ("types", Print(expected.Types), Print(actual.Types)),
            ("content", $"{expected.ContentReference}", $"{actual.ContentReference}"),
            ("binding", $"{expected.Binding}", $"{actual.Binding}"),
            ("fixed", Print(expected.Fixed), Print(actual.Fixed)),
            ("pattern", Print(expected.Pattern), Print(actual.Pattern)),
            ("slicing", Print(expected.Slicing), Print(actual.Slicing)),
            ("constraints", Print(expected.Constraints), Print(actual.Constraints)),
        ];
        return members.Where(member => member.Expected != member.Actual).Select(member => $"{member.Name} [{member.Expected}] [{member.Actual}]");
    }

    private static string Print(IReadOnlyList<TypeReference> types) =>
        string.Join(", ", types.Select(type => $"{type.Code}({string.Join(' ', type.Profiles)})({string.Join(' ', type.TargetProfiles)})"));

    private static string Print(TypedValue? value) => value is null ? "" : $"{value.Type} {System.Text.Encoding.UTF8.GetString(value.Json.Span)}";

    private static string Print(Slicing? slicing) =>
        slicing is null ? "" : $"{string.Join(", ", slicing.Discriminators)} {slicing.Ordered} {slicing.Rules}";

    private static string Print(IReadOnlyList<Constraint> constraints) => string.Join(' ', constraints.Select(constraint => constraint.Key).Order(StringComparer.Ordinal));
}
