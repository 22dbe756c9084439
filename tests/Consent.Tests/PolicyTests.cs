using Xunit;
using static HealthChain.Consent.Tests.ConsentText;

namespace HealthChain.Consent.Tests;

/// <summary>What holds where no rule of a consent applies, and how several consents go together.</summary>
public sealed class PolicyTests
{
    private const string Other = """{"role":{"coding":[{"code":"IRCP"}]},"reference":{"reference":"Organization/other"}}""";
    private const string Own = """{"role":{"coding":[{"code":"IRCP"}]},"reference":{"reference":"Organization/ward"}}""";

    [Theory]
    [InlineData("OPTIN", true)]
    [InlineData("OPTINR", true)]
    [InlineData("OPTOUT", false)]
    [InlineData("OPTOUTE", false)]
    public void A_consent_without_rules_says_what_its_policy_rule_says(string code, bool isPermitted)
    {
        Assert.Equal(isPermitted, Treating.Permits(Condition(), Of(null, Rule(code))));
        Assert.Equal(!isPermitted, Treating.Withholds(Condition(), Of(null, Rule(code))));
        Assert.Equal(isPermitted, Treating.Permits(Condition(), Of("""{"period":{"start":"2026-01-01"}}""", Rule(code))));
        Assert.Equal(!isPermitted, Treating.Withholds(Condition(), Of("""{"period":{"start":"2026-01-01"}}""", Rule(code))));
        Assert.False(Treating.Permits(Condition(), Of("""{"period":{"end":"2026-01-01"}}""", Rule(code))));
    }

    [Theory]
    [InlineData("Policy-deny", false)]
    [InlineData("Policy-basic-normal", true)]
    [InlineData("Policy-all-normal", true)]
    [InlineData("Policy-break-glass-only", false)]
    [InlineData("Policy-of-nobody", false)]
    public void A_consent_without_rules_says_what_the_policy_it_names_says(string policy, bool isPermitted)
    {
        ConsentRules consent = Read($$"""
            {"resourceType":"Consent","status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
             "patient":{"reference":"Patient/p"},"policy":[{"uri":"https://profiles.ihe.net/ITI/PCF/{{policy}}"}]}
            """);

        Assert.Equal(isPermitted, Treating.Permits(Condition(), consent));
        Assert.Equal(!isPermitted, Treating.Withholds(Condition(), consent));
        Assert.Equal(policy == "Policy-of-nobody", consent.Fault is not null);
    }

    [Fact]
    public void A_permission_that_does_not_apply_withholds_and_refuses_where_the_patient_opted_out()
    {
        string permit = $$"""{"type":"permit","actor":[{{Other}}]}""";
        ConsentRules everything = Of("""{"type":"permit"}""");

        Assert.True(Treating.Withholds(Condition(), Of(permit)));
        Assert.True(Treating.Permits(Condition(), Of(permit), everything));
        Assert.False(Treating.Permits(Condition(), Of(permit, Rule("OPTOUT")), everything));
        Assert.False(Treating.Permits(Condition(), Of(permit, Rule("OPTOUTE")), everything));
        Assert.True(Treating.Permits(Condition(), Of($$"""{"type":"permit","actor":[{{Own}}]}""", Rule("OPTOUT"))));
    }

    [Fact]
    public void A_refusal_that_does_not_apply_is_silent_and_permits_where_the_patient_opted_in()
    {
        string deny = $$"""{"type":"deny","actor":[{{Other}}]}""";

        Assert.False(Treating.Permits(Condition(), Of(deny)));
        Assert.False(Treating.Withholds(Condition(), Of(deny)));
        Assert.True(Treating.Permits(Condition(), Of(deny, Rule("OPTIN"))));
        Assert.False(Treating.Permits(Condition(), Of(deny, Rule("OPTOUT"))));
    }

