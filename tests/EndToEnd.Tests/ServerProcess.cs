using System.Diagnostics;
using System.Text;
using System.Threading.Channels;
using Xunit;

namespace HealthChain.EndToEnd.Tests;

/// <summary>A running server on a port of its own choice.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const string ListeningLine = "Now listening on: ";

    private readonly Process _process;
    private readonly DirectoryInfo? _ownFolder;
    private readonly StringBuilder _said = new();
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly Task<string> _errors;
    private readonly Task _reading;

    private ServerProcess(Process process, DirectoryInfo? ownFolder)
    {
        _process = process;
        _ownFolder = ownFolder;

        // Both are read all the time: a server that says much would else wait for somebody to listen.
        _errors = process.StandardError.ReadToEndAsync();
        _reading = ReadAsync();
    }

    public HttpClient Client { get; } = new();

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
        var server = new ServerProcess(Executable.Start(environment ?? new Dictionary<string, string>(), arguments), ownFolder);
        string line = await server.SaysAsync(ListeningLine);
        string address = line[(line.IndexOf(ListeningLine, StringComparison.Ordinal) + ListeningLine.Length)..].Trim();

        // A line of JSON has more after the address.
        server.Client.BaseAddress = new Uri(address.Split('"')[0]);
        return server;
    }

    /// <summary>Waits until it says a line with that text, and gives the line.</summary>
    public async Task<string> SaysAsync(string text)
    {
        await foreach (string line in _lines.Reader.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The server ended without saying '{text}': {await _errors}");
    }

    /// <summary>Asks it to stop as a supervisor does, and gives its exit code and all that it said.</summary>
    public async Task<Finished> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _reading.WaitAsync(TestContext.Current.CancellationToken);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Finished(_process.ExitCode, _said.ToString(), await _errors);
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

    private async Task ReadAsync()
    {
        try
        {
            while (await _process.StandardOutput.ReadLineAsync() is { } line)
            {
                _said.Append(line).Append('\n');
                _lines.Writer.TryWrite(line);
            }
        }
        catch (Exception ended) when (ended is ObjectDisposedException or InvalidOperationException or IOException)
        {
            // It was killed.
        }

        _lines.Writer.Complete();
    }
}
