using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;
using Xunit;
using static HealthChain.Fhir.Tests.Terminology.Build;

namespace HealthChain.Fhir.Tests.Terminology;

public class MembershipTests
{
    private static readonly CodeSystem Animals = Table(
        "urn:animals", "animal:Animal", ">mammal:Mammal", ">>dog:Dog", ">>cat:Cat", ">bird:Bird", ">>owl:Owl", "stone:Stone")
        .With("mammal", Flag("notSelectable"))
        .With("owl", Code("status", "retired"), Code("sound", "hoot"))
        .With("dog", Code("sound", "bark")) with
    {
        Properties = [new PropertyDefinition("sound", null, null, "code"), new PropertyDefinition("status", "http://hl7.org/fhir/concept-properties#status", null, "code")],
    };

    [Theory]
    [InlineData("concept", "is-a", "mammal", "mammal dog cat")]
    [InlineData("concept", "descendent-of", "animal", "mammal dog cat bird owl")]
    [InlineData("concept", "is-not-a", "mammal", "animal bird owl stone")]
    [InlineData("concept", "generalizes", "owl", "animal bird owl")]
    [InlineData("concept", "in", "dog, stone", "dog stone")]
    [InlineData("concept", "not-in", "dog,cat,owl,bird", "animal mammal stone")]
    [InlineData("code", "regex", "[a-z]{3}", "dog cat owl")]
    [InlineData("display", "regex", ".*ir.*", "bird")]
    [InlineData("sound", "=", "bark", "dog")]
    [InlineData("sound", "exists", "true", "dog owl")]
    [InlineData("sound", "exists", "false", "animal mammal cat bird stone")]
    [InlineData("inactive", "=", "true", "owl")]
    [InlineData("notSelectable", "=", "true", "mammal")]
    [InlineData("parent", "=", "bird", "owl")]
    [InlineData("child", "=", "owl", "bird")]
    public void A_filter_selects_its_codes(string property, string op, string value, string expected)
    {
        TerminologyService service = Service(Animals, Set("urn:vs", Where("urn:animals", property, op, value)));
        Assert.Equal(expected, service.List("urn:vs"));
        foreach (Concept concept in Animals.Concepts)
        {
            bool isExpected = expected.Split(' ').Contains(concept.Code);
            Assert.Equal(isExpected ? Membership.Member : Membership.NotMember, service.Get("urn:vs").Contains("urn:animals", concept.Code).Answer);
        }
    }

    [Fact]
    public void Filters_of_one_include_must_all_hold()
    {
        var both = new ConceptSet("urn:animals", null, [], [new("concept", "is-a", "animal"), new("sound", "exists", "true")], []);
        Assert.Equal("dog owl", Service(Animals, Set("urn:vs", both)).List("urn:vs"));
    }

    [Fact]
    public void Parents_may_be_properties_and_several()
    {
        CodeSystem system = Table("urn:s", "a", "b", "c", "d").With("d", Code("subsumedBy", "b"), Code("subsumedBy", "c")).With("a", Code("child", "b"));
        TerminologyService service = Service(system, Set("urn:a", Where("urn:s", "concept", "is-a", "a")), Set("urn:c", Where("urn:s", "concept", "is-a", "c")));
        Assert.Equal("a b d", service.List("urn:a"));
        Assert.Equal("c d", service.List("urn:c"));
    }

    [Fact]
    public void A_hierarchy_in_a_circle_ends()
    {
        CodeSystem system = Table("urn:s", "a", "b").With("a", Code("parent", "b")).With("b", Code("parent", "a"));
        TerminologyService service = Service(system, Set("urn:vs", Where("urn:s", "concept", "is-a", "a")));
        Assert.Equal("a b", service.List("urn:vs"));
        Assert.Equal("b(a)", service.List("urn:vs", new ExpansionRequest { ExcludeNested = false }));
    }

