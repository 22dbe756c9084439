using Xunit;

namespace HealthChain.Storage.ContractTests;

/// <summary>Who follows commits knows of each before anybody can read it, and forgets what was erased.</summary>
public abstract class FollowerContract(Func<StoreSetup, IResourceStore> open) : StoreContract(open)
{
    /// <summary>How long a reader has to come upon what was committed while the follower is still being told.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(3);

    [Fact]
    public async Task A_follower_is_told_of_what_was_written_in_the_order_of_commits()
    {
        var follower = new Follower();
        Store.Follow(follower);

        await CommitAsync(new Transaction([PatientOf("a"), PatientOf("b")], []));
        await CommitAsync(new Transaction([new Delete(Key("Patient/a")), new Delete(Key("Patient/nobody"))], []));
        await FailAsync(Transaction.Of(PatientOf("b"), new AtVersion(Key("Patient/b"), 7)));
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => PutAsync("""{"resourceType":"Patient","id":"b"}""")));

        Assert.Equal(["Patient/a 1", "Patient/b 1", "Patient/a 2 deleted"], follower.Told.Take(3).Select(Text));
        Assert.Equal(Enumerable.Range(2, 50).Select(version => (long)version), follower.Told.Skip(3).Select(version => version.Version));
        Assert.Equal(follower.Told.Select(version => version.Sequence).Order(), follower.Told.Select(version => version.Sequence));
    }

    [Fact]
    public async Task A_follower_reads_what_stands_after_the_commit()
    {
        await PutAsync("""{"resourceType":"Organization","id":"h","name":"before"}""");
        var found = new List<string?>();
        Store.Follow(new Follower
        {
            Asked = newest => found.AddRange([(string?)Json(newest(Key("Organization/h")))["name"], newest(Key("Organization/i")) is { } other ? Text(other) : null]),
        });

        await CommitAsync(new Transaction([PatientOf("a"), PutOf("""{"resourceType":"Organization","id":"h","name":"after"}""")], []));
        await CommitAsync(new Transaction([PutOf("""{"resourceType":"Organization","id":"i"}""")], []));
        await CommitAsync(Transaction.Of(new Delete(Key("Organization/i"))));

        Assert.Equal(["after", null, "after", "Organization/i 1", "after", "Organization/i 2 deleted"], found);
    }

    [Fact]
    public async Task Nobody_reads_what_a_follower_was_not_told_of_yet()
    {
        long known = 0;
        var seen = new List<Task<(long Seen, long Known)>>();
        async Task<(long, long)> LookAsync()
        {
            long read = (await ReadAsync("Patient/a"))?.Version ?? 0;
            long found = (await SearchAsync(Request("Patient"))).Matches is [var one] ? one.Version : 0;
            return (Math.Max(read, found), Volatile.Read(ref known));
        }

        Store.Follow(new Follower
        {
            Asked = newest =>
            {
                Task<(long, long)>[] looking = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(LookAsync))];
                seen.AddRange(looking);
                Task.WaitAny(looking, Patience);
                Volatile.Write(ref known, newest(Key("Patient/a"))!.Version);
            },
        });

        for (int i = 0; i < 40; i++)
        {
            await PutAsync("""{"resourceType":"Patient","id":"a"}""");
        }

        Assert.All(await Task.WhenAll(seen), look => Assert.True(look.Seen <= look.Known, $"version {look.Seen} was read when {look.Known} was known"));
    }

    [Fact]
    public async Task A_follower_forgets_what_was_erased_and_nothing_else()
    {
        await CommitAsync(new Transaction(
            [
                PatientOf("a"), PatientOf("b"),
                PutOf("""{"resourceType":"Consent","id":"c","status":"active","patient":{"reference":"Patient/a"}}"""),
                PutOf("""{"resourceType":"Appointment","id":"t","status":"booked","participant":[{"actor":{"reference":"Patient/a"},"status":"accepted"},{"actor":{"reference":"Patient/b"},"status":"accepted"}]}"""),
            ],
            []));
        var follower = new Follower();
        Store.Follow(follower);

        await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel);

        Assert.Equal(new[] { HashOf("Patient/a"), HashOf("Consent/c") }.Order(), follower.Forgotten.Order());
        Assert.Empty(follower.Told);
    }

    private static string Text(StoredVersion version) => $"{version.Key} {version.Version}{(version.IsDeleted ? " deleted" : "")}";

    private sealed class Follower : ICommitFollower
    {
        public List<StoredVersion> Told { get; } = [];

        public List<long> Forgotten { get; } = [];

        public Action<Func<ResourceKey, StoredVersion?>>? Asked { get; init; }

        public void Note(IReadOnlyList<StoredVersion?> versions, Func<ResourceKey, StoredVersion?> newest)
        {
            Told.AddRange(versions.OfType<StoredVersion>());
            Asked?.Invoke(newest);
        }

        public void Forget(IReadOnlySet<long> resources) => Forgotten.AddRange(resources);
    }
}
