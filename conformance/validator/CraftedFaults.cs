using System.Text.Json.Nodes;

namespace HealthChain.ValidatorSuite;

/// <param name="Expression">Where the error must point.</param>
/// <param name="Json">The resource, valid but for the fault.</param>
internal sealed record CraftedFault(string Kind, string Expression, string Json, params string[] Profiles)
{
    private const string Patient = """{"resourceType":"Patient","id":"1","active":true}""";

    public Mutation Make() => new(Kind, "(written)", Expression, JsonNode.Parse(Json.Replace("@patient", Patient, StringComparison.Ordinal))!, Profiles);
}

/// <summary>Faults that need a certain surrounding: invariants, Bundles, narratives, contained resources, answers to questionnaires.</summary>
internal static partial class CraftedFaults
{
    public static IReadOnlyList<CraftedFault> All { get; } = [.. Invariants(), .. Narratives(), .. Contained(), .. Bundles(), .. Values()];

    private static IEnumerable<CraftedFault> Invariants()
    {
        const string kind = "violated invariant";
        yield return new(kind, "Patient.contact[0]", """{"resourceType":"Patient","contact":[{"gender":"male"}]}""");
        yield return new(kind, "Observation", Observation(""","valueString":"x","dataAbsentReason":{"text":"x"}"""));
        yield return new(kind, "Observation.referenceRange[0]", Observation(""","referenceRange":[{"age":{"low":{"value":1}}}]"""));
        yield return new(kind, "Observation.value", Observation(""","valueRange":{"low":{"value":2},"high":{"value":1}}"""));
        yield return new(kind, "Observation.value", Observation(""","valueRatio":{"numerator":{"value":2}}"""));
        yield return new(kind, "Observation", """{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueString":"x","component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]}}]}""");
        yield return new(kind, "Organization", """{"resourceType":"Organization","active":true}""");
        yield return new(kind, "Organization.telecom[0]", """{"resourceType":"Organization","name":"x","telecom":[{"system":"phone","value":"1","use":"home"}]}""");
        yield return new(kind, "Organization.address[0]", """{"resourceType":"Organization","name":"x","address":[{"use":"home","text":"x"}]}""");
        yield return new(kind, "Appointment", """{"resourceType":"Appointment","status":"booked","start":"2020-01-01T10:00:00Z","participant":[{"actor":{"display":"x"},"status":"accepted"}]}""");
        yield return new(kind, "Appointment.participant[0]", """{"resourceType":"Appointment","status":"proposed","participant":[{"status":"accepted"}]}""");
        yield return new(kind, "AllergyIntolerance", """{"resourceType":"AllergyIntolerance","patient":{"reference":"Patient/1"}}""");
        yield return new(kind, "Condition", """{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"abatementDateTime":"2020"}""");
        yield return new(kind, "Condition.stage[0]", """{"resourceType":"Condition","subject":{"reference":"Patient/1"},"stage":[{"type":{"text":"x"}}]}""");
        yield return new(kind, "CarePlan.activity[0]", """{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"Patient/1"},"activity":[{"reference":{"reference":"Task/1"},"detail":{"status":"scheduled"}}]}""");
        yield return new(kind, "FamilyMemberHistory", """{"resourceType":"FamilyMemberHistory","status":"completed","patient":{"reference":"Patient/1"},"relationship":{"text":"x"},"ageString":"x","bornString":"x"}""");
        yield return new(kind, "Goal.target[0]", """{"resourceType":"Goal","lifecycleStatus":"active","description":{"text":"x"},"subject":{"reference":"Patient/1"},"target":[{"detailString":"x"}]}""");
        yield return new(kind, "Group", """{"resourceType":"Group","type":"person","actual":false,"member":[{"entity":{"reference":"Patient/1"}}]}""");
        yield return new(kind, "List", """{"resourceType":"List","status":"current","mode":"working","emptyReason":{"text":"x"},"entry":[{"item":{"reference":"Patient/1"}}]}""");
        yield return new(kind, "List", """{"resourceType":"List","status":"current","mode":"working","entry":[{"deleted":true,"item":{"reference":"Patient/1"}}]}""");
        yield return new(kind, "Linkage", """{"resourceType":"Linkage","item":[{"type":"source","resource":{"reference":"Patient/1"}}]}""");
        yield return new(kind, "MedicationAdministration.dosage", """{"resourceType":"MedicationAdministration","status":"completed","medicationCodeableConcept":{"text":"x"},"subject":{"reference":"Patient/1"},"effectiveDateTime":"2020","dosage":{"text":"x"}}""");
        yield return new(kind, "MedicationRequest.dosageInstruction[0].timing.repeat", """{"resourceType":"MedicationRequest","status":"active","intent":"order","medicationCodeableConcept":{"text":"x"},"subject":{"reference":"Patient/1"},"dosageInstruction":[{"timing":{"repeat":{"frequency":1,"period":1}}}]}""");
        yield return new(kind, "Parameters.parameter[0]", """{"resourceType":"Parameters","parameter":[{"name":"x","valueString":"x","part":[{"name":"y","valueString":"y"}]}]}""");
        yield return new(kind, "ServiceRequest", """{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"reference":"Patient/1"},"orderDetail":[{"text":"x"}]}""");
        yield return new(kind, "RiskAssessment.prediction[0]", """{"resourceType":"RiskAssessment","status":"final","subject":{"reference":"Patient/1"},"prediction":[{"probabilityDecimal":101}]}""");
        yield return new(kind, "Questionnaire.item[0]", """{"resourceType":"Questionnaire","status":"active","item":[{"linkId":"1","type":"group"}]}""");
        yield return new(kind, "Questionnaire", """{"resourceType":"Questionnaire","status":"active","item":[{"linkId":"1","type":"string"},{"linkId":"1","type":"string"}]}""");
        yield return new(kind, "Questionnaire.item[0].enableWhen[0]", """{"resourceType":"Questionnaire","status":"active","item":[{"linkId":"1","type":"string","enableWhen":[{"question":"2","operator":"exists","answerString":"x"}]},{"linkId":"2","type":"string"}]}""");
        yield return new(kind, "Composition.section[0]", """{"resourceType":"Composition","status":"final","type":{"text":"x"},"date":"2020","author":[{"display":"x"}],"title":"x","section":[{"title":"x"}]}""");
        yield return new(kind, "Attachment", """{"resourceType":"Media","status":"completed","content":{"data":"AAAA"}}""") { Expression = "Media.content" };
        yield return new(kind, "ValueSet.compose.include[0]", """{"resourceType":"ValueSet","status":"active","compose":{"include":[{"concept":[{"code":"x"}]}]}}""");
        yield return new(kind, "CodeSystem", """{"resourceType":"CodeSystem","status":"active","content":"complete","concept":[{"code":"x"},{"code":"x"}]}""");
    }