    [Fact]
    public void Exclusion_wins()
    {
        TerminologyService service = Service(Animals, Set("urn:vs", All("urn:animals"), Codes("urn:animals", "dog")).Without(Where("urn:animals", "concept", "is-a", "mammal")));
        Assert.Equal("animal bird owl stone", service.List("urn:vs"));
    }

    [Fact]
    public void Imports_unite_across_includes_and_intersect_within_one()
    {
        TerminologyService service = Service(
            Animals,
            Set("urn:mammals", Where("urn:animals", "concept", "is-a", "mammal")),
            Set("urn:sounding", Where("urn:animals", "sound", "exists", "true")),
            Set("urn:either", Import("urn:mammals"), Import("urn:sounding")),
            Set("urn:both", Import("urn:mammals", "urn:sounding")),
            Set("urn:narrowed", All("urn:animals").And("urn:sounding")));
        Assert.Equal("mammal dog cat owl", service.List("urn:either"));
        Assert.Equal("dog", service.List("urn:both"));
        Assert.Equal("dog owl", service.List("urn:narrowed"));
        Assert.Equal(Membership.NotMember, service.Get("urn:both").Contains("urn:animals", "cat").Answer);
    }

    [Fact]
    public void A_value_set_that_imports_itself_is_doubtful_and_ends()
    {
        TerminologyService service = Service(Set("urn:a", Codes("urn:s", "x"), Import("urn:b")), Set("urn:b", Import("urn:a")));
        Assert.True(service.Get("urn:a").Contains("urn:s", "x").IsMember);
        CodeMembership other = service.Get("urn:a").Contains("urn:s", "y");
        Assert.Equal(Membership.CannotSay, other.Answer);
        Assert.Contains("imports itself", other.Reason, StringComparison.Ordinal);
        Assert.Equal(ErrorKind.Unsupported, service.Expand("urn:a").Error!.Kind);
        Assert.Equal("x", service.List("urn:a", new ExpansionRequest { Limited = true }));
    }

    [Fact]
    public void Value_sets_that_import_each_other_very_deep_are_doubtful_and_end()
    {
        ValueSet[] chain = [Set("urn:0", Codes("urn:s", "x")), .. Enumerable.Range(1, 2000).Select(i => Set($"urn:{i}", Import($"urn:{i - 1}")))];
        TerminologyService service = Service([.. chain]);
        Assert.Equal("x", service.List("urn:20"));
        Assert.Equal(Membership.CannotSay, service.Get("urn:2000").Contains("urn:s", "x").Answer);
        Assert.Equal(ErrorKind.Unsupported, service.Expand("urn:2000").Error!.Kind);
    }

