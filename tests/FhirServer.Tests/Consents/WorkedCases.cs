using System.Text.Json.Nodes;
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

/// <summary>Worked decisions, ours and those of the outside suite where it is there: over resources, over their keys, and by all that the server knows.</summary>
public sealed class WorkedCases(ServerFactory server) : IClassFixture<ServerFactory>
{
    private static readonly Vocabulary Words = new(new TerminologyService(DefinitionSet.R4));
    private static readonly SearchParameterSet Parameters = new(DefinitionSet.R4);
    private static readonly IndexHasher Hasher = new("0123456789abcdef"u8);
    private static readonly ConsentKeys Keys = new(Parameters, Hasher, Words, serverBase: null);

    [Fact]
    public async Task Our_decisions_are_those_of_the_worked_cases() =>
        AssertAll(await DifferencesAsync(DecisionCase.ReadAll(Repository.PathOf("tests/FhirServer.Tests/Consents/decision-cases.json"))), atLeast: 400);

    [Fact]
    public async Task Our_decisions_are_those_of_the_outside_suite()
    {
        Assert.SkipUnless(Repository.Shared is not null, "The outside suite is not there.");
        AssertAll(await DifferencesAsync(DecisionCase.ReadAll(Path.Combine(Repository.Shared!, "data", "consent-cases.json"))), atLeast: 20);
    }

    private static void AssertAll((int Count, List<string> Differences) run, int atLeast)
    {
        Assert.True(run.Differences.Count == 0, string.Join('\n', run.Differences));
        Assert.True(run.Count >= atLeast, $"{run.Count} cases");
    }

    private async Task<(int Count, List<string> Differences)> DifferencesAsync(IEnumerable<DecisionCase> cases)
    {
        var differences = new List<string>();
        int count = 0;
        foreach (DecisionCase one in cases)
        {
            count++;
            var directory = new CaseDirectory(one, Words);
            CaseServer? knowing = await CaseServer.StartAsync(one, directory, server, new CaseServer.Means(Words, Keys, Hasher), TestContext.Current.CancellationToken);
            var permitted = new List<string>();
            foreach (JsonObject resource in one.Resources)
            {
                string own = DecisionCase.ReferenceOf(resource);
                ResourceFacts known = KeysOf(DecisionCase.ElementOf(resource), own);
                bool isPermitted = Decide(one, directory, resource, known);
                if (isPermitted)
                {
                    permitted.Add(own);
                }

                if (knowing is not null && knowing.Permits(known) != isPermitted)
                {
                    differences.Add($"{one.Name}: the server {(isPermitted ? "withholds" : "permits")} {own}");
                }
            }

            differences.AddRange(one.Difference(permitted) is { } difference ? [difference] : []);
        }

        return (count, differences);
    }

    private static bool Decide(DecisionCase one, CaseDirectory directory, JsonObject resource, in ResourceFacts known)
    {
        Question question = directory.QuestionOf();
        ImplicitPolicy policy = ImplicitPolicy.Find(one.Policy) ?? ImplicitPolicy.Deny;
        ConsentRules[] consents = [.. one.Consents.Select(consent => ConsentRules.Read(DecisionCase.Parse(consent), Words))];
        var facts = new ElementFacts(DecisionCase.ElementOf(resource), Words);
        bool isPermitted = !question.IsAdministrator && question.Actors.Count > 0;
        foreach (string patient in PatientsAmong([DecisionCase.ReferenceOf(resource), .. facts.References], known))
        {
            IReadOnlyCollection<string> aliases = directory.AliasesOf(patient);
            ConsentRules[]? own = one.AreConsentsReadable ? [.. consents.Where(consent => aliases.Contains(consent.Patient))] : null;
            bool isPermittedByKeys = PatientDecision.For(question, aliases, own, policy, Words, Keys).Permits(new KeyFacts(Keys, known));
            Assert.True(PatientDecision.For(question, aliases, own, policy, Words).Permits(facts) == isPermittedByKeys, $"{one.Name}: keys say something else");
            isPermitted &= isPermittedByKeys;
        }

        return isPermitted;
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
}
