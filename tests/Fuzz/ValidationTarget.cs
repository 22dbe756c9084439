using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Validation;

namespace HealthChain.Fuzz;

/// <summary>Validation of whatever tree the JSON reader makes, even of faulty text: it ends, keeps its bound, and says the same twice.</summary>
public sealed class ValidationTarget : FuzzTarget
{
    private static readonly ValidationRequest BloodPressure = new() { Profiles = ["http://hl7.org/fhir/StructureDefinition/bp"] };
    private readonly Validator _validator = new(DefinitionSet.R4, new TerminologyService(DefinitionSet.R4));

    public override string Name => "validation";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. Resources.Json,
        .. Words(
            """{"resourceType":"Bundle","type":"document","identifier":{"system":"urn:x","value":"1"},"timestamp":"2020-01-01T00:00:00Z","entry":[{"fullUrl":"http://x.org/fhir/Composition/1","resource":{"resourceType":"Composition","id":"1","status":"final","type":{"text":"x"},"date":"2020","author":[{"reference":"Practitioner/2"}],"title":"x","section":[{"title":"s","entry":[{"reference":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}]}]}},{"fullUrl":"http://x.org/fhir/Practitioner/2","resource":{"resourceType":"Practitioner","id":"2"}}]}""",
            """{"resourceType":"QuestionnaireResponse","status":"completed","contained":[{"resourceType":"Questionnaire","id":"q","status":"active","item":[{"linkId":"1","type":"boolean","required":true},{"linkId":"2","type":"string","enableWhen":[{"question":"1","operator":"=","answerBoolean":true}]}]}],"questionnaire":"#q","item":[{"linkId":"1","answer":[{"valueBoolean":true}]},{"linkId":"2","answer":[{"valueString":"x"}]}]}""",
            """{"resourceType":"Observation","meta":{"profile":["http://hl7.org/fhir/StructureDefinition/bp"]},"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}]},"subject":{"reference":"Patient/1"},"effectiveDateTime":"2020-01-01","component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":107,"unit":"mmHg","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"dataAbsentReason":{"text":"x"}}]}""",
            """{"resourceType":"StructureDefinition","url":"http://x.org/p","name":"P","status":"draft","kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","differential":{"element":[{"id":"Patient.name","path":"Patient.name","min":1},{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}},{"id":"Patient.identifier:a","path":"Patient.identifier","sliceName":"a"}]}}"""),
    ];

    public override IReadOnlyList<byte[]> Dictionary { get; } = Words(
        "\"#\"", "\"#o\"", "Patient/p1", "http://x.org/fhir/Patient/p1/_history/1", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "/_history/", "\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/patient-birthPlace\"}]",
        "\"modifierExtension\"", "\"contained\":[{\"resourceType\":\"Patient\"}]", "<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\">", "</p>", "<!--", "<![CDATA[", "&#x;", "<img src=\\\"#o\\\"/>", "\"profile\":[\"http://hl7.org/fhir/StructureDefinition/vitalsigns\"]",
        "\"reference\":", "\"fullUrl\":", "document", "transaction", "searchset", "\"linkId\":\"1\"", "\"id\":\"x\"", "[x]", "\"system\":\"http://unitsofmeasure.org\"", "9999-12-31", "\"size\":1", "\"data\":\"AAAA\"");

    public override void Run(byte[] input)
    {
        if (FhirJson.Read(input).Tree is not { } tree)
        {
            return;
        }

        ValidationRequest request = tree.Root.Type.Name == "Observation" ? BloodPressure : ValidationRequest.Default;
        IReadOnlyList<Issue> issues = _validator.Validate(tree.Root, request);
        Promise(issues.Count <= ValidatorOptions.Default.MaxIssues, "the number of issues is bounded");
        Promise(issues.All(issue => issue.Message.Length > 0), "every issue says something");
        Promise(issues.SequenceEqual(_validator.Validate(tree.Root, request)), "validating again gives the same issues");
    }
}
