using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Consent;
using HealthChain.Fhir.Model;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>Consents made at random of what a resource holds and of what it does not.</summary>
internal sealed class SampleConsents(Random random, SampleResources samples)
{
    private static readonly string[] Purposes = ["TREAT", "HRESCH", "HPAYMT", "BTG", "ETREAT"];
    private static readonly string[] Types = ["Observation", "Condition", "Patient", "Encounter", "Procedure"];

    private Element _resource;
    private List<ConsentCode> _codes = [];
    private List<string> _references = [];
    private List<string> _profiles = [];

    /// <summary>Codes that the resource holds anywhere, and others.</summary>
    public IReadOnlyList<ConsentCode> Codes => _codes;

    /// <summary>What the resource refers to, and others.</summary>
    public IReadOnlyList<string> References => _references;

    public IReadOnlyList<string> Profiles => _profiles;

    /// <summary>Turns to another resource.</summary>
    public void About(Element resource)
    {
        _resource = resource;
        _codes = [.. SampleResources.Codes, .. SampleResources.Labels];
        _references = [samples.Reference(), samples.Reference(), $"{resource.Type.Name}/{TextOf(resource, "id")}", "Practitioner/dr"];
        _profiles = [samples.Profile(), samples.Profile()];
        Collect(resource);
        _codes = [.. _codes.Distinct()];
    }

    public Element Next()
    {
        var consent = new JsonObject
        {
            ["resourceType"] = "Consent",
            ["status"] = random.Next(20) == 0 ? "inactive" : "active",
            ["scope"] = new JsonObject { ["coding"] = new JsonArray(Coding("http://terminology.hl7.org/CodeSystem/consentscope", random.Next(8) == 0 ? "research" : "patient-privacy")) },
            ["patient"] = new JsonObject { ["reference"] = "Patient/p" },
            ["policy"] = new JsonArray(new JsonObject { ["uri"] = random.Next(2) == 0 ? ImplicitPolicy.AllNormal.Uri : "urn:x" }),
        };
        if (random.Next(3) == 0)
        {
            consent["policyRule"] = new JsonObject { ["coding"] = new JsonArray(Coding(Vocabulary.ActCodeSystem, samples.One<string>(["OPTIN", "OPTOUT", "OPTINR"]))) };
        }

        if (random.Next(10) > 0)
        {
            consent["provision"] = Provision(isRoot: true, depth: random.Next(1, 5));
        }

        if (random.Next(10) == 0)
        {
            consent["verification"] = new JsonArray(new JsonObject { ["verified"] = random.Next(2) == 0 });
        }

        return FhirJson.Read(Encoding.UTF8.GetBytes(consent.ToJsonString())).Root;
    }

    private JsonObject Provision(bool isRoot, int depth)
    {
        var provision = new JsonObject();
        bool isBare = isRoot && depth > 1 && random.Next(4) == 0;
        if (!isBare)
        {
            provision["type"] = random.Next(2) == 0 ? "permit" : "deny";
            for (int elements = random.Next(isRoot ? 2 : 3); elements > 0; elements--)
            {
                AddElement(provision);
            }
        }

        if (depth > 1 && (isBare || random.Next(4) > 0))
        {
            provision["provision"] = new JsonArray([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Provision(isRoot: false, depth - 1))]);
        }

        return provision;
    }

    private void AddElement(JsonObject provision)
    {
        switch (random.Next(11))
        {
            case 0:
                provision["class"] = new JsonArray(random.Next(2) == 0
                    ? Coding("http://hl7.org/fhir/resource-types", random.Next(2) == 0 ? _resource.Type.Name : samples.One(Types))
                    : Coding("urn:ietf:rfc:3986", samples.One(_profiles)));
                break;
            case 1 or 2:
                provision["code"] = new JsonArray([.. Some(3, () => (JsonNode)new JsonObject { ["coding"] = new JsonArray(Coding(samples.One(_codes))) })]);
                break;
            case 3 or 4:
                provision["securityLabel"] = new JsonArray([.. Some(2, () => (JsonNode)Coding(samples.One(SampleResources.Labels)))]);
                break;
            case 5:
                provision["dataPeriod"] = new JsonObject { ["start"] = samples.One<string>(["1990", "2024-01", "2024-03-05"]), ["end"] = samples.One<string>(["2024-03", "2024-03-05", "2030"]) };
                break;
            case 6:
                provision["data"] = new JsonArray([.. Some(2, () => (JsonNode)new JsonObject
                {
                    ["meaning"] = samples.One<string>(["instance", "related", "dependents", "authoredby"]),
                    ["reference"] = new JsonObject { ["reference"] = samples.One(_references) },
                })]);
                break;
            case 7:
                provision["purpose"] = new JsonArray(Coding(Vocabulary.ActReasonSystem, samples.One(Purposes)));
                break;
            case 8:
                provision["action"] = new JsonArray([.. Some(2, () => (JsonNode)new JsonObject { ["coding"] = new JsonArray(Coding("http://terminology.hl7.org/CodeSystem/consentaction", samples.One<string>(["access", "access", "correct"]))) })]);
                break;
            case 9:
                provision["period"] = new JsonObject { ["start"] = samples.One<string>(["2025", "2026-06", "2026-06-15", "2026-06-16"]), ["end"] = samples.One<string>(["2026-06-14", "2026-06-15", "2026-06", "2030"]) };
                break;
            default:
                provision["actor"] = new JsonArray([.. Some(2, () => (JsonNode)new JsonObject
                {
                    ["role"] = new JsonObject { ["coding"] = new JsonArray(Coding("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", samples.One<string>(["IRCP", "CST", "AUT", "AUT"]))) },
                    ["reference"] = new JsonObject { ["reference"] = samples.One(_references) },
                })]);
                break;
        }
    }

    private IEnumerable<T> Some<T>(int most, Func<T> make) => Enumerable.Range(0, random.Next(1, most + 1)).Select(_ => make());

    private static JsonObject Coding(ConsentCode code) => Coding(code.System, code.Code);

    private static JsonObject Coding(string system, string code)
    {
        var coding = new JsonObject { ["display"] = "x" };
        if (system.Length > 0)
        {
            coding["system"] = system;
        }

        if (code.Length > 0)
        {
            coding["code"] = code;
        }

        return coding;
    }

    private void Collect(Element element)
    {
        switch (element.Type.Name)
        {
            case "Coding":
                _codes.Add(new ConsentCode(TextOf(element, "system"), TextOf(element, "code")));
                break;
            case "Reference" when TextOf(element, "reference") is { Length: > 0 } reference:
                _references.Add(reference);
                break;
            case "Meta":
                foreach (Element profile in element.ChildrenOf("profile"))
                {
                    if (profile.Text is { Length: > 0 } text)
                    {
                        _profiles.AddRange([text, text.Split('|')[0]]);
                    }
                }

                break;
        }

        foreach (Element child in element.Children)
        {
            Collect(child);
        }
    }

    private static string TextOf(Element parent, string name) => parent.Child(name) is { Exists: true } child ? child.Text ?? "" : "";
}
