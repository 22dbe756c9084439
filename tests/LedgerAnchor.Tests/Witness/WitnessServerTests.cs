using System.Text;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerAnchor.Tests.Worker;
using HealthChain.LedgerAnchor.Witness;
using HealthChain.LedgerAnchor.Worker;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Witness;

/// <summary>https://c2sp.org/tlog-witness#add-checkpoint</summary>
public sealed class WitnessServerTests
{
    private const string Folder = "/witness";
    private static readonly NoteSigner Log = new("log.test", Hash256.Of("log"u8).ToArray());
    private static readonly NoteSigner Stranger = new("log.test", Hash256.Of("stranger"u8).ToArray());
    private static readonly Cosigner Key = new("witness.test", Hash256.Of("witness"u8).ToArray());

    private readonly SimulatedDisk _disk = new(1);
    private readonly ManualClock _clock = new();
    private readonly MemoryLeaves _leaves = new();
    private readonly TreeBuilder _builder = new();
    private WitnessServer _witness;

    public WitnessServerTests() => _witness = Open();

    [Fact]
    public async Task A_proven_checkpoint_is_cosigned_with_the_time()
    {
        AssertCosigned(await SendAsync(0, 5), 5);
        _clock.Advance(TimeSpan.FromHours(1));
        AssertCosigned(await SendAsync(5, 300), 300);
        Assert.Equal(300, _witness.HeadOf("log.test")!.Value.Size);
    }

    [Fact]
    public async Task The_same_checkpoint_is_cosigned_again()
    {
        AssertCosigned(await SendAsync(0, 5), 5);
        AssertCosigned(await SendAsync(5, 5), 5);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(6)]
    public async Task Another_old_size_is_answered_with_the_right_one(long oldSize)
    {
        await SendAsync(0, 5);
        WitnessAnswer answer = await SendAsync(oldSize, 9);
        Assert.Equal(new WitnessAnswer(409, "text/x.tlog.size", "5\n"), answer);
    }

    [Fact]
    public async Task What_was_cosigned_is_known_after_a_restart()
    {
        await SendAsync(0, 5);
        _disk.Crash();
        _witness = Open();
        Assert.Equal("5\n", (await SendAsync(0, 9)).Body);
        AssertCosigned(await SendAsync(5, 9), 9);
    }

    [Fact]
    public async Task Another_root_of_the_same_size_is_refused_and_kept_as_evidence()
    {
        await SendAsync(0, 5);
        TreeHead fork = new(5, Hash256.Of("fork"u8));
        Assert.Equal(409, Answer(5, [], new Checkpoint("log.test", fork).Sign(Log)).Status);
        Assert.Equal(409, Answer(0, [], new Checkpoint("log.test", fork).Sign(Log)).Status);

        Assert.Equal(["log.test"], _witness.Forked);
        string evidence = Assert.Single(_disk.List(Folder), file => file.Contains(".fork-", StringComparison.Ordinal));
        string[] notes = Encoding.UTF8.GetString(_disk.Read($"{Folder}/{evidence}")!).Split("\nlog.test\n");
        Assert.Equal(2, notes.Length);
        foreach (string note in new[] { notes[0], "log.test\n" + notes[1] })
        {
            Assert.True(Checkpoint.TryOpen(Encoding.UTF8.GetBytes(note), Log.Verifier, out _, out Checkpoint? checkpoint, out _));
            Assert.Equal(5, checkpoint.Head.Size);
        }
    }

    [Fact]
    public async Task A_wrong_proof_is_refused()
    {
        await SendAsync(0, 5);
        Hash256[] proof = [.. await ProofAsync(5, 9)];
        SignedNote note = new Checkpoint("log.test", new TreeHead(9, _leaves.RootOf(9))).Sign(Log);
        Assert.Equal(422, Answer(5, [], note).Status);
        Assert.Equal(422, Answer(5, proof[1..], note).Status);
        Assert.Equal(422, Answer(5, [.. proof, proof[0]], note).Status);
        Assert.Equal(422, Answer(5, proof, new Checkpoint("log.test", new TreeHead(9, Hash256.Of("other"u8))).Sign(Log)).Status);
        Assert.Equal(200, Answer(5, proof, note).Status);
    }

    [Fact]
    public void A_proof_from_nothing_must_be_empty()
    {
        _leaves.AddMany(9);
        Assert.Equal(422, Answer(0, [Hash256.Of("x"u8)], new Checkpoint("log.test", new TreeHead(9, _leaves.RootOf(9))).Sign(Log)).Status);
    }

    [Fact]
    public void Signatures_of_others_count_for_nothing()
    {
        var checkpoint = new Checkpoint("log.test", new TreeHead(1, Hash256.Of("x"u8)));
        Assert.Equal(403, Answer(0, [], checkpoint.Sign(Stranger)).Status);
        Assert.Equal(404, Answer(0, [], new Checkpoint("other.test", checkpoint.Head).Sign(new NoteSigner("other.test", new byte[32]))).Status);
        Assert.Equal(200, Answer(0, [], checkpoint.Sign(Stranger).With(Log.Sign(checkpoint.Text))).Status);
    }

