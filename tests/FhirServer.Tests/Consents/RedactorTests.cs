using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Consent;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Consents;
using HealthChain.FhirServer.Redaction;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;
using Xunit;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>What consents make of the parts of a resource.</summary>
public sealed class RedactorTests
{
    private const string Hiv = """{"system":"http://snomed.info/sct","code":"86406008"}""";

    private static readonly SearchParameterSet Parameters = new(DefinitionSet.R4);
    private static readonly IndexHasher Hasher = new("0123456789abcdef"u8);
    private static readonly Vocabulary Words = new(new TerminologyService(DefinitionSet.R4));
    private static readonly ConsentKeys Keys = new(Parameters, Hasher, Words, null);
    private static readonly Redactor Redactor = new(Parameters, Hasher, new ServerOptions());

    private static string Label(string code) => code.Length == 1
        ? $$"""{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"{{code}}"}"""
        : $$"""{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"{{code}}"}""";

    /// <summary>An observation with one part that may be withheld and one that may not.</summary>
    private static string Observation(string part) => $$"""
        {"resourceType":"Observation","id":"o","meta":{"security":[{{Label(InlineLabels.Mark)}}]},"status":"final","code":{"text":"c"},"subject":{"reference":"Patient/p"},
         "note":[{"text":"open"}]{{part}}}
        """;

    private static string Labelled(string content, params string[] labels) => $$"""
        ,"method":{"extension":[{{string.Join(',', labels.Select(label => $$"""{"url":"http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label","valueCoding":{{Label(label)}} }"""))}}],{{content}} }
        """;

    private static JsonNode Redacted(string json, params string[] provisions)
    {
        var version = new StoredVersion(new ResourceKey("Observation", "o"), 1, default, 1, ChangeKind.Create, Encoding.UTF8.GetBytes(json));
        return JsonNode.Parse(Redactor.Redact(new ConsentScope(provisions), version).Json.Span)!;
    }

    [Theory]
    [InlineData("""{"type":"deny","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}]}""", "V", false)]
    [InlineData("""{"type":"deny","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}]}""", "R", true)]
    [InlineData("""{"type":"deny","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]}""", "HIV", false)]
    [InlineData("""{"type":"deny","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"SUD"}]}""", "ETHUD", false)]
    [InlineData("""{"type":"deny","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"SUD"}]}""", "HIV", true)]
    [InlineData("""{"type":"permit","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"N"}]}""", "R", false)]
    [InlineData("""{"type":"permit","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"N"}]}""", "L", true)]
    [InlineData("""{"type":"deny","code":[{"coding":[{"system":"http://snomed.info/sct","code":"86406008"}]}]}""", "N", false)]
    public void A_part_is_judged_by_its_labels_and_by_what_it_holds(string provision, string label, bool isShown)
    {
        JsonNode redacted = Redacted(Observation(Labelled($"\"coding\":[{Hiv}]", label)), provision);

        Assert.Equal(isShown, redacted["method"] is not null);
        Assert.Equal(!isShown, redacted["meta"]!["security"]!.ToJsonString().Contains("REDACTED", StringComparison.Ordinal));
        Assert.NotNull(redacted["note"]);
    }

    [Fact]
    public void Several_labels_on_a_part_all_count() =>
        Assert.Null(Redacted(Observation(Labelled("\"text\":\"m\"", "R", "HIV")), """{"type":"deny","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"HIV"}]}""")["method"]);

    [Fact]
    public void A_label_that_does_not_say_what_it_is_closes()
    {
        string part = ""","method":{"extension":[{"url":"http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"}],"text":"m"}""";

        Assert.Null(Redacted(Observation(part), """{"type":"deny","securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"V"}]}""")["method"]);
    }

    /// <summary>Otherwise a permit for a code would show a resource for a reason that the requester may not see, and a deny would hide it for one.</summary>
    [Fact]
    public void What_a_part_holds_decides_nothing_about_the_whole()
    {
        Element with = FhirJson.Read(Encoding.UTF8.GetBytes(Observation(Labelled($"\"coding\":[{Hiv}]", "V")))).Root;
        Element without = FhirJson.Read(Encoding.UTF8.GetBytes(Observation(""))).Root;

        Assert.Equal(KeysOf(without), KeysOf(with));
        var hiv = new ConsentCode("http://snomed.info/sct", "86406008");
        Assert.False(new ElementFacts(with, Words).Holds(new CodeTerm(hiv, Keys.OfCode(hiv))));
    }

    private static IndexKey[] KeysOf(Element resource)
    {
        var values = new IndexValues();
        var keys = new List<IndexKey>();
        new SearchExtractor(Parameters).Extract(resource, values);
        new IndexKeyWriter(Hasher).Write(values, keys);
        return [.. keys];
    }

    /// <summary>Sees what consents permit, as scopes of the server do.</summary>
    private sealed class ConsentScope(string[] provisions) : AccessScope
    {
        private readonly PatientDecision _decision = PatientDecision.For(
            new Question { Actors = new HashSet<string> { "Practitioner/dr" }, Person = "Practitioner/dr", Purposes = [Vocabulary.Treatment], IsClinician = true, Time = new DateTimeOffset(2026, 6, 15, 0, 0, 0, TimeSpan.Zero) },
            ["Patient/p"],
            [.. provisions.Select(Consent)],
            ImplicitPolicy.AllNormal,
            Words,
            Keys);

        public override string Requester => "doctor";

        public override bool Sees(in ResourceFacts facts) => _decision.Permits(new KeyFacts(Keys, facts));

        private static ConsentRules Consent(string provision) => ConsentRules.Read(
            FhirJson.Read(Encoding.UTF8.GetBytes($$"""
                {"resourceType":"Consent","status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
                 "category":[{"text":"privacy"}],"patient":{"reference":"Patient/p"},"policy":[{"uri":"urn:example:policy"}],"provision":{{provision}} }
                """)).Root,
            Words);
    }
}
