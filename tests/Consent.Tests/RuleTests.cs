using Xunit;
using static HealthChain.Consent.Tests.ConsentText;

namespace HealthChain.Consent.Tests;

/// <summary>Each element of a rule, how rules nest, and what a root says when none of them applies.</summary>
public sealed class RuleTests
{
    private const string Permit = """{"type":"permit"}""";
    private const string Deny = """{"type":"deny"}""";
    private const string OptIn = """
        "policyRule":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"OPTIN"}]}
        """;
    private const string OptOut = """
        "policyRule":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"OPTOUT"}]}
        """;

    [Theory]
    [InlineData(Permit, true, false)]
    [InlineData(Deny, false, true)]
    public void A_bare_root_speaks_for_everything(string provision, bool permits, bool withholds)
    {
        Assert.Equal(permits, Treating.Permits(Condition(), Of(provision)));
        Assert.Equal(withholds, Treating.Withholds(Condition(), Of(provision)));
    }

    [Theory]
    [InlineData("Practitioner/dr", true)]
    [InlineData("Organization/ward", true)]
    [InlineData("Organization/hospital", true)]
    [InlineData("Organization/other", false)]
    [InlineData("Practitioner/dr/_history/3", true)]
    public void Actors_are_the_requester_and_all_for_whom_it_acts(string actor, bool isMet)
    {
        Assert.Equal(isMet, Treating.Permits(Condition(), Of($$"""{"type":"permit","actor":[{{Actor(actor)}}]}""")));
        Assert.Equal(isMet, Treating.Withholds(Condition(), Of($$"""{"type":"deny","actor":[{{Actor(actor)}}]}""")));
    }

    [Theory]
    [InlineData("TREAT", "TREAT", true)]
    [InlineData("COC", "TREAT", true)]
    [InlineData("TREAT", "COC", false)]
    [InlineData("HPAYMT", "TREAT", false)]
    [InlineData("PRECLINTRCH", "HRESCH", true)]
    public void A_purpose_covers_what_lies_below_it(string asked, string stated, bool isMet)
    {
        Question question = Treating with { Purposes = [new ConsentCode(Vocabulary.ActReasonSystem, asked)] };

        Assert.Equal(isMet, question.Permits(Condition(), Of($$"""{"type":"permit","purpose":[{{Purpose(stated)}}]}""")));
    }

    [Fact]
    public void Actions_are_told_apart()
    {
        const string Rule = """{"type":"permit","action":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentaction","code":"access"}]}]}""";

        Assert.True(Treating.Permits(Condition(), Of(Rule)));
        Assert.False((Treating with { Action = "correct" }).Permits(Condition(), Of(Rule)));
    }

    [Theory]
    [InlineData("N", new string[0], true)]
    [InlineData("N", new[] { "R" }, false)]
    [InlineData("R", new[] { "R" }, true)]
    [InlineData("R", new[] { "V" }, false)]
    [InlineData("R", new[] { "unheard" }, false)]
    public void In_a_permission_a_confidentiality_is_a_ceiling(string stated, string[] labels, bool isMet)
    {
        ElementFacts resource = Labelled([.. labels.Select(label => Coding(Vocabulary.ConfidentialitySystem, label))]);

        Assert.Equal(isMet, Treating.Permits(resource, Of($$"""{"type":"permit","securityLabel":[{{Coding(Vocabulary.ConfidentialitySystem, stated)}}]}""")));
    }

    [Theory]
    [InlineData("R", new string[0], false)]
    [InlineData("R", new[] { "N" }, false)]
    [InlineData("R", new[] { "R" }, true)]
    [InlineData("R", new[] { "V" }, true)]
    [InlineData("R", new[] { "unheard" }, true)]
    [InlineData("N", new string[0], true)]
    public void In_a_refusal_a_confidentiality_is_a_floor(string stated, string[] labels, bool isMet)
    {
        ElementFacts resource = Labelled([.. labels.Select(label => Coding(Vocabulary.ConfidentialitySystem, label))]);

        Assert.Equal(isMet, Treating.Withholds(resource, Of($$"""{"type":"deny","securityLabel":[{{Coding(Vocabulary.ConfidentialitySystem, stated)}}]}""")));
    }

