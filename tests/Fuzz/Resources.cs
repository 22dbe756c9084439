namespace HealthChain.Fuzz;

/// <summary>Small resources that together use every feature of the formats.</summary>
internal static class Resources
{
    public static IReadOnlyList<byte[]> Json { get; } =
    [
        .. new[]
        {
            """{"resourceType":"Patient","id":"p1","meta":{"versionId":"1","lastUpdated":"2024-01-01T10:00:00.000Z","tag":[{"system":"http://x.org","code":"t"}]},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Ann &amp; <b>Smith</b></p></div>"},"contained":[{"resourceType":"Organization","id":"o","name":"Org"}],"active":true,"name":[{"use":"official","family":"Smith","given":["Ann",null,"C."],"_given":[null,{"extension":[{"url":"http://x.org/e","valueCode":"x"}]},{"id":"g"}]}],"birthDate":"1970-03-30","_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthTime","valueDateTime":"1970-03-30T14:35:45-05:00"}]},"multipleBirthInteger":2,"managingOrganization":{"reference":"#o"}}""",
            """{"resourceType":"Observation","id":"o1","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7","display":"Body \"Weight\""}],"text":"weight é \ud83d\ude00"},"subject":{"reference":"Patient/p1"},"effectiveDateTime":"2024-05-17","valueQuantity":{"value":1.10e2,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"},"component":[{"code":{"text":"c"},"valueSampledData":{"origin":{"value":0},"period":10,"dimensions":1,"data":"E U L 1.5"}}]}""",
            """{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520","resource":{"resourceType":"Encounter","status":"planned","class":{"code":"AMB"},"period":{"start":"2024-01-01T00:00:00Z"}},"request":{"method":"POST","url":"Encounter"}},{"request":{"method":"DELETE","url":"Patient/1"}}]}""",
            """{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"add"},{"name":"path","valueString":"Patient"},{"name":"value","valueDate":"1930-01-01"}]},{"name":"r","resource":{"resourceType":"Basic","code":{"text":"x"}}}]}""",
            """{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"1.1","type":"choice","answerOption":[{"valueCoding":{"code":"a"}}],"initial":[{"valueDecimal":1.0}]}]}]}""",
        }.Select(System.Text.Encoding.UTF8.GetBytes),
    ];
}
