using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using Xunit;
using static HealthChain.Fhir.Tests.Terminology.Build;

namespace HealthChain.Fhir.Tests.Terminology;

public class LookupTests
{
    private static readonly CodeSystem Animals = Table("urn:animals", "animal:Animal", ">mammal:Mammal", ">>dog:Dog", ">bird:Bird", "pet:Pet")
        .Designated("dog", "de", "Hund")
        .With("dog", Code("parent", "pet"), Code("sound", "bark"));

    private static readonly TerminologyService Terms = Service(
        Animals,
        Animals with { Version = "0", Concepts = [new Concept("dog", "Old dog", null, -1)] },
        Animals,
        new CodeSystem
        {
            Url = "urn:supplement",
            Content = CodeSystemContent.Supplement,
            Supplements = "urn:animals",
            Concepts = [new Concept("dog", null, null, -1) { Designations = [new Designation("fr", null, "Chien")], Properties = [Code("legs", "4")] }],
        },
        Table("urn:part", "a", ">b", "c") with { Content = CodeSystemContent.Fragment },
        Table("urn:body", "arm", ">hand") with { HierarchyMeaning = "part-of" });

    [Fact]
    public void A_code_is_told_with_all_that_is_known_of_it()
    {
        LookupResult dog = Terms.Lookup("urn:animals", "dog").Value;
        Assert.Equal("Dog", dog.Display);
        Assert.Equal("1", dog.Version);
        Assert.Equal(["Hund", "Chien"], dog.Designations.Select(designation => designation.Value));
        Assert.Equal(["parent=mammal", "parent=pet", "sound=bark", "legs=4"], dog.Properties.Select(property => $"{property.Code}={property.Value}"));
        Assert.Equal(["parent=animal", "child=dog"], Terms.Lookup("urn:animals", "mammal").Value.Properties.Select(property => $"{property.Code}={property.Value}"));
    }

    [Fact]
    public void Language_version_and_properties_can_be_chosen()
    {
        Assert.Equal("Chien", Terms.Lookup("urn:animals", "dog", displayLanguage: "fr").Value.Display);
        Assert.Equal("Old dog", Terms.Lookup("urn:animals", "dog", version: "0").Value.Display);
        Assert.Equal("bark", Assert.Single(Terms.Lookup("urn:animals", "dog", properties: ["sound"]).Value.Properties).Value);
    }

    [Theory]
    [InlineData("urn:animals", "Dog", null, ErrorKind.NotFound, "did you mean 'dog'")]
    [InlineData("urn:animals", "dog", "7", ErrorKind.Unsupported, "urn:animals|7 is not loaded")]
    [InlineData("urn:absent", "dog", null, ErrorKind.Unsupported, "urn:absent is not loaded")]
    [InlineData("urn:part", "d", null, ErrorKind.Unsupported, "only a fragment")]
    [InlineData("urn:ietf:bcp:47", "nonsense", null, ErrorKind.NotFound, "language tags")]
    [InlineData("urn:supplement", "dog", null, ErrorKind.Unsupported, "urn:supplement is not loaded")]
    public void What_is_not_known_is_said(string system, string code, string? version, ErrorKind kind, string message)
    {
        FhirError error = Terms.Lookup(system, code, version).Error!;
        Assert.Equal(kind, error.Kind);
        Assert.Contains(message, error.Issues[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_code_with_a_grammar_is_its_own_display() => Assert.Equal("en-US", Terms.Lookup("urn:ietf:bcp:47", "en-US").Value.Display);

    [Theory]
    [InlineData("dog", "dog", "equivalent")]
    [InlineData("animal", "dog", "subsumes")]
    [InlineData("dog", "animal", "subsumed-by")]
    [InlineData("dog", "pet", "subsumed-by")]
    [InlineData("bird", "dog", "not-subsumed")]
    public void Codes_subsume_each_other(string a, string b, string expected) =>
        Assert.Equal(expected, Terms.Subsumes("urn:animals", a, b).Value.Code());

    [Fact]
    public void Subsumption_that_cannot_be_told_is_an_error()
    {
        Assert.Equal(Subsumption.Subsumes, Terms.Subsumes("urn:part", "a", "b").Value);
        Assert.Equal(ErrorKind.Unsupported, Terms.Subsumes("urn:part", "a", "c").Error!.Kind);
        Assert.Equal(ErrorKind.Unsupported, Terms.Subsumes("urn:body", "arm", "hand").Error!.Kind);
        Assert.Equal(Subsumption.Equivalent, Terms.Subsumes("urn:body", "arm", "arm").Value);
        Assert.Equal(ErrorKind.NotFound, Terms.Subsumes("urn:animals", "dog", "fish").Error!.Kind);
    }
}
