using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Consent;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using Xunit;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>What is decided after consents were compiled is what they say as they stand.</summary>
public sealed class PlainDecisionProperties
{
    /// <summary>More of them: <c>HEALTHCHAIN_CONSENT_PAIRS=100000</c>.</summary>
    private const int Pairs = 4_000;

    private static readonly Vocabulary Words = new(new TerminologyService(DefinitionSet.R4));
    private static readonly string[] Purposes = ["TREAT", "ETREAT", "BTG", "HRESCH", "CLINTRCH", "HPAYMT"];

    [Fact]
    public void Decisions_are_what_consents_say_as_they_stand()
    {
        int pairs = int.TryParse(Environment.GetEnvironmentVariable("HEALTHCHAIN_CONSENT_PAIRS"), CultureInfo.InvariantCulture, out int asked) ? asked : Pairs;
        const int Seed = 20261122;
        var random = new Random(Seed);
        var samples = new SampleResources(random);
        var consents = new SampleConsents(random, samples);
        int permitted = 0;
        for (int pair = 0; pair < pairs; pair++)
        {
            Element resource = samples.Next();
            consents.About(resource);
            Element[] signed = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => consents.Next())];
            ImplicitPolicy policy = samples.One(ImplicitPolicy.All);
            Question question = QuestionOf(random);
            var facts = new ElementFacts(resource, Words, SampleResources.ServerBase);
            bool expected = new PlainDecision(question, facts, JsonOf(resource), SampleResources.ServerBase).Permits(signed.Select(JsonOf), policy);
            bool actual = PatientDecision.For(question, ["Patient/p"], [.. signed.Select(consent => ConsentRules.Read(consent, Words, SampleResources.ServerBase))], policy, Words).Permits(facts);
            Assert.True(
                expected == actual,
                $"seed {Seed}, pair {pair}, {policy.Uri}, {string.Join(' ', question.Purposes.Select(purpose => purpose.Code))}: not {actual}\n{JsonOf(resource).ToJsonString()}\n{string.Join('\n', signed.Select(consent => JsonOf(consent).ToJsonString()))}");
            permitted += expected ? 1 : 0;
        }

        Assert.InRange(permitted, pairs / 10, pairs * 9 / 10);
    }

    private static Question QuestionOf(Random random) => new()
    {
        Actors = random.Next(20) == 0 ? new HashSet<string>() : new HashSet<string> { "Practitioner/dr", "Organization/ward" },
        Person = "Practitioner/dr",
        Purposes = [.. random.GetItems(Purposes, random.Next(3)).Select(code => new ConsentCode(Vocabulary.ActReasonSystem, code))],
        IsClinician = random.Next(2) == 0,
        MayBreakGlass = random.Next(4) > 0,
        DeclaresBreakGlass = random.Next(4) > 0,
        Time = new DateTimeOffset(2026, 6, 15, 10, 0, 0, TimeSpan.Zero),
        ReferencesOf = reference => reference == "Condition/k" ? ["Encounter/e", "Patient/p"] : [],
    };

    private static JsonObject JsonOf(Element resource) => JsonNode.Parse(Encoding.UTF8.GetString(resource.Tree.Json.Span))!.AsObject();
}
