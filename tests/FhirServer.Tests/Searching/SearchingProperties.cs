using System.Globalization;
using HealthChain.Fhir;
using HealthChain.FhirServer.Searching;
using Xunit;

namespace HealthChain.FhirServer.Tests.Searching;

/// <summary>Random searches from a printed seed: a failure is repeated with it.</summary>
public sealed class SearchingProperties
{
    private static readonly string[] Pieces =
    [
        "name", "subject", "code", "_has", ":", ".", "Observation", "Patient", "patient", "_id", "_filter", "_sort", "_include", "_revinclude",
        "_type", "_list", "_text", "_count", "_summary", "_elements", "missing", "not", "in", "below", "of-type", "identifier", "iterate", "*",
        "near", "value-quantity", "birthdate", "code-value-quantity", "true", "male", "2013-01-14", "ge", "ap", "5.4", "|", ",", "$", "\\", "-",
        "(", ")", "[", "]", "\"", " eq ", " and ", " or ", "not (", " pr ", " ", "é", "\ud800", "\0", "%", "/", "http://loinc.org", "",
    ];

    private static readonly string[] Types = ["Patient", "Observation", "Location", "", "Patient/1/Observation", "Patient/1/*"];

    [Fact]
    public void No_text_makes_the_reader_throw()
    {
        const int Seed = 20261121;
        var random = new Random(Seed);
        int understood = 0;
        for (int run = 0; run < 20_000; run++)
        {
            string url = $"{Types[random.Next(Types.Length)]}?";
            for (int count = random.Next(1, 4); count > 0; count--)
            {
                url += $"{Text(random, 6)}={Text(random, 10)}&";
            }

            try
            {
                Result<SearchPlan> plan = Searches.Read(url, (SearchHandling)random.Next(2));
                understood += plan.IsOk ? 1 : 0;
                Assert.True(plan.IsOk || plan.Error.Issues.All(issue => issue.Message.Length > 0));
            }
            catch (Exception exception)
            {
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"Seed {Seed}, run {run}, '{url}': {exception}"));
            }
        }

        Assert.InRange(understood, 100, 19_900);
    }

    [Fact]
    public void A_printed_filter_reads_as_the_same_filter()
    {
        const int Seed = 4711;
        var random = new Random(Seed);
        var limits = new SearchLimits();
        for (int run = 0; run < 5_000; run++)
        {
            FilterNode filter = Filter(random, 4);
            Result<FilterNode> read = FilterParser.Parse(filter.ToString()!, limits);
            Assert.True(read.IsOk, $"Seed {Seed}, run {run}, {filter}: {read.Error}");
            Assert.True(filter.Equals(read.Value), $"Seed {Seed}, run {run}: {filter} was read as {read.Value}");
        }
    }

    private static string Text(Random random, int most) => string.Concat(random.GetItems(Pieces, random.Next(most)));

    private static FilterNode Filter(Random random, int depth) => (depth == 0 ? 3 : random.Next(5)) switch
    {
        0 => new FilterAnd(Filter(random, depth - 1), Filter(random, depth - 1)),
        1 => new FilterOr(Filter(random, depth - 1), Filter(random, depth - 1)),
        2 => new FilterNot(Filter(random, depth - 1)),
        3 => new FilterCompare(Path(random, depth), Operator(random), "http://a|b,c", IsQuoted: false, Position: 0),
        _ => new FilterCompare(Path(random, depth), Operator(random), "x \" \\ y)\n", IsQuoted: true, Position: 0),
    };

    private static string Operator(Random random) => FilterText.Operators[random.Next(FilterText.Operators.Length)];

    private static List<SearchStep> Path(Random random, int depth)
    {
        var steps = new List<SearchStep>();
        for (int count = random.Next(3); count > 0; count--)
        {
            SearchStep step = random.Next(3) switch
            {
                0 => new SearchStep("patient", null, "Observation"),
                1 => new SearchStep("subject", "Patient", null),
                _ => new SearchStep("subject", null, null),
            };
            steps.Add(depth > 0 && random.Next(3) == 0 ? step with { Condition = Filter(random, depth - 1) } : step);
        }

        steps.Add(new SearchStep("not-code", null, null));
        return steps;
    }
}
