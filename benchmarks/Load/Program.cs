using HealthChain.Load;
using HealthChain.Load.Scenarios;

// dotnet run -c Release --project benchmarks/Load -- SCENARIO ... [OPTIONS]; see README.md.
if (args is ["bare", var file])
{
    await Bare.RunAsync(file);
    return 0;
}

SocketSettings.Apply();
var names = args.TakeWhile(argument => !argument.StartsWith("--", StringComparison.Ordinal)).ToArray();
var chosen = names is ["all"] ? Scenario.All : [.. names.Select(name => Scenario.All.FirstOrDefault(scenario => scenario.Name == name)).OfType<Scenario>()];
if (chosen.Length == 0 || (names is not ["all"] && chosen.Length != names.Length))
{
    Console.Error.WriteLine($"Usage: SCENARIO ... [--connections N] [--seconds S] [--warm-up S] [--rounds N] [--bytes N] [--resources N] [--folder PATH] [--keep PATH] [--alone] [--server ARGUMENT ...]\n\n  all");
    foreach (var scenario in Scenario.All)
    {
        Console.Error.WriteLine($"  {scenario.Name,-15} {scenario.Summary}");
    }

    return 2;
}

var options = LoadOptions.Parse(args.AsSpan(names.Length));
var table = new Table(Console.Out);
try
{
    foreach (var scenario in chosen)
    {
        await using var bench = await Bench.StartAsync(options, table);
        await scenario.RunAsync(bench);
    }

    return 0;
}
catch (UnexpectedAnswerException unexpected)
{
    Console.Error.WriteLine(unexpected.Message);
    return 1;
}
