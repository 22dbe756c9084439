using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Terminology;

namespace HealthChain.ValidatorSuite;

/// <summary>Profiles in the manner of a national guide, written as differentials, that use every means a profile has.</summary>
public static class TestProfiles
{
    public const string Patient = "http://example.org/profiles/patient";
    public const string Observation = "http://example.org/profiles/observation";
    private const string Snomed = "http://snomed.info/sct";

    /// <summary>R4 with these profiles over it.</summary>
    public static DefinitionSet Definitions { get; } = DefinitionSet.R4.With([new DefinitionList([.. Resources().Select(Read)])]);

    public static Fhir.Validation.Validator NewValidator() => new(Definitions, new TerminologyService(Definitions));

    /// <summary>A patient that meets <see cref="Patient"/>.</summary>
    public const string ValidPatient = """
        {"resourceType":"Patient","id":"p1","meta":{"profile":["http://example.org/profiles/patient"]},
        "extension":[{"url":"http://example.org/profiles/origin","extension":[{"url":"code","valueCoding":{"system":"http://example.org/origins","code":"north"}},{"url":"text","valueString":"north"}]}],
        "identifier":[{"system":"http://example.org/mrn","value":"A12345"},{"use":"secondary","system":"http://example.org/insurer","value":"7"}],
        "active":true,"name":[{"use":"official","family":"Ng","given":["Ada"]}],"gender":"female","birthDate":"1990-05-01",
        "telecom":[{"system":"phone","value":"1"},{"system":"email","value":"a@example.org"}],
        "maritalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"M","display":"Married"}]},
        "multipleBirthInteger":2,
        "generalPractitioner":[{"reference":"Practitioner/1"}]}
        """;

    /// <summary>An observation that meets <see cref="Observation"/>.</summary>
    public const string ValidObservation = """
        {"resourceType":"Observation","id":"o1","meta":{"profile":["http://example.org/profiles/observation"]},
        "contained":[{"resourceType":"Patient","id":"pat","meta":{"profile":["http://example.org/profiles/patient"]},
          "identifier":[{"system":"http://example.org/mrn","value":"A12345"}],"active":true,"name":[{"family":"Ng","given":["Ada"]}],"gender":"female","birthDate":"1990-05-01"}],
        "status":"final",
        "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]},{"text":"more"}],
        "code":{"coding":[{"system":"http://snomed.info/sct","code":"75367002"}]},
        "subject":{"reference":"#pat"},
        "effectiveDateTime":"2020-01-01T10:00:00Z",
        "valueQuantity":{"value":120,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"},
        "hasMember":[{"reference":"Observation/2/_history/1"}],
        "component":[
          {"code":{"coding":[{"system":"http://snomed.info/sct","code":"271649006"}]},"valueQuantity":{"value":120,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
          {"code":{"coding":[{"system":"http://snomed.info/sct","code":"271650006"}]},"valueQuantity":{"value":80,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]}
        """;

    private static IDefinition Read(string json) => DefinitionJson.Read(Encoding.UTF8.GetBytes(json), "test profiles").Value;

    private static IEnumerable<string> Resources()
    {
        yield return PatientProfile;
        yield return ObservationProfile.Replace("@sct", Snomed, StringComparison.Ordinal);
        yield return OriginExtension;
        yield return Origins;
        yield return OriginSet;
    }

