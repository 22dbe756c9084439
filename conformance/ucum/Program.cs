using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using HealthChain.Conformance.Ucum;

// Compares conversions with those of npm's @lhncbc/ucum-lhc. See README.md for the command and the explanations of differences.
var folder = args.Length > 0 ? args[0] : Directory.GetCurrentDirectory();
var seed = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 2026;
var definitions = Path.Combine(folder, "node_modules/@lhncbc/ucum-lhc/data/ucumDefs.min.json");
if (!File.Exists(definitions))
{
    Console.Error.WriteLine($"{definitions} is missing: run 'npm ci' in the folder first.");
    return 2;
}

var cases = new Cases(definitions, seed).All(expressions: 3000).Where(item => item.From.Length > 0 && item.To.Length > 0).ToList();
var answers = await AskOracleAsync(folder, cases);
var tally = new SortedDictionary<string, int>(StringComparer.Ordinal);
var unexplained = 0;
for (var i = 0; i < cases.Count; i++)
{
    var verdict = Verdict.Of(cases[i], answers[i]);
    tally[verdict.Name] = tally.GetValueOrDefault(verdict.Name) + 1;
    if (!verdict.IsExplained)
    {
        unexplained++;
        Console.WriteLine($"UNEXPLAINED {cases[i].Value} '{cases[i].From}' -> '{cases[i].To}': ours {verdict.Ours}, theirs {answers[i]}");
    }
}

foreach (var (name, count) in tally)
{
    Console.WriteLine($"{count,6}  {name}");
}

Console.WriteLine($"{cases.Count - unexplained} passed, {unexplained} failed");
return unexplained == 0 ? 0 : 1;

static async Task<List<Answer>> AskOracleAsync(string folder, List<Case> cases)
{
    using var node = Process.Start(new ProcessStartInfo("node", ["oracle.mjs"])
    {
        WorkingDirectory = folder,
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;
    var writing = Task.Run(async () =>
    {
        foreach (var item in cases)
        {
            await node.StandardInput.WriteLineAsync(JsonSerializer.Serialize(item, JsonSerializerOptions.Web));
        }

        node.StandardInput.Close();
    });
    var answers = new List<Answer>();
    while (await node.StandardOutput.ReadLineAsync() is { } line)
    {
        answers.Add(JsonSerializer.Deserialize<Answer>(line, JsonSerializerOptions.Web)!);
    }

    await writing;
    return answers;
}
