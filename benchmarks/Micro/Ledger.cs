using System.Diagnostics;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerProofs;

namespace HealthChain.Micro;

/// <summary>
/// The ledger's hashing against the processor's own limit, which is the bare compression function on registers that are filled already; then
/// what a log does with it: rebuilding, proving, verifying, appending durably.
/// </summary>
internal static class Ledger
{
    private const int Leaves = 1 << 20;
    private const int Rounds = 15;
    private const string Origin = "clinic.example/ledger";

    public static void Run()
    {
        var entries = new byte[Leaves * Hash256.Bytes];
        new Random(4).NextBytes(entries);
        MeasureHashing(entries);
        DirectoryInfo root = Directory.CreateTempSubdirectory("healthchain-ledger-");
        try
        {
            MeasureAppending(entries, Path.Combine(root.FullName, "appended"));
            string log = Path.Combine(root.FullName, "log");
            TreeHead head = Write(entries, log);
            MeasureVerifying(entries, log, head);
            MeasureProving(entries, log, head);
            MeasureReceipts(entries, log, head);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    /// <summary>Alternating rounds; the median of the ratios counts.</summary>
    private static void MeasureHashing(byte[] entries)
    {
        var hashes = new byte[entries.Length];
        double[] limits = new double[Rounds];
        var works = new (string What, double Blocks, Action Run, double[] PerSecond)[]
        {
            ("leaf hashes", 1, () => TreeHasher.HashLeaves(entries, hashes), new double[Rounds]),
            ("node hashes, per pair", 2, () => TreeHasher.HashNodes(entries, hashes), new double[Rounds]),
            ("tree rebuild", 3, () => Rebuild(entries), new double[Rounds]),
            ("tree rebuild, 256 at a time", 3, () => Rebuild(entries, 256), new double[Rounds]),
            ("leaf hashes, 8 lanes", 1, () => TreeHasher.HashLeaves(entries, hashes, HashWidth.Avx2), new double[Rounds]),
            ("SHA256.HashData per leaf", 1, () => TreeHasher.HashLeaves(entries.AsSpan(0, entries.Length / 16), hashes, HashWidth.Scalar), new double[Rounds]),
        };
        for (int round = -3; round < Rounds; round++)
        {
            foreach ((string what, _, Action run, double[] perSecond) in works)
            {
                int leaves = what.StartsWith("SHA256", StringComparison.Ordinal) ? Leaves / 16 : what.StartsWith("node", StringComparison.Ordinal) ? Leaves / 2 : Leaves;
                double rate = leaves / Seconds(run);
                if (round >= 0)
                {
                    perSecond[round] = rate;
                }
            }

            double limit = Blocks() / Seconds(() => Blocks());
            if (round >= 0)
            {
                limits[round] = limit;
            }
        }

        Console.WriteLine($"ledger  limit: {Median(limits) / 1e6:F1} M blocks per CPU second, {(int)TreeHasher.Widest} lanes");
        foreach ((string what, double blocks, _, double[] perSecond) in works)
        {
            double ratio = Median([.. perSecond.Zip(limits, (rate, limit) => rate * blocks / limit)]);
            Console.WriteLine($"ledger  {what}: {Median(perSecond) / 1e6:F2} M/s per CPU second, {ratio:F2} of the limit");
        }
    }

    private static int Blocks()
    {
        const int Calls = 20_000;
        if (TreeHasher.Widest == HashWidth.Avx512)
        {
            Compress<Avx512Lanes, Vector512<uint>>(Calls);
        }
        else if (TreeHasher.Widest == HashWidth.Avx2)
        {
            Compress<Avx2Lanes, Vector256<uint>>(Calls);
        }
        else
        {
            var block = new byte[64 * Calls];
            SHA256.HashData(block);
        }

        return Calls * (int)TreeHasher.Widest;
    }

    private static void Compress<TLanes, TVector>(int calls)
        where TLanes : ILanes<TVector>
        where TVector : struct
    {
        var state = new TVector[8];
        var message = new TVector[16];
        for (int i = 0; i < calls; i++)
        {
            Sha256Lanes<TLanes, TVector>.Compress(state, message);
        }
    }

    private static TreeHead Rebuild(byte[] entries, int batch = int.MaxValue)
    {
        var builder = new TreeBuilder();
        for (int done = 0; done < entries.Length;)
        {
            int next = (int)Math.Min(entries.Length - done, (long)batch * Hash256.Bytes);
            builder.Append(entries.AsSpan(done, next));
            done += next;
        }

        return builder.Head;
    }

    /// <summary>As the worker appends: what comes within a second, then tiles and checkpoint durable.</summary>
    private static void MeasureAppending(byte[] entries, string folder)
    {
        const int PerSecond = 50_000;
        var signer = new NoteSigner(Origin, new byte[32]);
        TileWriter writer = Wait(TileWriter.OpenAsync(new TileFolder(folder), TreeHead.Empty, CancellationToken.None));
        var times = new List<double>();
        for (int second = 0; second < 20; second++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int batch = 0; batch < PerSecond; batch += 500)
            {
                writer.Append(entries.AsSpan(((second * PerSecond) + batch) * Hash256.Bytes, 500 * Hash256.Bytes));
            }

            TreeHead head = writer.Flush();
            using (FileStream file = File.Create(Path.Combine(folder, "checkpoint")))
            {
                file.Write(new Checkpoint(Origin, head).Sign(signer).ToBytes());
                file.Flush(flushToDisk: true);
            }

            times.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        double median = Median([.. times]);
        Console.WriteLine(
            $"ledger  durable append: a second's {PerSecond} leaves, tiles and checkpoint in {median * 1000:F0} ms (worst {times.Max() * 1000:F0} ms): {PerSecond / median:F0} leaves/s");
    }

    private static TreeHead Write(byte[] entries, string folder)
    {
        TileWriter writer = Wait(TileWriter.OpenAsync(new TileFolder(folder), TreeHead.Empty, CancellationToken.None));
        writer.Append(entries);
        return writer.Flush();
    }

    /// <summary>Rebuilds from entries and compares every tile on disk with what it should be.</summary>
    private static void MeasureVerifying(byte[] entries, string folder, TreeHead head)
    {
        var tiles = new TileFolder(folder);
        long start = Stopwatch.GetTimestamp();
        int wrong = 0;
        var builder = new TreeBuilder((tile, hashes) =>
        {
            if (!hashes.SequenceEqual(Wait(tiles.ReadAsync(tile, CancellationToken.None))))
            {
                wrong++;
            }
        });
        builder.Append(entries);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine($"ledger  verify of {Leaves} leaves against their tiles on disk: {seconds:F2} s, {wrong} wrong, same root: {builder.Head == head}");
    }

    private static void MeasureProving(byte[] entries, string folder, TreeHead head)
    {
        const int Proofs = 20_000;
        foreach ((string what, int maxTiles) in new[] { ("all tiles in memory", 8192), ("almost none in memory", 64) })
        {
            var tree = new TileTree(new TileFolder(folder), maxTiles);
            tree.Grow(head.Size);
            var random = new Random(5);
            for (int round = 0; round < 3; round++)
            {
                TimeSpan start = ThreadTime.Now;
                for (int i = 0; i < Proofs; i++)
                {
                    Wait(tree.InclusionAsync(random.NextInt64(head.Size), head.Size, CancellationToken.None));
                }

                double seconds = (ThreadTime.Now - start).TotalSeconds;
                if (round == 2)
                {
                    Console.WriteLine($"ledger  inclusion proofs of {Leaves} leaves, {what}: {Proofs / seconds:F0} per CPU second");
                }
            }
        }
    }

    private static void MeasureReceipts(byte[] entries, string folder, TreeHead head)
    {
        const int Receipts = 2000;
        var signer = new NoteSigner(Origin, new byte[32]);
        var tree = new TileTree(new TileFolder(folder));
        var statement = new VersionStatement(
            Origin, Leaves, 1_760_000_000_000, "Observation", "o1", 1, VersionOperation.Create, Hash256.Of("content"u8), 0, 0).ToArray();
        var salt = new byte[Commitment.SaltBytes];
        Commitment.Write(statement, salt, entries.AsSpan((Leaves - 1) * Hash256.Bytes));
        head = Write(entries, folder);
        tree.Grow(head.Size);
        Hash256[] proof = Wait(tree.InclusionAsync(Leaves - 1, head.Size, CancellationToken.None));
        byte[] receipt = new Receipt(Leaves - 1, proof, new Checkpoint(Origin, head).Sign(signer), statement, salt, []).ToBytes();
        var verifier = new ReceiptVerifier(TrustPolicy.Of([signer.Verifier], [], 0));
        double best = double.MaxValue;
        for (int round = 0; round < 10; round++)
        {
            TimeSpan start = ThreadTime.Now;
            for (int i = 0; i < Receipts; i++)
            {
                if (!verifier.TryVerify(receipt, out _, out string? problem))
                {
                    throw new InvalidOperationException(problem);
                }
            }

            best = Math.Min(best, (ThreadTime.Now - start).TotalMicroseconds / Receipts);
        }

        Console.WriteLine($"ledger  offline verification of a receipt ({receipt.Length} bytes, {proof.Length} hashes): {best:F0} us");
    }

    private static double Seconds(Action work)
    {
        TimeSpan start = ThreadTime.Now;
        work();
        return (ThreadTime.Now - start).TotalSeconds;
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    /// <summary>Files are read without waiting, so that this waits for nothing.</summary>
    private static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();
}
