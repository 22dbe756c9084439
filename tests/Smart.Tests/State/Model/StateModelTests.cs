using System.Globalization;
using Xunit;

namespace HealthChain.Smart.Tests.State.Model;

/// <summary>
/// Random sequences of all operations, with restarts and crashes between and within them, against the model. HEALTHCHAIN_SMART_SEQUENCES says
/// how many (10,000 for the long form), HEALTHCHAIN_SMART_SEED where to begin.
/// </summary>
public sealed class StateModelTests(ITestOutputHelper output)
{
    private const int Length = 60;

    [Fact]
    public async Task State_does_what_the_model_does_whatever_crashes()
    {
        int count = Setting("HEALTHCHAIN_SMART_SEQUENCES", 300);
        int first = Setting("HEALTHCHAIN_SMART_SEED", Environment.TickCount & 0xFFFFFF);
        int crashes = 0;
        for (int seed = first; seed < first + count; seed++)
        {
            List<Operation> operations = Operation.Sequence(new Random(seed), Length);
            try
            {
                crashes += await ModelRun.RunAsync(seed, operations);
            }
            catch (MismatchException mismatch)
            {
                List<Operation> shortest = await ShrinkAsync(seed, operations);
                Assert.Fail($"Seed {seed}: {mismatch.Message}\nShortest:\n{string.Join('\n', shortest)}");
            }
        }

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
