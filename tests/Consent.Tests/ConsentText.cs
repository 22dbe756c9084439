using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;

namespace HealthChain.Consent.Tests;

/// <summary>Consents and resources written briefly, for the tests of rules.</summary>
internal static class ConsentText
{
    public const string Clinician = "Practitioner/dr";

    public static Vocabulary Words { get; } = new(new TerminologyService(DefinitionSet.R4));

    /// <summary>An active privacy consent of Patient/p with that provision.</summary>
    public static ConsentRules Of(string? provision, string more = "") => Read(
        $$"""
        {"resourceType":"Consent","status":"active",
         "scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
         "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],
         "patient":{"reference":"Patient/p"},"policy":[{"uri":"urn:example:policy"}]
         {{(provision is null ? "" : ",\"provision\":" + provision)}}{{(more.Length == 0 ? "" : "," + more)}}}
        """);

    public static ConsentRules Read(string json) => ConsentRules.Read(FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root, Words);

    public static string Actor(string reference, string role = "IRCP") =>
        $$$"""{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"{{{role}}}"}]},"reference":{"reference":"{{{reference}}}"}}""";

    public static string Coding(string system, string code) => $$"""{"system":"{{system}}","code":"{{code}}"}""";

    public static string Purpose(string code) => Coding(Vocabulary.ActReasonSystem, code);

    /// <summary>A clinician who asks to treat.</summary>
    public static Question Treating { get; } = new()
    {
        Actors = new HashSet<string> { Clinician, "Organization/ward", "Organization/hospital" },
        Person = Clinician,
        Purposes = [Vocabulary.Treatment],
        IsClinician = true,
        Time = new DateTimeOffset(2026, 6, 15, 10, 0, 0, TimeSpan.Zero),
    };

    public static ElementFacts Condition(string more = "") => Resource(
        $$"""{"resourceType":"Condition","id":"k","subject":{"reference":"Patient/p"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"44054006"}]}{{(more.Length == 0 ? "" : "," + more)}}}""");

    public static ElementFacts Labelled(params string[] codings) => Condition(codings.Length == 0 ? "" : $$"""
        "meta":{"security":[{{string.Join(',', codings)}}]}
        """);

    public static ElementFacts Resource(string json) => new(FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root, Words);

    /// <summary>Whether consents let a clinician see a resource, where the policy alone would not.</summary>
    public static bool Permits(this Question question, ElementFacts resource, params ConsentRules[] consents) =>
        PatientDecision.For(question, ["Patient/p"], consents, ImplicitPolicy.Deny, Words).Permits(resource);

    /// <summary>Whether consents withhold from a clinician what the policy alone would permit.</summary>
    public static bool Withholds(this Question question, ElementFacts resource, params ConsentRules[] consents) =>
        !PatientDecision.For(question, ["Patient/p"], consents, ImplicitPolicy.AllNormal, Words).Permits(resource);
}
