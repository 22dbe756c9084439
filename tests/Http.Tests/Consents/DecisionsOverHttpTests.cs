using System.Net;
using System.Text.Json.Nodes;
using HealthChain.Consent;
using HealthChain.FhirServer.Tests.Consents;
using HealthChain.Smart;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>Worked decisions asked of a running server. Those of one policy and time share a store, each with patients and resources of its own.</summary>
public sealed class DecisionsOverHttpTests
{
    /// <summary>Who is who is the same for all; all else is some patient's.</summary>
    private static readonly string[] Shared = ["Practitioner", "Organization", "Group", "Device"];

    [Fact]
    public async Task Our_decisions_are_what_the_server_answers() =>
        AssertAll(await FaultsAsync(Repository.PathOf("tests/FhirServer.Tests/Consents/decision-cases.json")), atLeast: 500);

    [Fact]
    public async Task Decisions_of_the_outside_suite_are_what_the_server_answers()
    {
        Assert.SkipUnless(Repository.Shared is not null, "The outside suite is not there.");
        AssertAll(await FaultsAsync(Path.Combine(Repository.Shared!, "data", "consent-cases.json")), atLeast: 20);
    }

    [Fact]
    public async Task A_consent_that_closes_is_refused_when_it_is_to_be_active_and_any_other_is_stored()
    {
        DecisionCase[] cases = [.. DecisionCase.ReadAll(Repository.PathOf("tests/FhirServer.Tests/Consents/decision-cases.json"))];
        JsonObject[] consents = [.. cases.SelectMany(one => one.Consents).Where(consent => (string?)consent["patient"]?["reference"] == "Patient/p1").DistinctBy(consent => consent.ToJsonString())];
        var patient = new Asker(Role.Patient, "Patient/p1", null, null);
        var world = new World(1, ImplicitPolicy.Deny.Uri, [new Step(0, "Patient", "p1", new JsonObject { ["resourceType"] = "Patient", ["id"] = "p1" })], [patient]);
        await using WorldServer server = await WorldServer.StartAsync(world);
        int refused = 0;
        foreach (JsonObject consent in consents)
        {
            string text = consent.ToJsonString();
            ConsentRules rules = ConsentRules.Read(DecisionCase.Parse(consent), Oracle.Vocabulary);
            bool isStored = rules is { Counts: false } or { Fault: null };
            consent.Remove("id");
            Answer answer = await server.SendAsync(patient, new Query("POST", "Consent", consent.ToJsonString()));
            Assert.True(isStored ? answer.Status == HttpStatusCode.Created : answer.Status is HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest, $"{(int)answer.Status} {text}\n{answer.Body}");
            refused += isStored ? 0 : 1;
        }

        Assert.True(refused > 30 && consents.Length - refused > 150, $"{refused} of {consents.Length} were refused");
    }

    private static void AssertAll((int Count, List<string> Faults) run, int atLeast)
    {
        Assert.True(run.Faults.Count == 0, string.Join('\n', run.Faults));
        Assert.True(run.Count >= atLeast, $"{run.Count} answers");
    }

    private static async Task<(int Count, List<string> Faults)> FaultsAsync(string file)
    {
        var faults = new List<string>();
        int count = 0;
        Asked[] all = [.. DecisionCase.ReadAll(file).Where(CanBeAsked).Select(Asked.Of)];
        foreach (Asked[] cases in all.GroupBy(asked => (asked.Policy, asked.Case.Time)).Select(group => group.ToArray()))
        {
            Step[] steps = [.. cases.SelectMany(asked => asked.Steps).DistinctBy(step => step.Key)];
            var world = new World(1, cases[0].Policy, steps, [.. cases.Select(asked => asked.Asker).Distinct()]) { Now = cases[0].Case.Time };
            await using WorldServer server = await WorldServer.StartAsync(world);
            foreach (Asked asked in cases)
            {
                string[] expected = DecisionCase.Texts(asked.Case.Json["expected"]!["permitted"]);
                foreach (string own in asked.Case.Resources.Select(DecisionCase.ReferenceOf))
                {
                    count++;
                    Answer answer = await server.SendAsync(asked.Asker, new Query("GET", asked.NameOf(own)));
                    bool isShown = answer.Status == HttpStatusCode.OK;
                    if (isShown ? !expected.Contains(own) : asked.ReachesAll && expected.Contains(own))
                    {
                        faults.Add($"{asked.Case.Name}: {own} is answered {(int)answer.Status}");
                    }
                    else if (isShown && asked.RedactionFaultOf(own, answer) is { } fault)
                    {
                        faults.Add($"{asked.Case.Name}: {fault}");
                    }
                }
            }
        }

        return (count, faults);
    }

