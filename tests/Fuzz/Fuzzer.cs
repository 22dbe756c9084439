using System.Diagnostics;

namespace HealthChain.Fuzz;

/// <summary>Feeds a target with mutations, watches for hangs, and keeps every input that was a finding.</summary>
internal sealed class Fuzzer(FuzzTarget target, string corpusFolder)
{
    private static readonly TimeSpan HangLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SlowLimit = TimeSpan.FromMilliseconds(250);

    private byte[] _current = [];
    private long _started;

    public int Findings { get; private set; }

    /// <summary>Runs that many inputs, or until the time is over.</summary>
    public long Run(long inputs, int seed, TimeSpan atMost)
    {
        var mutator = new Mutator(seed, target);
        using var watch = new Timer(_ => EndIfHanging(), null, HangLimit, TimeSpan.FromSeconds(1));
        long begin = Stopwatch.GetTimestamp();
        long done = 0;
        while (done < inputs && (done % 1024 != 0 || Stopwatch.GetElapsedTime(begin) < atMost))
        {
            RunOne(mutator.Next());
            done++;
        }

        Volatile.Write(ref _started, 0);
        return done;
    }

    private void RunOne(byte[] input)
    {
        Volatile.Write(ref _current, input);
        long started = Stopwatch.GetTimestamp();
        Volatile.Write(ref _started, started);
        try
        {
            target.Run(input);
            if (Stopwatch.GetElapsedTime(started) > SlowLimit)
            {
                Confirm(input);
            }
        }
        catch (Exception failure)
        {
            Keep(input, $"{failure.GetType().Name}: {failure.Message}\n{failure.StackTrace}");
        }
    }

    // A pause of the machine looks like a slow input; only one that is slow again is a finding.
    private void Confirm(byte[] input)
    {
        for (int again = 0; again < 3; again++)
        {
            long started = Stopwatch.GetTimestamp();
            target.Run(input);
            if (Stopwatch.GetElapsedTime(started) < SlowLimit)
            {
                return;
            }
        }

        Keep(input, $"slower than {SlowLimit.TotalMilliseconds} ms four times");
    }

    private void EndIfHanging()
    {
        long started = Volatile.Read(ref _started);
        if (started != 0 && Stopwatch.GetElapsedTime(started) > HangLimit)
        {
            Keep(Volatile.Read(ref _current), $"ran longer than {HangLimit.TotalSeconds} s");
            Environment.Exit(3);
        }
    }

    private void Keep(byte[] input, string reason)
    {
        Findings++;
        string folder = Path.Combine(corpusFolder, target.Name);
        Directory.CreateDirectory(folder);
        string name = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(input))[..16];
        File.WriteAllBytes(Path.Combine(folder, name + ".input"), input);
        Console.WriteLine($"FINDING {target.Name}/{name}: {reason}");
    }
}
