using System.Text;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;
using HealthChain.Fhir.Definitions;
using HealthChain.FhirServer.Bundles;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Storage;
using Xunit;

namespace HealthChain.FhirServer.Tests.Subscriptions;

/// <summary>The index of criteria leaves out nothing that meets them, and little else gets through.</summary>
public sealed class CriteriaIndexTests
{
    private static readonly SearchParameterSet Parameters = new(DefinitionSet.R4);
    private static readonly IndexHasher Hasher = new(new byte[IndexHasher.KeyBytes]);
    private static readonly SearchReader Reader = new(Parameters, new TerminologyService(DefinitionSet.R4), TimeProvider.System, new SearchLimits());

    private static readonly string[] Pieces =
    [
        "code=a", "code=http://loinc.org|b", "code=a,c", "code=http://loinc.org|", "code:not=a", "subject=Patient/1", "subject=Patient/1,Patient/2", "patient=2", "status=final", "status:not=final",
        "date=gt2020", "date=2021-03", "value-quantity=gt5", "value-quantity=5||mg", "value-quantity:missing=true", "category=vital-signs", "identifier=urn:x|7", "_id=o-3", "_tag=t", "code:text=Blood",
        "combo-code-value-quantity=a$gt5", "value-string=abc", "performer=Practitioner/9", "_lastUpdated=gt2001",
    ];

    [Fact]
    public void Nothing_that_meets_the_criteria_is_left_out()
    {
        var random = new Random(36);
        var index = new CriteriaIndex(Hasher);
        var all = new List<(Subscriber Subscriber, Criterion Criterion)>();
        for (int number = 0; number < 1_000; number++)
        {
            string query = string.Join('&', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            SearchPlan plan = Reader.Read(new SearchContext { Types = [ResourceTypes.Find("Observation")!], Handling = SearchHandling.Strict }, QueryText.Read(query)).Value;
            var terms = new SubscriptionTerms(ResourceTypes.Find("Observation")!, [], plan.Request.Criterion, SubscriptionChannel.WebSocket, null, null, null);
            var subscriber = new Subscriber(new ResourceKey("Subscription", $"s{number}")) { State = new SubscriptionState(1, SubscriptionStatus.Active, terms) };
            index.Add(subscriber, terms);
            all.Add((subscriber, plan.Request.Criterion));
        }

        (int met, int tried) = (0, 0);
        var values = new VersionValues(Parameters, Hasher, null);
        for (int number = 0; number < 300; number++)
        {
            values.Read(new StoredVersion(new ResourceKey("Observation", $"o-{number}"), 1, default, number + 1, ChangeKind.Create, Encoding.UTF8.GetBytes(Resource(random, number))));
            var found = new List<Subscriber>();
            index.Find("Observation", values, found);
            var candidates = found.ToHashSet();
            foreach ((Subscriber subscriber, Criterion criterion) in all)
            {
                bool meets = LocalMatch.Meets(values.Values, criterion) == true;
                Assert.True(!meets || candidates.Contains(subscriber), $"{subscriber.Key} was left out");
                met += meets ? 1 : 0;
            }

            tried += candidates.Count;
        }

        // What is met by absence is left open, so some more than meet them get through.
        Assert.InRange(met, 1_000, tried);
        Assert.InRange(tried, met, 3 * met);
    }

    [Fact]
    public void What_was_removed_is_not_found()
    {
        var index = new CriteriaIndex(Hasher);
        SearchPlan plan = Reader.Read(new SearchContext { Types = [ResourceTypes.Find("Observation")!] }, QueryText.Read("code=a,b&status=final")).Value;
        var terms = new SubscriptionTerms(ResourceTypes.Find("Observation")!, [], plan.Request.Criterion, SubscriptionChannel.WebSocket, null, null, null);
        var subscriber = new Subscriber(new ResourceKey("Subscription", "s")) { State = new SubscriptionState(1, SubscriptionStatus.Active, terms) };
        index.Add(subscriber, terms);
        Assert.True(index.Has("Observation"));

        index.Remove(subscriber, terms);

        Assert.False(index.Has("Observation"));
    }

    private static string Resource(Random random, int number)
    {
        string One(params string[] choices) => choices[random.Next(choices.Length)];
        string parts = string.Join(',', new[]
        {
            $$"""  "status":"{{One("final", "amended", "preliminary")}}"  """,
            $$""" "code":{"text":"{{One("Blood pressure", "Weight")}}","coding":[{"system":"{{One("http://loinc.org", "urn:other")}}","code":"{{One("a", "b", "c")}}"}]} """,
            random.Next(4) == 0 ? "" : $$""" "subject":{"reference":"Patient/{{random.Next(1, 4)}}"} """,
            random.Next(2) == 0 ? "" : $$""" "effectiveDateTime":"{{One("2019", "2021-03-05", "2022-01-01T10:00:00Z")}}" """,
            random.Next(2) == 0 ? $$""" "valueString":"{{One("abc", "xyz")}}" """ : $$""" "valueQuantity":{"value":{{random.Next(1, 10)}},"unit":"mg"} """,
            random.Next(2) == 0 ? "" : """ "category":[{"coding":[{"code":"vital-signs"}]}] """,
            random.Next(3) == 0 ? """ "identifier":[{"system":"urn:x","value":"7"}] """ : "",
            random.Next(3) == 0 ? """ "performer":[{"reference":"Practitioner/9"}] """ : "",
            random.Next(3) == 0 ? """ "meta":{"lastUpdated":"2002-01-01T00:00:00Z","tag":[{"code":"t"}]} """ : "",
        }.Where(part => part.Length > 0));
        return $$"""{"resourceType":"Observation","id":"o-{{number}}",{{parts}}}""";
    }
}
