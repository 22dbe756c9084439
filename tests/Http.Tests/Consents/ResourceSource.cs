using System.Text.Json.Nodes;

namespace HealthChain.Http.Tests.Consents;

/// <summary>Makes random resources of many types that refer to one another.</summary>
/// <param name="keys">All resources that there are to be, such as <c>Observation/o1</c>.</param>
internal sealed class ResourceSource(Draw draw, IReadOnlyList<string> keys)
{
    /// <summary>Types of which random worlds have most of their resources, and how an instance begins.</summary>
    public static IReadOnlyList<string> Clinical { get; } =
    [
        "Observation", "Observation", "Observation", "Condition", "Condition", "Encounter", "Encounter", "Procedure", "MedicationRequest", "AllergyIntolerance", "DocumentReference",
        "Composition", "List", "Group", "Provenance", "Appointment", "Device", "Binary", "Bundle", "DiagnosticReport", "Immunization", "CarePlan", "Task", "Communication", "Coverage",
        "Claim", "ExplanationOfBenefit", "Flag", "ServiceRequest", "QuestionnaireResponse", "RelatedPerson", "GuidanceResponse", "Contract",
    ];

    private string _id = "";
    private string _patient = "";

    /// <param name="key">What it is to be.</param>
    /// <param name="patient">Whose it mainly is, such as <c>Patient/p0</c>.</param>
    public JsonObject Make(string key, string patient)
    {
        (string type, _id) = (key.Split('/')[0], key.Split('/')[1]);
        _patient = patient;
        return JsonNode.Parse($$"""{"resourceType":"{{type}}","id":"{{_id}}"{{Meta()}}{{Contained(type)}}{{Narrative(type)}},{{Elements(type)}}}""")!.AsObject();
    }

