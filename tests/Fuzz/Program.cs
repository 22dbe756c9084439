using System.Diagnostics;
using System.Globalization;
using HealthChain.Fuzz;
using HealthChain.TestKit;

// dotnet run -c Release --project tests/Fuzz -- all|TARGET [--inputs N] [--seed S] [--minutes M]
string which = args.Length > 0 ? args[0] : "all";
long inputs = Option("--inputs", 1_000_000);
int seed = (int)Option("--seed", 1);
TimeSpan atMost = TimeSpan.FromMinutes(Option("--minutes", 60));

FuzzTarget[] targets = [.. Targets.All.Where(target => which == "all" || target.Name == which)];
if (targets.Length == 0)
{
    Console.Error.WriteLine($"No target '{which}'. There are: all, {string.Join(", ", Targets.All.Select(target => target.Name))}.");
    return 2;
}

int findings = 0;
foreach (FuzzTarget target in targets)
{
    var fuzzer = new Fuzzer(target, Path.Combine(Repository.Root, "tests", "Fuzz", "corpus"));
    long started = Stopwatch.GetTimestamp();
    long done = fuzzer.Run(inputs / targets.Length, seed, atMost / targets.Length);
    TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
    Console.WriteLine($"{target.Name}: {done} inputs in {elapsed.TotalSeconds:F0} s ({done / elapsed.TotalSeconds:F0}/s), {fuzzer.Findings} findings");
    findings += fuzzer.Findings;
}

return findings == 0 ? 0 : 1;

long Option(string name, long otherwise)
{
    int at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? long.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
}