    private static IEnumerable<CraftedFault> Narratives()
    {
        const string kind = "narrative";
        foreach (string div in (string[])
        [
            """<div xmlns='http://www.w3.org/1999/xhtml'> </div>""",
            """<div xmlns='http://www.w3.org/1999/xhtml'><p> </p></div>""",
            """<div xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></div>""",
            """<div xmlns='http://www.w3.org/1999/xhtml'><p onclick='x()'>x</p></div>""",
            """<div xmlns='http://www.w3.org/1999/xhtml'><a href='javascript:x()'>x</a></div>""",
            """<div xmlns='http://www.w3.org/1999/xhtml'><form>x</form></div>""",
            """<div xmlns='http://www.w3.org/1999/xhtml'><iframe src='x'>x</iframe></div>""",
            """<div xmlns='http://www.w3.org/1999/xhtml'><p>x</div>""",
            """<div xmlns='http://www.w3.org/1999/xhtml'>x""",
            """<div xmlns='http://www.w3.org/1999/xhtml'>x & y</div>""",
            """<div xmlns='http://www.w3.org/1999/xhtml'><p class=x>x</p></div>""",
            """<div>x</div>""",
            """<p xmlns='http://www.w3.org/1999/xhtml'>x</p>""",
            """x""",
        ])
        {
            yield return new(kind, "Patient.text.div", """{"resourceType":"Patient","text":{"status":"generated","div":"@div"}}""".Replace("@div", div, StringComparison.Ordinal));
        }
    }

