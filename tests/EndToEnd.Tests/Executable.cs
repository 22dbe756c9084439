using System.Diagnostics;
using System.Text;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>The built <c>healthchain</c> command, of the same configuration as the tests.</summary>
internal static class Executable
{
    private static readonly string Configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    private static readonly string Command = Repository.PathOf(
        $"artifacts/bin/HealthChain.FhirServer/{Configuration}/healthchain{(OperatingSystem.IsWindows() ? ".exe" : "")}");

    /// <summary>Starts it without waiting for its end.</summary>
    public static Process Start(params string[] arguments) => Start(new Dictionary<string, string>(), arguments);

    /// <summary>Starts it with further variables in its environment.</summary>
    public static Process Start(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Command, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException($"{Command} did not start.");
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<Finished> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Finished(process.ExitCode, await output, await errors);
    }
}

/// <summary>What a finished command left behind.</summary>
internal sealed record Finished(int ExitCode, string Output, string Errors);
