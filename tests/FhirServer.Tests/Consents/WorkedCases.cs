using System.Globalization;
using System.Text.Json;
using HealthChain.Consent;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Consents;
using HealthChain.Storage;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>The worked decisions of the outside suite, where it is there, over resources and over their keys.</summary>
public sealed class WorkedCases
{
    private static readonly Vocabulary Vocabulary = new(new TerminologyService(DefinitionSet.R4));
    private static readonly SearchParameterSet Parameters = new(DefinitionSet.R4);
    private static readonly IndexHasher Hasher = new("0123456789abcdef"u8);
    private static readonly ConsentKeys Keys = new(Parameters, Hasher, Vocabulary, serverBase: null);

    [Fact]
    public void Decisions_are_those_of_the_worked_cases()
    {
        if (Repository.Shared is not { } shared)
        {
            Assert.Skip("The outside suite is not there.");
            return;
        }

        using var suite = JsonDocument.Parse(File.ReadAllText(Path.Combine(shared, "data", "consent-cases.json")));
        var directory = new Directory(suite.RootElement.GetProperty("directory"));
        var differences = new List<string>();
        int count = 0;
        foreach (JsonElement one in suite.RootElement.GetProperty("cases").EnumerateArray())
        {
            count++;
            string[] expected = Texts(one.GetProperty("expected"), "permitted");
            string[] permitted = Permitted(one, directory);
            if (!expected.Order(StringComparer.Ordinal).SequenceEqual(permitted.Order(StringComparer.Ordinal)))
            {
                differences.Add($"{one.GetProperty("name").GetString()}: expected [{string.Join(", ", expected)}], got [{string.Join(", ", permitted)}]");
            }
        }

        Assert.Empty(differences);
        Assert.True(count >= 20);
    }

    private static string[] Permitted(JsonElement one, Directory directory)
    {
        JsonElement request = one.GetProperty("request");
        Question question = directory.QuestionOf(request);
        ConsentRules[] consents = [.. one.GetProperty("consents").EnumerateArray().Select(consent => ConsentRules.Read(ElementOf(consent), Vocabulary))];
        ImplicitPolicy policy = ImplicitPolicy.Find(one.GetProperty("policy").GetString()) ?? ImplicitPolicy.Deny;
        bool isUnreadable = request.TryGetProperty("consentsUnavailable", out JsonElement unavailable) && unavailable.GetBoolean();
        var permitted = new List<string>();
        foreach (JsonElement resource in request.GetProperty("resources").EnumerateArray())
        {
            Element element = ElementOf(resource);
            string own = $"{resource.GetProperty("resourceType").GetString()}/{resource.GetProperty("id").GetString()}";
            var facts = new ElementFacts(element, Vocabulary);
            ResourceFacts known = KeysOf(element, own);
            bool isPermitted = !question.IsAdministrator && question.Actors.Count > 0;
            foreach (string patient in PatientsAmong([own, .. facts.References], known))
            {
                string[] aliases = directory.AliasesOf(patient);
                ConsentRules[]? consentsOfPatient = isUnreadable ? null : [.. consents.Where(consent => aliases.Contains(consent.Patient))];
                PatientDecision decision = PatientDecision.For(question, aliases, consentsOfPatient, policy, Vocabulary, Keys);
                bool isPermittedByKeys = decision.Permits(new KeyFacts(Keys, known));
                Assert.Equal(decision.Permits(facts), isPermittedByKeys);
                isPermitted &= isPermittedByKeys;
            }

            if (isPermitted)
            {
                permitted.Add($"{resource.GetProperty("resourceType").GetString()}/{resource.GetProperty("id").GetString()}");
            }
        }

        return [.. permitted];
    }

    /// <summary>Those whose the resource is, by its keys.</summary>
    private static string[] PatientsAmong(IEnumerable<string> references, in ResourceFacts known)
    {
        var hashes = new HashSet<long>();
        foreach (ref readonly IndexKey key in Keys.PatientsOf(known))
        {
            hashes.Add(key.Hash);
        }

        string[] patients = [.. references.Distinct().Where(reference => hashes.Contains(Keys.HashOf(reference)))];
        Assert.Equal(hashes.Count, patients.Length);
        return patients;
    }

    private static ResourceFacts KeysOf(Element resource, string reference)
    {
        var values = new IndexValues();
        new SearchExtractor(Parameters).Extract(resource, values);
        var keys = new List<IndexKey>();
        new IndexKeyWriter(Hasher).Write(values, keys);
        return new ResourceFacts(resource.Type.Name, Keys.HashOf(reference), keys.ToArray());
    }