    [Fact]
    public void A_signature_that_is_repeated_leaves_room_for_the_cosignature()
    {
        string text = new Checkpoint("log.test", new TreeHead(1, Hash256.Of("x"u8))).Text;
        string note = $"{text}\n{string.Concat(Enumerable.Repeat(Log.Sign(text) + "\n", SignedNote.MaxSignatures))}";
        Assert.Equal(200, _witness.Answer(Encoding.UTF8.GetBytes($"old 0\n\n{note}")).Status);
    }

    [Fact]
    public void An_old_size_beyond_the_checkpoint_is_malformed() =>
        Assert.Equal(400, Answer(2, [], new Checkpoint("log.test", new TreeHead(1, Hash256.Of("x"u8))).Sign(Log)).Status);

    [Theory]
    [InlineData("")]
    [InlineData("old 0\n")]
    [InlineData("old 00\n\nNOTE")]
    [InlineData("old -1\n\nNOTE")]
    [InlineData("old +1\n\nNOTE")]
    [InlineData("Old 0\n\nNOTE")]
    [InlineData("old 0\nAAAA\n\nNOTE")]
    [InlineData("old 0\n\nlog.test\n1\n")]
    [InlineData("old 0\n\nlog.test\n1\n\n")]
    public void What_is_no_request_is_malformed(string text)
    {
        string note = new Checkpoint("log.test", new TreeHead(1, Hash256.Of("x"u8))).Sign(Log).ToString();
        Assert.Equal(400, _witness.Answer(Encoding.UTF8.GetBytes(text.Replace("NOTE", note, StringComparison.Ordinal))).Status);
    }

    [Fact]
    public void More_than_63_lines_of_proof_are_malformed()
    {
        string note = new Checkpoint("log.test", new TreeHead(1, Hash256.Of("x"u8))).Sign(Log).ToString();
        string hash = Convert.ToBase64String(new byte[32]) + "\n";
        Assert.Equal(422, _witness.Answer(Encoding.UTF8.GetBytes($"old 0\n{string.Concat(Enumerable.Repeat(hash, 63))}\n{note}")).Status);
        Assert.Equal(400, _witness.Answer(Encoding.UTF8.GetBytes($"old 0\n{string.Concat(Enumerable.Repeat(hash, 64))}\n{note}")).Status);
    }

    [Fact]
    public async Task A_witness_that_does_not_know_what_it_cosigned_does_not_start()
    {
        await SendAsync(0, 5);
        _disk.Damage($"{Folder}/{_disk.List(Folder)[0]}", 40);
        Assert.Throws<InvalidDataException>(Open);
    }

    [Fact]
    public async Task Requests_at_the_same_time_never_roll_back()
    {
        _leaves.AddMany(64);
        List<(long Old, Hash256[] Proof, SignedNote Note, long Size)> requests = [];
        for (int from = 0; from < 64; from += 8)
        {
            for (int to = from + 1; to <= 64; to += 7)
            {
                requests.Add((from, from == 0 ? [] : [.. await ProofAsync(from, to)], new Checkpoint("log.test", new TreeHead(to, _leaves.RootOf(to))).Sign(Log), to));
            }
        }

        long newest = 0;
        await Parallel.ForEachAsync(requests, TestContext.Current.CancellationToken, (request, _) =>
        {
            if (Answer(request.Old, request.Proof, request.Note).Status == 200)
            {
                Assert.True(_witness.HeadOf("log.test")!.Value.Size >= request.Size);
                InterlockedMax(ref newest, request.Size);
            }

            return ValueTask.CompletedTask;
        });

        Assert.Equal(newest, _witness.HeadOf("log.test")!.Value.Size);
    }

    [Fact]
    public async Task Killed_anywhere_it_never_cosigns_what_contradicts_an_answer()
    {
        for (int at = 0; at < 4; at++)
        {
            foreach (bool isPowerLost in new[] { false, true })
            {
                var test = new WitnessServerTests();
                test.AssertCosigned(await test.SendAsync(0, 5), 5);
                test._disk.KillAfter(at);
                await Assert.ThrowsAsync<KilledException>(() => test.SendAsync(5, 9));
                if (isPowerLost)
                {
                    test._disk.Crash();
                }

                test._disk.Kill();
                test._witness = test.Open();
                long known = test._witness.HeadOf("log.test")!.Value.Size;
                Assert.True(known is 5 or 9);
                test.AssertCosigned(await test.SendAsync(known, 9), 9);
            }
        }
    }

