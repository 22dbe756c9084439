using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace HealthChain.Load;

/// <summary>A server in a process of its own, so that its time and memory can be told from the driver's.</summary>
internal sealed class ServerChild : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";

    private readonly Process _process;

    private ServerChild(Process process, IPEndPoint address)
    {
        _process = process;
        Address = address;
    }

    public IPEndPoint Address { get; }

    /// <summary>Time on processors since the start.</summary>
    public TimeSpan Processor
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public double ResidentMegabytes => Kilobytes("VmRSS:") / 1024;

    public double PeakMegabytes => Kilobytes("VmHWM:") / 1024;

    public static async Task<ServerChild> StartAsync(string command, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var name in SocketSettings.Names)
        {
            // The driver's own settings are not the server's.
            start.Environment.Remove(name);
        }

        var process = Process.Start(start)!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var found)
            {
                var address = new Uri(line[(found + Listening.Length)..].Trim());
                // What it says from now on must not fill the pipe.
                _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
                return new ServerChild(process, new IPEndPoint(IPAddress.Parse(address.Host), address.Port));
            }
        }

        throw new InvalidOperationException($"{command} ended before it listened");
    }

    /// <summary>Asks it to end by itself, so that its store is left in order.</summary>
    public async Task StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync();
    }

    private double Kilobytes(string name) => double.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}

/// <summary>
/// Makes the runtime poll all sockets on one thread and go on with each exchange there, as drivers in C do: no hand-over to the thread
/// pool, so the driver takes little of the machine that it measures. Must be called before the first socket.
/// </summary>
internal static class SocketSettings
{
    public static readonly string[] Names = ["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT"];

    public static void Apply()
    {
        foreach (var name in Names)
        {
            Environment.SetEnvironmentVariable(name, "1");
        }
    }
}
