using System.Text.Json.Nodes;

namespace HealthChain.Http.Tests.Consents;

/// <summary>Makes random consents: rules within rules that permit and refuse by all that R4 knows, and some that nobody can follow.</summary>
internal sealed class ConsentSource(Draw draw, IReadOnlyList<string> keys)
{
    private static readonly string[] Roles = ["PRCP", "IRCP", "GRANTEE", "CST", "AUT"];

    /// <param name="key">What it is to be, such as <c>Consent/c1</c>.</param>
    /// <param name="patient">Whose it is.</param>
    public JsonObject Make(string key, string patient)
    {
        bool isDeny = draw.Chance(0.35);
        var consent = JsonNode.Parse($$$$"""
            {"resourceType":"Consent","id":"{{{{key.Split('/')[1]}}}}","status":"{{{{(draw.Chance(0.85) ? "active" : draw.Pick("inactive", "draft", "rejected"))}}}}",
             "scope":{{{{Codes.Concept("http://terminology.hl7.org/CodeSystem/consentscope|" + (draw.Chance(0.85) ? "patient-privacy" : draw.Pick("research", "treatment")))}}}},
             "category":[{{{{Codes.Concept("http://loinc.org|59284-0")}}}}],"patient":{"reference":"{{{{patient}}}}"},"dateTime":"2026-01-10",
             "policy":[{"uri":"{{{{draw.Pick("urn:example:policy:base", "https://profiles.ihe.net/ITI/PCF/Policy-all-normal")}}}}"}],
             "provision":{"type":"{{{{(isDeny ? "deny" : "permit")}}}}"{{{{Criteria(isDeny, 0.25, isRoot: true)}}}}{{{{Exceptions(isDeny, 1)}}}}}}
            """)!.AsObject();
        if (draw.Chance(0.12))
        {
            consent["policyRule"] = JsonNode.Parse(Codes.Concept($"{Codes.ActCode}|{draw.Pick("OPTIN", "OPTOUT")}"));
        }

        if (draw.Chance(0.08))
        {
            consent["verification"] = JsonNode.Parse($$"""[{"verified":{{draw.Pick("true", "false")}}}]""");
        }

        if (draw.Chance(0.05))
        {
            Spoil(consent);
        }

        return consent;
    }

    /// <summary>What no form that was filled in well has.</summary>
    private void Spoil(JsonObject consent)
    {
        JsonObject provision = consent["provision"]!.AsObject();
        switch (draw.Below(4))
        {
            case 0:
                consent.Remove("policy");
                consent.Remove("policyRule");
                break;
            case 1:
                provision["period"] = JsonNode.Parse("""{"start":"2027-01-01","end":"2026-01-01"}""");
                break;
            case 2:
                provision["provision"] = JsonNode.Parse("""[{"class":[{"system":"http://hl7.org/fhir/resource-types","code":"Observation"}]}]""");
                break;
            default:
                consent["modifierExtension"] = JsonNode.Parse("""[{"url":"urn:example:unknown","valueBoolean":true}]""");
                break;
        }
    }

    private string Exceptions(bool isDeny, int depth)
    {
        int count = depth > 3 ? 0 : draw.Below(depth == 1 ? 4 : 2);
        return count == 0 ? "" : $",\"provision\":[{string.Join(",", Enumerable.Range(0, count).Select(_ => Exception(draw.Chance(0.7) ? !isDeny : isDeny, depth + 1)))}]";
    }

    private string Exception(bool isDeny, int depth) => $$"""{"type":"{{(isDeny ? "deny" : "permit")}}"{{Criteria(isDeny, 0.3, isRoot: false)}}{{Exceptions(isDeny, depth)}}}""";

    private string Criteria(bool isDeny, double chance, bool isRoot)
    {
        string criteria = "";
        void May(string name, Func<string> value, double weight = 1)
        {
            criteria += draw.Chance(chance * weight) ? $",\"{name}\":{value()}" : "";
        }

        May("class", () => $"[{string.Join(",", draw.Some(ResourceSource.Clinical, 3).Distinct().Append(draw.Chance(0.3) ? "Patient" : "Observation").Select(ClassOf))}]", 1.6);
        May("code", () => $"[{string.Join(",", draw.Some(Codes.All, 2).Select(Codes.Concept))}]");
        May("securityLabel", () => $"[{string.Join(",", draw.Some([.. Codes.Labels.Take(8)], 2).Select(Codes.Coding))}]");
        May("actor", () => $"[{Actor()}]");
        May("purpose", () => $"[{Codes.Coding($"{Codes.ActReason}|{draw.Pick(Codes.Purposes)}")}]", 0.5);
        May("action", () => $"[{Codes.Concept("http://terminology.hl7.org/CodeSystem/consentaction|" + draw.Pick("access", "access", "correct", "disclose"))}]", 0.4);
        May("dataPeriod", () => draw.Pick("""{"start":"2026-01-01","end":"2026-01-31"}""", """{"start":"2026-02-01"}""", """{"end":"2025-12-31"}"""), 0.5);
        May("data", () => $$$$"""[{"meaning":"{{{{Meaning(isDeny)}}}}","reference":{"reference":"{{{{draw.Pick(keys)}}}}"}}]""", 0.7);
        May("period", () => draw.Pick("""{"start":"2026-01-01","end":"2026-12-31"}""", """{"end":"2026-06-14"}""", """{"start":"2026-06"}"""), isRoot ? 0.4 : 0.2);
        return criteria;
    }

    private string ClassOf(string type) => draw.Chance(0.05)
        ? $$"""{"system":"urn:ietf:rfc:3986","code":"{{draw.Pick(Codes.Profiles)}}"}"""
        : $$"""{"system":"http://hl7.org/fhir/resource-types","code":"{{type}}"}""";

    private string Actor()
    {
        string role = Codes.Concept($"http://terminology.hl7.org/CodeSystem/v3-ParticipationType|{draw.Pick(Roles)}");
        string[] named = [.. keys.Where(key => key.Split('/')[0] is "Practitioner" or "Organization" or "RelatedPerson" || key == "Group/team")];
        return draw.Chance(0.15)
            ? $$$$"""{"role":{{{{role}}}},"reference":{"identifier":{"system":"urn:example:npi","value":"{{{{draw.Pick(Codes.Identifiers)}}}}"}}}"""
            : $$$$"""{"role":{{{{role}}}},"reference":{"reference":"{{{{draw.Pick(named)}}}}"}}""";
    }

    /// <summary>What is related only by what a withheld instance refers to must not depend on it, so only refusals speak of it.</summary>
    private string Meaning(bool isDeny) => isDeny ? draw.Pick("instance", "related", "dependents", "authoredby") : draw.Pick("instance", "dependents", "authoredby");
}
