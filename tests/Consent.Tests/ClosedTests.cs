using System.Text;
using HealthChain.Fhir.Model;
using Xunit;
using static HealthChain.Consent.Tests.ConsentText;

namespace HealthChain.Consent.Tests;

/// <summary>What is wrong with a consent closes it; what has no effect has none.</summary>
public sealed class ClosedTests
{
    [Theory]
    [InlineData("""{"type":"permit","provision":[{"class":[{"system":"http://hl7.org/fhir/resource-types","code":"Encounter"}]}]}""")]
    [InlineData("""{"type":"permit","period":{"start":"2026-12-31","end":"2026-01-01"}}""")]
    [InlineData("""{"type":"permit","dataPeriod":{"start":"2026-12-31","end":"2026-01-01"}}""")]
    [InlineData("""{"type":"permit","modifierExtension":[{"url":"urn:x","valueBoolean":true}]}""")]
    [InlineData("""{"type":"permit","provision":[{"type":"deny","actor":[{"role":{"coding":[{"code":"IRCP"}]},"reference":{"display":"the man next door"}}]}]}""")]
    [InlineData("""{"type":"permit","provision":[{"type":"deny","securityLabel":[{"system":"urn:nowhere","code":"x"}]}]}""")]
    [InlineData("""{"type":"permit","provision":[{"type":"deny","class":[{"system":"urn:nowhere","code":"x"}]}]}""")]
    [InlineData("""{"type":"permit","provision":[{"type":"deny","code":[{"text":"everything about my heart"}]}]}""")]
    [InlineData("""{"actor":[{"role":{"coding":[{"code":"IRCP"}]},"reference":{"reference":"Practitioner/dr"}}],"provision":[{"type":"permit"}]}""")]
    [InlineData("""{"type":"permit","provision":[{"type":"deny","actor":[{"role":{"coding":[{"code":"CST"}]},"reference":{"identifier":{"system":"urn:s","value":"1"}}}]}]}""")]
    [InlineData("""{"type":"permit","provision":[{"type":"deny","actor":[{"role":{"coding":[{"code":"WIT"}]},"reference":{"reference":"Practitioner/dr"}}]}]}""")]
    [InlineData("""{"type":"permit","provision":[{"type":"deny","purpose":[{"code":"HPAYMT"}]}]}""")]
    [InlineData("""{"type":"permit","provision":[{"type":"deny","data":[{"meaning":"instance","reference":{"display":"the thing from May"}}]}]}""")]
    [InlineData("""{"type":"permit","provision":[{"type":"deny","action":[{"text":"selling it"}]}]}""")]
    [InlineData("""{"type":"permit","provision":[{"type":"deny","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"X"}]}]}""")]
    [InlineData("""{"type":"permit","actor":[{"modifierExtension":[{"url":"urn:x","valueBoolean":true}],"role":{"coding":[{"code":"IRCP"}]},"reference":{"reference":"Practitioner/dr"}}]}""")]
    [InlineData("""{"type":"permit","data":[{"modifierExtension":[{"url":"urn:x","valueBoolean":true}],"meaning":"instance","reference":{"reference":"Condition/k"}}]}""")]
    [InlineData("""{"type":"permit","securityLabel":[{"system":"urn:nowhere","code":"x"}],"provision":[{"type":"deny","purpose":[{"system":"urn:s","code":"x"}]}]}""")]
    public void A_provision_that_cannot_be_followed_closes(string provision)
    {
        ConsentRules consent = Of(provision);

        Assert.NotNull(consent.Fault);
        Assert.True(Treating.Withholds(Condition(), consent));
        Assert.True((Treating with { Actors = new HashSet<string> { "Patient/p" }, Person = "Patient/p" }).Permits(Condition(), consent));
    }

    [Theory]
    [InlineData("\"modifierExtension\":[{\"url\":\"urn:x\",\"valueBoolean\":true}]")]
    [InlineData("\"implicitRules\":\"urn:x\"")]
    [InlineData("\"verification\":[{\"modifierExtension\":[{\"url\":\"urn:x\",\"valueBoolean\":true}],\"verified\":true}]")]
    public void What_changes_the_meaning_of_a_consent_and_is_not_known_closes_it(string element)
    {
        ConsentRules consent = Of("""{"type":"permit"}""", element);

        Assert.NotNull(consent.Fault);
        Assert.True(Treating.Withholds(Condition(), consent));
    }

