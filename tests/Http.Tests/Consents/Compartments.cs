using System.Text.Json.Nodes;

namespace HealthChain.Http.Tests.Consents;

/// <summary>
/// Whose a resource is, of the types that random worlds have. Written down from the specification
/// (https://hl7.org/fhir/R4/compartmentdefinition-patient.html) and docs/access.md, not from the code that decides.
/// </summary>
internal static class Compartments
{
    private static readonly Dictionary<string, string[]> Members = new()
    {
        ["AllergyIntolerance"] = ["patient", "recorder", "asserter"],
        ["Appointment"] = ["participant.actor"],
        ["CarePlan"] = ["subject", "activity.detail.performer"],
        ["Claim"] = ["patient", "payee.party"],
        ["Communication"] = ["subject", "sender", "recipient"],
        ["Composition"] = ["subject", "author", "attester.party"],
        ["Condition"] = ["subject", "asserter"],
        ["Consent"] = ["patient"],
        ["Contract"] = ["subject"],
        ["Coverage"] = ["policyHolder", "subscriber", "beneficiary", "payor"],
        ["DiagnosticReport"] = ["subject"],
        ["DocumentReference"] = ["subject", "author"],
        ["Encounter"] = ["subject"],
        ["ExplanationOfBenefit"] = ["patient", "payee.party"],
        ["Flag"] = ["subject"],
        ["GuidanceResponse"] = ["subject"],
        ["Group"] = ["member.entity"],
        ["Immunization"] = ["patient"],
        ["List"] = ["subject", "source"],
        ["MedicationRequest"] = ["subject"],
        ["Observation"] = ["subject", "performer"],
        ["Procedure"] = ["subject", "performer.actor"],
        ["Provenance"] = ["target"],
        ["QuestionnaireResponse"] = ["subject", "author"],
        ["RelatedPerson"] = ["patient"],
        ["ServiceRequest"] = ["subject", "performer"],
    };

    /// <summary>The patients whose consents a resource is under, such as <c>Patient/p0</c>.</summary>
    public static IReadOnlySet<string> PatientsOf(JsonObject resource)
    {
        string type = (string)resource["resourceType"]!;
        return type switch
        {
            "Patient" => new HashSet<string> { "Patient/" + (string)resource["id"]! },
            "Binary" => Targets(resource, "securityContext"),
            "Bundle" => (resource["entry"] as JsonArray ?? []).Select(entry => entry!["resource"]).OfType<JsonObject>().SelectMany(PatientsOf).ToHashSet(),
            "Device" => Targets(resource, "patient"),
            _ => Members.GetValueOrDefault(type, []).SelectMany(path => Targets(resource, path)).ToHashSet(),
        };
    }

    /// <summary>Patients who see it as theirs: a Bundle, and what is outside R4's compartment, is nobody's; and a Task is the patient's whom it is for.</summary>
    public static IReadOnlySet<string> RecordOf(JsonObject resource) => (string)resource["resourceType"]! switch
    {
        "Bundle" or "Contract" or "GuidanceResponse" => new HashSet<string>(),
        "Task" => Targets(resource, "for"),
        _ => PatientsOf(resource),
    };

    /// <summary>The resource of this server that a reference names, such as <c>Patient/p0</c>; null for none.</summary>
    public static string? Local(string? reference)
    {
        string text = reference ?? "";
        text = text.StartsWith(World.Base + "/", StringComparison.Ordinal) ? text[(World.Base.Length + 1)..] : text;
        return text.Split('/') is [{ Length: > 0 } type, { Length: > 0 } id, ..] && char.IsAsciiLetterUpper(type[0]) ? $"{type}/{id}" : null;
    }

    private static HashSet<string> Targets(JsonObject resource, string path)
    {
        IEnumerable<JsonNode?> nodes = [resource];
        foreach (string name in path.Split('.'))
        {
            nodes = nodes.Select(node => (node as JsonObject)?[name]).SelectMany(node => node is JsonArray many ? many : (IEnumerable<JsonNode?>)[node]);
        }

        return nodes.OfType<JsonObject>().Select(reference => Local((string?)reference["reference"])).OfType<string>()
            .Where(target => target.StartsWith("Patient/", StringComparison.Ordinal)).ToHashSet();
    }
}
