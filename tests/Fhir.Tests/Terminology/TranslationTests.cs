using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using Xunit;
using static HealthChain.Fhir.Tests.Terminology.Build;

namespace HealthChain.Fhir.Tests.Terminology;

public class TranslationTests
{
    private static readonly ConceptMap Map = new()
    {
        Url = "urn:map",
        Source = "urn:vs:a",
        Target = "urn:vs:b|2",
        Groups =
        [
            new ConceptMapGroup("urn:a", null, "urn:b", null,
            [
                new("1", null, [To("x", "equivalent"), To("y", "wider")]),
                new("2", null, [To(null, "unmatched")]),
                new("3", null, [To("z", "narrower", new ConceptMapDependency("urn:age", null, "child", null)), To("x", "disjoint")]),
                new("4", null, []),
            ], null),
            new ConceptMapGroup("urn:a", "2", "urn:c", null, [new("1", null, [To("only2", "equal")])], null),
            new ConceptMapGroup("urn:keep", null, "urn:kept", null, [], new ConceptMapUnmapped("provided", null, null, null)),
            new ConceptMapGroup("urn:fix", null, "urn:b", null, [new("1", null, [To(null, "unmatched")])], new ConceptMapUnmapped("fixed", "other", null, null)),
            new ConceptMapGroup("urn:far", null, "urn:b", null, [], new ConceptMapUnmapped("other-map", null, null, "urn:map:2")),
            new ConceptMapGroup("urn:lost", null, "urn:b", null, [], new ConceptMapUnmapped("other-map", null, null, "urn:map:absent")),
        ],
    };

    private static readonly ConceptMap Second = new()
    {
        Url = "urn:map:2",
        Groups =
        [
            new ConceptMapGroup("urn:far", null, "urn:b", null, [new("1", null, [To("y", "equal")])], new ConceptMapUnmapped("other-map", null, null, "urn:map")),
        ],
    };

    private static readonly TerminologyService Terms = Service(Map, Second, Table("urn:b", "x:The X", "y:The Y", "other:Other"));

    [Theory]
    [InlineData("urn:a", "1", true, "equivalent urn:b#x, wider urn:b#y, equal urn:c#only2")]
    [InlineData("urn:a", "2", false, "unmatched -")]
    [InlineData("urn:a", "3", false, "disjoint urn:b#x")]
    [InlineData("urn:a", "4", false, "")]
    [InlineData("urn:a", "5", false, "")]
    [InlineData("urn:other", "1", false, "")]
    [InlineData("urn:keep", "any", true, "equal urn:kept#any")]
    [InlineData("urn:fix", "any", true, "relatedto urn:b#other")]
    [InlineData("urn:fix", "1", false, "unmatched -")]
    [InlineData("urn:far", "1", true, "equal urn:b#y")]
    [InlineData("urn:far", "2", false, "")]
    [InlineData("urn:lost", "1", false, "")]
    public void A_code_is_translated_as_the_map_says(string system, string code, bool result, string expected)
    {
        Translation translation = Terms.Translate(TranslationRequest.Of("urn:map", system, code)).Value;
        Assert.Equal(result, translation.Result);
        Assert.Equal(expected, Show(translation));
        Assert.Equal(result, translation.Message is null);
    }

    [Fact]
    public void Displays_are_filled_in() =>
        Assert.Equal("The X", Terms.Translate(TranslationRequest.Of("urn:map", "urn:a", "1")).Value.Matches[0].Concept!.Display);

    [Fact]
    public void A_version_narrows_the_groups() =>
        Assert.Equal("equivalent urn:b#x, wider urn:b#y", Show(Terms.Translate(new TranslationRequest { ConceptMap = "urn:map", Codings = [new Coding("urn:a", "1", null, "1")] }).Value));

    [Fact]
    public void A_target_system_narrows_the_answer() =>
        Assert.Equal("equal urn:c#only2", Show(Terms.Translate(TranslationRequest.Of("urn:map", "urn:a", "1") with { TargetSystem = "urn:c" }).Value));

    [Fact]
    public void A_mapping_with_a_condition_needs_it()
    {
        TranslationRequest request = TranslationRequest.Of("urn:map", "urn:a", "3");
        Assert.Contains("depends on urn:age being 'child'", Terms.Translate(request).Value.Message, StringComparison.Ordinal);
        Translation met = Terms.Translate(request with { Dependencies = [new ConceptMapDependency("urn:age", null, "child", null)] }).Value;
        Assert.Equal("narrower urn:b#z, disjoint urn:b#x", Show(met));
        Assert.True(met.Result);
    }

    [Fact]
    public void Reversed_a_wider_match_is_narrower()
    {
        TranslationRequest request = TranslationRequest.Of("urn:map", "urn:b", "y") with { Reverse = true };
        Assert.Equal("narrower urn:a#1", Show(Terms.Translate(request).Value));
        Assert.Equal("", Show(Terms.Translate(request with { TargetSystem = "urn:b" }).Value));
    }

    [Fact]
    public void Maps_are_found_by_value_sets_and_systems()
    {
        TranslationRequest request = TranslationRequest.Of(null, "urn:a", "1");
        Assert.Equal(3, Terms.Translate(request with { Source = "urn:vs:a", Target = "urn:vs:b" }).Value.Matches.Count);
        Assert.Equal(3, Terms.Translate(request).Value.Matches.Count);
        Assert.Equal("narrower urn:a#1", Show(Terms.Translate(TranslationRequest.Of(null, "urn:b", "y") with { Source = "urn:vs:b", Target = "urn:vs:a", Reverse = true }).Value));
        Assert.Equal(ErrorKind.NotFound, Terms.Translate(request with { Target = "urn:vs:elsewhere" }).Error!.Kind);
        Assert.Equal(ErrorKind.NotFound, Terms.Translate(request with { ConceptMap = "urn:map:absent" }).Error!.Kind);
    }

    [Fact]
    public void All_codings_of_a_concept_are_translated()
    {
        var request = new TranslationRequest { ConceptMap = "urn:map", Codings = [new Coding("urn:keep", "k"), new Coding("urn:far", "1")] };
        Assert.Equal("equal urn:kept#k, equal urn:b#y", Show(Terms.Translate(request).Value));
    }

    private static ConceptMapTarget To(string? code, string equivalence, params ConceptMapDependency[] dependsOn) =>
        new(code, null, equivalence, null, dependsOn, []);

    private static string Show(Translation translation) => string.Join(", ", translation.Matches.Select(match =>
        $"{match.Equivalence} {(match.Concept is { } concept ? $"{concept.System}#{concept.Code}" : "-")}"));
}
