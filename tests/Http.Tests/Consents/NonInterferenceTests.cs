using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using HealthChain.Storage.ContractTests;
using Xunit;

namespace HealthChain.Http.Tests.Consents;

/// <summary>
/// What is withheld does not exist: over random stores, consents, requesters and requests each answer is the one that the same store gives without
/// what is withheld. What is withheld is found by the engine's judgement of each resource alone, so neither index nor cache can hide a mistake from
/// this. A long run: HEALTHCHAIN_TRIPLES=20000.
/// </summary>
public sealed class NonInterferenceTests(ITestOutputHelper output)
{
    private const int Reads = 70;
    private const int Writes = 14;

    private static readonly int Wanted = int.TryParse(Environment.GetEnvironmentVariable("HEALTHCHAIN_TRIPLES"), CultureInfo.InvariantCulture, out int triples) ? triples : 1000;
    private static readonly int FirstSeed = int.TryParse(Environment.GetEnvironmentVariable("HEALTHCHAIN_SEED"), CultureInfo.InvariantCulture, out int seed) ? seed : 1;

    [Fact]
    public async Task Answers_are_those_of_a_store_without_what_is_withheld()
    {
        var clock = Stopwatch.StartNew();
        var differences = new ConcurrentBag<Difference>();
        int compared = 0;
        int skipped = 0;
        int withheld = 0;
        int visible = 0;
        int seed = FirstSeed - 1;
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (Volatile.Read(ref compared) < Wanted && differences.Count < 5)
            {
                int mine = Interlocked.Increment(ref seed);
                (World world, Asker asker, Query[] queries) = Make(mine);
                if (await Comparison.RunAsync(world, asker, queries) is not { } result)
                {
                    Interlocked.Increment(ref skipped);
                    continue;
                }

                Interlocked.Add(ref compared, result.Compared);
                var oracle = new Oracle(world, asker);
                Interlocked.Add(ref visible, world.Steps.Count(oracle.Exists));
                Interlocked.Add(ref withheld, world.Steps.Count(step => !oracle.Exists(step)));
                if (result.Difference is { } difference)
                {
                    differences.Add(difference);
                }
            }
        })));
        output.WriteLine($"{compared} triples of {seed - FirstSeed + 1 - skipped} stores in {clock.Elapsed.TotalSeconds:F0} s, {skipped} without a store to compare with; {visible} versions visible, {withheld} withheld");
        if (!differences.IsEmpty)
        {
            Difference[] smallest = await Task.WhenAll(differences.OrderBy(difference => difference.World.Seed).Take(2).Select(difference => Comparison.ShrinkAsync(difference)));
            Assert.Fail($"{differences.Count} differences, of seeds {string.Join(", ", differences.Select(difference => difference.World.Seed).Order())}\n{string.Join("\n\n", smallest.Select(Comparison.Describe))}");
        }

        Assert.True(visible > withheld / 4 && withheld > visible / 4, $"{visible} versions were visible, {withheld} withheld: that shows little");
        Assert.True(3 * skipped < 2 * (seed - FirstSeed + 1), $"{skipped} of {seed - FirstSeed + 1} were not compared");
    }

    /// <summary>The comparison itself: a store that gives away one thing is found out.</summary>
    [Theory]
    [InlineData(Fault.CountsTheWithheld)]
    [InlineData(Fault.IncludesTheWithheld)]
    [InlineData(Fault.ShowsTheHistoryOfTheWithheld)]
    public async Task A_leak_is_found(Fault leak)
    {
        for (int seed = 1; seed <= 40; seed++)
        {
            (World world, Asker asker, Query[] queries) = Make(seed);
            if (await Comparison.RunAsync(world, asker, queries, store => new FaultyStore(store, leak)) is (_, { } difference))
            {
                Assert.NotEqual(difference.Answer, difference.Without);
                return;
            }
        }

        Assert.Fail($"Nobody noticed a store that {leak}.");
    }

    private static (World World, Asker Asker, Query[] Queries) Make(int seed)
    {
        World world = WorldSource.Make(seed);
        var draw = new Draw(seed * 7919);
        Asker asker = draw.Pick(world.Askers);
        world = seed % 3 == 0 ? world with { IsAskedInOrder = true } : new Oracle(world, asker).WithoutLaterRevealed();
        var source = new QuerySource(draw, world);
        Query[] queries =
        [
            .. Enumerable.Range(0, Reads).Select(_ => source.Read()),
            .. Enumerable.Range(0, Writes).SelectMany(_ => new[] { source.Write(), source.Read() }),
            new Query("GET", "_history?_count=200"),
        ];
        return (world, asker, queries);
    }
}
