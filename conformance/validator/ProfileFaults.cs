using System.Text.Json.Nodes;

namespace HealthChain.ValidatorSuite;

/// <summary>Breaks what only <see cref="TestProfiles"/> demand, in resources that meet them.</summary>
internal static class ProfileFaults
{
    public static IEnumerable<Mutation> All() => [.. Patients(), .. Observations()];

    private static IEnumerable<Mutation> Patients()
    {
        yield return Patient("profile: missing element", "Patient", p => p.Remove("name"));
        yield return Patient("profile: missing element", "Patient", p => p.Remove("active"));
        yield return Patient("profile: missing element", "Patient", p => p.Remove("birthDate"));
        yield return Patient("profile: missing element", "Patient.name[0]", p => First(p, "name").Remove("family"));
        yield return Patient("profile: missing element", "Patient.contact[0]", p => p["contact"] = Json("""[{"gender":"male","telecom":[{"system":"phone","value":"1"}]}]"""));
        yield return Patient("profile: too many", "Patient.name[0].given", p => First(p, "name")["given"] = Json("""["a","b","c"]"""));
        yield return Patient("profile: forbidden element", "Patient.photo[0]", p => p["photo"] = Json("""[{"title":"x"}]"""));
        yield return Patient("profile: too long", "Patient.name[0].family", p => First(p, "name")["family"] = new string('x', 21));
        yield return Patient("profile: value too small", "Patient.birthDate", p => p["birthDate"] = "1899-12-31");
        yield return Patient("profile: value too great", "Patient.multipleBirth", p => p["multipleBirthInteger"] = 10);
        yield return Patient("profile: type of a choice", "Patient.multipleBirth", p =>
        {
            p.Remove("multipleBirthInteger");
            p["multipleBirthBoolean"] = true;
        });
        yield return Patient("profile: pattern", "Patient.maritalStatus", p => p["maritalStatus"] = Json("""{"text":"married"}"""));
        yield return Patient("profile: invariant", "Patient", p => p["deceasedBoolean"] = true);
        yield return Patient("profile: slice missing", "Patient", p => p["identifier"]!.AsArray().RemoveAt(0));
        yield return Patient("profile: slice too often", "Patient", p => p["identifier"]!.AsArray().Add(First(p, "identifier").DeepClone()));
        yield return Patient("profile: slice too often", "Patient", p => p["extension"]!.AsArray().Add(First(p, "extension").DeepClone()));
        yield return Patient("profile: rule of a slice", "Patient.identifier[0]", p => First(p, "identifier").Remove("value"));
        yield return Patient("profile: rule of a slice", "Patient.identifier[0].value", p => First(p, "identifier")["value"] = "A123456789");
        yield return Patient("profile: rule of a slice", "Patient.identifier[0].value", p => First(p, "identifier")["value"] = "12345");
        yield return Patient("profile: rule of a slice", "Patient.identifier[0].use", p => First(p, "identifier")["use"] = "usual");
        yield return Patient("profile: rule of a slice", "Patient.identifier[1]", p => p["identifier"]![1]!.AsObject().Remove("use"));
        yield return Patient("profile: rule of a slice", "Patient.identifier[1].use", p => p["identifier"]![1]!["use"] = "usual");
        yield return Patient("profile: closed slicing", "Patient.telecom[2]", p => p["telecom"]!.AsArray().Add(Json("""{"system":"fax","value":"1"}""")));
        yield return Patient("profile: order of slices", "Patient.telecom[1]", p => p["telecom"] = Json("""[{"system":"email","value":"x"},{"system":"phone","value":"1"}]"""));
        yield return Patient("profile: target of a reference", "Patient.generalPractitioner[0]", p => First(p, "generalPractitioner")["reference"] = "Organization/1");
        yield return Patient("profile: version in a reference", "Patient.generalPractitioner[0]", p => First(p, "generalPractitioner")["reference"] = "Practitioner/1/_history/2");
        yield return Patient("profile: extension", "Patient.extension[0]", p => First(p, "extension")["extension"]!.AsArray().RemoveAt(0));
        yield return Patient("profile: extension", "Patient.extension[0].extension[0].value", p => First(p, "extension")["extension"]![0]!["valueCoding"]!["code"] = "nowhere");
        yield return Patient("profile: extension", "Patient.extension[0].extension[1].value", p => First(p, "extension")["extension"]![1] = Json("""{"url":"text","valueInteger":1}"""));
        yield return Patient("profile: extension", "Patient.extension[0].value", p => p["extension"] = Json("""[{"url":"http://example.org/profiles/origin","valueString":"x"}]"""));
        yield return Patient("profile: context of an extension", "Patient.name[0].extension[0]", p => First(p, "name")["extension"] = p["extension"]!.DeepClone());
    }

