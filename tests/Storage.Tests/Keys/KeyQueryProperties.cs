using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using Xunit;

namespace HealthChain.Storage.Tests.Keys;

/// <summary>What keys say of a resource against what <see cref="SearchMatcher"/> says of its values.</summary>
public class KeyQueryProperties
{
    private const int Resources = 250;
    private const int QueriesPerResource = 60;

    private static readonly SearchParameterSet Parameters = new(DefinitionSet.R4);
    private static readonly IndexHasher Hasher = new("0123456789abcdef"u8);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Keys_say_what_the_matcher_says_or_that_they_do_not_know(int seed)
    {
        var random = new Random(seed);
        var queries = new SampleQueries(random);
        var tally = new Tally();
        Sample[] samples = [.. Pick(random).Select(Sample.Of)];
        ILookup<ushort, Sample> byParameter = samples.SelectMany(sample => sample.Having().Select(id => (id, sample))).ToLookup(pair => pair.id, pair => pair.sample);
        foreach (Sample asked in samples)
        {
            ushort[] ids = [.. asked.Having()];
            for (int i = 0; i < QueriesPerResource && ids.Length > 0; i++)
            {
                // Of a value of its own, or of another resource's value of the same parameter.
                ushort id = ids[random.Next(ids.Length)];
                Sample[] others = [.. byParameter[id]];
                Sample source = random.Next(2) == 0 ? asked : others[random.Next(others.Length)];
                if (queries.Near(Parameters.Parameters[id], source.Values, source.AnyValue(id, random)) is { } condition)
                {
                    Check(asked, condition, tally, seed);
                }
            }
        }

        tally.Check();
    }

    private static void Check(Sample asked, HasValue condition, Tally tally, int seed)
    {
        KeyQuery query = KeyQuery.Of(condition, condition.Parameter.Id, Hasher);
        bool expected = SearchMatcher.Matches(asked.Values, condition.Parameter.Id, condition.Modifier, condition.Alternatives);
        KeyAnswer answer = query.Ask(asked.Keys);
        string shown = $"seed {seed}: {condition.Parameter} {condition.Modifier} {condition.Alternatives[0]} on {asked.Text} gives {answer}";
        Assert.True(answer == KeyAnswer.Maybe || answer == KeyAnswer.Yes == expected, shown);
        tally.Count(condition, expected, answer);
        if (query.Entries is null)
        {
            return;
        }

        ReadOnlySpan<IndexKey> own = ((ReadOnlySpan<IndexKey>)asked.Keys).Of(condition.Parameter.Id);
        bool isFound = false;
        foreach (KeyLookup entry in query.Entries)
        {
            Assert.True(IndexKey.IsLookedUp(entry.Kind), shown);
            isFound |= entry.Ask(own) != KeyAnswer.No;
        }

        Assert.True(isFound || !expected, "not looked up, " + shown);
        Assert.True(!isFound || expected || !query.AreEntriesExact, "looked up, " + shown);
    }

    private static IEnumerable<Element> Pick(Random random) =>
        Enumerable.Range(0, Resources).Select(_ => SampleResources.FromSpecification[random.Next(SampleResources.FromSpecification.Count)])
            .Concat(SampleResources.Odd(random));

    private sealed record Sample(string Text, IndexValues Values, IndexKey[] Keys)
    {
        public static Sample Of(Element resource)
        {
            var values = new IndexValues();
            new SearchExtractor(Parameters).Extract(resource, values);
            var keys = new List<IndexKey>();
            new IndexKeyWriter(Hasher).Write(values, keys);
            string text = System.Text.Encoding.UTF8.GetString(resource.Tree.Json.Span);
            return new Sample(text[..Math.Min(text.Length, 2000)], values, [.. keys]);
        }

        public IEnumerable<ushort> Having() => Keys.Where(key => key.Kind != IndexKeyKind.Fact).Select(key => key.Parameter).Distinct();

        public int AnyValue(ushort parameter, Random random)
        {
            int[] own = [.. Enumerable.Range(0, Values.Count).Where(i => Values[i].Parameter == parameter && Values[i].Component == 0)];
            return own[random.Next(own.Length)];
        }
    }

    /// <summary>How often each type of parameter was asked for, met, and decided by keys alone: a property that tests nothing must be seen.</summary>
    private sealed class Tally
    {
        private readonly Dictionary<SearchParameterType, (int Asked, int Met, int Decided)> _counts = [];

        public void Count(HasValue condition, bool isMet, KeyAnswer answer)
        {
            (int asked, int met, int decided) = _counts.GetValueOrDefault(condition.Parameter.Type);
            _counts[condition.Parameter.Type] = (asked + 1, met + (isMet ? 1 : 0), decided + (answer == KeyAnswer.Maybe ? 0 : 1));
        }

        public void Check()
        {
            foreach (SearchParameterType type in Enum.GetValues<SearchParameterType>())
            {
                (int asked, int met, int decided) = _counts.GetValueOrDefault(type);
                string shown = $"{type}: {asked} asked, {met} met, {decided} decided";
                Assert.True(asked >= 10 && met > 0 && met < asked, shown);
                Assert.True(decided >= asked * (type is SearchParameterType.String or SearchParameterType.Special ? 0.3 : 0.8), shown);
            }
        }
    }
}
