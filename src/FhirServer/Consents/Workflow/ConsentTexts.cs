using System.Globalization;
using System.Text.Json.Nodes;
using HealthChain.Consent;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Operations;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents.Workflow;

/// <summary>Puts together the resources that the workflow of consents makes; profiles/ says what they must hold.</summary>
internal static class ConsentTexts
{
    public const string Profiles = "https://healthchain.example/fhir/StructureDefinition/";
    public const string GrantProfile = Profiles + "consent-grant";
    public const string RequestProfile = Profiles + "consent-request";

    /// <summary>
    /// What a Consent refers to that came of a request. No policy that decides anything by itself: what the Consent does not speak of, it leaves as it is.
    /// </summary>
    public const string Policy = "https://healthchain.example/fhir/consent-policy/requested-access";

    private const string Terminology = "http://terminology.hl7.org/CodeSystem/";

    public static JsonObject Reference(string reference) => new() { ["reference"] = reference };

    public static JsonObject Concept(string system, string code) => new() { ["coding"] = new JsonArray(Coding(system, code)) };

    public static JsonObject Coding(string system, string code) => new() { ["system"] = system, ["code"] = code };

    public static string Instant(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static JsonObject Parse(Element element) => JsonNode.Parse(FhirJson.ToBytes(element))!.AsObject();

    public static JsonObject Parse(StoredVersion version) => JsonNode.Parse(version.Json.Span)!.AsObject();

    public static Element Read(JsonObject resource) => FhirJson.Read(NodeJson.Of(resource)).Root;

    /// <summary>
    /// A rule that permits what it names and is silent about all else: a refusal that its own exception covers. A permission at the root would instead govern
    /// all that the patient has, and take from those who may see it by policy what nobody meant to take
    /// (https://profiles.ihe.net/ITI/PCF says so of consents without an exception).
    /// </summary>
    public static JsonObject Additive(JsonObject criteria)
    {
        var rule = new JsonObject { ["type"] = "deny" };
        foreach ((string name, JsonNode? value) in criteria)
        {
            rule[name] = value?.DeepClone();
        }

        rule["provision"] = new JsonArray(new JsonObject { ["type"] = "permit" });
        return rule;
    }

    public static JsonObject Recipient(string reference) => new()
    {
        ["role"] = Concept(Terminology + "v3-ParticipationType", "IRCP"),
        ["reference"] = Reference(reference),
    };

    public static JsonObject Action(string code) => Concept(Terminology + "consentaction", code);

    public static JsonObject Purpose(string code) => Coding(Vocabulary.ActReasonSystem, code);

    public static JsonObject Class(string type) => Coding("http://hl7.org/fhir/resource-types", type);

    /// <summary>A Consent that is proposed to a patient.</summary>
    /// <param name="form">Scope, category, policies and provision, as far as the requester stated them.</param>
    public static JsonObject Proposal(string id, JsonObject form, string patient, string organisation, DateTimeOffset now)
    {
        var consent = new JsonObject
        {
            ["resourceType"] = ConsentRequest.ConsentType,
            ["id"] = id,
            ["status"] = "proposed",
            ["scope"] = Take(form, "scope") ?? Concept(Terminology + "consentscope", "patient-privacy"),
            ["category"] = Take(form, "category") ?? new JsonArray(Concept("http://loinc.org", "59284-0")),
            ["patient"] = Reference(patient),
            ["dateTime"] = Instant(now),
            ["organization"] = new JsonArray(Reference(organisation)),
        };
        bool hasPolicy = form.ContainsKey("policy") || form.ContainsKey("policyRule");
        foreach (string name in new[] { "policy", "policyRule", "provision" })
        {
            if (Take(form, name) is { } stated)
            {
                consent[name] = stated;
            }
            else if (name == "policy" && !hasPolicy)
            {
                consent[name] = new JsonArray(new JsonObject { ["uri"] = Policy });
            }
        }

        return consent;
    }

    /// <summary>Whether a proposal that is stored says what the form says; labels and when it was asked for make no other.</summary>
    public static bool IsProposalOf(JsonObject stored, JsonObject form)
    {
        string Text(string name) => stored[name]?.ToString() ?? "";
        JsonObject same = Proposal(Text("id"), form, stored["patient"]?["reference"]?.ToString() ?? "", stored["organization"]?[0]?["reference"]?.ToString() ?? "", default);
        same["dateTime"] = Text("dateTime");
        JsonObject known = stored.DeepClone().AsObject();
        known.Remove("meta");
        return JsonNode.DeepEquals(known, same);
    }

    public static JsonObject Request(string id, string proposal, string patient, string by, string reason, DateTimeOffset now, DateTimeOffset until) => new()
    {
        ["resourceType"] = ConsentRequest.Type,
        ["id"] = id,
        ["meta"] = new JsonObject { ["profile"] = new JsonArray(RequestProfile) },
        ["status"] = ConsentRequest.Open,
        ["intent"] = "proposal",
        ["code"] = Concept(ConsentRequest.CodeSystem, ConsentRequest.Code),
        ["focus"] = Reference($"{ConsentRequest.ConsentType}/{proposal}"),
        ["for"] = Reference(patient),
        ["authoredOn"] = Instant(now),
        ["lastModified"] = Instant(now),
        ["requester"] = Reference(by),
        ["owner"] = Reference(patient),
        ["reasonCode"] = new JsonObject { ["text"] = reason },
        ["restriction"] = new JsonObject { ["period"] = new JsonObject { ["start"] = Instant(now), ["end"] = Instant(until) } },
        ["input"] = new JsonArray(new JsonObject
        {
            ["type"] = Concept(ConsentRequest.CodeSystem, ConsentRequest.ProposalInput),

            // It is being made in the same transaction.
            ["valueReference"] = Reference($"{ConsentRequest.ConsentType}/{proposal}/_history/1"),
        }),
    };

    /// <summary>The proposal as the patient agrees to it.</summary>
    public static JsonObject Grant(JsonObject proposal, JsonNode provision, string patient, DateTimeOffset now)
    {
        var consent = proposal.DeepClone().AsObject();
        if (consent["meta"] is not JsonObject meta)
        {
            consent["meta"] = meta = [];
        }

        // Labels stay.
        meta["profile"] = new JsonArray(GrantProfile);
        consent["status"] = "active";
        consent["dateTime"] = Instant(now);
        consent["performer"] = new JsonArray(Reference(patient));
        consent["verification"] = new JsonArray(new JsonObject
        {
            ["verified"] = true,
            ["verifiedWith"] = Reference(patient),
            ["verificationDate"] = Instant(now),
        });
        consent["provision"] = provision;
        return consent;
    }

    /// <summary>A Consent that has no effect any more.</summary>
    public static JsonObject Ended(JsonObject consent, string status, DateTimeOffset now)
    {
        consent["status"] = status;
        consent["dateTime"] = Instant(now);
        return consent;
    }

    public static JsonObject Answered(JsonObject task, string status, string? reason, string? grant, DateTimeOffset now)
    {
        task["status"] = status;
        task["lastModified"] = Instant(now);
        if (reason is not null)
        {
            task["statusReason"] = new JsonObject { ["text"] = reason };
        }

        if (grant is not null)
        {
            task["output"] = new JsonArray(new JsonObject
            {
                ["type"] = Concept(ConsentRequest.CodeSystem, ConsentRequest.GrantOutput),
                ["valueReference"] = Reference(grant),
            });
        }

        return task;
    }

    /// <summary>Tells a patient that somebody saw her record without being permitted to.</summary>
    public static JsonObject Report(string id, string patient, string sender, string reason, DateTimeOffset now) => new()
    {
        ["resourceType"] = "Communication",
        ["id"] = id,
        ["status"] = "completed",
        ["category"] = new JsonArray(Concept(Terminology + "communication-category", "alert")),
        ["priority"] = "urgent",
        ["subject"] = Reference(patient),
        ["sent"] = Instant(now),
        ["recipient"] = new JsonArray(Reference(patient)),
        ["sender"] = Reference(sender),
        ["reasonCode"] = new JsonArray(Concept(Vocabulary.ActReasonSystem, Vocabulary.BreakGlass.Code)),
        ["payload"] = new JsonArray(new JsonObject { ["contentString"] = reason }),
    };

    private static JsonNode? Take(JsonObject form, string name) => form.TryGetPropertyValue(name, out JsonNode? stated) ? stated?.DeepClone() : null;
}
