using System.Text.Json.Nodes;
using Xunit;

namespace HealthChain.FhirServer.Tests.Access.Audit;

/// <summary>
/// The rules of IHE's Basic Audit Log Patterns for the profiles that the server claims, written down from
/// https://profiles.ihe.net/ITI/BALP/content.html: R4's validator does not know them.
/// </summary>
internal static class BalpRules
{
    private const string Source = "110153";
    private const string Destination = "110152";

    private sealed record Rest(string Type, string[] Subtypes, string Action, string Client, string Server, string[] Users, bool IsQuery);

    private static readonly string[] Writers = ["AUT", "INF", "CST"];

    private static readonly Dictionary<string, Rest> Rests = new()
    {
        ["Read"] = new("rest", ["read", "vread"], "R", Destination, Source, ["IRCP"], false),
        ["Query"] = new("rest", ["search", "search-type", "search-system"], "E", Source, Destination, ["IRCP"], true),
        ["Create"] = new("rest", ["create"], "C", Source, Destination, Writers, false),
        ["Update"] = new("rest", ["update", "patch"], "U", Source, Destination, Writers, false),
        ["Delete"] = new("rest", ["delete"], "D", "110150", "custodian", Writers, false),
    };

    public static IEnumerable<string> All => Rests.Keys.SelectMany(name => new[] { name, "Patient" + name }).Concat(["PrivacyDisclosure.Source", "OAUTHaccessTokenUse.Minimal"]);

    public static void Check(string profile, JsonNode resource)
    {
        if (profile == "OAUTHaccessTokenUse.Minimal")
        {
            JsonNode agent = Assert.Single(Agents(resource, "UserOauthAgent"));
            Assert.True((bool)agent["requestor"]!);
            Assert.StartsWith("urn:ietf:params:oauth:jti:", (string)Assert.Single((JsonArray)agent["policy"]!)!, StringComparison.Ordinal);
            Assert.Null(agent["network"]);
        }
        else if (profile == "PrivacyDisclosure.Source")
        {
            CheckDisclosure(resource);
        }
        else
        {
            bool hasPatient = profile.StartsWith("Patient", StringComparison.Ordinal);
            CheckRest(Rests[hasPatient ? profile["Patient".Length..] : profile], resource, hasPatient);
        }
    }

    private static void CheckRest(Rest rule, JsonNode resource, bool hasPatient)
    {
        Assert.Equal(rule.Type, (string)resource["type"]!["code"]!);
        Assert.Single((JsonArray)resource["subtype"]!, code => rule.Subtypes.Contains((string)code!["code"]!));
        Assert.Equal(rule.Action, (string)resource["action"]!);
        Assert.Equal("0", (string)resource["outcome"]!);
        CheckParty(resource, rule.Client);
        CheckParty(resource, rule.Server);
        foreach (JsonNode user in ((JsonArray)resource["agent"]!).Where(agent => agent!["policy"] is not null)!)
        {
            Assert.Contains(CodesOf(user), code => rule.Users.Contains(code));
            Assert.NotNull(user["who"]);
            Assert.Null(user["network"]);
        }

        JsonNode[] objects = [.. Entities(resource, "2")];
        JsonNode only = Assert.Single(objects);
        if (rule.IsQuery)
        {
            Assert.Equal("24", (string)only["role"]!["code"]!);
            Assert.NotNull(only["query"]);
            Assert.Null(only["what"]);
            Assert.Null(only["detail"]);
        }
        else
        {
            Assert.Contains((string)only["role"]!["code"]!, new[] { "4", "3", "20" });
            Assert.NotNull(only["what"]);
        }

        if (hasPatient)
        {
            CheckPatient(resource);
        }

        foreach (JsonNode request in Entities(resource, "XrequestId"))
        {
            Assert.NotNull(request["what"]!["identifier"]!["value"]);
        }
    }

    private static void CheckDisclosure(JsonNode resource)
    {
        Assert.Equal("110106", (string)resource["type"]!["code"]!);
        Assert.Equal("R", (string)resource["action"]!);
        Assert.NotNull(resource["outcome"]);
        Assert.Single((JsonArray)resource["subtype"]!, code => (string)code!["code"]! == "disclose");
        CheckParty(resource, Source);
        CheckParty(resource, Destination);
        Assert.Equal(resource["source"]!["observer"]!.ToJsonString(), Agents(resource, Source).Single()["who"]!.ToJsonString());
        CheckPatient(resource);
        Assert.True(((JsonArray)resource["entity"]!).Count >= 2);
    }

    private static void CheckParty(JsonNode resource, string code)
    {
        JsonNode agent = Assert.Single(Agents(resource, code));
        Assert.NotNull(agent["who"]);
        Assert.NotNull(agent["network"]);
        Assert.Null(agent["media"]);
    }

    private static void CheckPatient(JsonNode resource)
    {
        JsonNode patient = Assert.Single(Entities(resource, "1"));
        Assert.Equal("1", (string)patient["role"]!["code"]!);
        Assert.StartsWith("Patient/", (string)patient["what"]!["reference"]!, StringComparison.Ordinal);
    }

    private static IEnumerable<JsonNode> Agents(JsonNode resource, string code) =>
        ((JsonArray)resource["agent"]!).Where(agent => CodesOf(agent!).Contains(code))!;

    private static IEnumerable<string> CodesOf(JsonNode agent) => ((JsonArray)agent["type"]!["coding"]!).Select(coding => (string)coding!["code"]!);

    private static IEnumerable<JsonNode> Entities(JsonNode resource, string type) =>
        ((JsonArray)resource["entity"]!).Where(entity => (string?)entity!["type"]?["code"] == type)!;
}
