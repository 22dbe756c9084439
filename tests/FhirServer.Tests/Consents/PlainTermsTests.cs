using System.Text.Json.Nodes;
using HealthChain.FhirServer.Consents.Workflow;
using HealthChain.Smart;
using Xunit;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>What a page says of a Consent, and that it knows when that is not all.</summary>
public sealed class PlainTermsTests
{
    private const string Coding = """{"coding":[{"system":"urn:s","code":"c"}]}""";

    [Fact]
    public void What_is_asked_for_by_parameters_can_be_said_in_full()
    {
        AccessTerms terms = PlainTerms.Of(Asked(), reference => "name of " + reference);

        Assert.Equal((TermsKind.Adds, true), (terms.Kind, terms.IsWhole));
        Assert.Equal(["name of Organization/1"], terms.Recipients);
        Assert.Equal(("access", "TREAT", "Observation"), (Assert.Single(terms.Actions), Assert.Single(terms.Purposes), Assert.Single(terms.Data)));
        Assert.Equal((new DateOnly(2026, 2, 1), new DateOnly(2026, 12, 31)), (terms.FirstDay, terms.LastDay));
    }

    /// <summary>What is added to it, or is something else, changes what it means.</summary>
    [Theory]
    [InlineData("", "modifierExtension", """[{"url":"urn:not","valueBoolean":true}]""")]
    [InlineData("", "implicitRules", "\"urn:other\"")]
    [InlineData("", "policyRule", Coding)]
    [InlineData("", "policy", """[{"uri":"urn:policy"}]""")]
    [InlineData("", "policy", """[{"authority":"urn:a","uri":"https://healthchain.example/fhir/consent-policy/requested-access"}]""")]
    [InlineData("", "policy", "null")]
    [InlineData("", "scope", Coding)]
    [InlineData("", "provision", "null")]
    [InlineData("provision", "securityLabel", """[{"system":"urn:s","code":"c"}]""")]
    [InlineData("provision", "dataPeriod", """{"end":"2020"}""")]
    [InlineData("provision", "data", """[{"meaning":"instance","reference":{"reference":"Observation/1"}}]""")]
    [InlineData("provision", "modifierExtension", """[{"url":"urn:not","valueBoolean":true}]""")]
    [InlineData("provision", "type", "null")]
    [InlineData("provision", "provision", """[{"type":"deny"}]""")]
    [InlineData("provision", "provision", """[{"type":"permit"},{"type":"permit"}]""")]
    [InlineData("provision", "provision", """[{"type":"permit","class":[{"system":"http://hl7.org/fhir/resource-types","code":"Patient"}]}]""")]
    [InlineData("provision", "class", """[{"system":"urn:s","code":"Observation"}]""")]
    [InlineData("provision", "purpose", """[{"code":"TREAT"}]""")]
    [InlineData("provision", "action", """[{"coding":[{"system":"urn:s","code":"access"}]}]""")]
    [InlineData("provision", "action", """[{"text":"access"}]""")]
    [InlineData("provision", "code", """[{"coding":[{"system":"urn:s","code":"a"},{"system":"urn:s","code":"b"}]}]""")]
    [InlineData("provision", "actor", """[{"role":{"coding":[{"system":"urn:s","code":"other"}]},"reference":{"reference":"Organization/1"}}]""")]
    [InlineData("provision", "actor", """[{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{"display":"My doctor"}}]""")]
    public void Whatever_else_it_says_makes_it_not_the_whole(string part, string name, string value)
    {
        JsonObject consent = Asked();
        JsonObject changed = part.Length == 0 ? consent : consent[part]!.AsObject();
        changed.Remove(name);
        if (JsonNode.Parse(value) is { } node)
        {
            changed[name] = node;
        }

        Assert.False(PlainTerms.Of(consent, reference => reference).IsWhole);
    }

    [Theory]
    [InlineData("""{"type":"permit"}""", TermsKind.Governs, true)]
    [InlineData("""{"type":"deny"}""", TermsKind.Refuses, true)]
    [InlineData("""{"type":"permit","provision":[{"type":"deny"}]}""", TermsKind.Mixed, false)]
    [InlineData("{}", TermsKind.Mixed, false)]
    public void A_rule_at_the_root_says_what_becomes_of_those_it_names(string provision, TermsKind kind, bool isWhole)
    {
        JsonObject consent = Asked();
        consent["provision"] = JsonNode.Parse(provision);

        AccessTerms terms = PlainTerms.Of(consent, reference => reference);

        Assert.Equal((kind, isWhole), (terms.Kind, terms.IsWhole));
    }

    private static JsonObject Asked() => ConsentTexts.Proposal(
        "c1",
        new JsonObject
        {
            ["provision"] = ConsentTexts.Additive(new JsonObject
            {
                ["actor"] = new JsonArray(ConsentTexts.Recipient("Organization/1")),
                ["action"] = new JsonArray(ConsentTexts.Action("access")),
                ["purpose"] = new JsonArray(ConsentTexts.Purpose("TREAT")),
                ["class"] = new JsonArray(ConsentTexts.Class("Observation")),
                ["period"] = new JsonObject { ["start"] = "2026-02", ["end"] = "2026" },
            }),
        },
        "Patient/1",
        "Organization/1",
        DateTimeOffset.UnixEpoch);
}
