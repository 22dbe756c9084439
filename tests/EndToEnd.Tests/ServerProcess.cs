using System.Diagnostics;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>A running server on a port of its own choice.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string ListeningLine = "Now listening on: ";

    private readonly Process _process;

    private ServerProcess(Process process, Uri address)
    {
        _process = process;
        Client = new HttpClient { BaseAddress = address };
    }

    public HttpClient Client { get; }

    /// <summary>Starts a server and waits until it says where it listens.</summary>
    public static async Task<ServerProcess> StartAsync(params string[] settings)
    {
        var process = Executable.Start(["serve", "--urls", "http://127.0.0.1:0", .. settings]);
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.IndexOf(ListeningLine, StringComparison.Ordinal) is >= 0 and var start)
            {
                return new ServerProcess(process, new Uri(line[(start + ListeningLine.Length)..].Trim()));
            }
        }

        throw new InvalidOperationException($"The server ended before it listened: {await process.StandardError.ReadToEndAsync()}");
    }

    /// <summary>Asks it to stop as a supervisor does, and gives its exit code and what it said since it listened.</summary>
    public async Task<Finished> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        var output = await _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await _process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Finished(_process.ExitCode, output, errors);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