    private static IEnumerable<Mutation> Observations()
    {
        yield return Observation("profile: slice missing", "Observation", o => o["category"]!.AsArray().RemoveAt(0));
        yield return Observation("profile: slice too often", "Observation", o => o["category"]!.AsArray().Insert(0, First(o, "category").DeepClone()));
        yield return Observation("profile: slice behind the end", "Observation.category[1]", o => o["category"] = new JsonArray(o["category"]![1]!.DeepClone(), o["category"]![0]!.DeepClone()));
        yield return Observation("profile: type of a choice", "Observation.effective", o =>
        {
            o.Remove("effectiveDateTime");
            o["effectivePeriod"] = Json("""{"start":"2020"}""");
        });
        yield return Observation("profile: closed slicing by type", "Observation.value", o =>
        {
            o.Remove("valueQuantity");
            o["valueString"] = "x";
        });
        yield return Observation("profile: rule of a type slice", "Observation.value", o => o["valueQuantity"]!.AsObject().Remove("code"));
        yield return Observation("profile: rule of a type slice", "Observation.value.code", o => o["valueQuantity"]!["code"] = "kPa");
        yield return Observation("profile: value too great", "Observation.value", o => o["valueQuantity"]!["value"] = 301);
        yield return Observation("profile: binding of a type slice", "Observation.value", o =>
        {
            o.Remove("valueQuantity");
            o["valueCodeableConcept"] = Json("""{"coding":[{"system":"http://example.org/origins","code":"nowhere"}]}""");
        });
        yield return Observation("profile: aggregation", "Observation.subject", o =>
        {
            o.Remove("contained");
            o["subject"]!["reference"] = "Patient/1";
        });
        yield return Observation("profile: profile of a target", "Observation.subject", o =>
        {
            JsonObject patient = First(o, "contained");
            patient.Remove("meta");
            patient.Remove("gender");
        });
        yield return Observation("profile: version in a reference", "Observation.hasMember[0]", o => First(o, "hasMember")["reference"] = "Observation/2");
        yield return Observation("profile: slice missing", "Observation", o => o["component"]!.AsArray().RemoveAt(0));
        yield return Observation("profile: order of slices", "Observation.component[1]", o => o["component"] = new JsonArray(o["component"]![1]!.DeepClone(), o["component"]![0]!.DeepClone()));
        yield return Observation("profile: rule of a slice", "Observation.component[0]", o => First(o, "component").Remove("valueQuantity"));
        yield return Observation("profile: rule of a slice", "Observation.component[0].value", o =>
        {
            First(o, "component").Remove("valueQuantity");
            First(o, "component")["valueString"] = "x";
        });
        yield return Observation("profile: wrong type of resource", "Observation.contained[0]", o => First(o, "contained")["meta"]!["profile"]![0] = TestProfiles.Observation);
    }

    private static Mutation Patient(string kind, string expression, Action<JsonObject> change) => Make(kind, expression, TestProfiles.ValidPatient, change);

    private static Mutation Observation(string kind, string expression, Action<JsonObject> change) => Make(kind, expression, TestProfiles.ValidObservation, change);

    private static Mutation Make(string kind, string expression, string valid, Action<JsonObject> change)
    {
        JsonObject resource = JsonNode.Parse(valid)!.AsObject();
        change(resource);
        return new Mutation(kind, "(test profiles)", expression, resource, []);
    }

    private static JsonObject First(JsonObject owner, string name) => owner[name]![0]!.AsObject();

    private static JsonNode Json(string text) => JsonNode.Parse(text)!;
}