    private string Elements(string type) => type switch
    {
        "AllergyIntolerance" => $"\"code\":{Concept(Codes.Found)},\"patient\":{Subject()}{May("recorder", Ref("Practitioner", "Patient"))}{May("recordedDate", Day())}",
        "Appointment" => $"\"status\":\"booked\",\"participant\":[{Participant(_patient)},{Participant(Any("Patient", "Practitioner"))}]{May("description", Word())}",
        "Binary" => $"\"contentType\":\"text/plain\",\"securityContext\":{Subject()},\"data\":\"aGVsbG8=\"",
        "Bundle" => $"\"type\":\"collection\",\"entry\":[{Entry("Observation")},{Entry(draw.Pick("Condition", "Condition", "Device", "GuidanceResponse"))}]",
        "CarePlan" => $"\"status\":\"active\",\"intent\":\"plan\",\"subject\":{Subject()}{May("addresses", Refs("Condition"))}{May("period", Period())}",
        "Claim" => $"\"status\":\"active\",\"use\":\"claim\",\"patient\":{Subject()},\"created\":{Day()},\"insurer\":{Ref("Organization")},\"provider\":{Ref("Organization", "Practitioner")}",
        "Communication" => $"\"status\":\"completed\",\"subject\":{Subject()}{May("sender", Ref("Practitioner", "Patient"))}{May("sent", Instant())}{May("about", Refs("Observation", "Condition"))}",
        "Composition" => $"\"status\":\"final\",\"type\":{Concept(Codes.Measured)},\"subject\":{Subject()},\"date\":{Day()},\"author\":{Refs("Practitioner", "Patient")},\"title\":{Word()}"
            + $"{May("encounter", Ref("Encounter"))},\"section\":[{{\"title\":{Word()},\"entry\":{Refs("Observation", "Condition", "Procedure")}}}]",
        "Condition" => $"\"code\":{Concept(Codes.Found)},\"subject\":{Subject()}{May("encounter", Ref("Encounter"))}{May("onsetDateTime", Day())}{May("recorder", Ref("Practitioner"))}"
            + $"{May("asserter", Ref("Practitioner", "Patient"))}{May("evidence", $"[{{\"detail\":{Refs("Observation")}}}]")}{May("clinicalStatus", Concept(["http://terminology.hl7.org/CodeSystem/condition-clinical|active"]))}",
        "Contract" => $"\"subject\":{Refs("Patient", "Organization")}{May("issued", Day())}",
        "Coverage" => $"\"status\":\"active\",\"beneficiary\":{Subject()},\"payor\":{Refs("Organization")}{May("subscriber", Ref("Patient"))}",
        "Device" => $"\"patient\":{Subject()},\"type\":{Concept(Codes.Done)}{May("owner", Ref("Organization"))}",
        "DiagnosticReport" => $"\"status\":\"final\",\"code\":{Concept(Codes.Measured)},\"subject\":{Subject()}{May("result", Refs("Observation"))}{May("effectiveDateTime", Day())}{May("encounter", Ref("Encounter"))}",
        "DocumentReference" => $"\"status\":\"current\",\"subject\":{Subject()}{May("author", Refs("Practitioner", "Patient"))}{May("date", Instant())}{May("custodian", Ref("Organization"))}"
            + $"{May("description", Word())},\"content\":[{{\"attachment\":{{\"contentType\":\"text/plain\",\"url\":\"{Any("Binary")}\"}}}}]",
        "Encounter" => $"\"status\":\"finished\",\"class\":{Codes.Coding(draw.Pick($"{Codes.ActCode}|IMP", $"{Codes.ActCode}|AMB"))},\"subject\":{Subject()}{May("period", Period())}{May("serviceProvider", Ref("Organization"))}"
            + $"{May("participant", $"[{{\"individual\":{Ref("Practitioner")}}}]")}{May("diagnosis", $"[{{\"condition\":{Ref("Condition")}}}]")}{May("partOf", Ref("Encounter"))}",
        "ExplanationOfBenefit" => $"\"status\":\"active\",\"use\":\"claim\",\"outcome\":\"complete\",\"patient\":{Subject()},\"insurer\":{Ref("Organization")}{May("claim", Ref("Claim"))},\"created\":{Day()}",
        "Flag" => $"\"status\":\"active\",\"code\":{Concept(Codes.Found)},\"subject\":{Subject()}{May("period", Period())}",
        "GuidanceResponse" => $"\"status\":\"success\",\"moduleUri\":\"urn:example:module\",\"subject\":{Subject()}{May("encounter", Ref("Encounter"))}{May("occurrenceDateTime", Day())}",
        "Group" => $"\"type\":\"person\",\"actual\":true,\"member\":[{{\"entity\":{Subject()}}},{{\"entity\":{Ref("Patient")}}}]",
        "Immunization" => $"\"status\":\"completed\",\"vaccineCode\":{Concept(Codes.Given)},\"patient\":{Subject()},\"occurrenceDateTime\":{Day()}",
        "List" => $"\"status\":\"current\",\"mode\":\"working\",\"title\":{Word()},\"subject\":{Subject()},\"entry\":[{{\"item\":{Ref("Observation", "Condition", "Patient")}}},{{\"item\":{Ref("Observation", "Encounter")}}}]",
        "MedicationRequest" => $"\"status\":\"active\",\"intent\":\"order\",\"subject\":{Subject()},{Medication()}{May("requester", Ref("Practitioner"))}{May("authoredOn", Day())}{May("encounter", Ref("Encounter"))}",
        "Observation" => Observation(),
        "Procedure" => $"\"status\":\"completed\",\"code\":{Concept(Codes.Done)},\"subject\":{Subject()}{May("performedDateTime", Day())}{May("performer", $"[{{\"actor\":{Ref("Practitioner", "Patient")}}}]")}{May("reasonReference", Refs("Condition"))}",
        "Provenance" => $"\"target\":{Refs("Observation", "Condition", "Patient")},\"recorded\":{Instant()},\"agent\":[{{\"who\":{Ref("Practitioner")}}}]",
        "QuestionnaireResponse" => $"\"status\":\"completed\",\"subject\":{Subject()}{May("author", Ref("Practitioner", "Patient"))}{May("authored", Day())}",
        "RelatedPerson" => $"\"patient\":{Subject()},\"name\":[{Name()}]",
        "ServiceRequest" => $"\"status\":\"active\",\"intent\":\"order\",\"code\":{Concept(Codes.Done)},\"subject\":{Subject()}{May("requester", Ref("Practitioner"))}{May("reasonReference", Refs("Condition"))}",
        _ => $"\"status\":\"requested\",\"intent\":\"order\"{May("for", Subject())}{May("focus", Ref("Observation", "Condition"))}{May("description", Word())}{May("owner", Ref("Practitioner"))}{May("requester", Ref("Organization", "Practitioner"))}",
    };

    public string Name() => $$"""{"family":"{{draw.Pick(Codes.Families)}}","given":["{{draw.Pick("Ann", "Bob", "Eve")}}"]}""";

    private string Observation()
    {
        string value = draw.Below(4) switch
        {
            0 => $",\"valueQuantity\":{{\"value\":{draw.Below(5) * 10},\"unit\":\"mg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg\"}}",
            1 => $",\"valueString\":{Word()}",
            2 => $",\"valueCodeableConcept\":{Concept(Codes.Found)}",
            _ => "",
        };
        return $"\"status\":\"{draw.Pick("final", "amended", "preliminary")}\",\"code\":{Concept(Codes.Measured)},\"subject\":{Subject()}{value}{May("encounter", Ref("Encounter"))}"
            + $"{May("effectiveDateTime", Day())}{May("performer", Refs("Practitioner", "Organization", "Patient"))}{May("hasMember", Refs("Observation"))}{May("derivedFrom", Refs("Observation", "DocumentReference"), 0.3)}"
            + $"{May("category", $"[{Concept(["http://terminology.hl7.org/CodeSystem/observation-category|laboratory", "http://terminology.hl7.org/CodeSystem/observation-category|vital-signs"])}]")}"
            + $"{May("component", $"[{{\"code\":{Concept(Codes.Measured)},\"valueQuantity\":{{\"value\":{draw.Below(3)}}}}}]", 0.3)}{May("note", $"[{{\"text\":{Word()}}}]", 0.3)}{May("device", Ref("Device"), 0.3)}";
    }

    private string Meta()
    {
        string labels = draw.Chance(0.35) ? $",\"security\":[{Codings(Codes.Labels)}]" : "";
        string tags = draw.Chance(0.3) ? $",\"tag\":[{Codings(Codes.Tags)}]" : "";
        string profiles = draw.Chance(0.2) ? $",\"profile\":[\"{draw.Pick(Codes.Profiles)}\"]" : "";
        string source = $"\"source\":\"urn:example:source:{draw.Below(2)}\"";
        return $",\"meta\":{{{source}{labels}{tags}{profiles}}}";
    }

    private string Narrative(string type) => type is "Binary" or "Bundle" || draw.Chance(0.6) ? "" : $$"""
        ,"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">{{draw.Pick(Codes.Words)}} {{draw.Pick(Codes.Words)}}</div>"}
        """;

    private string Contained(string type) => type switch
    {
        "MedicationRequest" => $$""","contained":[{"resourceType":"Medication","id":"in","code":{{Concept(Codes.Given)}}}]""",
        "Observation" or "Condition" when draw.Chance(0.15) => $$""","contained":[{"resourceType":"Practitioner","id":"in","name":[{{Name()}}]}]""",
        _ => "",
    };

    private string Medication() => draw.Chance(0.5) ? "\"medicationReference\":{\"reference\":\"#in\"}" : $"\"medicationCodeableConcept\":{Concept(Codes.Given)}";

    private string Entry(string type)
    {
        string inner = new ResourceSource(draw, keys).Make($"{type}/inner", draw.Chance(0.7) ? _patient : Any("Patient")).ToJsonString();
        return $$"""{"fullUrl":"{{World.Base}}/{{type}}/inner","resource":{{inner}}}""";
    }

    private string Participant(string actor) => $$"""{"actor":{{RefTo(actor)}},"status":"accepted"}""";

    private string May(string name, string value, double chance = 0.6) => draw.Chance(chance) ? $",\"{name}\":{value}" : "";

    private string Concept(IReadOnlyList<string> codes) => Codes.Concept(draw.Pick(codes));

    private string Codings(IReadOnlyList<string> codes) => string.Join(",", draw.Some(codes, 2).Select(Codes.Coding));

    private string Word() => $"\"{draw.Pick(Codes.Words)} {draw.Pick("left", "right")}\"";

    private string Day() => $"\"{draw.Pick(Codes.Dates)}\"";

    private string Instant() => draw.Pick("\"2026-01-15T09:30:00Z\"", "\"2026-02-20T12:00:00+02:00\"");

    private string Period() => draw.Pick("""{"start":"2026-01-10","end":"2026-01-20"}""", """{"start":"2026-02-01"}""", """{"end":"2025-12-31"}""");

    private string Subject() => RefTo(_patient);

    private string Refs(params string[] types) => $"[{string.Join(",", Enumerable.Range(0, 1 + draw.Below(2)).Select(_ => Ref(types)))}]";

    private string Ref(params string[] types) => RefTo(Any(types));

    /// <summary>Something of one of the types; seldom something that is not there.</summary>
    private string Any(params string[] types)
    {
        string[] choices = [.. keys.Where(key => types.Contains(key.Split('/')[0]))];
        return choices.Length == 0 || draw.Chance(0.03) ? $"{types[0]}/nowhere" : draw.Pick(choices);
    }

    private string RefTo(string key)
    {
        string reference = draw.Below(12) switch
        {
            0 => $"{World.Base}/{key}",
            1 => $"{key}/_history/1",
            _ => key,
        };
        return draw.Chance(0.3) ? $$"""{"reference":"{{reference}}","display":"{{draw.Pick(Codes.Families)}} of {{key.Replace('/', ' ')}}"}""" : $$"""{"reference":"{{reference}}"}""";
    }
}