    private static Element ElementOf(JsonElement json) => FhirJson.Read(System.Text.Encoding.UTF8.GetBytes(json.GetRawText())).Root;

    private static string[] Texts(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement list) ? [.. list.EnumerateArray().Select(text => text.GetString()!)] : [];

    /// <summary>Who is who in the suite.</summary>
    private sealed class Directory(JsonElement resources)
    {
        private readonly Dictionary<string, JsonElement> _byReference = resources.EnumerateArray().ToDictionary(
            resource => $"{resource.GetProperty("resourceType").GetString()}/{resource.GetProperty("id").GetString()}");

        public string[] AliasesOf(string patient) =>
        [
            patient,
            .. _byReference.Where(other => other.Value.TryGetProperty("link", out JsonElement links)
                && links.EnumerateArray().Any(link => link.GetProperty("type").GetString() == "replaced-by"
                    && link.GetProperty("other").GetProperty("reference").GetString() == patient)).Select(other => other.Key),
        ];

        public Question QuestionOf(JsonElement request)
        {
            JsonElement actor = request.GetProperty("actor");
            string? person = actor.TryGetProperty("reference", out JsonElement reference) ? reference.GetString() : null;
            var actors = new HashSet<string>(StringComparer.Ordinal);
            if (person is not null && _byReference.ContainsKey(person))
            {
                actors.Add(person);
            }

            // Nobody knows who that is, whomever she says that she acts for.
            string[] organisations = person is null || actors.Count > 0 ? Texts(actor, "onBehalfOf") : [];
            foreach (string organisation in organisations)
            {
                for (string? at = organisation; at is not null && actors.Add(at); at = ParentOf(at))
                {
                }
            }

            if (person is not null && actors.Count > 0)
            {
                actors.UnionWith(Texts(actor, "groups"));
                actors.UnionWith(_byReference.Where(group => HasMember(group.Value, person)).Select(group => group.Key));
            }

            string[] roles = Texts(actor, "roles");
            return new Question
            {
                Actors = actors,
                Identifiers = actors.SelectMany(IdentifiersOf).ToHashSet(),
                Person = person,
                Purposes = [.. Texts(request, "purpose").Select(PurposeOf)],
                Action = request.TryGetProperty("action", out JsonElement action) ? action.GetString()! : "access",
                Time = DateTimeOffset.Parse(request.GetProperty("time").GetString()!, CultureInfo.InvariantCulture),
                IsClinician = roles.Contains("clinician"),
                IsAdministrator = roles.Contains("admin"),
                MayBreakGlass = actor.TryGetProperty("canBreakGlass", out JsonElement may) && may.GetBoolean(),
                DeclaresBreakGlass = request.TryGetProperty("breakGlass", out JsonElement declared) && declared.TryGetProperty("reason", out JsonElement reason) && reason.GetString() is { Length: > 0 },
                ReferencesOf = ReferencesIn(request),
            };
        }

        private static Func<string, IReadOnlyCollection<string>> ReferencesIn(JsonElement request)
        {
            var known = new Dictionary<string, IReadOnlyCollection<string>>();
            foreach (string list in new[] { "resources", "context" })
            {
                if (request.TryGetProperty(list, out JsonElement resources))
                {
                    foreach (JsonElement resource in resources.EnumerateArray())
                    {
                        known[$"{resource.GetProperty("resourceType").GetString()}/{resource.GetProperty("id").GetString()}"] = new ElementFacts(ElementOf(resource), Vocabulary).References;
                    }
                }
            }

            return reference => known.GetValueOrDefault(reference, []);
        }

        private static ConsentCode PurposeOf(string text) =>
            text.Split('|') is [var system, var code] ? new ConsentCode(system, code) : new ConsentCode(Vocabulary.ActReasonSystem, text);

        private string? ParentOf(string organisation) =>
            _byReference.TryGetValue(organisation, out JsonElement found) && found.TryGetProperty("partOf", out JsonElement parent) ? parent.GetProperty("reference").GetString() : null;

        private static bool HasMember(JsonElement group, string person) =>
            group.TryGetProperty("member", out JsonElement members) && members.EnumerateArray().Any(member => member.GetProperty("entity").GetProperty("reference").GetString() == person);

        private IEnumerable<ConsentCode> IdentifiersOf(string reference) =>
            _byReference.TryGetValue(reference, out JsonElement found) && found.TryGetProperty("identifier", out JsonElement identifiers)
                ? identifiers.EnumerateArray().Select(identifier => new ConsentCode(identifier.GetProperty("system").GetString()!, identifier.GetProperty("value").GetString()!))
                : [];
    }
}
