using System.Globalization;
using Xunit;

namespace HealthChain.Smart.Tests.State.Model;

/// <summary>
/// Random sequences of all operations, with restarts and crashes between and within them, against the model; the same ones each time, so that nobody's
/// change is blamed for another's fault. HEALTHCHAIN_SMART_SEED says where to begin for others, HEALTHCHAIN_SMART_SEQUENCES how many.
/// </summary>
public sealed class StateModelTests(ITestOutputHelper output)
{
    private const int Length = 60;

    [Fact]
    public async Task State_does_what_the_model_does_whatever_crashes()
    {
        int count = Setting("HEALTHCHAIN_SMART_SEQUENCES", 10_000);
        int first = Setting("HEALTHCHAIN_SMART_SEED", 1);
        int crashes = 0;
        var eachProcessor = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(first, count), eachProcessor, async (seed, _) =>
        {
            List<Operation> operations = Operation.Sequence(new Random(seed), Length);
            try
            {
                Interlocked.Add(ref crashes, await ModelRun.RunAsync(seed, operations));
            }
            catch (MismatchException mismatch)
            {
                List<Operation> shortest = await ShrinkAsync(seed, operations);
                Assert.Fail($"Seed {seed}: {mismatch.Message}\nShortest:\n{string.Join('\n', shortest)}");
            }
        });

        output.WriteLine($"{count} sequences of {Length} operations from seed {first}, {crashes} crashes.");
        Assert.True(crashes > count / 4, $"Only {crashes} of {count} sequences crashed: the test does not test that.");
    }

    /// <summary>Leaves out what is not needed for the failure: halves, then quarters, at last single operations.</summary>
    private static async Task<List<Operation>> ShrinkAsync(int seed, List<Operation> operations)
    {
        for (int part = operations.Count / 2; part > 0; part /= 2)
        {
            for (int at = 0; at + part <= operations.Count;)
            {
                List<Operation> shorter = [.. operations[..at], .. operations[(at + part)..]];
                if (await FailsAsync(seed, shorter))
                {
                    operations = shorter;
                }
                else
                {
                    at += part;
                }
            }
        }

        return operations;
    }

    private static async Task<bool> FailsAsync(int seed, List<Operation> operations)
    {
        try
        {
            await ModelRun.RunAsync(seed, operations);
            return false;
        }
        catch (MismatchException)
        {
            return true;
        }
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;
}
