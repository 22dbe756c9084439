using System.Net;
using System.Text;
using HealthChain.Files;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerAnchor.Tests.Worker;
using HealthChain.LedgerAnchor.Witness;
using HealthChain.LedgerAnchor.Worker;
using HealthChain.LedgerProofs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Witness;

public sealed class MirrorTests
{
    private readonly LedgerWorld _world = new();
    private readonly SimulatedDisk _copy = new(9);

    [Fact]
    public async Task It_has_every_tile_and_the_newest_checkpoint()
    {
        Mirror mirror = Open();
        foreach (int more in new[] { 1, 300, 5, 0, 70_000, 256, 999 })
        {
            await PublishAsync(more);
            Assert.Equal(more > 0, await mirror.FollowAsync(TestContext.Current.CancellationToken));
            Assert.Equal(_world.Checkpoint, mirror.Newest!.Note.ToArray());
            TileWriter copy = await TileWriter.OpenAsync(new TileFolder("/mirror", _copy), mirror.Newest.Head, TestContext.Current.CancellationToken);
            Assert.Equal(_world.Leaves.RootOf(_world.Leaves.Count), copy.Head.Root);
        }

        TreeHead head = Open().Newest!.Head;
        for (int level = 0; level < 3; level++)
        {
            for (long i = 0; i < TileId.HashesOn(level, head.Size); i += TileId.FullWidth)
            {
                string path = TileId.Holding(level, i, head.Size).Path;
                Assert.Equal(_world.Disk.Read($"{LedgerWorld.Folder}/{path}"), _copy.Read($"/mirror/{path}"));
            }
        }
    }

    [Fact]
    public async Task A_tile_that_was_changed_on_the_way_is_not_taken_and_no_fork()
    {
        await PublishAsync(700);
        Mirror mirror = Open();
        _world.Disk.Damage($"{LedgerWorld.Folder}/tile/0/001", 77);
        await Assert.ThrowsAsync<LedgerDamageException>(() => FollowAsync(mirror));
        Assert.Null(mirror.Newest);

        _world.Disk.Damage($"{LedgerWorld.Folder}/tile/0/001", 77);
        Assert.True(await FollowAsync(mirror));
        Assert.Null(mirror.Fork);
    }

    [Fact]
    public async Task An_upper_tile_that_does_not_follow_from_those_below_is_noticed()
    {
        await PublishAsync(70_000);
        _world.Disk.Damage($"{LedgerWorld.Folder}/tile/1/000", 0);
        LedgerDamageException damage = await Assert.ThrowsAsync<LedgerDamageException>(() => FollowAsync(Open()));
        Assert.Contains("tile/1/000", damage.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_that_is_not_signed_by_the_log_is_not_taken()
    {
        await PublishAsync(5);
        _world.Disk.Damage($"{LedgerWorld.Folder}/checkpoint", 30);
        await Assert.ThrowsAsync<LedgerDamageException>(() => FollowAsync(Open()));
    }

    [Fact]
    public async Task An_older_checkpoint_out_of_a_cache_is_no_alarm()
    {
        await PublishAsync(5);
        byte[] older = _world.Checkpoint!;
        await PublishAsync(500);
        Mirror mirror = Open();
        await FollowAsync(mirror);
        _world.Disk.Write($"{LedgerWorld.Folder}/checkpoint", older);
        Assert.False(await FollowAsync(mirror));
        Assert.Null(mirror.Fork);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    [InlineData(-100)]
    public async Task Another_history_is_proven_by_two_notes_and_nothing_is_followed_any_more(int more)
    {
        await PublishAsync(600);
        Mirror mirror = Open();
        await FollowAsync(mirror);
        byte[] first = _world.Checkpoint!;

        var forked = new LedgerWorld(2);
        forked.Leaves.AddMany(600 + more);
        forked.Leaves[17] = Hash256.Of("another"u8);
        await (await forked.StartAsync()).PublishAsync();
        Assert.False(await FollowAsync(Open(forked)));

        mirror = Open(forked);
        Assert.Equal(LedgerFault.LogForked, mirror.Fork!.Fault);
        string evidence = Encoding.UTF8.GetString(_copy.Read($"/mirror/{_copy.List("/mirror").Single(file => file.StartsWith("fork-", StringComparison.Ordinal))}")!);
        Assert.Equal($"{Encoding.UTF8.GetString(first)}\n{Encoding.UTF8.GetString(forked.Checkpoint!)}", evidence);

        forked.Leaves.AddMany(1000);
        Assert.False(await FollowAsync(mirror));
        Assert.Equal(600, mirror.Newest!.Head.Size);
    }

    [Fact]
    public async Task Killed_anywhere_it_goes_on_with_a_whole_copy()
    {
        await PublishAsync(300);
        for (int at = 0; at < 60; at++)
        {
            _copy.KillAfter(at % 23);
            await PublishAsync((at * 37) + 1);
            try
            {
                await FollowAsync(Open());
            }
            catch (KilledException)
            {
                if (at % 2 == 0)
                {
                    _copy.Crash();
                }
            }

            _copy.Kill();
        }

        Mirror mirror = Open();
        await PublishAsync(1);
        Assert.True(await FollowAsync(mirror));
        Assert.Equal(_world.Leaves.RootOf(_world.Leaves.Count), mirror.Newest!.Head.Root);
    }

    [Fact]
    public async Task A_log_that_limits_its_readers_is_read_as_fast_as_it_allows()
    {
        await PublishAsync(2000);
        var handler = new FilesHandler(_world.Disk) { IsBusyEverySecondTime = true };
        using var http = new HttpClient(new PatientHandler(handler, TimeProvider.System));
        Mirror mirror = Mirror.Open(_copy, "/mirror", LedgerWorld.Signer.Verifier, http, new Uri("http://log.test/ledger"));

        Assert.True(await FollowAsync(mirror));
        Assert.True(handler.Refused > 5);
    }

    private static Task<bool> FollowAsync(Mirror mirror) => mirror.FollowAsync(TestContext.Current.CancellationToken).AsTask();

    private Mirror Open(LedgerWorld? world = null) => Mirror.Open(
        _copy, "/mirror", LedgerWorld.Signer.Verifier, new HttpClient(new FilesHandler((world ?? _world).Disk)), new Uri("http://log.test/ledger"));

    private async Task PublishAsync(int more)
    {
        _world.Leaves.AddMany(more);
        await (await _world.StartAsync()).PublishAsync();
    }

    /// <summary>Serves the files of a disk by their paths.</summary>
    private sealed class FilesHandler(SimulatedDisk disk) : HttpMessageHandler
    {
        private int _requests;

        public bool IsBusyEverySecondTime { get; init; }

        public int Refused { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (IsBusyEverySecondTime && _requests++ % 2 == 0)
            {
                Refused++;
                return Task.FromResult(new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Headers = { RetryAfter = new(TimeSpan.Zero) } });
            }

            return Task.FromResult(disk.Read(request.RequestUri!.AbsolutePath) is { } bytes
                ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(bytes) }
                : new HttpResponseMessage(HttpStatusCode.NotFound));
        }
    }
}
