using System.Diagnostics;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>A running server on a port of its own choice.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string ListeningLine = "Now listening on: ";

    private readonly Process _process;
    private readonly DirectoryInfo? _ownFolder;
    private string _saidBefore;

    private ServerProcess(Process process, Uri address, string saidBefore, DirectoryInfo? ownFolder)
    {
        _process = process;
        _saidBefore = saidBefore;
        _ownFolder = ownFolder;
        Client = new HttpClient { BaseAddress = address };
    }

    public HttpClient Client { get; }

    /// <summary>Memory of the process right now.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts a server with data of its own in development mode, and waits until it says where it listens.</summary>
    public static Task<ServerProcess> StartAsync(params string[] settings) => StartAsync(null, settings);

    /// <summary>Starts a server on a folder that stays; null for one of its own.</summary>
    public static async Task<ServerProcess> StartAsync(DirectoryInfo? data, string[] settings, IReadOnlyDictionary<string, string>? environment = null)
    {
        DirectoryInfo? ownFolder = data is null ? Directory.CreateTempSubdirectory("healthchain") : null;
        string[] arguments = ["serve", "--urls", "http://127.0.0.1:0", "--development", "--data", (data ?? ownFolder!).FullName, .. settings];
        var process = Executable.Start(environment ?? new Dictionary<string, string>(), arguments);
        string said = "";
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            said += line + "\n";
            if (line.IndexOf(ListeningLine, StringComparison.Ordinal) is >= 0 and var start)
            {
                string address = line[(start + ListeningLine.Length)..].Trim();

                // A line of JSON has more after the address.
                return new ServerProcess(process, new Uri(address.Split('"')[0]), said, ownFolder);
            }
        }

        throw new InvalidOperationException($"The server ended before it listened: {await process.StandardError.ReadToEndAsync()}");
    }

    /// <summary>Waits until it says a line with that text, and gives the line.</summary>
    public async Task<string> SaysAsync(string text)
    {
        while (await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            _saidBefore += line + "\n";
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The server ended without saying '{text}'.");
    }

    /// <summary>Asks it to stop as a supervisor does, and gives its exit code and all that it said.</summary>
    public async Task<Finished> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        var output = await _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await _process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Finished(_process.ExitCode, _saidBefore + output, errors);
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
        _ownFolder?.Delete(recursive: true);
    }
}