    [Theory]
    [InlineData("PSY", "PSY", true)]
    [InlineData("SPI", "OPIOIDUD", true)]
    [InlineData("ETH", "SUD", true)]
    [InlineData("OPIOIDUD", "SPI", false)]
    [InlineData("SDV", "PSY", false)]
    public void A_refusal_of_sensitive_data_reaches_what_lies_below(string stated, string label, bool isMet)
    {
        ElementFacts resource = Labelled(Coding(Vocabulary.ActCodeSystem, label));

        Assert.Equal(isMet, Treating.Withholds(resource, Of($$"""{"type":"deny","securityLabel":[{{Coding(Vocabulary.ActCodeSystem, stated)}}]}""")));
    }

    [Fact]
    public void A_permission_for_sensitive_data_covers_no_other_reason_and_nothing_very_restricted()
    {
        ConsentRules consent = Of($$"""{"type":"permit","securityLabel":[{{Coding(Vocabulary.ActCodeSystem, "PSY")}}]}""");
        string psychiatry = Coding(Vocabulary.ActCodeSystem, "PSY");

        Assert.True(Treating.Permits(Labelled(psychiatry), consent));
        Assert.False(Treating.Permits(Labelled(psychiatry, Coding(Vocabulary.ActCodeSystem, "HIV")), consent));
        Assert.False(Treating.Permits(Labelled(psychiatry, Coding(Vocabulary.ConfidentialitySystem, "V")), consent));
    }

    [Fact]
    public void Sensitive_data_is_restricted_at_least()
    {
        ConsentRules normal = Of($$"""{"type":"permit","securityLabel":[{{Coding(Vocabulary.ConfidentialitySystem, "N")}}]}""");

        Assert.False(Treating.Permits(Labelled(Coding(Vocabulary.ActCodeSystem, "HIV")), normal));
    }

    [Theory]
    [InlineData("http://hl7.org/fhir/resource-types", "Condition", true)]
    [InlineData("http://hl7.org/fhir/resource-types", "Observation", false)]
    [InlineData("urn:ietf:rfc:3986", "http://example.org/profile", true)]
    [InlineData("urn:ietf:rfc:3986", "http://example.org/other", false)]
    public void A_class_is_a_type_or_a_profile(string system, string code, bool isMet)
    {
        ElementFacts resource = Condition("""
            "meta":{"profile":["http://example.org/profile|1.0"]}
            """);

        Assert.Equal(isMet, Treating.Permits(resource, Of($$"""{"type":"permit","class":[{{Coding(system, code)}}]}""")));
    }

    [Fact]
    public void A_code_counts_wherever_it_stands_but_in_meta()
    {
        ConsentRules consent = Of($$"""{"type":"deny","code":[{"coding":[{{Coding("urn:s", "x")}}]}]}""");

        Assert.True(Treating.Withholds(Condition($$"""
            "bodySite":[{"coding":[{{Coding("urn:s", "x")}}]}]
            """), consent));
        Assert.True(Treating.Withholds(Condition($$"""
            "contained":[{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{{Coding("urn:s", "x")}}]} }]
            """), consent));
        Assert.False(Treating.Withholds(Condition($$"""
            "meta":{"tag":[{{Coding("urn:s", "x")}}]}
            """), consent));
        Assert.False(Treating.Withholds(Condition(), consent));
    }

