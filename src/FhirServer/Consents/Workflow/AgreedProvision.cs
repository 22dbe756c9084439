using System.Text.Json.Nodes;
using HealthChain.Fhir;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Operations;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>
/// The provision to which a patient agrees: the proposed one, one of her own, or the proposed one with some of its elements replaced and labels withheld.
/// That it is no wider than what was proposed is for others to find out.
/// </summary>
internal static class AgreedProvision
{
    private static readonly string[] Replaced = ["period", "purpose", "class", "code", "action"];

    public static Result<JsonNode> Of(JsonNode proposed, OperationInput input)
    {
        string[] stated = [.. Replaced.Append("withhold").Where(input.Has)];
        if (input.Value("consent") is { Exists: true } own)
        {
            return stated.Length > 0
                ? FhirError.Of(ErrorKind.Invalid, IssueType.Value, $"What is agreed to is said either by 'consent' or by '{stated[0]}' and the like, not by both.")
                : own.Child("provision") is { Exists: true } provision ? ConsentTexts.Parse(provision)
                : FhirError.Of(ErrorKind.Invalid, IssueType.Required, "The Consent that is agreed to needs a provision.", "Consent.provision");
        }

        JsonObject agreed = proposed.DeepClone().AsObject();
        foreach (string name in stated)
        {
            // An exception that states the element itself would not hear of the change.
            if (name is not ("period" or "withhold") && agreed["provision"] is JsonArray exceptions && exceptions.Any(rule => (string?)rule!["type"] == "permit" && rule[name] is not null))
            {
                return FhirError.Of(ErrorKind.Unprocessable, IssueType.BusinessRule, $"What is proposed states '{name}' in several places; say by 'consent' what is agreed to.");
            }

            switch (name)
            {
                case "period":
                    agreed[name] = ConsentTexts.Parse(input.Value(name));
                    break;
                case "withhold":
                    Withhold(agreed, input.Values(name));
                    break;
                default:
                    agreed[name] = new JsonArray([.. ValuesOf(name, input)]);
                    break;
            }
        }

        return agreed;
    }

    private static IEnumerable<JsonNode> ValuesOf(string name, OperationInput input) => name switch
    {
        "purpose" => input.Texts(name).Select(ConsentTexts.Purpose),
        "class" => input.Texts(name).Select(ConsentTexts.Class),
        "action" => input.Texts(name).Select(ConsentTexts.Action),
        _ => input.Values(name).Select(code => new JsonObject { ["coding"] = new JsonArray(ConsentTexts.Parse(code)) }),
    };

    private static void Withhold(JsonObject provision, IReadOnlyList<Element> labels)
    {
        var refusal = new JsonObject { ["type"] = "deny", ["securityLabel"] = new JsonArray([.. labels.Select(ConsentTexts.Parse)]) };
        if (provision["provision"] is JsonArray exceptions)
        {
            exceptions.Add(refusal);
        }
        else
        {
            provision["provision"] = new JsonArray(refusal);
        }
    }
}
