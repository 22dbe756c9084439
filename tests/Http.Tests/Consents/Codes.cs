namespace HealthChain.Http.Tests.Consents;

/// <summary>The few codes, words and times that random worlds are made of: few, so that they meet.</summary>
internal static class Codes
{
    public const string Loinc = "http://loinc.org";
    public const string Snomed = "http://snomed.info/sct";
    public const string ActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    public const string ActReason = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
    public const string Confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

    public static IReadOnlyList<string> Measured { get; } = [$"{Loinc}|8867-4", $"{Loinc}|8480-6", $"{Loinc}|718-7"];

    public static IReadOnlyList<string> Found { get; } = [$"{Snomed}|44054006", $"{Snomed}|38341003", $"{Snomed}|66590003"];

    public static IReadOnlyList<string> Done { get; } = [$"{Snomed}|80146002", $"{Snomed}|315639002"];

    public static IReadOnlyList<string> Given { get; } = ["http://www.nlm.nih.gov/research/umls/rxnorm|197361", "http://www.nlm.nih.gov/research/umls/rxnorm|860975"];

    public static IReadOnlyList<string> All { get; } = [.. Measured, .. Found, .. Done, .. Given];

    public static IReadOnlyList<string> Labels { get; } =
    [
        $"{Confidentiality}|N", $"{Confidentiality}|R", $"{Confidentiality}|V", $"{Confidentiality}|L", $"{ActCode}|PSY", $"{ActCode}|SUD", $"{ActCode}|ETHUD", $"{ActCode}|HIV",
        $"{ActCode}|NODSCLCD", "urn:example:labels|vip",
    ];

    public static IReadOnlyList<string> Words { get; } = ["asthma", "fracture", "panic", "diabetes", "cough"];

    public static IReadOnlyList<string> Tags { get; } = ["urn:example:tags|a", "urn:example:tags|b"];

    public static IReadOnlyList<string> Profiles { get; } = ["urn:example:profile:a", "urn:example:profile:b"];

    public static IReadOnlyList<string> Dates { get; } = ["2025-11-03", "2026-01-15", "2026-01-15T09:30:00Z", "2026-02", "2026-03-20T12:00:00+02:00", "2026"];

    public static IReadOnlyList<string> Families { get; } = ["Smith", "Smythe", "Jones", "Müller"];

    public static IReadOnlyList<string> Identifiers { get; } = ["1001", "1002", "1003"];

    public static IReadOnlyList<string> Purposes { get; } = ["TREAT", "ETREAT", "HPAYMT", "HRESCH", "HOPERAT"];

    /// <summary>A Coding.</summary>
    public static string Coding(string code) => $$"""{"system":"{{code.Split('|')[0]}}","code":"{{code.Split('|')[1]}}"}""";

    /// <summary>A CodeableConcept.</summary>
    public static string Concept(string code) => $$"""{"coding":[{{Coding(code)}}]}""";
}
