using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using HealthChain.Fhir;
using HealthChain.Storage.Blobs;
using HealthChain.Storage.Sealing;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Storage.Tests.Blobs;

public sealed class BlobStoreTests : IDisposable
{
    private const int Chunk = BlobCipher.ChunkBytes;
    private const long MaxBytes = 5 * Chunk;

    private readonly Folders _folders = new();
    private readonly BlobStore _blobs;

    public BlobStoreTests()
    {
        _blobs = Blobs();
    }

    public void Dispose() => _folders.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Chunk - 1)]
    [InlineData(Chunk)]
    [InlineData(Chunk + 1)]
    [InlineData((3 * Chunk) + 17)]
    [InlineData(5 * Chunk)]
    public async Task What_is_written_is_read_back(int length)
    {
        byte[] content = Content(length);
        BlobReference reference = await Write(content);
        Assert.Equal(length, reference.Bytes);
        Assert.Equal(Digest.Read(SHA256.HashData(content)), reference.Content);
        byte[] file = await File.ReadAllBytesAsync(_blobs.PathOf(reference.Address), TestContext.Current.CancellationToken);
        Assert.Equal(new BlobAddress(Digest.Read(SHA256.HashData(file))), reference.Address);
        Assert.Equal(content, ReadAll(reference));
    }

    // Sources give what they have: chunks must not depend on how the content arrives.
    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(Chunk + 7)]
    public async Task It_does_not_matter_in_what_pieces_content_arrives(int piece)
    {
        byte[] content = Content((2 * Chunk) + 5);
        BlobReference reference = (await _blobs.WriteAsync(
            new PiecewiseStream(content, piece), TestContext.Current.CancellationToken)).Value;
        Assert.Equal(content, ReadAll(reference));
    }

    [Fact]
    public async Task Any_part_can_be_read_alone()
    {
        byte[] content = Content((3 * Chunk) + 100);
        BlobReference reference = await Write(content);
        using BlobStream stream = Open(reference);
        var random = new Random(1);
        for (int i = 0; i < 200; i++)
        {
            int from = random.Next(content.Length);
            int length = random.Next(1, content.Length - from + 1);
            stream.Seek(from, SeekOrigin.Begin);
            var part = new byte[length];
            stream.ReadExactly(part);
            Assert.True(content.AsSpan(from, length).SequenceEqual(part));
        }

        stream.Seek(-1, SeekOrigin.End);
        Assert.Equal(content[^1], stream.ReadByte());
        Assert.Equal(-1, stream.ReadByte());
    }

    [Fact]
    public async Task The_same_content_twice_has_two_addresses()
    {
        BlobReference first = await Write(Content(10));
        BlobReference second = await Write(Content(10));
        Assert.NotEqual(first.Address, second.Address);
        Assert.Equal(first.Content, second.Content);
    }

    [Fact]
    public async Task Content_that_is_too_long_is_refused_and_leaves_nothing()
    {
        Result<BlobReference> result = await _blobs.WriteAsync(
            new MemoryStream(Content((int)MaxBytes + 1)), TestContext.Current.CancellationToken);
        Assert.Equal(ErrorKind.TooLarge, result.Error!.Kind);
        Assert.Equal(IssueType.TooLong, result.Error.Issues[0].Type);
        Assert.Contains(MaxBytes.ToString(), result.Error.ToString(), StringComparison.Ordinal);
        Assert.Empty(Files());
    }

    [Fact]
    public async Task A_source_that_breaks_off_leaves_nothing()
    {
        await Assert.ThrowsAsync<IOException>(async () => await _blobs.WriteAsync(
            new PiecewiseStream(Content(2 * Chunk), 1000, breaksAt: Chunk + 500), TestContext.Current.CancellationToken));
        Assert.Empty(Files());
    }

    [Fact]
    public async Task Any_altered_byte_is_found()
    {
        byte[] content = Content(200);
        BlobReference reference = await Write(content);
        string path = _blobs.PathOf(reference.Address);
        byte[] file = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);

        // The two bytes in front say the format; they are bound to each chunk by value.
        for (int at = 2; at < file.Length; at++)
        {
            byte[] altered = [.. file];
            altered[at] ^= 1;
            await File.WriteAllBytesAsync(path, altered, TestContext.Current.CancellationToken);
            Assert.Throws<InvalidDataException>(() => ReadAll(reference));
        }
    }

    [Fact]
    public async Task Chunks_cannot_be_cut_off_added_or_exchanged()
    {
        byte[] content = Content(3 * Chunk);
        BlobReference reference = await Write(content);
        string path = _blobs.PathOf(reference.Address);
        byte[] file = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        const int SealedChunk = BlobCipher.SealedChunkBytes;

        // Cut at the border of a chunk, with a reference that says so: the last chunk knows that it is not the last.
        await File.WriteAllBytesAsync(path, file[..(2 + (2 * SealedChunk))], TestContext.Current.CancellationToken);
        Assert.Equal(SealStatus.Damaged, _blobs.Open(reference, out _));
        Assert.Throws<InvalidDataException>(() => ReadAll(reference with { Bytes = 2 * Chunk }));

        byte[] longer = [.. file, .. file[^SealedChunk..]];
        await File.WriteAllBytesAsync(path, longer, TestContext.Current.CancellationToken);
        Assert.Throws<InvalidDataException>(() => ReadAll(reference with { Bytes = 4 * Chunk }));

        byte[] exchanged =
            [.. file[..2], .. file[(2 + SealedChunk)..(2 + (2 * SealedChunk))], .. file[2..(2 + SealedChunk)], .. file[(2 + (2 * SealedChunk))..]];
        await File.WriteAllBytesAsync(path, exchanged, TestContext.Current.CancellationToken);
        Assert.Throws<InvalidDataException>(() => ReadAll(reference));

        await File.WriteAllBytesAsync(path, file, TestContext.Current.CancellationToken);
        Assert.Equal(content, ReadAll(reference));
    }

    [Fact]
    public async Task A_blob_does_not_pass_for_another()
    {
        BlobReference first = await Write(Content(100));
        BlobReference second = await Write(Content(100));
        File.Copy(_blobs.PathOf(second.Address), _blobs.PathOf(first.Address), overwrite: true);
        Assert.Throws<InvalidDataException>(() => ReadAll(first));
    }

    [Fact]
    public async Task A_blob_opens_under_its_own_key_only()
    {
        BlobReference first = await Write(Content(100));
        BlobReference second = await Write(Content(100));
        Assert.NotEqual(first.Key, second.Key);
        Assert.Throws<InvalidDataException>(() => ReadAll(first with { Key = second.Key }));
    }

    [Fact]
    public async Task A_reference_shows_no_key_as_text()
    {
        BlobReference reference = await Write(Content(100));
        Assert.DoesNotContain(reference.Key.High.ToString(), reference.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(reference.Key.Low.ToString(), reference.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_blob_is_told()
    {
        BlobReference reference = await Write(Content(100));
        Assert.Equal(SealStatus.Ok, _blobs.Find(reference));
        File.Delete(_blobs.PathOf(reference.Address));
        Assert.Equal(SealStatus.Missing, _blobs.Find(reference));
        Assert.Equal(SealStatus.Missing, _blobs.Open(reference, out _));
    }

    [Fact]
    public async Task A_blob_outlives_a_restart()
    {
        BlobReference reference = await Write(Content(100));
        var blobs = new BlobStore(new BlobOptions { Folder = _folders.Blobs }, TimeProvider.System);
        Assert.Equal(SealStatus.Ok, blobs.Open(reference, out BlobStream? stream));
        using (stream)
        {
            var content = new byte[100];
            stream!.ReadExactly(content);
            Assert.Equal(Content(100), content);
        }
    }

    [Fact]
    public void A_blob_that_is_not_completed_leaves_nothing()
    {
        using (BlobWriter writer = _blobs.Create())
        {
            Assert.True(writer.TryAppend(Content(Chunk + 1)));
            Assert.Single(Files());
        }

        Assert.Empty(Files());
    }

    // The end of a chunk may be the end of the content, which only the next piece tells.
    [Fact]
    public void Pieces_of_any_length_give_the_same_content() =>
        Prop.ForAll(Gen.OneOf(Gen.Choose(0, 100), Gen.Elements(Chunk - 1, Chunk, Chunk + 1)).ListOf().ToArbitrary(), lengths =>
        {
            byte[] content = Content((int)Math.Min(lengths.Sum(length => (long)length), MaxBytes));
            using BlobWriter writer = _blobs.Create();
            int at = 0;
            foreach (int length in lengths)
            {
                int count = Math.Min(length, content.Length - at);
                Assert.True(writer.TryAppend(content.AsSpan(at, count)));
                at += count;
                Assert.Equal(at, writer.Bytes);
            }

            Assert.Equal(content, ReadAll(writer.Complete().Value));
        }).Check(RandomCases.Of(100));

    // Full disk and failed synchronisation at each operation: reported, nothing left, and the next attempt succeeds.
    [Fact]
    public async Task Any_failing_disk_operation_is_reported_and_leaves_nothing()
    {
        int failures = 0;
        bool hasFailed = true;
        for (int failing = 0; hasFailed; failing++)
        {
            using var folders = new Folders();
            var disk = new FaultyDisk(failing);
            try
            {
                BlobStore blobs = OpenBlobs();
                await blobs.WriteAsync(new MemoryStream(Content(Chunk + 1)), TestContext.Current.CancellationToken);
                Assert.False(disk.HasFailed);
            }
            catch (IOException)
            {
                Assert.True(disk.HasFailed);
                Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(folders.Blobs)!, "*", SearchOption.AllDirectories));
                failures++;
            }

            hasFailed = disk.HasFailed;
            if (!hasFailed)
            {
                break;
            }

            BlobStore later = OpenBlobs();
            Result<BlobReference> second = await later.WriteAsync(new MemoryStream([1, 2]), TestContext.Current.CancellationToken);
            Assert.Equal(SealStatus.Ok, later.Open(second.Value, out BlobStream? stream));
            using (stream)
            {
                Assert.Equal(1, stream!.ReadByte());
            }

            BlobStore OpenBlobs() => new(new BlobOptions { Folder = folders.Blobs }, TimeProvider.System, disk);
        }

        // Four for the folders, of which the first is looked at twice; create, three writes, synchronise, folder above, rename, folder.
        Assert.Equal(12, failures);
    }

    [Fact]
    public async Task Memory_does_not_grow_with_the_content()
    {
        const long Length = 200L << 20;
        var blobs = new BlobStore(new BlobOptions { Folder = _folders.Blobs }, TimeProvider.System);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ValueTask<Result<BlobReference>> writing = blobs.WriteAsync(
            new PiecewiseStream(new byte[100_000], 50_000, repeatsUpTo: Length), TestContext.Current.CancellationToken);

        // The source never waits, so all happened on this thread.
        Assert.True(writing.IsCompleted);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(Length, (await writing).Value.Bytes);
        Assert.InRange(allocated, 0, 1 << 20);
    }

    private BlobStore Blobs() => new(new BlobOptions { Folder = _folders.Blobs, MaxBytes = MaxBytes }, TimeProvider.System);

    private async Task<BlobReference> Write(byte[] content) =>
        (await _blobs.WriteAsync(new MemoryStream(content), TestContext.Current.CancellationToken)).Value;

    private BlobStream Open(BlobReference reference)
    {
        Assert.Equal(SealStatus.Ok, _blobs.Open(reference, out BlobStream? stream));
        return stream!;
    }

    private byte[] ReadAll(BlobReference reference)
    {
        using BlobStream stream = Open(reference);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }

    private string[] Files() => Directory.GetFiles(_folders.Blobs, "*", SearchOption.AllDirectories);

    private static byte[] Content(int length)
    {
        var content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }
}
