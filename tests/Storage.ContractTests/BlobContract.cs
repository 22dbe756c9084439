using HealthChain.Storage.Blobs;
using Xunit;

namespace HealthChain.Storage.ContractTests;

/// <summary>Which blobs are in use, and which versions say that they have some.</summary>
public abstract class BlobContract(Func<StoreSetup, IResourceStore> open) : StoreContract(open)
{
    [Fact]
    public async Task Blobs_of_every_version_are_in_use_each_named_once()
    {
        await PutAsync("b", 1, 2);
        await PutAsync("b", 2, 3);
        await PutAsync("c", 3);
        await PutAsync("d");
        await CommitAsync(Transaction.Of(new Delete(Key("Binary/c"))));
        await AssertUsedAsync(1, 2, 3);
    }

    [Fact]
    public async Task A_version_says_whether_it_has_blobs()
    {
        await PutAsync("b", 1);
        Assert.True((await ReadAsync("Binary/b"))!.HasBlobs);
        await PutAsync("b");
        Assert.False((await ReadAsync("Binary/b"))!.HasBlobs);
        Assert.True((await Store.ReadVersionAsync(Everything, Key("Binary/b"), 1, Cancel))!.HasBlobs);
        await CommitAsync(Transaction.Of(new Delete(Key("Binary/b"))));
        Assert.Equal([false, false, true], (await Store.HistoryAsync(Everything, new HistoryRequest { Count = 9 }, Cancel)).Versions.Select(version => version.HasBlobs));
    }

    [Fact]
    public async Task A_transaction_that_failed_uses_none()
    {
        await FailAsync(Transaction.Of(Binary("b", 1), new AtVersion(Key("Binary/b"), 7)));
        await AssertUsedAsync();
    }

    [Fact]
    public async Task Many_are_told_in_full()
    {
        for (int first = 0; first < 700; first += 100)
        {
            await PutAsync("b" + first, [.. Enumerable.Range(first, 100)]);
        }

        await AssertUsedAsync([.. Enumerable.Range(0, 700)]);
    }

    [Fact]
    public async Task Those_of_an_erased_patient_are_no_longer_in_use()
    {
        await CommitAsync(Transaction.Of(PatientOf("a")));
        Put photo = PutOf("""{"resourceType":"Media","id":"m","status":"completed","subject":{"reference":"Patient/a"},"content":{"contentType":"image/png"}}""");
        await CommitAsync(Transaction.Of(photo with { Blobs = [Address(1), Address(2)] }));
        await PutAsync("b", 2);
        await AssertUsedAsync(1, 2);
        await Store.EraseAsync(Everything, Key("Patient/a"), "test"u8.ToArray(), Cancel);
        await AssertUsedAsync(2);
    }

    private static BlobAddress Address(int number) => new(new Digest((UInt128)number, (UInt128)number));

    private static Put Binary(string id, params IEnumerable<int> blobs) =>
        PutOf($$"""{"resourceType":"Binary","id":"{{id}}","contentType":"text/plain"}""") with { Blobs = [.. blobs.Select(Address)] };

    private async Task PutAsync(string id, params IEnumerable<int> blobs) => await CommitAsync(Transaction.Of(Binary(id, blobs)));

    private async Task AssertUsedAsync(params IEnumerable<int> blobs)
    {
        List<BlobAddress> used = await Store.BlobsAsync(Everything, Cancel).ToListAsync(Cancel);
        Assert.Equal(blobs.Select(Address).Order(Comparer<BlobAddress>.Create(Compare)), used.Order(Comparer<BlobAddress>.Create(Compare)));
    }

    private static int Compare(BlobAddress left, BlobAddress right) => left.Sealed.High.CompareTo(right.Sealed.High);
}
