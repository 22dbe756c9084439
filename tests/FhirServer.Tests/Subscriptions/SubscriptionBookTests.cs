using HealthChain.Files;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Smart;
using HealthChain.Storage;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.FhirServer.Tests.Subscriptions;

/// <summary>What is kept of Subscriptions outlives a crash, and what cannot be read opens nothing.</summary>
public sealed class SubscriptionBookTests
{
    private const string Folder = "/data/subscriptions";
    private const string Journal = Folder + "/" + SubscriptionBook.JournalName;

    private static readonly byte[] Key = [.. Enumerable.Range(0, SealedJournal.KeyBytes).Select(number => (byte)number)];
    private static readonly IndexHasher Hasher = new(new byte[IndexHasher.KeyBytes]);

    [Fact]
    public void What_was_put_is_there_after_any_crash()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var disk = new SimulatedDisk(seed);
            disk.KillAfter(seed % 60);
            int put = 0;
            try
            {
                SubscriptionBook book = Open(disk);
                for (; put < 20; put++)
                {
                    book.Put(EntryOf(put));
                }
            }
            catch (KilledException)
            {
                // As far as it came.
            }

            disk.Crash();

            SubscriptionBook reopened = Open(disk);
            Assert.False(reopened.IsDamaged);
            Assert.All(Enumerable.Range(0, put), number => Assert.Equivalent(EntryOf(number), reopened.Find($"s{number}")));
            Assert.Null(reopened.Find($"s{put + 1}"));
            reopened.Put(EntryOf(77));
            Assert.NotNull(Open(disk).Find("s77"));
        }
    }

    [Fact]
    public void Damage_silences_and_is_put_aside()
    {
        var disk = new SimulatedDisk(1);
        SubscriptionBook book = Open(disk);
        for (int number = 0; number < 5; number++)
        {
            book.Put(EntryOf(number));
        }

        byte[] file = disk.Read(Journal)!;
        file[file.Length / 2] ^= 1;
        disk.Write(Journal, file);

        SubscriptionBook damaged = Open(disk);

        Assert.True(damaged.IsDamaged);
        Assert.NotNull(damaged.Find("s0"));
        Assert.Null(damaged.Find("s4"));
        Assert.Null(damaged.OwnerOf(Hasher.Reference(new ResourceKey("Subscription", "s4"))));
        Assert.Equal(file, disk.Read(Journal + ".damaged"));
        Assert.False(Open(disk).IsDamaged);
    }

    [Fact]
    public void Nothing_readable_stands_on_the_disk_and_another_key_opens_nothing()
    {
        var disk = new SimulatedDisk(2);
        Open(disk).Put(EntryOf(1));

        string bytes = System.Text.Encoding.Latin1.GetString(disk.Read(Journal)!);

        Assert.DoesNotContain("secret", bytes, StringComparison.Ordinal);
        Assert.DoesNotContain("Patient", bytes, StringComparison.Ordinal);
        Assert.Null(SubscriptionBook.Open(Hasher, disk, Folder, new byte[SealedJournal.KeyBytes]).Find("s1"));
    }

    [Fact]
    public void Who_is_forgotten_leaves_nothing()
    {
        var disk = new SimulatedDisk(3);
        SubscriptionBook book = Open(disk);
        book.Put(EntryOf(1));
        book.Put(EntryOf(2));
        long before = disk.Length(Journal);

        Assert.Equal(["s1"], book.Forget("Patient/1"));

        Assert.Null(book.Find("s1"));
        Assert.NotNull(Open(disk).Find("s2"));
        Assert.True(disk.Length(Journal) < before);
    }

    [Fact]
    public void Entries_that_were_replaced_do_not_fill_the_disk()
    {
        var disk = new SimulatedDisk(4);
        SubscriptionBook book = Open(disk);
        for (int i = 0; i < 200; i++)
        {
            book.Put(EntryOf(i % 2) with { Since = i });
        }

        long before = disk.Length(Journal);
        SubscriptionBook reopened = Open(disk);

        Assert.True(disk.Length(Journal) < before / 50);
        Assert.Equal((198, 199), (reopened.Find("s0")!.Since, reopened.Find("s1")!.Since));
    }

    [Fact]
    public void Of_entries_that_come_in_another_order_than_their_versions_the_newest_counts()
    {
        var disk = new SimulatedDisk(5);
        SubscriptionBook book = Open(disk);
        book.Put(EntryOf(1) with { Sequence = 8, Headers = ["Authorization: of the later endpoint"] });
        book.Put(EntryOf(1) with { Sequence = 7 });

        Assert.Equal(8, book.Find("s1")!.Sequence);
        Assert.Equal(["Authorization: of the later endpoint"], Open(disk).Find("s1")!.Headers);
    }

    private static SubscriptionBook Open(SimulatedDisk disk) => SubscriptionBook.Open(Hasher, disk, Folder, Key);

    private static SubscriptionEntry EntryOf(int number) => new(
        $"s{number}",
        new SubscriptionOwner(OwnerKind.Client, "app") { Account = "account", Decision = "d", Scopes = "patient/*.rs", Role = Role.Patient, FhirUser = $"Patient/{number}" },
        ["Authorization: a secret"],
        number);
}
