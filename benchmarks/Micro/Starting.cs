using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using HealthChain.TestKit;

namespace HealthChain.Micro;

/// <summary>From the start of the process to its first useful answer, and the memory it took. Needs a Release build of the server.</summary>
internal static class Starting
{
    private const int Runs = 9;

    private const string Patient = """{"resourceType":"Patient","active":true,"name":[{"family":"Smith","given":["Ann"]}],"gender":"female","birthDate":"1970-03-30"}""";

    private static string Executable => Repository.PathOf("artifacts/bin/HealthChain.FhirServer/release/healthchain");

    public static void Run()
    {
        if (!File.Exists(Executable))
        {
            Console.WriteLine("start: build the server first (dotnet build -c Release src/FhirServer)");
            return;
        }

        string file = Path.Combine(Path.GetTempPath(), $"healthchain-start-{Environment.ProcessId}.json");
        File.WriteAllText(file, Patient);
        try
        {
            Report("start: validate one Patient", () => Validate(file));
            Report("start: first metadata answer", Serve);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void Report(string what, Func<(double Ms, double Mb)> run)
    {
        run();
        (double Ms, double Mb)[] runs = [.. Enumerable.Range(0, Runs).Select(_ => run()).OrderBy(result => result.Ms)];
        Console.WriteLine($"{what,-34} median {runs[Runs / 2].Ms:F0} ms (least {runs[0].Ms:F0}, most {runs[^1].Ms:F0}), peak RSS {runs.Max(result => result.Mb):F0} MB");
    }

    private static (double Ms, double Mb) Validate(string file)
    {
        long start = Stopwatch.GetTimestamp();
        using Process process = Start("validate", file);
        double peak = 0;
        while (!process.WaitForExit(4))
        {
            peak = Math.Max(peak, PeakMegabytes(process.Id));
        }

        double elapsed = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        return process.ExitCode == 0 ? (elapsed, peak) : throw new InvalidOperationException("The Patient was not found valid.");
    }

    private static (double Ms, double Mb) Serve()
    {
        int port = FreePort();
        long start = Stopwatch.GetTimestamp();
        using Process process = Start("serve", "--urls", $"http://127.0.0.1:{port}");
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            while (true)
            {
                try
                {
                    client.GetStringAsync("/fhir/metadata").GetAwaiter().GetResult();
                    return (Stopwatch.GetElapsedTime(start).TotalMilliseconds, PeakMegabytes(process.Id));
                }
                catch (HttpRequestException) when (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20))
                {
                    Thread.Sleep(2);
                }
            }
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo(Executable, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static double PeakMegabytes(int process)
    {
        try
        {
            string? line = File.ReadLines($"/proc/{process}/status").FirstOrDefault(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return line is null ? 0 : double.Parse(line["VmHWM:".Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            // The process has just ended.
            return 0;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
