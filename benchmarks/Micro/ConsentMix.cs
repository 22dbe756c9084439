using System.Globalization;
using HealthChain.Consent;

namespace HealthChain.Micro;

/// <summary>
/// What patients of a clinic signed: many nothing, most one of twenty forms, a few two forms or one that nobody else signed. Forms permit and refuse,
/// by class, code, label and date.
/// </summary>
internal static class ConsentMix
{
    public const string Hospital = "Organization/hospital";

    private const int Forms = 20;
    private static readonly string[] Classes = ["Condition", "Encounter", "DiagnosticReport", "Observation"];
    private static readonly string[] Labels = ["PSY", "HIV", "SUD", "SEX"];

    /// <summary>The consents of a patient, as JSON without an id.</summary>
    public static IEnumerable<string> Of(int patient)
    {
        var random = new Random(patient);
        return random.Next(100) switch
        {
            < 40 => [],
            < 85 => [Form(patient, random.Next(Forms))],
            < 95 => [Form(patient, random.Next(Forms)), Form(patient, random.Next(Forms))],
            _ => [OnesOwn(patient)],
        };
    }

    /// <summary>The consents of one who has said a great deal: each by itself permits the hospital all but something.</summary>
    public static string Exception(int patient, int number, string status) => Consent(patient, status: status, provision: $$"""
        {"type":"permit","actor":[{{Actor(Hospital)}}],"provision":[
         {"type":"deny","code":[{"coding":[{"system":"http://loinc.org","code":"{{90000 + number}}-1"}]}]},
         {"type":"deny","securityLabel":[{"system":"{{Vocabulary.ActCodeSystem}}","code":"{{Labels[number % Labels.Length]}}"}],"class":[{{Class("Condition")}}]},
         {"type":"deny","data":[{"meaning":"dependents","reference":{"reference":"Encounter/none{{number}}"} }]}]}
        """);

    public static string Form(int patient, int form)
    {
        int variant = form / 5;
        return Consent(patient, (form % 5) switch
        {
            0 when variant == 3 => $$"""{"type":"deny","actor":[{{Actor(Hospital)}}]}""",
            0 when variant == 2 => $$"""{"type":"permit","actor":[{{Actor("Organization/elsewhere")}}]}""",
            0 => $$"""{"type":"permit","actor":[{{Actor(Hospital)}}],"period":{"start":"{{2010 + variant}}"} }""",
            1 => Permit($$"""{"type":"deny","class":[{{Class(Classes[variant])}}]}"""),
            2 => Permit($$"""{"type":"deny","code":[{"coding":[{"system":"http://loinc.org","code":"{{1000 + variant}}-1"}]},{"coding":[{"system":"http://loinc.org","code":"{{1010 + variant}}-1"}]}]}"""),
            3 => Permit($$"""{"type":"deny","securityLabel":[{"system":"{{Vocabulary.ActCodeSystem}}","code":"{{Labels[variant]}}"}]}"""),
            _ => Permit($$"""{"type":"deny","dataPeriod":{"start":"{{2015 + variant}}-01-01","end":"{{2015 + variant}}-12-31"} }"""),
        });
    }

    private static string OnesOwn(int patient) => Consent(patient, Permit($$"""
        {"type":"deny","code":[{"coding":[{"system":"http://loinc.org","code":"{{1000 + (patient % SyntheticClinic.Codes)}}-1"}]}],
         "dataPeriod":{"start":"2016-01-01","end":"{{new DateTime(2017, 1, 1).AddDays(patient % 2000).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}}"} },
        {"type":"deny","data":[{"meaning":"dependents","reference":{"reference":"Encounter/e{{patient}}-0"} }]}
        """));

    private static string Permit(string exceptions) => $$"""{"type":"permit","actor":[{{Actor(Hospital)}}],"provision":[{{exceptions}}]}""";

    private static string Consent(int patient, string provision, string status = "active") => $$"""
        "status":"{{status}}","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},
         "category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":"Patient/p{{patient}}"},"policy":[{"uri":"urn:example:policy"}],"provision":{{provision}} }
        """;

    private static string Class(string type) => $$"""{"system":"http://hl7.org/fhir/resource-types","code":"{{type}}"}""";

    private static string Actor(string reference) =>
        $$$"""{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{"reference":"{{{reference}}}"}}""";
}
