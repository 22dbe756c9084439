using System.Diagnostics;
using System.Security.Cryptography;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Sealing;

namespace HealthChain.Micro;

/// <summary>
/// Sealing and opening a version of 2 KB against bare <see cref="AesGcm"/> on the same bytes, in alternating rounds of one process: the
/// difference is what looking up the key, the nonce and the binding cost.
/// </summary>
internal static class Sealing
{
    private const int Bytes = 2048;
    private const int Calls = 20_000;
    private const int Rounds = 31;
    private const int Subjects = 100_000;

    public static void Run()
    {
        DirectoryInfo root = Directory.CreateTempSubdirectory("healthchain-seal-");
        try
        {
            var options = new KeyStoreOptions
            {
                Folder = Path.Combine(root.FullName, "keys"),
                TenantKeyFolder = Path.Combine(root.FullName, "tenant"),
                MaxCachedSubjects = 1000,
            };
            using (KeyStore keys = KeyStore.Open(options))
            {
                Measure(keys);
                MeasureMisses(keys);
                MeasureBlobs(Path.Combine(root.FullName, "blobs"));
            }

            MeasureOpening(options);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    private static void Measure(KeyStore keys)
    {
        var sealer = new ResourceSealer(keys);
        var subject = new SubjectId(1, 2);
        var version = new SealedVersion("Observation", 12345, 1);
        var plain = new byte[Bytes];
        var opened = new byte[Bytes];
        var bytes = new byte[Bytes + ResourceSealer.Overhead];
        using var cipher = new AesGcm(new byte[32], 16);
        var nonce = new byte[12];
        var tag = new byte[16];
        var bound = new byte[53];
        var encrypted = new byte[Bytes];
        cipher.Encrypt(nonce, plain, encrypted, tag, bound);

        Compare("seal", () => cipher.Encrypt(nonce, plain, encrypted, tag, bound), () => sealer.Seal(subject, version, plain, bytes));
        Compare("open", () => cipher.Decrypt(nonce, encrypted, tag, opened, bound), () => sealer.Open(subject, version, bytes, opened));
    }

    /// <summary>What a key costs that is not at hand: reading and unwrapping the secret, deriving the key, making the cipher.</summary>
    private static void MeasureMisses(KeyStore keys)
    {
        var sealer = new ResourceSealer(keys);
        var version = new SealedVersion("Observation", 12345, 1);
        var bytes = new byte[64 + ResourceSealer.Overhead];
        for (int i = 0; i < Subjects; i++)
        {
            keys.Ensure(new SubjectId(3, (ulong)i));
        }

        long start = Stopwatch.GetTimestamp();
        keys.Flush();
        double flush = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Subjects; i++)
        {
            sealer.Seal(new SubjectId(3, (ulong)i), version, new byte[64], bytes);
        }

        double miss = Stopwatch.GetElapsedTime(start).TotalMicroseconds / Subjects;
        Console.WriteLine($"seal  {Subjects} new subjects flushed in {flush:F0} ms; a seal whose key is not in memory {miss:F1} us");
    }

    /// <summary>Writing ends with the blob durable, so the disk counts; reading is from the page cache.</summary>
    private static void MeasureBlobs(string folder)
    {
        const int MegaBytes = 128;
        var blobs = new BlobStore(new BlobOptions { Folder = folder }, TimeProvider.System);
        var bytes = new byte[MegaBytes << 20];
        using var content = new MemoryStream(bytes);
        long start = Stopwatch.GetTimestamp();
        BlobReference reference = blobs.WriteAsync(content, CancellationToken.None).AsTask().GetAwaiter().GetResult().Value;
        double writing = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        blobs.Open(reference, out BlobStream? stream);
        using (stream)
        {
            stream!.CopyTo(Stream.Null);
        }

        double reading = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        SHA256.HashData(bytes);
        double hashing = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Console.WriteLine(
            $"seal  a blob of {MegaBytes} MB: written {MegaBytes / writing:F0} MB/s, read {MegaBytes / reading:F0} MB/s; one SHA-256 alone {MegaBytes / hashing:F0} MB/s");
    }

    private static void MeasureOpening(KeyStoreOptions options)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long start = Stopwatch.GetTimestamp();
        using KeyStore keys = KeyStore.Open(options);
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        double bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)keys.Count;
        Console.WriteLine($"seal  opening a key store of {keys.Count} subjects {milliseconds:F0} ms, {bytes:F0} B stay for each");
    }

    private static void Compare(string what, Action reference, Action work)
    {
        Time(reference);
        Time(work);
        var pairs = new (double Reference, double Work)[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            pairs[round] = (Time(reference), Time(work));
        }

        (double bare, double ours) = pairs.OrderBy(pair => pair.Work / pair.Reference).ElementAt(Rounds / 2);
        long before = GC.GetAllocatedBytesForCurrentThread();
        work();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Console.WriteLine(
            $"{what,-5} {Bytes} bytes: {ours:F2} us, {ours / bare:F2} x bare AesGcm ({bare:F2} us), {ours - bare:F2} us beyond it, {allocated} B allocated");
    }

    private static double Time(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Calls; i++)
        {
            work();
        }

        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / Calls;
    }
}