    [Theory]
    [InlineData("\"status\":\"suspended\",\"scope\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/consentscope\",\"code\":\"patient-privacy\"}]},\"policy\":[{\"uri\":\"urn:x\"}]")]
    [InlineData("\"scope\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/consentscope\",\"code\":\"patient-privacy\"}]},\"policy\":[{\"uri\":\"urn:x\"}]")]
    [InlineData("\"status\":\"active\",\"scope\":{\"text\":\"privacy\"},\"policy\":[{\"uri\":\"urn:x\"}]")]
    [InlineData("\"status\":\"active\",\"policy\":[{\"uri\":\"urn:x\"}]")]
    [InlineData("\"status\":\"active\",\"scope\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/consentscope\",\"code\":\"patient-privacy\"}]}")]
    [InlineData("\"status\":\"active\",\"scope\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/consentscope\",\"code\":\"patient-privacy\"}]},\"policy\":[{\"modifierExtension\":[{\"url\":\"urn:x\",\"valueBoolean\":true}],\"uri\":\"urn:x\"}]")]
    public void A_consent_without_a_known_standing_is_closed(string elements)
    {
        ConsentRules consent = Read($$"""{"resourceType":"Consent","patient":{"reference":"Patient/p"},"provision":{"type":"permit"},{{elements}}}""");

        Assert.True(consent.Counts);
        Assert.NotNull(consent.Fault);
        Assert.True(Treating.Withholds(Condition(), consent));
    }

    [Theory]
    [InlineData("treatment")]
    [InlineData("adr")]
    [InlineData("research")]
    public void A_consent_of_another_scope_says_nothing_of_treatment(string scope)
    {
        ConsentRules consent = Read($$"""
            {"resourceType":"Consent","status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"{{scope}}"}]},
             "patient":{"reference":"Patient/p"},"policy":[{"uri":"urn:x"}],"provision":{"type":"deny"} }
            """);

        Assert.False(Treating.Withholds(Condition(), consent));
        Assert.Equal(scope == "research", (Treating with { Purposes = [new ConsentCode(Vocabulary.ActReasonSystem, "CLINTRCH")] }).Withholds(Condition(), consent));
    }

    [Theory]
    [InlineData(8, false)]
    [InlineData(9, true)]
    public void Rules_nest_eight_levels(int levels, bool isClosed)
    {
        string provision = """{"type":"permit"}""";
        for (int i = 1; i < levels; i++)
        {
            provision = $$"""{"type":"permit","provision":[{{provision}}]}""";
        }

        Assert.Equal(isClosed, Of(provision).Fault is not null);
    }

    [Theory]
    [InlineData("draft")]
    [InlineData("proposed")]
    [InlineData("rejected")]
    [InlineData("inactive")]
    [InlineData("entered-in-error")]
    public void Only_an_active_consent_counts(string status) =>
        Assert.False(Read($$"""{"resourceType":"Consent","status":"{{status}}","patient":{"reference":"Patient/p"},"provision":{"type":"deny"} }""").Counts);

    [Theory]
    [InlineData("2026-06-15", "2026-06-15", true)]
    [InlineData("2026-06", "2026-06", true)]
    [InlineData("2026-06-16", null, false)]
    [InlineData(null, "2026-06-14", false)]
    public void A_consent_counts_within_its_period_both_ends_included(string? start, string? end, bool counts)
    {
        string period = string.Join(',', new[] { start is null ? null : $"\"start\":\"{start}\"", end is null ? null : $"\"end\":\"{end}\"" }.OfType<string>());

        Assert.Equal(counts, Treating.Permits(Condition(), Of($$"""{"type":"permit","period":{ {{period}} } }""")));
    }

    /// <summary>Bytes are changed at random: whatever comes of it, nothing is thrown, and what is closed permits nothing.</summary>
    [Fact]
    public void Damaged_consents_never_throw_and_never_open_when_they_are_closed()
    {
        byte[] whole = Encoding.UTF8.GetBytes($$"""
            {"resourceType":"Consent","status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
             "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":"Patient/p"},"policy":[{"uri":"urn:example:policy"}],
             "provision":{"type":"deny","period":{"start":"2026-01-01"},"provision":[{"type":"permit","actor":[{{Actor(Clinician)}}],"purpose":[{{Purpose("TREAT")}}],
             "dataPeriod":{"start":"2024-01-01","end":"2024-12-31"},"code":[{"coding":[{"system":"urn:s","code":"x"}]}],
             "data":[{"meaning":"related","reference":{"reference":"Encounter/e"} }],"provision":[{"type":"deny","securityLabel":[{{Coding(Vocabulary.ActCodeSystem, "PSY")}}]}]}]} }
            """);
        int runs = int.TryParse(Environment.GetEnvironmentVariable("HEALTHCHAIN_CONSENT_FUZZ"), out int asked) ? asked : 5_000;
        var random = new Random(20261121);
        int closed = 0;
        for (int run = 0; run < runs; run++)
        {
            byte[] damaged = [.. whole];
            for (int change = random.Next(1, 6); change > 0; change--)
            {
                damaged[random.Next(damaged.Length)] = whole[random.Next(whole.Length)];
            }

            ReadOutcome(damaged, ref closed);
        }

        Assert.True(closed > 0);
    }

    private static void ReadOutcome(byte[] json, ref int closed)
    {
        Element root;
        try
        {
            root = FhirJson.Read(json).Root;
        }
        catch (Fhir.FhirException)
        {
            return;
        }

        if (root.Exists && root.Type.Name == "Consent")
        {
            ConsentRules consent = ConsentRules.Read(root, Words);
            bool isPermitted = Treating.Permits(Condition(), consent);
            closed += consent.Fault is null ? 0 : 1;
            Assert.False(consent.Fault is not null && isPermitted);
        }
    }
}
