using System.Diagnostics;
using System.Globalization;
using HealthChain.EthersDifferential;
using HealthChain.TestKit;

// dotnet run -c Release --project conformance/ledger/ethers -- [CASES] [SEED]
int cases = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 20_000;
int seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
using NodeProgram? oracle = Differential.TryStartOracle();
if (oracle is null)
{
    Console.Error.WriteLine("This needs Node.js, and npm once to install ethers.");
    return 2;
}

long started = Stopwatch.GetTimestamp();
Findings findings = Differential.Run(oracle, cases, seed);
foreach (string difference in findings.Differences)
{
    Console.WriteLine(difference);
}

foreach ((string kind, int count) in findings.ByKind)
{
    Console.WriteLine($"{count,8} {kind}");
}

Console.WriteLine($"seed {seed}: {findings.Cases} cases, {findings.Refused} of them refused by both, {findings.Differences.Count} differences, {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s");
return findings.Differences.Count == 0 ? 0 : 1;