    [Theory]
    [InlineData("2024-03-05", true, true)]
    [InlineData("2025-03-05", false, false)]
    [InlineData("2024", true, true)]
    [InlineData(null, false, true)]
    public void A_permission_for_a_time_needs_all_of_it_and_a_refusal_any(string? onset, bool isPermitted, bool isWithheld)
    {
        const string Period = "\"dataPeriod\":{\"start\":\"2024-01-01\",\"end\":\"2024-12-31\"}";
        ElementFacts resource = Condition(onset is null ? "" : $"\"onsetDateTime\":\"{onset}\"");

        Assert.Equal(isPermitted, Treating.Permits(resource, Of($$"""{"type":"permit",{{Period}}}""")));
        Assert.Equal(isWithheld, Treating.Withholds(resource, Of($$"""{"type":"deny",{{Period}}}""")));
    }

    [Theory]
    [InlineData("instance", "Condition/k", true)]
    [InlineData("instance", "Encounter/e", false)]
    [InlineData("dependents", "Encounter/e", true)]
    [InlineData("related", "Encounter/e", true)]
    [InlineData("related", "Procedure/q", true)]
    [InlineData("dependents", "Procedure/q", false)]
    [InlineData("authoredby", "Practitioner/writer", true)]
    [InlineData("authoredby", "Practitioner/other", false)]
    public void Data_are_an_instance_and_what_has_to_do_with_it(string meaning, string reference, bool isMet)
    {
        ElementFacts resource = Condition("""
            "encounter":{"reference":"Encounter/e"},"recorder":{"reference":"Practitioner/writer"}
            """);
        Question question = Treating with { ReferencesOf = instance => instance == "Procedure/q" ? ["Condition/k"] : [] };

        Assert.Equal(isMet, question.Permits(resource, Of($$"""{"type":"permit","data":[{"meaning":"{{meaning}}","reference":{"reference":"{{reference}}"} }]}""")));
    }

    [Fact]
    public void An_exception_inherits_what_it_does_not_state_and_replaces_what_it_does()
    {
        ConsentRules consent = Of($$"""
            {"type":"deny","class":[{{Coding("http://hl7.org/fhir/resource-types", "Condition")}}],"actor":[{{Actor("Organization/other")}}],
             "provision":[{"type":"permit","actor":[{{Actor("Organization/ward")}}]}]}
            """);

        Assert.True(Treating.Permits(Condition(), consent));
        Assert.False(Treating.Permits(Resource("""{"resourceType":"Procedure","id":"q","status":"completed","subject":{"reference":"Patient/p"}}"""), consent));
    }

    [Fact]
    public void Among_siblings_a_refusal_wins_in_either_order()
    {
        string permit = $$"""{"type":"permit","actor":[{{Actor("Organization/ward")}}]}""";
        string deny = $$"""{"type":"deny","actor":[{{Actor(Clinician)}}]}""";

        Assert.False(Treating.Permits(Condition(), Of($$"""{"type":"permit","provision":[{{permit}},{{deny}}]}""")));
        Assert.False(Treating.Permits(Condition(), Of($$"""{"type":"permit","provision":[{{deny}},{{permit}}]}""")));
    }

    [Fact]
    public void The_deepest_rule_decides()
    {
        Assert.True(Treating.Permits(Condition(), Of("""{"type":"permit","provision":[{"type":"deny","provision":[{"type":"permit"}]}]}""")));
    }

    [Fact]
    public void A_permission_that_does_not_apply_shuts_out_and_a_refusal_that_does_not_says_nothing()
    {
        Assert.True(Treating.Withholds(Condition(), Of($$"""{"type":"permit","actor":[{{Actor("Organization/other")}}]}""")));
        Assert.False(Treating.Withholds(Condition(), Of($$"""{"type":"deny","actor":[{{Actor("Organization/other")}}]}""")));
        Assert.True(Treating.Permits(Condition(), Of($$"""{"type":"deny","actor":[{{Actor("Organization/other")}}]}""", OptIn)));
    }

