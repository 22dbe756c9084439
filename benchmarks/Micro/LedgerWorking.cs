using System.Diagnostics;
using System.Security.Cryptography;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerAnchor.Worker;
using HealthChain.LedgerProofs;

namespace HealthChain.Micro;

/// <summary>
/// The worker as it runs in the server, on a real disk: leaves come at a steady rate, and each second a checkpoint is decided on, signed and published.
/// Then the whole log is checked as <c>healthchain ledger verify</c> does, leaves and tiles.
/// </summary>
internal static class LedgerWorking
{
    private const int Leaves = 1_000_000;
    private const int Seconds = 20;
    private const int PerSecond = 80_000;

    public static void Run()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("healthchain-worker-");
        try
        {
            MeasureAsync(folder.FullName).GetAwaiter().GetResult();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task MeasureAsync(string folder)
    {
        var leaves = new ArrayLeaves(new byte[4 * Leaves * Hash256.Bytes]);
        var signer = new NoteSigner("clinic.example/ledger", new byte[32]);
        var parts = new LedgerParts(folder, leaves, signer, new LedgerOptions { CheckpointInterval = TimeSpan.FromSeconds(1) }, TimeProvider.System);
        using (var worker = new LedgerWorker(parts))
        using (var stop = new CancellationTokenSource())
        {
            Task running = Task.Run(() => worker.RunAsync(stop.Token));
            long start = Stopwatch.GetTimestamp();
            var checkpoints = new SortedDictionary<long, TimeSpan>();
            while (Stopwatch.GetElapsedTime(start).TotalSeconds < Seconds && leaves.Count < leaves.Room)
            {
                long published = worker.Published?.Head.Size ?? 0;
                checkpoints.TryAdd(published, Stopwatch.GetElapsedTime(start));
                leaves.Grow(Math.Min(leaves.Room, (long)(PerSecond * Stopwatch.GetElapsedTime(start).TotalSeconds)));
                await Task.Delay(5);
            }

            (long last, TimeSpan at) = checkpoints.Last();
            double widest = checkpoints.Values.Zip(checkpoints.Values.Skip(1), (before, after) => (after - before).TotalSeconds).DefaultIfEmpty().Max();
            Console.WriteLine($"ledger  worker, durable, {PerSecond} leaves come in a second: {last / at.TotalSeconds:F0}/s published over {checkpoints.Count - 1} checkpoints, the widest gap {widest:F2} s");
            await stop.CancelAsync();
            await running;
        }

        leaves.Shrink(Math.Min(Leaves, leaves.Count));
        await MeasureCheckAsync(parts with { Folder = Path.Combine(folder, "checked") }, leaves);
    }

    private static async Task MeasureCheckAsync(LedgerParts parts, ArrayLeaves leaves)
    {
        leaves.Grow(Leaves);
        Directory.CreateDirectory(parts.Folder);
        using (var worker = new LedgerWorker(parts))
        using (var stop = new CancellationTokenSource())
        {
            Task running = Task.Run(() => worker.RunAsync(stop.Token));
            while (worker.Published?.Head.Size != Leaves)
            {
                await Task.Delay(10);
            }

            await stop.CancelAsync();
            await running;
        }

        long start = Stopwatch.GetTimestamp();
        LogCheckReport report = await LogCheck.RunAsync(parts, [], null, CancellationToken.None);
        Console.WriteLine($"ledger  check of {report.Leaves.Size} leaves with all tiles on disk: {Stopwatch.GetElapsedTime(start).TotalSeconds:F2} s, {report.Findings.Count} findings");
    }

    /// <summary>Leaves that are there already; so many of them as is said are shown.</summary>
    private sealed class ArrayLeaves : ILeafSource
    {
        private readonly byte[] _entries;
        private long _count;
        private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ArrayLeaves(byte[] entries)
        {
            _entries = entries;
            RandomNumberGenerator.Fill(entries);
        }

        public long Room => _entries.Length / Hash256.Bytes;

        public long Count => Volatile.Read(ref _count);

        public void Grow(long count)
        {
            if (count > Count)
            {
                Volatile.Write(ref _count, count);
                Interlocked.Exchange(ref _more, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
            }
        }

        public void Shrink(long count) => Volatile.Write(ref _count, count);

        public ValueTask<int> ReadAsync(long first, Memory<byte> entries, CancellationToken cancellationToken)
        {
            int count = (int)Math.Clamp(Count - first, 0, entries.Length / Hash256.Bytes);
            _entries.AsMemory((int)(first * Hash256.Bytes), count * Hash256.Bytes).CopyTo(entries);
            return new(count);
        }

        public async ValueTask WaitForMoreAsync(long count, CancellationToken cancellationToken)
        {
            Task more = Volatile.Read(ref _more).Task;
            if (Count <= count)
            {
                await more.WaitAsync(cancellationToken);
            }
        }
    }
}
