using System.Text;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Log;

/// <summary>The log of 15 entries that github.com/transparency-dev/tessera publishes, with a signed checkpoint of each size.</summary>
public sealed class TesseraLog
{
    private const string LogKey = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";
    private const int Entries = 15;

    private static readonly CancellationToken None = CancellationToken.None;

    private static string Folder
    {
        get
        {
            Assert.SkipUnless(Repository.Shared is not null, "The outside suites are not here.");
            return Path.Combine(Repository.Shared, "data", "merkle", "tessera-log");
        }
    }

    [Fact]
    public async Task Every_checkpoint_opens_and_its_root_is_that_of_its_tiles()
    {
        var tiles = new TileFolder(Folder);
        for (var size = 0; size <= Entries; size++)
        {
            var head = HeadOf(size);
            var tree = new TileTree(tiles);
            tree.Grow(size);
            Assert.Equal(size, head.Size);
            Assert.Equal(head.Root, await tree.RootAsync(size, None));
            Assert.Equal(head, (await TreeBuilder.OpenAsync(tiles, head, null, None)).Head);
        }
    }

    [Fact]
    public async Task The_entries_hash_to_the_tiles_and_each_is_proven_in_each_checkpoint()
    {
        var tiles = new TileFolder(Folder);
        var tree = new TileTree(tiles);
        tree.Grow(Entries);
        for (var size = 1; size <= Entries; size++)
        {
            var bundle = await tiles.ReadAsync(new TileId(TileId.EntriesLevel, 0, size), None);
            var entries = EntryBundle.Read(bundle, size)!;
            Assert.Equal(
                "one two three four five six seven eit nain ten ileven twelf threeten fourten fivten".Split(' ')[..size],
                entries.Select(entry => Encoding.UTF8.GetString(entry.Span)));
            Assert.Equal(
                entries.SelectMany(entry => MerkleProof.LeafHash(entry.Span).ToArray()), await tiles.ReadAsync(new TileId(0, 0, size), None));
            for (var index = 0; index < size; index++)
            {
                var inclusion = await tree.InclusionAsync(index, size, None);
                Assert.True(MerkleProof.VerifyInclusion(index, MerkleProof.LeafHash(entries[index].Span), inclusion, HeadOf(size)));
                var consistency = await tree.ConsistencyAsync(index + 1, size, None);
                Assert.True(MerkleProof.VerifyConsistency(HeadOf(index + 1), consistency, HeadOf(size)));
            }
        }
    }

    [Fact]
    public void A_checkpoint_of_which_a_byte_changed_does_not_open()
    {
        var bytes = File.ReadAllBytes(Path.Combine(Folder, "checkpoint.7"));
        Assert.True(NoteVerifier.TryParse(LogKey, out var key, out _));
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            Assert.False(Checkpoint.TryOpen(bytes, key, out _, out _, out _), $"byte {i}");
            bytes[i] ^= 1;
        }
    }

    private static TreeHead HeadOf(int size)
    {
        Assert.True(NoteVerifier.TryParse(LogKey, out var key, out _));
        var bytes = File.ReadAllBytes(Path.Combine(Folder, $"checkpoint.{size}"));
        return Checkpoint.TryOpen(bytes, key, out _, out var checkpoint, out var problem)
            ? checkpoint.Head
            : throw new InvalidOperationException(problem);
    }
}