    private static IEnumerable<CraftedFault> Contained()
    {
        const string kind = "contained resource";
        yield return new(kind, "Patient", """{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x"}]}""");
        yield return new(kind, "Patient.contained[0]", """{"resourceType":"Patient","contained":[{"resourceType":"Organization","name":"x"}],"managingOrganization":{"reference":"#o"}}""");
        yield return new(kind, "Patient.contained[1].id", """{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x"},{"resourceType":"Organization","id":"o","name":"y"}],"managingOrganization":{"reference":"#o"}}""");
        yield return new(kind, "Patient", """{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x","contained":[{"resourceType":"Organization","id":"p","name":"y"}],"partOf":{"reference":"#p"}}],"managingOrganization":{"reference":"#o"}}""");
        yield return new(kind, "Patient", """{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x","meta":{"versionId":"1"}}],"managingOrganization":{"reference":"#o"}}""");
        yield return new(kind, "Patient", """{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]}}],"managingOrganization":{"reference":"#o"}}""");
        yield return new(kind, "Patient.managingOrganization", """{"resourceType":"Patient","contained":[{"resourceType":"Practitioner","id":"o"}],"managingOrganization":{"reference":"#o"}}""");
        yield return new(kind, "Patient.contained[0].gender", """{"resourceType":"Patient","contained":[{"resourceType":"Practitioner","id":"p","gender":"x"}],"generalPractitioner":[{"reference":"#p"}]}""");
        yield return new(kind, "Patient.managingOrganization.type", """{"resourceType":"Patient","managingOrganization":{"reference":"Organization/1","type":"Patient"}}""");
    }

    private static IEnumerable<CraftedFault> Bundles()
    {
        const string kind = "Bundle";
        yield return new(kind, "Bundle", """{"resourceType":"Bundle","type":"collection","total":1}""");
        yield return new(kind, "Bundle", """{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x.org/fhir/Patient/1","resource":@patient},{"fullUrl":"http://x.org/fhir/Patient/1","resource":@patient}]}""");
        yield return new(kind, "Bundle.entry[0].fullUrl", """{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x.org/fhir/Patient/2","resource":@patient}]}""");
        yield return new(kind, "Bundle.entry[0].fullUrl", """{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x.org/fhir/Observation/1","resource":@patient}]}""");
        yield return new(kind, "Bundle.entry[0].fullUrl", """{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"Patient/1","resource":@patient}]}""");
        yield return new(kind, "Bundle.entry[0]", """{"resourceType":"Bundle","type":"collection","entry":[{"resource":@patient}]}""");
        yield return new(kind, "Bundle.entry[0]", """{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:c2d3b6a1-7d0e-4a5b-9c1d-0f5b8e6a7c11"}]}""");
        yield return new(kind, "Bundle.entry[0]", """{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x.org/fhir/Patient/1/_history/2","resource":@patient}]}""");
        yield return new(kind, "Bundle", """{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x.org/fhir/Patient/1","resource":@patient,"search":{"mode":"match"}}]}""");
        yield return new(kind, "Bundle", """{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x.org/fhir/Patient/1","resource":@patient,"request":{"method":"POST","url":"Patient"}}]}""");
        yield return new(kind, "Bundle", """{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"http://x.org/fhir/Patient/1","resource":@patient}]}""");
        yield return new(kind, "Bundle", """{"resourceType":"Bundle","type":"transaction-response","entry":[{"resource":@patient}]}""");
        yield return new(kind, "Bundle.entry[0]", """{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"PUT","url":"Patient/1"}}]}""");
        yield return new(kind, "Bundle.entry[0]", """{"resourceType":"Bundle","type":"batch","entry":[{"resource":@patient,"request":{"method":"DELETE","url":"Patient/1"}}]}""");
        yield return new(kind, "Bundle.entry[0].request.url", """{"resourceType":"Bundle","type":"batch","entry":[{"resource":@patient,"request":{"method":"PUT","url":"Group/1"}}]}""");
        yield return new(kind, "Bundle.entry[0].request.url", """{"resourceType":"Bundle","type":"transaction","entry":[{"resource":@patient,"request":{"method":"PUT","url":"Patient/2"}}]}""");
        yield return new(kind, "Bundle.entry[1].request.url", """{"resourceType":"Bundle","type":"transaction","entry":[{"resource":@patient,"request":{"method":"PUT","url":"Patient/1"}},{"request":{"method":"DELETE","url":"Patient/1"}}]}""");
        yield return new(kind, "Bundle.entry[0].request.method", """{"resourceType":"Bundle","type":"batch","entry":[{"resource":@patient,"request":{"method":"FETCH","url":"Patient"}}]}""");
        yield return new(kind, "Bundle", """{"resourceType":"Bundle","type":"document","identifier":{"system":"urn:x","value":"1"},"timestamp":"2020-01-01T00:00:00Z","entry":[{"fullUrl":"http://x.org/fhir/Patient/1","resource":@patient}]}""");
        yield return new(kind, "Bundle", """{"resourceType":"Bundle","type":"message","entry":[{"fullUrl":"http://x.org/fhir/Patient/1","resource":@patient}]}""");
        yield return new(kind, "Bundle", Document("""{"display":"x"}""").Replace("timestamp\":\"2020-01-01T00:00:00Z", "language\":\"en", StringComparison.Ordinal));
        yield return new(kind, "Bundle", Document("""{"display":"x"}""").Replace("system\":\"urn:x", "use\":\"official", StringComparison.Ordinal));
        yield return new(kind, "Bundle.entry[0].resource.author[0]", Document("""{"reference":"Practitioner/2"}"""));
        yield return new(kind, "Bundle.entry[0].resource.id", """{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x.org/fhir/Patient/1","resource":{"resourceType":"Patient","id":"a b"}}]}""");
        yield return new(kind, "Bundle.entry[0].resource", """{"resourceType":"Bundle","type":"searchset","entry":[{"fullUrl":"urn:uuid:c2d3b6a1-7d0e-4a5b-9c1d-0f5b8e6a7c11","resource":{"resourceType":"Patient","active":true},"search":{"mode":"match"}}]}""");
    }

