using System.Diagnostics;
using System.Net;
using HealthChain.TestKit;

namespace HealthChain.Start;

/// <summary>One start of the <c>healthchain</c> process, measured from outside.</summary>
internal static class Measurement
{
    private static readonly string Command = Repository.PathOf("artifacts/bin/HealthChain.FhirServer/release/healthchain");

    /// <summary>From the start of the process to the last byte of its first answer.</summary>
    public static async Task<TimeSpan> FirstMetadataAsync()
    {
        using var client = new HttpClient();
        var clock = Stopwatch.StartNew();
        using var server = Start("serve", "--urls", "http://127.0.0.1:0");
        var address = await AddressAsync(server);
        using var response = await client.GetAsync(new Uri(address, "/fhir/metadata"));
        await response.Content.ReadAsByteArrayAsync();
        var elapsed = clock.Elapsed;
        server.Kill();
        await server.WaitForExitAsync();
        return response.StatusCode == HttpStatusCode.OK ? elapsed : throw new InvalidOperationException($"metadata answered {response.StatusCode}");
    }

    /// <summary>From the start of the process to its end.</summary>
    public static async Task<TimeSpan> ValidateAsync(string file)
    {
        var clock = Stopwatch.StartNew();
        using var process = Start("validate", file);
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? clock.Elapsed : throw new InvalidOperationException(await process.StandardOutput.ReadToEndAsync());
    }

    /// <summary>
    /// The most memory that was resident until a file was validated, in MB. Standard input, kept open as a second file, makes the
    /// process wait after the first, so that it can be asked.
    /// </summary>
    public static async Task<double> PeakMegabytesAsync(string file)
    {
        using var process = Start("validate", "--format", "json", file, "-");
        if (await process.StandardOutput.ReadLineAsync() is null)
        {
            throw new InvalidOperationException(await process.StandardError.ReadToEndAsync());
        }

        var kilobytes = File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        process.Kill();
        await process.WaitForExitAsync();
        return double.Parse(kilobytes) / 1024;
    }

    private static async Task<Uri> AddressAsync(Process server)
    {
        const string listening = "Now listening on: ";
        while (await server.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.IndexOf(listening, StringComparison.Ordinal) is >= 0 and var start)
            {
                return new Uri(line[(start + listening.Length)..].Trim());
            }
        }

        throw new InvalidOperationException("the server ended before it listened");
    }

    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo(Command, arguments)
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
