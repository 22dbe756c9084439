using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using Xunit;
using static HealthChain.Fhir.Tests.Terminology.Build;

namespace HealthChain.Fhir.Tests.Terminology;

public class ExpansionTests
{
    private static readonly CodeSystem Animals = Table(
        "urn:animals", "animal:Animal", ">mammal:Mammal", ">>dog:Domestic dog", ">>cat:Cat", ">bird:Bird", ">>owl:Barn owl")
        .Designated("dog", "de", "Haushund")
        .Designated("cat", "de-AT", "Katze")
        .With("mammal", Flag("notSelectable"))
        .With("owl", Flag("inactive"));

    private static readonly CodeSystem French = new()
    {
        Url = "urn:animals:fr",
        Content = CodeSystemContent.Supplement,
        Supplements = "urn:animals",
        Concepts = [new Concept("dog", null, null, -1) { Designations = [new Designation("fr", null, "Chien")] }],
    };

    private static readonly TerminologyService Terms = Service(
        Animals,
        French,
        Set("urn:all", All("urn:animals")),
        Set("urn:own", new ConceptSet("urn:animals", null, [new ConceptReference("dog", "Good boy", [new Designation("de", null, "Braver Hund")])], [], [])));

    [Theory]
    [InlineData("do", "dog")]
    [InlineData("DOG domestic", "dog")]
    [InlineData("ow", "owl")]
    [InlineData("mest", "")]
    [InlineData("haush", "dog")]
    [InlineData("chi", "dog")]
    public void A_filter_finds_the_beginning_of_words(string filter, string expected) =>
        Assert.Equal(expected, Terms.List("urn:all", new ExpansionRequest { Filter = filter }));

    [Fact]
    public void Pages_join_to_the_whole()
    {
        string[] pages = [.. Enumerable.Range(0, 3).Select(page => Terms.List("urn:all", new ExpansionRequest { Offset = page * 2, Count = 2 }))];
        Assert.Equal(["animal mammal", "dog cat", "bird owl"], pages);
        Assert.Equal("", Terms.List("urn:all", new ExpansionRequest { Offset = 100, Count = 2 }));
        Expansion none = Terms.Expand("urn:all", new ExpansionRequest { Count = 0 }).Value;
        Assert.Equal(6, none.Total);
        Assert.Empty(none.Contains);
    }

    [Fact]
    public void A_negative_page_is_an_error() =>
        Assert.Equal(ErrorKind.Invalid, Terms.Expand("urn:all", new ExpansionRequest { Offset = -1 }).Error!.Kind);

    [Fact]
    public void A_filter_of_very_many_words_is_an_error() =>
        Assert.Equal(ErrorKind.Invalid, Terms.Expand("urn:all", new ExpansionRequest { Filter = string.Join(' ', Enumerable.Repeat("a", 33)) }).Error!.Kind);

    [Fact]
    public void Inactive_and_abstract_codes_can_be_left_out()
    {
        Assert.Equal("animal mammal dog cat bird", Terms.List("urn:all", new ExpansionRequest { ActiveOnly = true }));
        Assert.Equal("animal dog cat bird owl", Terms.List("urn:all", new ExpansionRequest { ExcludeNotForUI = true }));
        IReadOnlyList<ExpansionEntry> entries = Terms.Expand("urn:all").Value.Contains;
        Assert.Equal(["mammal"], entries.Where(entry => entry.IsAbstract).Select(entry => entry.Code));
        Assert.Equal(["owl"], entries.Where(entry => entry.IsInactive).Select(entry => entry.Code));
    }

    [Theory]
    [InlineData(null, "Domestic dog", "Cat")]
    [InlineData("de", "Haushund", "Katze")]
    [InlineData("de-CH;q=0.9, en", "Haushund", "Katze")]
    [InlineData("fr", "Chien", "Cat")]
    [InlineData("ja", "Domestic dog", "Cat")]
    public void Displays_come_in_the_language_asked_for(string? language, string dog, string cat)
    {
        IReadOnlyList<ExpansionEntry> entries = Terms.Expand("urn:all", new ExpansionRequest { DisplayLanguage = language }).Value.Contains;
        Assert.Equal(dog, entries[2].Display);
        Assert.Equal(cat, entries[3].Display);
    }

    [Fact]
    public void The_words_of_the_value_set_go_first()
    {
        ExpansionEntry entry = Assert.Single(Terms.Expand("urn:own", new ExpansionRequest { IncludeDesignations = true }).Value.Contains);
        Assert.Equal("Good boy", entry.Display);
        Assert.Equal(["Braver Hund", "Haushund", "Chien"], entry.Designations.Select(designation => designation.Value));
        Assert.Equal("Braver Hund", Terms.Expand("urn:own", new ExpansionRequest { DisplayLanguage = "de" }).Value.Contains[0].Display);
    }

    [Fact]
    public void An_expansion_can_be_a_tree()
    {
        Assert.Equal("animal(mammal(dog cat) bird(owl))", Terms.List("urn:all", new ExpansionRequest { ExcludeNested = false }));
        TerminologyService sparse = Service(Animals, Set("urn:some", Codes("urn:animals", "owl", "animal", "dog"), Codes("urn:other", "x")));
        Assert.Equal("animal(owl dog) x", sparse.List("urn:some", new ExpansionRequest { ExcludeNested = false }));
    }

    [Fact]
    public void What_is_too_big_must_be_asked_for_in_pages()
    {
        TerminologyService service = Service(new TerminologyOptions { MaxExpansionCodes = 5 }, Animals, Set("urn:all", All("urn:animals")));
        FhirError error = service.Expand("urn:all").Error!;
        Assert.Equal(ErrorKind.TooCostly, error.Kind);
        Assert.Equal(IssueType.TooCostly, error.Issues[0].Type);
        Assert.Contains("6 codes", error.Issues[0].Message, StringComparison.Ordinal);
        Assert.Equal("animal mammal dog cat bird", service.List("urn:all", new ExpansionRequest { Count = 5 }));
    }

    [Fact]
    public void An_expansion_names_its_sources()
    {
        Expansion expansion = Terms.Expand("urn:all").Value;
        Assert.Equal(["urn:animals|1"], expansion.CodeSystems);
        Assert.True(expansion.IsComplete);
        Assert.Empty(expansion.Warnings);
    }

    [Fact]
    public void A_posted_value_set_is_expanded_and_not_kept()
    {
        Expansion expansion = Terms.Expand(Set("urn:posted", Codes("urn:animals", "cat"))).Value;
        Assert.Equal("cat", Assert.Single(expansion.Contains).Code);
        Assert.Equal(ErrorKind.NotFound, Terms.Expand("urn:posted").Error!.Kind);
    }

    [Fact]
    public void A_limited_expansion_names_what_is_missing()
    {
        TerminologyService service = Service(Animals, Set("urn:vs", All("urn:animals"), All("http://loinc.org")));
        Expansion expansion = service.Expand("urn:vs", new ExpansionRequest { Limited = true }).Value;
        Assert.Equal(6, expansion.Total);
        Assert.False(expansion.IsComplete);
        Assert.Contains("http://loinc.org is not loaded", Assert.Single(expansion.Warnings).Message, StringComparison.Ordinal);
    }
}