    private static IEnumerable<CraftedFault> Values()
    {
        yield return new("attachment", "Media.content.size", """{"resourceType":"Media","status":"completed","content":{"contentType":"text/plain","data":"QUJD","size":4}}""");
        yield return new("attachment", "Media.content.hash", """{"resourceType":"Media","status":"completed","content":{"contentType":"text/plain","data":"QUJD","hash":"AAAA"}}""");
        yield return new("identifier", "Patient.identifier[0].value", """{"resourceType":"Patient","identifier":[{"system":"urn:ietf:rfc:3986","value":"1.2.3"}]}""");
        yield return new("code system", "CodeSystem.content", """{"resourceType":"CodeSystem","status":"active","content":"complete","supplements":"http://loinc.org","concept":[{"code":"x"}]}""");
        yield return new("code system", "CodeSystem.concept[0]", """{"resourceType":"CodeSystem","status":"active","content":"not-present","concept":[{"code":"x"}]}""");
        yield return new("code system", "CodeSystem.property[1]", """{"resourceType":"CodeSystem","status":"active","content":"complete","property":[{"code":"p","type":"string"},{"code":"p","type":"string"}]}""");
        yield return new("code system", "CodeSystem.concept[0].property[0].value", """{"resourceType":"CodeSystem","status":"active","content":"complete","property":[{"code":"p","type":"boolean"}],"concept":[{"code":"x","property":[{"code":"p","valueString":"true"}]}]}""");
        yield return new("code system", "CodeSystem.concept[0].concept[0].property[0].code", """{"resourceType":"CodeSystem","status":"active","content":"complete","concept":[{"code":"x","concept":[{"code":"y","property":[{"code":"q","valueString":"true"}]}]}]}""");
        yield return new("code system", "Patient.maritalStatus.coding[0].system", """{"resourceType":"Patient","maritalStatus":{"coding":[{"system":"MaritalStatus","code":"M"}]}}""");
        yield return new("code system", "Patient.maritalStatus.coding[0].system", """{"resourceType":"Patient","maritalStatus":{"coding":[{"system":"http://hl7.org/fhir/ValueSet/marital-status","code":"M"}]}}""");
        yield return new("extension", "Patient.extension[0].url", """{"resourceType":"Patient","extension":[{"url":"birthPlace","valueString":"x"}]}""");
        yield return new("extension", "Patient.extension[0].value", """{"resourceType":"Patient","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueString":"x"}]}""");
        yield return new("extension", "Patient.extension[0]", """{"resourceType":"Patient","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-nationality","extension":[{"url":"code","valueCodeableConcept":{"text":"x"}},{"url":"code","valueCodeableConcept":{"text":"y"}}]}]}""");
        yield return new("extension", "Patient.extension[0].extension[0].value", """{"resourceType":"Patient","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-nationality","extension":[{"url":"code","valueString":"x"}]}]}""");
        yield return new("extension", "Observation.extension[0]", Observation(""","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":{"text":"x"}}]"""));
        yield return new("extension", "Observation.extension[0]", Observation(""","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/no-such","valueAddress":{"text":"x"}}]"""));
        yield return new("condition of a question", "Questionnaire.item[0].enableWhen[0].question", """{"resourceType":"Questionnaire","status":"active","item":[{"linkId":"1","type":"string","enableWhen":[{"question":"2","operator":"exists","answerBoolean":true}]}]}""");
        yield return new("condition of a question", "Questionnaire.item[0].enableWhen[0].question", """{"resourceType":"Questionnaire","status":"active","item":[{"linkId":"1","type":"string","enableWhen":[{"question":"1","operator":"exists","answerBoolean":true}]}]}""");
        yield return new("expression", "SearchParameter.expression", """{"resourceType":"SearchParameter","url":"http://example.org/s","name":"S","status":"active","description":"x","code":"s","base":["Patient"],"type":"string","expression":"Patient.name.("}""");
        yield return new("expression", "StructureDefinition.differential.element[0].constraint[0].expression", """{"resourceType":"StructureDefinition","url":"http://example.org/p","name":"P","status":"active","kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","differential":{"element":[{"id":"Patient","path":"Patient","constraint":[{"key":"x-1","severity":"error","human":"x","expression":"name.exists("}]}]}}""");
        yield return new("profile that does not fit its base", "StructureDefinition", """{"resourceType":"StructureDefinition","url":"http://example.org/p","name":"P","status":"active","kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","differential":{"element":[{"id":"Patient.nose","path":"Patient.nose","min":1}]}}""");
        yield return new("entity of HTML", "Patient.text.div", """{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>a&nbsp;b</p></div>"}}""");
        yield return new("unknown part of an extension", "Patient.extension[0].extension[0].url", """{"resourceType":"Patient","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-animal","extension":[{"url":"colour","valueCodeableConcept":{"text":"red"}},{"url":"species","valueCodeableConcept":{"text":"dog"}}]}]}""");
        yield return new("two links of one relation", "Bundle.link[1]", """{"resourceType":"Bundle","type":"searchset","total":0,"link":[{"relation":"self","url":"http://a.org/1"},{"relation":"self","url":"http://a.org/2"}]}""");
        yield return new("control character", "Patient.name[0].family", """{"resourceType":"Patient","name":[{"family":"a\u0001b"}]}""");
        yield return new("required binding of a concept", "AllergyIntolerance.clinicalStatus", """{"resourceType":"AllergyIntolerance","patient":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"http://example.org","code":"active"}]}}""");
        yield return new("required binding of a concept", "Condition.verificationStatus", """{"resourceType":"Condition","subject":{"reference":"Patient/1"},"verificationStatus":{"text":"sure"}}""");
    }

    private static string Observation(string more) => """{"resourceType":"Observation","status":"final","code":{"text":"x"}@more}""".Replace("@more", more, StringComparison.Ordinal);

    private static string Document(string author) =>
        """{"resourceType":"Bundle","type":"document","identifier":{"system":"urn:x","value":"1"},"timestamp":"2020-01-01T00:00:00Z","entry":[{"fullUrl":"http://x.org/fhir/Composition/1","resource":{"resourceType":"Composition","id":"1","status":"final","type":{"text":"x"},"date":"2020","author":[@author],"title":"x"}}]}""".Replace("@author", author, StringComparison.Ordinal);
}