    private const string PatientProfile = """
        {"resourceType":"StructureDefinition","url":"http://example.org/profiles/patient","name":"TestPatient","status":"active","kind":"resource","abstract":false,"type":"Patient",
        "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","differential":{"element":[
        {"id":"Patient","path":"Patient","constraint":[{"key":"tp-1","severity":"error","human":"Whoever is deceased is not active","expression":"deceased.exists() implies active = false"}]},
        {"id":"Patient.extension","path":"Patient.extension","slicing":{"discriminator":[{"type":"value","path":"url"}],"rules":"open"}},
        {"id":"Patient.extension:origin","path":"Patient.extension","sliceName":"origin","max":"1","type":[{"code":"Extension","profile":["http://example.org/profiles/origin"]}]},
        {"id":"Patient.identifier","path":"Patient.identifier","min":1,"slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}},
        {"id":"Patient.identifier:mrn","path":"Patient.identifier","sliceName":"mrn","min":1,"max":"1"},
        {"id":"Patient.identifier:mrn.use","path":"Patient.identifier.use","max":"0"},
        {"id":"Patient.identifier:mrn.system","path":"Patient.identifier.system","min":1,"fixedUri":"http://example.org/mrn"},
        {"id":"Patient.identifier:mrn.value","path":"Patient.identifier.value","min":1,"maxLength":8,"constraint":[{"key":"tp-2","severity":"error","human":"A record number is a letter and digits","expression":"matches('^[A-Z][0-9]+$')"}]},
        {"id":"Patient.identifier:insurer","path":"Patient.identifier","sliceName":"insurer","max":"1"},
        {"id":"Patient.identifier:insurer.use","path":"Patient.identifier.use","min":1,"patternCode":"secondary"},
        {"id":"Patient.identifier:insurer.system","path":"Patient.identifier.system","min":1,"fixedUri":"http://example.org/insurer"},
        {"id":"Patient.active","path":"Patient.active","min":1},
        {"id":"Patient.name","path":"Patient.name","min":1},
        {"id":"Patient.name.family","path":"Patient.name.family","min":1,"maxLength":20},
        {"id":"Patient.name.given","path":"Patient.name.given","max":"2"},
        {"id":"Patient.telecom","path":"Patient.telecom","slicing":{"discriminator":[{"type":"value","path":"system"}],"ordered":true,"rules":"closed"}},
        {"id":"Patient.telecom:phone","path":"Patient.telecom","sliceName":"phone","max":"1"},
        {"id":"Patient.telecom:phone.system","path":"Patient.telecom.system","min":1,"fixedCode":"phone"},
        {"id":"Patient.telecom:email","path":"Patient.telecom","sliceName":"email","max":"1"},
        {"id":"Patient.telecom:email.system","path":"Patient.telecom.system","min":1,"fixedCode":"email"},
        {"id":"Patient.gender","path":"Patient.gender","min":1},
        {"id":"Patient.birthDate","path":"Patient.birthDate","min":1,"minValueDate":"1900-01-01"},
        {"id":"Patient.maritalStatus","path":"Patient.maritalStatus","patternCodeableConcept":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus"}]}},
        {"id":"Patient.multipleBirth[x]","path":"Patient.multipleBirth[x]","type":[{"code":"integer"}],"maxValueInteger":9},
        {"id":"Patient.photo","path":"Patient.photo","max":"0"},
        {"id":"Patient.contact","path":"Patient.contact"},
        {"id":"Patient.contact.name","path":"Patient.contact.name","min":1},
        {"id":"Patient.generalPractitioner","path":"Patient.generalPractitioner","type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Practitioner"],"versioning":"independent"}]}
        ]}}
        """;

