using System.Text;
using HealthChain.Storage;

namespace HealthChain.Http.Tests.Consents;

/// <summary>An answer that tells of what is withheld: it is another one where that never was.</summary>
internal sealed record Difference(World World, Asker Asker, IReadOnlyList<Query> Before, Query Query, string Answer, string Without);

/// <summary>Asks the same of a store and of the same store without what is withheld from the one who asks.</summary>
internal static class Comparison
{
    private const int MostTrials = 120;

    /// <param name="around">Laid around the store that has everything.</param>
    /// <returns>How many answers were compared, and the first difference; null where there is no store without what is withheld.</returns>
    public static async Task<(int Compared, Difference? Difference)?> RunAsync(
        World world, Asker asker, IReadOnlyList<Query> queries, Func<IResourceStore, IResourceStore>? around = null)
    {
        if (new Oracle(world, asker).Visible() is not { } visible)
        {
            return null;
        }

        await using WorldServer whole = await WorldServer.StartAsync(world, world, visible, around);
        await using WorldServer without = await WorldServer.StartAsync(visible, world, world);
        for (int i = 0; i < queries.Count; i++)
        {
            if (queries[i].Writes)
            {
                whole.Wait(TimeSpan.FromSeconds(1));
                without.Wait(TimeSpan.FromSeconds(1));
            }

            string answer = await whole.AskAsync(asker, queries[i]);
            string expected = await without.AskAsync(asker, queries[i]);
            if (answer != expected)
            {
                return (i + 1, new Difference(world, asker, [.. queries.Take(i).Where(query => query.Writes)], queries[i], answer, expected));
            }
        }

        return (queries.Count, null);
    }

    /// <summary>The same difference in a store as small as can be found by leaving out resources.</summary>
    public static async Task<Difference> ShrinkAsync(Difference found, Func<IResourceStore, IResourceStore>? around = null)
    {
        Difference smallest = found;
        int trials = 0;
        if (found.Before.Count > 0 && await TryAsync(found.World, found.Asker, [found.Query], around) is { } alone)
        {
            smallest = alone;
        }

        for (int part = smallest.World.Newest.Count() / 2; part >= 1; part /= 2)
        {
            string[] keys = [.. smallest.World.Newest.Select(step => step.Key)];
            for (int from = 0; from < keys.Length && trials < MostTrials; from += part, trials++)
            {
                HashSet<string> left = [.. keys.Skip(from).Take(part)];
                World less = smallest.World with { Steps = [.. smallest.World.Steps.Where(step => !left.Contains(step.Key))] };
                smallest = await TryAsync(less, smallest.Asker, [.. smallest.Before, smallest.Query], around) ?? smallest;
            }
        }

        return smallest;
    }

    public static string Describe(Difference difference)
    {
        var oracle = new Oracle(difference.World, difference.Asker);
        var text = new StringBuilder($"seed {difference.World.Seed}, {difference.Asker}, policy {difference.World.Policy}\n");
        foreach (Step step in difference.World.Steps)
        {
            text.Append($"  {(oracle.Exists(step) ? "visible " : "withheld")} {step.Instant,3} {(step.IsDeletion ? $"{step.Key} deleted" : step.Json.ToJsonString())}\n");
        }

        foreach (Query before in difference.Before)
        {
            text.Append($"  after {before}\n");
        }

        (string answer, string without) = (difference.Answer, difference.Without);
        int at = answer.Zip(without).TakeWhile(pair => pair.First == pair.Second).Count();
        int from = Math.Max(0, at - 300);
        return text.Append($"  {difference.Query}\n  the store answers   ...{answer[from..Math.Min(answer.Length, at + 500)]}\n  without the withheld ...{without[from..Math.Min(without.Length, at + 500)]}").ToString();
    }

    private static async Task<Difference?> TryAsync(World world, Asker asker, IReadOnlyList<Query> queries, Func<IResourceStore, IResourceStore>? around)
    {
        // Another world than the property speaks of would have differences of its own.
        if (!world.IsAskedInOrder && new Oracle(world, asker).WithoutLaterRevealed().Steps.Count < world.Steps.Count)
        {
            return null;
        }

        (int _, Difference? difference) = await RunAsync(world, asker, queries, around) ?? (0, null);
        return difference is { } again && again.Query == queries[^1] ? again : null;
    }
}
