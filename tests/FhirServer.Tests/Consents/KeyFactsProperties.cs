using System.Globalization;
using System.Text;
using HealthChain.Consent;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Consents;
using HealthChain.Storage;
using Xunit;

namespace HealthChain.FhirServer.Tests.Consents;

/// <summary>What index keys say of a resource is what the resource says of itself.</summary>
public sealed class KeyFactsProperties
{
    /// <summary>More of them: <c>HEALTHCHAIN_CONSENT_PAIRS=100000</c>.</summary>
    private const int Pairs = 4_000;

    private const int ConsentsPerResource = 4;

    /// <summary>So many that those which matter are looked up.</summary>
    private const int ManyConsents = 60;

    private static readonly SearchParameterSet Parameters = new(DefinitionSet.R4);
    private static readonly IndexHasher Hasher = new("0123456789abcdef"u8);
    private static readonly Vocabulary Words = new(new TerminologyService(DefinitionSet.R4));
    private static readonly ConsentKeys Keys = new(Parameters, Hasher, Words, SampleResources.ServerBase);
    private static readonly SearchExtractor Extractor = new(Parameters, SampleResources.ServerBase);
    private static readonly IndexKeyWriter Writer = new(Hasher);

    private static readonly Question Question = new()
    {
        Actors = new HashSet<string> { "Practitioner/dr", "Organization/ward" },
        Person = "Practitioner/dr",
        Purposes = [Vocabulary.Treatment],
        IsClinician = true,
        Time = new DateTimeOffset(2026, 6, 15, 10, 0, 0, TimeSpan.Zero),
        ReferencesOf = reference => reference == "Condition/k" ? ["Encounter/e", "Patient/p"] : [],
    };

    [Fact]
    public void Decisions_over_keys_are_those_over_resources()
    {
        int pairs = int.TryParse(Environment.GetEnvironmentVariable("HEALTHCHAIN_CONSENT_PAIRS"), CultureInfo.InvariantCulture, out int asked) ? asked : Pairs;
        const int Seed = 20261121;
        var random = new Random(Seed);
        var samples = new SampleResources(random);
        var consents = new SampleConsents(random, samples);
        (int permitted, int open, int depending) = (0, 0, 0);
        for (int pair = 0; pair < pairs; pair++)
        {
            Element resource = samples.Next();
            consents.About(resource);
            ConsentRules[] rules = [.. Enumerable.Range(0, random.Next(8) == 0 ? random.Next(20, ManyConsents) : random.Next(1, ConsentsPerResource)).Select(_ => ConsentRules.Read(consents.Next(), Words, SampleResources.ServerBase))];
            PatientDecision decision = PatientDecision.For(Question, ["Patient/p"], rules, ImplicitPolicy.AllNormal, Words, Keys);
            bool expected = PatientDecision.For(Question, ["Patient/p"], rules, ImplicitPolicy.AllNormal, Words).Permits(new ElementFacts(resource, Words, SampleResources.ServerBase));
            bool actual = decision.Permits(new KeyFacts(Keys, FactsOf(resource)));
            Assert.True(expected == actual, $"seed {Seed}, pair {pair}: {Encoding.UTF8.GetString(resource.Tree.Json.Span)}");
            permitted += expected ? 1 : 0;
            open += Array.TrueForAll(rules, rule => rule.Fault is null) ? 1 : 0;
            depending += decision is { WithholdsEverything: false, WithholdsNothing: false } ? 1 : 0;
        }

        // A property that never had to look at a resource, or always got the same answer, would show nothing.
        Assert.InRange(permitted, pairs / 10, pairs * 9 / 10);
        Assert.True(open > pairs / 4 && depending > pairs / 4, $"{open} without faults, {depending} depend on the resource");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Facts_are_the_same_one_by_one(int seed)
    {
        var random = new Random(seed);
        var samples = new SampleResources(random);
        var consents = new SampleConsents(random, samples);
        int met = 0;
        var others = new List<string>();
        for (int i = 0; i < 700; i++)
        {
            Element resource = samples.Next();
            consents.About(resource);
            var expected = new ElementFacts(resource, Words, SampleResources.ServerBase);
            var actual = new KeyFacts(Keys, FactsOf(resource));
            string shown = $"seed {seed}, {i}: {Encoding.UTF8.GetString(resource.Tree.Json.Span)}";
            Assert.True(expected.Labels == actual.Labels, shown);
            Assert.True(expected.ClinicalTime == actual.ClinicalTime, shown);
            Assert.True(actual.Type == expected.Type, shown);
            foreach (ConsentCode code in consents.Codes.Where(code => code.Code.Length > 0))
            {
                var term = new CodeTerm(code, Keys.OfCode(code));
                met += expected.Holds(term) ? 1 : 0;
                Assert.True(expected.Holds(term) == actual.Holds(term), $"{code}, {shown}");
                Assert.True(expected.IsLabelled(term) == actual.IsLabelled(term), $"label {code}, {shown}");
            }

            foreach (string profile in consents.Profiles)
            {
                var term = new TextTerm(profile, Keys.OfProfile(profile));
                met += expected.Claims(term) ? 1 : 0;
                Assert.True(expected.Claims(term) == actual.Claims(term), $"{profile}, {shown}");
            }

            foreach (string reference in expected.References.Concat(others.TakeLast(20)))
            {
                var term = new TextTerm(reference, Keys.OfReference(reference));
                met += (expected.RefersTo(term) ? 1 : 0) + (expected.IsBy(term) ? 1 : 0);
                Assert.True(expected.RefersTo(term) == actual.RefersTo(term), $"{reference}, {shown}");
                Assert.True(expected.Is(term) == actual.Is(term), $"is {reference}, {shown}");
                Assert.True(expected.IsBy(term) == actual.IsBy(term), $"by {reference}, {shown}");
                Assert.True(expected.IsKeptBy(term) == actual.IsKeptBy(term), $"kept by {reference}, {shown}");
            }

            others.AddRange([.. expected.References, $"{resource.Type.Name}/{resource.Child("id").Text}"]);
        }

        Assert.True(met > 2_000, $"{met} were met");
    }

    private static ResourceFacts FactsOf(Element resource)
    {
        var values = new IndexValues();
        Extractor.Extract(resource, values);
        var keys = new List<IndexKey>();
        Writer.Write(values, keys);
        string id = resource.Child("id") is { Exists: true } child ? child.Text! : "";
        return new ResourceFacts(resource.Type.Name, Hasher.Reference(new ResourceKey(resource.Type.Name, id)), keys.ToArray());
    }
}