    [Fact]
    public void Value_sets_that_import_each_other_crosswise_do_not_cost_exponential_time()
    {
        var sets = new List<IDefinition> { Set("urn:0", Codes("urn:s", "a")) };
        for (int i = 1; i <= 30; i++)
        {
            sets.Add(Set($"urn:{i}", Import($"urn:{i - 1}"), Import($"urn:{i - 1}")));
        }

        TerminologyService service = Service([.. sets]);
        Assert.True(service.Get("urn:8").Contains("urn:s", "a").IsMember);
        Assert.Equal(Membership.CannotSay, service.Get("urn:30").Contains("urn:s", "b").Answer);
        Assert.Contains("more than 10000 parts", service.Expand("urn:30").Error!.Issues[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_listed_code_of_an_unknown_system_is_a_member_and_others_are_not()
    {
        CompiledValueSet set = Service(Set("urn:vs", Codes("http://loinc.org", "1", "2"))).Get("urn:vs");
        Assert.True(set.Contains("http://loinc.org", "2").IsMember);
        Assert.Equal(Membership.NotMember, set.Contains("http://loinc.org", "3").Answer);
    }

    [Fact]
    public void What_is_certain_is_said_and_the_rest_is_doubtful()
    {
        TerminologyService service = Service(Set("urn:vs", Codes("urn:own", "a"), Where("http://loinc.org", "concept", "is-a", "404684003")));
        CompiledValueSet set = service.Get("urn:vs");
        Assert.True(set.Contains("urn:own", "a").IsMember);
        Assert.Equal(Membership.NotMember, set.Contains("urn:own", "b").Answer);
        Assert.Equal(
            "filter 'concept is-a 404684003' on http://loinc.org: the code system is not loaded",
            set.Contains("http://loinc.org", "22298006").Reason);
        FhirError error = service.Expand("urn:vs").Error!;
        Assert.Equal(ErrorKind.Unsupported, error.Kind);
        Assert.Equal(IssueType.NotSupported, error.Issues[0].Type);
        Assert.Contains("http://loinc.org", error.Issues[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_doubtful_exclusion_makes_members_doubtful()
    {
        CompiledValueSet set = Service(Animals, Set("urn:vs", All("urn:animals")).Without(Import("urn:absent"))).Get("urn:vs");
        Assert.Equal(Membership.CannotSay, set.Contains("urn:animals", "dog").Answer);
        Assert.Equal(Membership.NotMember, set.Contains("urn:animals", "plant").Answer);
    }

    [Theory]
    [InlineData(CodeSystemContent.NotPresent)]
    [InlineData(CodeSystemContent.Example)]
    [InlineData(CodeSystemContent.Fragment)]
    public void A_part_of_a_code_system_confirms_but_does_not_refuse(CodeSystemContent content)
    {
        TerminologyService service = Service(Animals with { Content = content }, Set("urn:vs", All("urn:animals")));
        Assert.True(service.Get("urn:vs").Contains("urn:animals", "dog").IsMember);
        Assert.Equal(Membership.CannotSay, service.Get("urn:vs").Contains("urn:animals", "fish").Answer);
        Assert.Equal(ErrorKind.Unsupported, service.Expand("urn:vs").Error!.Kind);
        Expansion limited = service.Expand("urn:vs", new ExpansionRequest { Limited = true }).Value;
        Assert.False(limited.IsComplete);
        Assert.Equal(7, limited.Total);
    }

    [Fact]
    public void A_missing_value_set_or_content_is_doubtful()
    {
        TerminologyService service = Service(new ValueSet { Url = "urn:empty" });
        Assert.Equal("value set urn:absent is not loaded", service.Get("urn:absent").Contains("urn:s", "a").Reason);
        Assert.Equal(Membership.CannotSay, service.Get("urn:empty").Contains("urn:s", "a").Answer);
        Assert.Equal(ErrorKind.NotFound, service.Expand("urn:absent").Error!.Kind);
        Assert.Equal(ErrorKind.Unsupported, service.Expand("urn:empty").Error!.Kind);
    }

    [Theory]
    [InlineData("sound", "is-a", "fish", "has no code 'fish'")]
    [InlineData("colour", "=", "red", "defines no property 'colour'")]
    [InlineData("code", "regex", "(", "regular expression")]
    [InlineData("code", "like", "x", "operator")]
    public void A_filter_that_cannot_be_evaluated_says_so(string property, string op, string value, string reason)
    {
        CodeMembership answer = Service(Animals, Set("urn:vs", Where("urn:animals", property, op, value))).Get("urn:vs").Contains("urn:animals", "dog");
        Assert.Equal(Membership.CannotSay, answer.Answer);
        Assert.Contains(reason, answer.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Case_counts_as_the_code_system_says()
    {
        CodeSystem loose = Table("urn:loose", "Yes", "No") with { IsCaseSensitive = false };
        TerminologyService service = Service(Animals, loose, Set("urn:all", All("urn:loose"), All("urn:animals")), Set("urn:listed", Codes("urn:loose", "YES")));
        Assert.True(service.Get("urn:all").Contains("urn:loose", "yES").IsMember);
        Assert.True(service.Get("urn:listed").Contains("urn:loose", "yes").IsMember);
        Assert.Equal(Membership.NotMember, service.Get("urn:all").Contains("urn:animals", "Dog").Answer);
    }

    [Fact]
    public void Inactive_codes_belong_unless_the_value_set_says_otherwise()
    {
        ValueSet all = Set("urn:all", All("urn:animals"));
        TerminologyService service = Service(Animals, all, all with { Url = "urn:active", IncludesInactive = false });
        Assert.True(service.Get("urn:all").Contains("urn:animals", "owl").IsMember);
        Assert.Equal(Membership.NotMember, service.Get("urn:active").Contains("urn:animals", "owl").Answer);
    }

    [Fact]
    public void A_bare_code_is_a_member_under_any_system()
    {
        CompiledValueSet set = Service(Animals, Set("urn:vs", All("urn:animals"), Codes("urn:more", "plant"))).Get("urn:vs");
        Assert.True(set.ContainsCode("plant"u8).IsMember);
        Assert.True(set.ContainsCode("dog"u8).IsMember);
        Assert.Equal(Membership.NotMember, set.ContainsCode("fish"u8).Answer);
    }

    [Fact]
    public void A_version_that_is_not_loaded_confirms_but_does_not_refuse()
    {
        TerminologyService service = Service(Animals, Set("urn:vs", All("urn:animals") with { Version = "7" }));
        Assert.True(service.Get("urn:vs").Contains("urn:animals", "dog").IsMember);
        Assert.Equal("version 7 of urn:animals is not loaded, version 1 is", service.Get("urn:vs").Contains("urn:animals", "fish").Reason);
        Assert.Equal("version 7 of urn:animals is not loaded, version 1 is", Assert.Single(service.Expand("urn:vs").Value.Warnings).Message);
    }

    [Fact]
    public void A_stored_expansion_stands_in_for_a_missing_definition_of_content()
    {
        var stored = new ValueSet
        {
            Url = "urn:vs",
            Expansion = [new ExpansionConcept("urn:s", null, "a", "A", false, false, -1), new ExpansionConcept("urn:s", null, "b", "B", false, false, -1)],
        };
        TerminologyService service = Service(stored, stored with { Url = "urn:part", ExpansionTotal = 10 });
        Assert.Equal("a b", service.List("urn:vs"));
        Assert.Equal(Membership.NotMember, service.Get("urn:vs").Contains("urn:s", "c").Answer);
        Assert.Equal(Membership.CannotSay, service.Get("urn:part").Contains("urn:s", "c").Answer);
        Assert.Equal(ErrorKind.Unsupported, service.Expand("urn:part").Error!.Kind);
    }

    [Fact]
    public void The_value_set_of_all_codes_of_a_system_needs_no_resource()
    {
        CodeSystem system = Table("http://x.org/CodeSystem/pets", "dog") with { ValueSet = "http://x.org/ValueSet/pets" };
        Assert.Equal("dog", Service(system).List("http://x.org/ValueSet/pets"));
    }

    [Fact]
    public void Looking_up_allocates_nothing()
    {
        TerminologyService service = Service(Animals, Set("urn:vs", All("urn:animals")));
        byte[] system = Encoding.UTF8.GetBytes("urn:animals");
        byte[] code = Encoding.UTF8.GetBytes("dog");
        Assert.True(service.Contains("urn:vs", system, code).IsMember);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            service.Contains("urn:vs", system, code);
            service.Contains("urn:vs", code, system);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void The_cache_of_compiled_value_sets_is_bounded()
    {
        ValueSet[] sets = [.. Enumerable.Range(0, 20).Select(i => Set($"urn:vs:{i}", Codes("urn:s", $"{i}")))];
        TerminologyService service = Service(new TerminologyOptions { MaxCompiledValueSets = 4 }, [.. sets]);
        CompiledValueSet kept = service.Get("urn:vs:0");
        foreach (ValueSet set in sets)
        {
            Assert.True(service.Get(set.Url).Contains("urn:s", set.Url[7..]).IsMember);
        }

        Assert.NotSame(kept, service.Get("urn:vs:0"));
        Assert.True(kept.Contains("urn:s", "0").IsMember);
    }
}