    [Fact]
    public async Task Two_logs_witness_each_other()
    {
        LedgerPair pair = new();
        for (int round = 0; round < 5; round++)
        {
            pair.FirstLeaves.AddMany(round * 100);
            pair.SecondLeaves.AddMany(round + 1);
            await pair.PublishAsync();
        }

        foreach ((PublishedCheckpoint checkpoint, NoteVerifier log, NoteVerifier witness) in pair.Published)
        {
            Assert.True(Checkpoint.TryOpen(checkpoint.Note.Span, log, out SignedNote? note, out _, out _));
            Assert.True(witness.Check(note).IsValid);
        }
    }

    private static void InterlockedMax(ref long target, long value)
    {
        for (long known = Volatile.Read(ref target); value > known; known = Volatile.Read(ref target))
        {
            Interlocked.CompareExchange(ref target, value, known);
        }
    }

    private WitnessServer Open() => new(_disk, Folder, Key, [Log.Verifier], _clock);

    private WitnessAnswer Answer(long oldSize, IReadOnlyList<Hash256> proof, SignedNote note) =>
        _witness.Answer(new AddCheckpointRequest(oldSize, proof, note).ToBytes());

    private async Task<WitnessAnswer> SendAsync(long oldSize, int size)
    {
        _leaves.AddMany(Math.Max(0, size - (int)_leaves.Count));
        IReadOnlyList<Hash256> proof = oldSize == 0 || oldSize >= size ? [] : await ProofAsync(oldSize, size);
        return Answer(oldSize, proof, new Checkpoint("log.test", new TreeHead(size, _leaves.RootOf(size))).Sign(Log));
    }

    private async Task<IReadOnlyList<Hash256>> ProofAsync(long from, int to)
    {
        _leaves.AddMany(Math.Max(0, to - (int)_leaves.Count));
        var folder = new TileFolder("/proofs", new SimulatedDisk(1));
        TileWriter writer = await TileWriter.OpenAsync(folder, TreeHead.Empty, TestContext.Current.CancellationToken);
        byte[] entries = new byte[to * Hash256.Bytes];
        await _leaves.ReadAsync(0, entries, TestContext.Current.CancellationToken);
        writer.Append(entries);
        writer.Flush();
        var tree = new TileTree(folder);
        tree.Grow(to);
        return await tree.ConsistencyAsync(from, to, TestContext.Current.CancellationToken);
    }

    private void AssertCosigned(WitnessAnswer answer, int size)
    {
        Assert.Equal(200, answer.Status);
        Assert.True(SignedNote.TryReadSignature(answer.Body.TrimEnd('\n'), out NoteSignature? signature));
        SignedNote note = new Checkpoint("log.test", new TreeHead(size, _leaves.RootOf(size))).Sign(Log).With(signature);
        Assert.Equal(new SignatureCheck(SignatureState.Valid, _clock.GetUtcNow().ToUnixTimeSeconds()), Key.Verifier.Check(note));
    }
}

/// <summary>Two logs, each with a witness that the other asks.</summary>
internal sealed class LedgerPair
{
    private static readonly NoteSigner First = new("first.test", Hash256.Of("1"u8).ToArray());
    private static readonly NoteSigner Second = new("second.test", Hash256.Of("2"u8).ToArray());

    private readonly WitnessServer _firstWitness = new(new SimulatedDisk(1), "/w", new Cosigner("first.test/w", Hash256.Of("3"u8).ToArray()), [Second.Verifier], TimeProvider.System);
    private readonly WitnessServer _secondWitness = new(new SimulatedDisk(2), "/w", new Cosigner("second.test/w", Hash256.Of("4"u8).ToArray()), [First.Verifier], TimeProvider.System);
    private CheckpointWriter? _first;
    private CheckpointWriter? _second;

    public MemoryLeaves FirstLeaves { get; } = new();

    public MemoryLeaves SecondLeaves { get; } = new();

    public IEnumerable<(PublishedCheckpoint Checkpoint, NoteVerifier Log, NoteVerifier Witness)> Published =>
    [
        (_first!.Published!, First.Verifier, _secondWitness.Verifier),
        (_second!.Published!, Second.Verifier, _firstWitness.Verifier),
    ];

    public async Task PublishAsync()
    {
        _first ??= await OpenAsync(FirstLeaves, First, new SimulatedDisk(3), _secondWitness);
        _second ??= await OpenAsync(SecondLeaves, Second, new SimulatedDisk(4), _firstWitness);
        foreach (CheckpointWriter writer in new[] { _first, _second })
        {
            await writer.IntegrateAsync(TestContext.Current.CancellationToken);
            await writer.PublishAsync(TestContext.Current.CancellationToken);
        }
    }

    private static ValueTask<CheckpointWriter> OpenAsync(MemoryLeaves leaves, NoteSigner signer, SimulatedDisk disk, WitnessServer witness)
    {
        var options = new LedgerOptions { WitnessesNeeded = 1 };
        var parts = new LedgerParts("/l", leaves, signer, options, TimeProvider.System) { Disk = disk, Witnesses = [new WitnessHandler(() => witness).Client()] };
        return CheckpointWriter.OpenAsync(parts, TestContext.Current.CancellationToken);
    }
}
