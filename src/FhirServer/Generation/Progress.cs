namespace HealthChain.FhirServer.Generation;

/// <summary>A bar that says how far a long run is; drawn over and over on one line of a terminal.</summary>
internal sealed class Progress(TextWriter terminal, long total, TimeProvider time)
{
    private const int Width = 30;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly long _start = time.GetTimestamp();
    private long _drawn = time.GetTimestamp();

    /// <summary>How far something is, from 0 to 1.</summary>
    public static string Bar(double part)
    {
        var filled = (int)(part * Width);
        return $"[{new string('#', filled)}{new string('.', Width - filled)}]";
    }

    /// <summary>Draws if it has been a while.</summary>
    public void Report(long done, long resources)
    {
        if (time.GetElapsedTime(_drawn) >= Pause || done == total)
        {
            _drawn = time.GetTimestamp();
            var perSecond = resources / Math.Max(0.001, time.GetElapsedTime(_start).TotalSeconds);
            terminal.Write($"\r{Bar(done / (double)total)} {done}/{total} patients, {perSecond:N0} resources/s ");
        }

        if (done == total)
        {
            terminal.WriteLine();
        }
    }
}