    /// <summary>Whether there can be such a request: somebody who is known, for one organisation, reads from a store that could be read.</summary>
    private static bool CanBeAsked(DecisionCase one)
    {
        JsonObject? actor = one.Request["actor"] as JsonObject;
        bool isKnown = actor?["reference"] is null ? actor?["onBehalfOf"] is not null : one.Store.Any(resource => DecisionCase.ReferenceOf(resource) == (string)actor["reference"]!) || IsPatient(actor);
        bool breaksGlass = one.Request["breakGlass"] is not null;
        return isKnown
            && one.AreConsentsReadable
            && ((string?)one.Request["action"] ?? "access") == "access"
            && DecisionCase.Texts(actor!["onBehalfOf"]).Length <= 1
            && (!breaksGlass || DecisionCase.Texts(one.Request["purpose"]).Contains("BTG"))
            && one.Consents.All(consent => DecisionCase.Parse(consent).IsOk);
    }

    private static bool IsPatient(JsonObject actor) => ((string)actor["reference"]!).StartsWith("Patient/", StringComparison.Ordinal);

    /// <summary>A case whose patients have names of their own.</summary>
    private sealed record Asked(DecisionCase Case, int Number, Asker Asker, Step[] Steps)
    {
        private const int Commits = 200;

        public string Policy => (ImplicitPolicy.Find(Case.Policy) ?? ImplicitPolicy.Deny).Uri;

        /// <summary>Whether the role reaches all that consents permit; others are bounded by more than consents (docs/access.md).</summary>
        public bool ReachesAll => Asker.Role is Role.Practitioner or Role.Patient or Role.Backend;

        public static Asked Of(DecisionCase one, int number)
        {
            JsonObject[] all = [.. one.Store.Concat(one.Consents)];
            string[] renamed = [.. all.Where(resource => !Shared.Contains((string)resource["resourceType"]!)).Select(DecisionCase.ReferenceOf).Append("Patient/p1")];
            JsonObject Rename(JsonObject json) => JsonNode.Parse(renamed.Aggregate(json.ToJsonString(), (text, name) => text.Replace($"\"{name}\"", $"\"{name}-{number}\"", StringComparison.Ordinal)))!.AsObject();
            var steps = new List<Step>();
            foreach (JsonObject resource in all)
            {
                JsonObject named = Rename(resource);
                named["id"] = renamed.Contains(DecisionCase.ReferenceOf(resource)) ? $"{resource["id"]}-{number}" : (string)resource["id"]!;
                steps.Add(new Step(number % Commits, (string)named["resourceType"]!, (string)named["id"]!, named));
            }

            return new Asked(one, number, RestCase.AskerOf(Rename(one.Request), $"p1-{number}"), [.. steps]);
        }

        /// <summary>What is missing in the answer but was not to be, or the other way round; null for nothing. <c>meta</c> is the server's.</summary>
        public string? RedactionFaultOf(string reference, Answer answer)
        {
            JsonObject stored = Steps.Single(step => step.Key == NameOf(reference)).Json;
            string[] missing = [.. MissingIn(stored, JsonNode.Parse(answer.Body), "").Distinct().Order(StringComparer.Ordinal)];
            string[] expected = [.. Case.RedactionsOf(reference).Order(StringComparer.Ordinal)];
            return missing.SequenceEqual(expected) ? null : $"{reference} lacks [{string.Join(", ", missing)}], expected [{string.Join(", ", expected)}]";
        }

        private static IEnumerable<string> MissingIn(JsonNode? stored, JsonNode? shown, string path) => (stored, shown) switch
        {
            (JsonObject whole, JsonObject rest) => whole.Where(member => path.Length > 0 || member.Key != "meta").SelectMany(member => MissingIn(member.Value, rest[member.Key], path.Length == 0 ? member.Key : $"{path}.{member.Key}")),
            (JsonArray whole, JsonArray rest) when whole.Count == rest.Count => whole.Zip(rest).SelectMany(pair => MissingIn(pair.First, pair.Second, path)),
            (JsonValue whole, JsonValue rest) when JsonNode.DeepEquals(whole, rest) => [],
            _ => [path],
        };

        /// <summary>What a resource of the case is called in the store.</summary>
        public string NameOf(string reference) => Steps.Any(step => step.Key == reference) ? reference : $"{reference}-{Number}";
    }
}