    private const string ObservationProfile = """
        {"resourceType":"StructureDefinition","url":"http://example.org/profiles/observation","name":"TestObservation","status":"active","kind":"resource","abstract":false,"type":"Observation",
        "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","derivation":"constraint","differential":{"element":[
        {"id":"Observation","path":"Observation"},
        {"id":"Observation.category","path":"Observation.category","min":1,"slicing":{"discriminator":[{"type":"pattern","path":"$this"}],"rules":"openAtEnd"}},
        {"id":"Observation.category:vital","path":"Observation.category","sliceName":"vital","min":1,"max":"1","patternCodeableConcept":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}},
        {"id":"Observation.subject","path":"Observation.subject","min":1,"type":[{"code":"Reference","targetProfile":["http://example.org/profiles/patient"],"aggregation":["contained"]}]},
        {"id":"Observation.effective[x]","path":"Observation.effective[x]","min":1,"type":[{"code":"dateTime"}]},
        {"id":"Observation.value[x]","path":"Observation.value[x]","slicing":{"discriminator":[{"type":"type","path":"$this"}],"rules":"closed"}},
        {"id":"Observation.value[x]:valueQuantity","path":"Observation.value[x]","sliceName":"valueQuantity","type":[{"code":"Quantity"}],"maxValueQuantity":{"value":300}},
        {"id":"Observation.value[x]:valueQuantity.code","path":"Observation.value[x].code","min":1,"fixedCode":"mm[Hg]"},
        {"id":"Observation.value[x]:valueCodeableConcept","path":"Observation.value[x]","sliceName":"valueCodeableConcept","type":[{"code":"CodeableConcept"}],"binding":{"strength":"required","valueSet":"http://example.org/origin-set"}},
        {"id":"Observation.hasMember","path":"Observation.hasMember","type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Observation"],"versioning":"specific"}]},
        {"id":"Observation.component","path":"Observation.component","slicing":{"discriminator":[{"type":"value","path":"code.coding.code"}],"ordered":true,"rules":"open"}},
        {"id":"Observation.component:systolic","path":"Observation.component","sliceName":"systolic","min":1,"max":"1"},
        {"id":"Observation.component:systolic.code","path":"Observation.component.code"},
        {"id":"Observation.component:systolic.code.coding","path":"Observation.component.code.coding"},
        {"id":"Observation.component:systolic.code.coding.code","path":"Observation.component.code.coding.code","min":1,"fixedCode":"271649006"},
        {"id":"Observation.component:systolic.value[x]","path":"Observation.component.value[x]","min":1,"type":[{"code":"Quantity"}]},
        {"id":"Observation.component:diastolic","path":"Observation.component","sliceName":"diastolic","min":0,"max":"1"},
        {"id":"Observation.component:diastolic.code","path":"Observation.component.code"},
        {"id":"Observation.component:diastolic.code.coding","path":"Observation.component.code.coding"},
        {"id":"Observation.component:diastolic.code.coding.code","path":"Observation.component.code.coding.code","min":1,"fixedCode":"271650006"}
        ]}}
        """;

    private const string OriginExtension = """
        {"resourceType":"StructureDefinition","url":"http://example.org/profiles/origin","name":"Origin","status":"active","kind":"complex-type","abstract":false,"type":"Extension",
        "context":[{"type":"element","expression":"Patient"}],
        "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Extension","derivation":"constraint","differential":{"element":[
        {"id":"Extension","path":"Extension"},
        {"id":"Extension.extension","path":"Extension.extension","slicing":{"discriminator":[{"type":"value","path":"url"}],"rules":"open"}},
        {"id":"Extension.extension:code","path":"Extension.extension","sliceName":"code","min":1,"max":"1"},
        {"id":"Extension.extension:code.url","path":"Extension.extension.url","fixedUri":"code"},
        {"id":"Extension.extension:code.value[x]","path":"Extension.extension.value[x]","min":1,"type":[{"code":"Coding"}],"binding":{"strength":"required","valueSet":"http://example.org/origin-set"}},
        {"id":"Extension.extension:text","path":"Extension.extension","sliceName":"text","max":"1"},
        {"id":"Extension.extension:text.url","path":"Extension.extension.url","fixedUri":"text"},
        {"id":"Extension.extension:text.value[x]","path":"Extension.extension.value[x]","min":1,"type":[{"code":"string"}]},
        {"id":"Extension.url","path":"Extension.url","fixedUri":"http://example.org/profiles/origin"},
        {"id":"Extension.value[x]","path":"Extension.value[x]","max":"0"}
        ]}}
        """;

    private const string Origins = """
        {"resourceType":"CodeSystem","url":"http://example.org/origins","status":"active","content":"complete","concept":[{"code":"north"},{"code":"south"},{"code":"nowhere"}]}
        """;

    private const string OriginSet = """
        {"resourceType":"ValueSet","url":"http://example.org/origin-set","status":"active","compose":{"include":[{"system":"http://example.org/origins","concept":[{"code":"north"},{"code":"south"}]}]}}
        """;
}
