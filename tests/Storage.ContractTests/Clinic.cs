namespace HealthChain.Storage.ContractTests;

/// <summary>A few resources with something to find in each kind of parameter.</summary>
internal static class Clinic
{
    public static readonly string[] Resources =
    [
        """{"resourceType":"Practitioner","id":"d1","name":[{"family":"Who"}]}""",
        """{"resourceType":"Patient","id":"p1","identifier":[{"system":"http://x.org/mrn","value":"1"}],"name":[{"family":"Müller","given":["Jo"]}],"gender":"male","birthDate":"1980-03-02","generalPractitioner":[{"reference":"Practitioner/d1"}]}""",
        """{"resourceType":"Patient","id":"p2","identifier":[{"value":"1"}],"name":[{"family":"Featherstonehaugh-Cholmondeley"}],"gender":"female","birthDate":"1990-07"}""",
        """{"resourceType":"Patient","id":"p3","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">In <b>good</b> health</div>"}}""",
        """{"resourceType":"Observation","id":"o1","meta":{"security":[{"code":"R"}]},"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic pressure"}]},"subject":{"reference":"Patient/p1"},"valueQuantity":{"value":120,"unit":"mmHg"}}""",
        """{"resourceType":"Observation","id":"o2","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"subject":{"reference":"Patient/p2"},"valueQuantity":{"value":140,"unit":"mmHg"}}""",
        """{"resourceType":"Observation","id":"o3","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},"subject":{"reference":"Patient/p1"},"valueQuantity":{"value":80,"unit":"mmHg"}}""",
        """{"resourceType":"Observation","id":"o4","status":"final","code":{"text":"dose"},"subject":{"identifier":{"system":"http://x.org/mrn","value":"7"}},"valueQuantity":{"value":5,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}""",
        """{"resourceType":"RiskAssessment","id":"r1","status":"final","subject":{"reference":"Patient/p3"},"prediction":[{"probabilityDecimal":0.8}]}""",
        """{"resourceType":"ValueSet","id":"v1","url":"http://x.org/vs/a","status":"active"}""",
        """{"resourceType":"ValueSet","id":"v2","url":"http://x.org/vs/a/b","status":"active"}""",
    ];
}
