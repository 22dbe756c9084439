using Xunit;
using static HealthChain.Consent.Tests.ConsentText;

namespace HealthChain.Consent.Tests;

/// <summary>Whom the actors of a rule mean.</summary>
public sealed class ActorTests
{
    private const string Kept = """
        {"resourceType":"Encounter","id":"e","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p"},"serviceProvider":{"reference":"Organization/other"}}
        """;
    private const string Made = """
        {"resourceType":"Procedure","id":"q","status":"completed","subject":{"reference":"Patient/p"},"performer":[{"actor":{"reference":"Practitioner/writer"}}]}
        """;

    [Theory]
    [InlineData("IRCP")]
    [InlineData("PRCP")]
    [InlineData("GRANTEE")]
    [InlineData("PROV")]
    public void Recipients_are_those_who_ask(string role)
    {
        Assert.True(Treating.Permits(Condition(), Of($$"""{"type":"permit","actor":[{{Actor(Clinician, role)}}]}""")));
        Assert.True(Treating.Withholds(Condition(), Of($$"""{"type":"deny","actor":[{{Actor(Clinician, role)}}]}""")));
        Assert.False(Treating.Withholds(Condition(), Of($$"""{"type":"deny","actor":[{{Actor("Practitioner/other", role)}}]}""")));
    }

    [Fact]
    public void A_custodian_is_who_keeps_the_data_and_not_who_asks()
    {
        Assert.True(Treating.Withholds(Resource(Kept), Of($$"""{"type":"deny","actor":[{{Actor("Organization/other", "CST")}}]}""")));
        Assert.False(Treating.Withholds(Resource(Kept), Of($$"""{"type":"deny","actor":[{{Actor("Organization/ward", "CST")}}]}""")));
        Assert.False(Treating.Permits(Condition(), Of($$"""{"type":"permit","actor":[{{Actor("Organization/ward", "CST")}}]}""")));
    }

    [Fact]
    public void An_author_is_who_made_the_data_and_not_who_asks()
    {
        Assert.True(Treating.Withholds(Resource(Made), Of($$"""{"type":"deny","actor":[{{Actor("Practitioner/writer", "AUT")}}]}""")));
        Assert.False(Treating.Withholds(Resource(Made), Of($$"""{"type":"deny","actor":[{{Actor(Clinician, "AUT")}}]}""")));
    }

    [Fact]
    public void One_of_several_actors_is_enough()
    {
        string actors = $"{Actor("Practitioner/other")},{Actor("Organization/other", "CST")}";

        Assert.True(Treating.Permits(Resource(Kept), Of($$"""{"type":"permit","actor":[{{actors}}]}""")));
        Assert.False(Treating.Permits(Resource(Made), Of($$"""{"type":"permit","actor":[{{actors}}]}""")));
    }

    [Theory]
    [InlineData("urn:s", "1", true)]
    [InlineData("urn:other", "1", false)]
    [InlineData("urn:s", "2", false)]
    public void An_actor_may_be_named_by_an_identifier(string system, string value, bool isMet)
    {
        Question question = Treating with { Identifiers = new HashSet<ConsentCode> { new("urn:s", "1") } };
        string actor = $$$"""{"role":{"coding":[{"code":"IRCP"}]},"reference":{"identifier":{"system":"{{{system}}}","value":"{{{value}}}"} } }""";

        Assert.Equal(isMet, question.Permits(Condition(), Of($$"""{"type":"permit","actor":[{{actor}}]}""")));
        Assert.Equal(isMet, question.Withholds(Condition(), Of($$"""{"type":"deny","actor":[{{actor}}]}""")));
    }

    [Fact]
    public void Nobody_known_and_systems_administrators_get_nothing()
    {
        ConsentRules consent = Of("""{"type":"permit"}""");

        Assert.False((Treating with { Actors = new HashSet<string>() }).Permits(Condition(), consent));
        Assert.True((Treating with { Actors = new HashSet<string>() }).Withholds(Condition()));
        Assert.True((Treating with { IsAdministrator = true }).Withholds(Condition(), consent));
    }

    [Fact]
    public void A_patient_is_herself_under_the_names_that_she_had_before()
    {
        Question patient = Treating with { Actors = new HashSet<string> { "Patient/old" }, Person = "Patient/old" };

        Assert.True(PatientDecision.For(patient, ["Patient/p", "Patient/old"], [Of("""{"type":"deny"}""")], ImplicitPolicy.Deny, Words).Permits(Condition()));
        Assert.False(PatientDecision.For(patient, ["Patient/p"], [Of("""{"type":"deny"}""")], ImplicitPolicy.Deny, Words).Permits(Condition()));
    }
}
