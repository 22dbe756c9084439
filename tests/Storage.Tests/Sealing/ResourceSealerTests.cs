using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using HealthChain.Storage.Sealing;
using HealthChain.TestKit;
using Xunit;
using static HealthChain.Storage.Tests.Seals;

namespace HealthChain.Storage.Tests.Sealing;

public sealed class ResourceSealerTests : IDisposable
{
    private static readonly SealedVersion Original = new("Observation", (UInt128)5 << 64 | 6, 3);

    private readonly Folders _folders = new();
    private readonly KeyStore _keys;

    public ResourceSealerTests() => _keys = _folders.OpenKeys();

    public void Dispose()
    {
        _keys.Dispose();
        _folders.Dispose();
    }

    [Fact]
    public void What_is_sealed_opens() =>
        Prop.ForAll(Contents(), content =>
        {
            byte[] bytes = _keys.Seal(Subject(1), content, Original);
            return _keys.TryOpen(Subject(1), bytes, out byte[] plain, Original) == SealStatus.Ok && plain.SequenceEqual(content);
        }).Check(RandomCases.Of(100));

    [Fact]
    public void Any_altered_byte_is_found_and_gives_no_content() =>
        Prop.ForAll(Contents(), Gen.Choose(0, int.MaxValue).ToArbitrary(), Gen.Choose(1, 255).ToArbitrary(), (content, place, change) =>
        {
            byte[] bytes = _keys.Seal(Subject(1), content, Original);
            bytes[place % bytes.Length] ^= (byte)change;
            SealStatus expected = place % bytes.Length < 2 ? SealStatus.UnknownFormat : SealStatus.Damaged;
            return _keys.TryOpen(Subject(1), bytes, out byte[] plain, Original) == expected && plain.All(value => value == 0);
        }).Check(RandomCases.Of(100));

    [Fact]
    public void Any_cut_end_is_found()
    {
        byte[] bytes = _keys.Seal(Subject(1), "some content"u8, Original);
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(SealStatus.Damaged, _keys.TryOpen(Subject(1), bytes[..length], out _, Original));
        }

        Assert.Equal(SealStatus.Damaged, _keys.TryOpen(Subject(1), [.. bytes, 0], out _, Original));
    }

    public static TheoryData<SealedVersion> OtherVersions() => new(
        Original with { Version = 4 },
        Original with { Version = -3 },
        Original with { Surrogate = 6 },
        Original with { Surrogate = Original.Surrogate + 1 },
        Original with { Type = "Observatio" },
        Original with { Type = "Observations" },
        Original with { Type = "" });

    [Theory]
    [MemberData(nameof(OtherVersions))]
    public void A_version_does_not_pass_for_another(SealedVersion other)
    {
        byte[] bytes = _keys.Seal(Subject(1), "some content"u8, Original);
        Assert.Equal(SealStatus.Damaged, _keys.TryOpen(Subject(1), bytes, out byte[] plain, other));
        Assert.All(plain, value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_version_does_not_pass_for_one_of_another_subject_or_tenant()
    {
        using var otherFolders = new Folders();
        using KeyStore others = otherFolders.OpenKeys();
        others.Ensure(Subject(1));
        _keys.Ensure(Subject(2));
        byte[] bytes = _keys.Seal(Subject(1), "some content"u8, Original);
        Assert.Equal(SealStatus.Damaged, _keys.TryOpen(Subject(2), bytes, out _, Original));
        Assert.Equal(SealStatus.Damaged, others.TryOpen(Subject(1), bytes, out _, Original));
        Assert.Equal(SealStatus.UnknownSubject, _keys.TryOpen(Subject(3), bytes, out _, Original));
    }

    // The layout is a promise: what was sealed once must open for ever. So it is taken apart here by hand.
    [Fact]
    public void The_layout_is_as_documented()
    {
        byte[] bytes = _keys.Seal(Subject(1), "some content"u8, Original);
        Assert.Equal([1, 0], bytes[..2]);
        Assert.Equal("some content".Length + 30, bytes.Length);
        _keys.TryGet(Subject(1), out SubjectKeys? keys);
        var key = new byte[32];
        Assert.True(keys!.TryDerive("HealthChain 1 data"u8, key));
        byte[] bound =
        [
            1, 0,
            .. Convert.FromHexString(_keys.Tenant.ToString("x32")),
            0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 6,
            0, 0, 0, 0, 0, 0, 0, 3,
            .. "Observation"u8,
        ];
        var plain = new byte[12];
        using var cipher = new AesGcm(key, 16);
        cipher.Decrypt(bytes.AsSpan(2, 12), bytes.AsSpan(14, 12), bytes.AsSpan(26), plain, bound);
        Assert.Equal("some content"u8, plain);
    }

    [Fact]
    public void Each_seal_has_another_nonce()
    {
        var nonces = new HashSet<string>();
        for (int i = 0; i < 1000; i++)
        {
            Assert.True(nonces.Add(Convert.ToHexString(_keys.Seal(Subject(1), "same"u8)[2..14])));
        }
    }

    [Fact]
    public void With_a_cached_key_nothing_is_allocated()
    {
        var sealer = new ResourceSealer(_keys);
        var plain = new byte[2048];
        var bytes = new byte[plain.Length + ResourceSealer.Overhead];
        for (int i = 0; i < 100; i++)
        {
            SealAndOpen();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            SealAndOpen();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void SealAndOpen()
        {
            sealer.Seal(Subject(1), Original, plain, bytes);
            sealer.Open(Subject(1), Original, bytes, plain);
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_buffer_of_another_length_is_refused(int more)
    {
        var sealer = new ResourceSealer(_keys);
        Assert.Throws<ArgumentException>(() => sealer.Seal(Subject(1), Original, new byte[10], new byte[10 + ResourceSealer.Overhead + more]));
        byte[] bytes = _keys.Seal(Subject(1), new byte[10], Original);
        Assert.Throws<ArgumentException>(() => sealer.Open(Subject(1), Original, bytes, new byte[10 + more]));
    }

    private static Arbitrary<byte[]> Contents() => Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf().ToArbitrary();
}
