using System.Globalization;
using HealthChain.Crash;

// Kills a process that writes, again and again, and checks what it left.
//   dotnet run -c Release --project tests/Crash -- 200 [SEED]
if (args is ["load", var folder, var seed])
{
    await Load.RunAsync(folder, int.Parse(seed, CultureInfo.InvariantCulture));
    return 0;
}

int kills = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 200;
int first = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : Environment.TickCount;
Console.WriteLine($"{kills} kills, seed {first}");
CrashReport report = await new CrashRun(first, Console.WriteLine).RunAsync(kills, CancellationToken.None);
Console.WriteLine(report);
foreach (string fault in report.Faults)
{
    Console.WriteLine(fault);
}

return report.Faults.Count == 0 ? 0 : 1;
