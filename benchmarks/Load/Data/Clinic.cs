using HealthChain.Load.Http;

namespace HealthChain.Load.Data;

/// <summary>
/// The resources that scenarios load and ask for. They follow from numbers: patient 7 is the same in every run, and every id, identifier
/// and code that a request needs can be computed. Each patient has 100 resources: the Patient, a Condition, two Encounters and 96
/// Observations, 24 of each of four codes, one a week.
/// </summary>
/// <param name="observationBytes">How long an Observation is to be; a note fills it up.</param>
internal sealed class Clinic(int observationBytes)
{
    public const int ResourcesPerPatient = 100;
    public const int ObservationsPerPatient = 96;
    public const int Codes = 4;
    public const int ConditionCodes = 20;
    public const int Practitioners = 20;

    private const string Identifiers = "http://example.org/identifiers";

    private static readonly (string Code, string Display, string Unit)[] Loinc =
    [
        ("2339-0", "Glucose [Mass/volume] in Blood", "mg/dL"),
        ("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL"),
        ("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma", "mg/dL"),
        ("2947-0", "Sodium [Moles/volume] in Blood", "mmol/L"),
    ];

    private readonly Template[] _observations = [.. Loinc.Select(code => new Template(Observation(code.Code, code.Display, code.Unit, "\"id\":\"o#########\",", observationBytes)))];
    private readonly Template[] _newObservations = [.. Loinc.Select(code => new Template(Observation(code.Code, code.Display, code.Unit, "", observationBytes)))];

    private static readonly Template Practitioner = new(
        """{"resourceType":"Practitioner","id":"d##","active":true,"identifier":[{"system":"http://example.org/staff","value":"S##"}],"name":[{"family":"Okafor##","given":["Ngozi"]}]}""");

    private static readonly Template Patient = new(
        $$"""
        {"resourceType":"Patient","id":"p#######","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Mira Dahl#######, born 19##</div>"},
        "identifier":[{"use":"usual","system":"{{Identifiers}}","value":"M#######"}],"active":true,"name":[{"use":"official","family":"Dahl#######","given":["Mira","Ada"]}],
        "telecom":[{"system":"phone","value":"+46 8 5#######","use":"home"}],"gender":"female","birthDate":"19##-0#-1#",
        "address":[{"use":"home","line":["Storgatan ##"],"city":"Uppsala","postalCode":"75###","country":"SE"}],"generalPractitioner":[{"reference":"Practitioner/d##"}]}
        """);

    private static readonly Template Encounter = new(
        """
        {"resourceType":"Encounter","id":"e########","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB","display":"ambulatory"},
        "type":[{"coding":[{"system":"http://snomed.info/sct","code":"185349003","display":"Encounter for check up"}]}],"subject":{"reference":"Patient/p#######"},
        "participant":[{"individual":{"reference":"Practitioner/d##"}}],"period":{"start":"202#-03-01T09:00:00Z","end":"202#-03-01T09:30:00Z"}}
        """);

    private static readonly Template Condition = new(
        """
        {"resourceType":"Condition","id":"c#######","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
        "verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}]},
        "code":{"coding":[{"system":"http://example.org/conditions","code":"C##"}]},"subject":{"reference":"Patient/p#######"},"encounter":{"reference":"Encounter/e########"},"onsetDateTime":"2021-0#-1#"}
        """);

    /// <summary>The code of an Observation as a token that a search can ask for.</summary>
    public static string CodeToken(int code) => $"http://loinc.org|{Loinc[code].Code}";

    /// <summary>Which part of the id of an Observation is the patient.</summary>
    public static long ObservationId(long patient, int index) => patient * 100 + index;

    /// <summary>The JSON of a resource of a patient; index 0 to 95 are the Observations.</summary>
    /// <returns>How many bytes were written.</returns>
    public int Write(Span<byte> target, long patient, int index)
    {
        var practitioner = patient % Practitioners + 1;
        return index switch
        {
            < ObservationsPerPatient => WriteObservation(target, _observations, patient, index, [ObservationId(patient, index)], ObservationId(patient, index)),
            ObservationsPerPatient => Patient.Write(
                target, patient, patient, 40 + patient % 50, patient, patient, patient % 10_000_000, 40 + patient % 50, 1 + patient % 9, patient % 10, patient % 100, patient % 1000, practitioner),
            ObservationsPerPatient + 1 => Condition.Write(target, patient, patient % ConditionCodes, patient, patient * 10, 1 + patient % 9, patient % 10),
            _ => Encounter.Write(target, patient * 10 + index - 98, patient, practitioner, index - 98, index - 98),
        };
    }

    /// <summary>An Observation without an id, for the server to give one.</summary>
    public int WriteNew(Span<byte> target, long patient, int index, long identifier) => WriteObservation(target, _newObservations, patient, index, [], identifier);

    public int LengthOfNew(int index) => _newObservations[index % Codes].Length;

    /// <summary>Path of a resource below the base, as <see cref="Write"/> identifies it.</summary>
    public static string Path(long patient, int index) => index switch
    {
        < ObservationsPerPatient => $"Observation/o{ObservationId(patient, index):000000000}",
        ObservationsPerPatient => $"Patient/p{patient:0000000}",
        ObservationsPerPatient + 1 => $"Condition/c{patient:0000000}",
        _ => $"Encounter/e{patient * 10 + index - 98:00000000}",
    };

    public static int WritePractitioner(Span<byte> target, int number) => Practitioner.Write(target, number, number, number);

    private static int WriteObservation(Span<byte> target, Template[] templates, long patient, int index, ReadOnlySpan<long> id, long identifier)
    {
        // One a week for each code, from the first of January of 2020 on, with some spread over the day.
        var week = index / Codes;
        ReadOnlySpan<long> rest = [identifier, patient, patient * 10 + index % 2, 20 + week / 12, week % 12 + 1, patient % 28 + 1, patient % 24, index % 60, patient % Practitioners + 1, patient % 100, index % 10];
        return templates[index % Codes].Write(target, [.. id, .. rest]);
    }

    private static string Observation(string code, string display, string unit, string id, int length)
    {
        var text = $$$"""
            {"resourceType":"Observation",{{{id}}}"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{{{display}}}</p></div>"},"identifier":[{"system":"{{{Identifiers}}}","value":"N############"}],
            "status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory","display":"Laboratory"}],"text":"Laboratory"}],
            "code":{"coding":[{"system":"http://loinc.org","code":"{{{code}}}","display":"{{{display}}}"}],"text":"{{{display}}}"},"subject":{"reference":"Patient/p#######"},"encounter":{"reference":"Encounter/e########"},
            "effectiveDateTime":"20##-##-##T##:##:00Z","performer":[{"reference":"Practitioner/d##"}],
            "valueQuantity":{"value":1##.#,"unit":"{{{unit}}}","system":"http://unitsofmeasure.org","code":"{{{unit}}}"},
            "interpretation":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"N","display":"Normal"}]}],
            "referenceRange":[{"low":{"value":100,"unit":"{{{unit}}}","system":"http://unitsofmeasure.org","code":"{{{unit}}}"},"high":{"value":200,"unit":"{{{unit}}}","system":"http://unitsofmeasure.org","code":"{{{unit}}}"}}],
            "note":[{"text":"
            """.ReplaceLineEndings("");
        const string Words = "Sample taken at rest, fasting since the evening before; repeated after a quarter of an hour with the same result. ";
        var note = new string([.. Enumerable.Range(0, Math.Max(1, length - text.Length - 4)).Select(i => Words[i % Words.Length])]);
        return text + note + "\"}]}";
    }
}
