using System.Diagnostics;
using HealthChain.Conformance.Smart;
using HealthChain.TestKit;

// dotnet run -c Release --project conformance/smart -- [CASES] [SEED]
int cases = args.Length > 0 ? int.Parse(args[0]) : 5_000;
int seed = args.Length > 1 ? int.Parse(args[1]) : 1;
using NodeProgram? oracle = JoseDifferential.TryStartOracle();
if (oracle is null)
{
    Console.Error.WriteLine("This needs Node.js, and npm once to install jose.");
    return 2;
}

long started = Stopwatch.GetTimestamp();
Findings findings = JoseDifferential.Run(oracle, cases, seed);
foreach (string difference in findings.Differences)
{
    Console.WriteLine(difference);
}

foreach ((string kind, int count) in findings.ByKind)
{
    Console.WriteLine($"{count,8} {kind}");
}

Console.WriteLine($"seed {seed}: {findings.Cases} cases, {findings.Differences.Count} differences, {findings.Stricter} changed tokens that only jose takes, {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s");
return findings.Differences.Count == 0 ? 0 : 1;