    [Fact]
    public void A_permission_for_research_alone_governs_research_alone()
    {
        ConsentRules consent = Of($$"""{"type":"permit","purpose":[{{Purpose("HRESCH")}}],"actor":[{{Actor("Organization/other")}}]}""");

        Assert.False(Treating.Withholds(Condition(), consent));
        Assert.True((Treating with { Purposes = [Vocabulary.Research] }).Withholds(Condition(), consent));
    }

    [Fact]
    public void Without_rules_the_policy_decides()
    {
        Assert.True(Treating.Permits(Condition(), Of(null, OptIn)));
        Assert.True(Treating.Withholds(Condition(), Of(null, OptOut)));
        Assert.True(Treating.Withholds(Condition(), Of(null)));
    }

    [Fact]
    public void Without_a_type_the_rules_are_exceptions_to_the_policy()
    {
        string denyOther = $$"""{"provision":[{"type":"deny","actor":[{{Actor("Organization/other")}}]}]}""";
        string permitOther = $$"""{"provision":[{"type":"permit","actor":[{{Actor("Organization/other")}}]}]}""";

        Assert.True(Treating.Permits(Condition(), Of(denyOther, OptIn)));
        Assert.True(Treating.Withholds(Condition(), Of(permitOther, OptIn)));
        Assert.True(Treating.Withholds(Condition(), Of(denyOther, OptOut)));
    }

    [Fact]
    public void What_nobody_verified_cannot_permit_but_refuses()
    {
        const string Unverified = "\"verification\":[{\"verified\":false}]";

        Assert.False(Treating.Permits(Condition(), Of(Permit, Unverified)));
        Assert.True(Treating.Withholds(Condition(), Of(Deny, Unverified)));
        Assert.True(Treating.Permits(Condition(), Of(Permit, "\"verification\":[{\"verified\":false},{\"verified\":true}]")));
    }

    [Fact]
    public void Several_consents_deny_before_they_permit()
    {
        Assert.False(Treating.Permits(Condition(), Of(Permit), Of(Deny)));
        Assert.True(Treating.Permits(Condition(), Of(Permit), Of($$"""{"type":"permit","actor":[{{Actor("Organization/other")}}]}""")));
    }

    [Fact]
    public void The_patient_sees_her_own_whatever_she_said_and_an_administrator_nothing()
    {
        Question patient = Treating with { Actors = new HashSet<string> { "Patient/p" }, Person = "Patient/p" };

        Assert.True(patient.Permits(Condition(), Of(Deny)));
        Assert.False((Treating with { IsAdministrator = true }).Permits(Condition(), Of(Permit)));
    }

    [Fact]
    public void Breaking_the_glass_needs_a_declaration_and_never_beats_a_refusal()
    {
        Question emergency = Treating with { Purposes = [Vocabulary.BreakGlass], MayBreakGlass = true, DeclaresBreakGlass = true };
        bool Permitted(Question question, params ConsentRules[] consents) =>
            PatientDecision.For(question, ["Patient/p"], consents, ImplicitPolicy.BreakGlassOnly, Words).Permits(Condition());

        Assert.True(Permitted(emergency));
        Assert.False(Permitted(emergency with { DeclaresBreakGlass = false }));
        Assert.False(Permitted(emergency with { MayBreakGlass = false }));
        Assert.False(Permitted(emergency, Of(Deny)));
        Assert.False(Permitted(Treating));
    }

    [Fact]
    public void What_must_not_be_disclosed_without_consent_stays_withheld_where_only_the_policy_speaks()
    {
        ElementFacts resource = Labelled(Coding(Vocabulary.ActCodeSystem, "NODSCLCD"));

        Assert.True(Treating.Withholds(resource));
        Assert.False(Treating.Withholds(Condition()));
        Assert.True(Treating.Permits(resource, Of(Permit)));
    }

    [Fact]
    public void Consents_that_cannot_be_read_open_nothing() =>
        Assert.False(PatientDecision.For(Treating, ["Patient/p"], null, ImplicitPolicy.AllNormal, Words).Permits(Condition()));
}