    [Fact]
    public void Under_an_opt_in_with_permissions_only_what_those_permit()
    {
        string permits = $$"""{"provision":[{"type":"permit","actor":[{{Own}}],"class":[{{Coding("http://hl7.org/fhir/resource-types", "Condition")}}]}]}""";

        Assert.True(Treating.Permits(Condition(), Of(permits, Rule("OPTIN"))));
        Assert.True(Treating.Withholds(Resource("""{"resourceType":"Procedure","id":"q","status":"completed","subject":{"reference":"Patient/p"}}"""), Of(permits, Rule("OPTIN"))));
        Assert.True(Treating.Permits(Condition(), Of(permits, Rule("OPTOUT"))));
    }

    [Fact]
    public void Neither_order_nor_date_of_consents_counts()
    {
        ConsentRules older = Of("""{"type":"deny"}""", "\"dateTime\":\"2020-01-01\"");
        ConsentRules newer = Of("""{"type":"permit"}""", "\"dateTime\":\"2026-01-01\"");

        Assert.False(Treating.Permits(Condition(), older, newer));
        Assert.False(Treating.Permits(Condition(), newer, older));
    }

    [Fact]
    public void What_governs_withholds_from_the_policy_but_not_from_a_permission()
    {
        ConsentRules governs = Of($$"""{"type":"permit","actor":[{{Other}}]}""");
        ConsentRules silent = Of($$"""{"type":"deny","actor":[{{Other}}]}""");

        Assert.True(Treating.Withholds(Condition(), silent, governs));
        Assert.True(Treating.Permits(Condition(), silent, governs, Of("""{"type":"permit"}""")));
    }

    [Theory]
    [InlineData("TREAT", true)]
    [InlineData("ETREAT", true)]
    [InlineData("BTG", true)]
    [InlineData("HPAYMT", false)]
    public void The_policy_for_treatment_is_for_clinicians_who_treat(string purpose, bool isPermitted)
    {
        Question question = Treating with { Purposes = [new ConsentCode(Vocabulary.ActReasonSystem, purpose)], MayBreakGlass = true, DeclaresBreakGlass = true };
        bool Permitted(Question one) => PatientDecision.For(one, ["Patient/p"], [], ImplicitPolicy.BasicNormal, Words).Permits(Condition());

        Assert.Equal(isPermitted, Permitted(question));
        Assert.False(Permitted(question with { IsClinician = false }));
        Assert.False(Permitted(question with { Purposes = [] }));
    }

    [Theory]
    [InlineData("TREAT", "ETREAT", true)]
    [InlineData("ETREAT", "BTG", true)]
    [InlineData("TREAT", "BTG", true)]
    [InlineData("BTG", "ETREAT", false)]
    [InlineData("HRESCH", "CLINTRCH", true)]
    [InlineData("CLINTRCH", "PRECLINTRCH", true)]
    [InlineData("CLINTRCH", "HRESCH", false)]
    public void Purposes_lie_below_each_other(string stated, string asked, bool isMet)
    {
        Question question = Treating with { Purposes = [new ConsentCode(Vocabulary.ActReasonSystem, asked)], MayBreakGlass = true, DeclaresBreakGlass = true };

        Assert.Equal(isMet, question.Permits(Condition(), Of($$"""{"type":"permit","purpose":[{{Purpose(stated)}}]}""")));
    }

    [Fact]
    public void Purposes_of_other_systems_are_only_what_they_are()
    {
        Question question = Treating with { Purposes = [new ConsentCode("urn:s", "TREAT")] };

        Assert.True(question.Permits(Condition(), Of($$"""{"type":"permit","purpose":[{{Coding("urn:s", "TREAT")}}]}""")));
        Assert.False(question.Permits(Condition(), Of($$"""{"type":"permit","purpose":[{{Purpose("TREAT")}}]}""")));
        Assert.False(Treating.Permits(Condition(), Of($$"""{"type":"permit","purpose":[{{Coding("urn:s", "TREAT")}}]}""")));
    }

    private static string Rule(string code) => $$"""
        "policyRule":{"coding":[{{Coding(Vocabulary.ActCodeSystem, code)}}]}
        """;
}
