using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace HealthChain.LedgerAnchor.Anchoring;

/// <summary>A running anvil: an Ethereum node for development, on this machine alone.</summary>
internal sealed class AnvilProcess : IAsyncDisposable
{
    // The shell becomes anvil, so that its process id is anvil's. Before that it leaves a watcher behind who reads from the pipe to us:
    // when we die, however suddenly, the pipe ends and the watcher ends anvil. A line means that anvil has ended already.
    internal const string Script = "exec 3<&0; (read -r line <&3 || kill -KILL $$) > /dev/null 2>&1 & exec 3<&-; exec \"$@\" < /dev/null";

    private const string Announcement = "Listening on ";
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly Task _output;

    private AnvilProcess(Process process, Uri endpoint, Task output) => (_process, Id, Endpoint, _output) = (process, process.Id, endpoint, output);

    public Uri Endpoint { get; }

    public int Id { get; }

    /// <summary>Completes when it has ended, for whatever reason.</summary>
    public Task Ended => _process.WaitForExitAsync();

    /// <param name="port">0 takes a free one.</param>
    /// <exception cref="AnchorUnavailableException">It cannot be started, or ended at once.</exception>
    public static async Task<AnvilProcess> StartAsync(string executable, int port, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])
            [
                "-c", Script, "anvil", executable, "--host", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--color", "never",
                "--no-cors", "--no-request-size-limit", .. arguments,
            ])
        {
            start.ArgumentList.Add(argument);
        }

        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new AnchorUnavailableException("The development chain needs /bin/sh, which is not there.", e);
        }

        var announced = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var lastError = new List<string>();
        Task output = Task.WhenAll(DrainAsync(process.StandardOutput, announced), DrainErrorsAsync(process.StandardError, lastError));
        try
        {
            string address = await announced.Task.WaitAsync(_patience, cancellationToken);
            return new AnvilProcess(process, new Uri("http://" + address), output);
        }
        catch (Exception e) when (e is EndOfStreamException or TimeoutException or OperationCanceledException)
        {
            process.Kill();
            await output;
            process.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw new AnchorUnavailableException($"The development chain did not start: {(lastError is [var line, ..] ? line : "it said nothing")}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync();
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The watcher ended as well.
        }

        await _output;
        _process.Dispose();
    }

    // It tells of every request; only the line with the port matters, but a pipe that nobody empties would stop it.
    private static async Task DrainAsync(StreamReader reader, TaskCompletionSource<string> announced)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(Announcement, StringComparison.Ordinal))
            {
                announced.TrySetResult(line[Announcement.Length..].Trim());
            }
        }

        announced.TrySetException(new EndOfStreamException("The process has ended."));
    }

    private static async Task DrainErrorsAsync(StreamReader reader, List<string> firstLine)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (firstLine.Count == 0 && line.Length > 0)
            {
                firstLine.Add(line.Length > 200 ? line[..200] : line);
            }
        }
    }
}
