using System.Reflection;
using HealthChain.Storage.ContractTests;
using HealthChain.Storage.ContractTests.Model;
using Xunit;

namespace HealthChain.Storage.Model.Tests;

/// <summary>The contract tests are worth what they notice: each fault makes some of them fail.</summary>
public class FaultTests
{
    public static TheoryData<Fault> Faults { get; } = [.. Enum.GetValues<Fault>().Where(fault => fault != Fault.None)];

    [Fact]
    public async Task A_wrapped_store_without_a_fault_passes() => Assert.Empty(await FailuresAsync(Fault.None));

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Each_fault_is_noticed(Fault fault) => Assert.NotEmpty(await FailuresAsync(fault));

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Random_sequences_notice_each_fault_within_a_few_seeds(Fault fault)
    {
        var failures = new List<string>();
        for (int seed = 1; seed <= 20 && failures.Count == 0; seed++)
        {
            await using var run = new Sequences(fault);
            await NoteAsync(() => run.The_store_answers_as_the_model_does(seed), "seed " + seed, failures);
        }

        Assert.NotEmpty(failures);
    }

    private static async Task<List<string>> FailuresAsync(Fault fault)
    {
        var failures = new List<string>();
        foreach (Func<StoreContract> contract in new Func<StoreContract>[] { () => new Versions(fault), () => new Searches(fault), () => new Scopes(fault), () => new Ledgers(fault), () => new Records(fault) })
        {
            foreach (MethodInfo test in contract().GetType().GetMethods().Where(method => method.IsDefined(typeof(FactAttribute), inherit: true)))
            {
                object?[][] rows = [.. test.GetCustomAttributes<InlineDataAttribute>().Select(row => row.Data)];
                foreach (object?[] row in rows.Length == 0 ? [[]] : rows)
                {
                    await using StoreContract run = contract();
                    await NoteAsync(() => (Task)test.Invoke(run, row)!, test.Name, failures);
                }
            }
        }

        return failures;
    }

    private static async Task NoteAsync(Func<Task> test, string name, List<string> failures)
    {
        try
        {
            await test();
        }
        catch (Exception failure)
        {
            // A test that stumbles over a fault has noticed it as well.
            failures.Add($"{name}: {failure.Message}");
        }
    }

    private static FaultyStore Open(StoreSetup setup, Fault fault) => new(new ModelStore(setup), fault);

    private sealed class Versions(Fault fault) : VersionContract(setup => Open(setup, fault));

    private sealed class Searches(Fault fault) : SearchContract(setup => Open(setup, fault));

    private sealed class Scopes(Fault fault) : ScopeContract(setup => Open(setup, fault));

    private sealed class Ledgers(Fault fault) : LedgerContract(setup => Open(setup, fault));

    private sealed class Records(Fault fault) : RecordContract(setup => Open(setup, fault));

    private sealed class Sequences(Fault fault) : SequenceContract(setup => Open(setup, fault));
}
