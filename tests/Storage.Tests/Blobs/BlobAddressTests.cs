using System.Security.Cryptography;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using HealthChain.Storage.Blobs;
using HealthChain.TestKit;
using Xunit;

namespace HealthChain.Storage.Tests.Blobs;

public class BlobAddressTests
{
    // As other tools write them, for example: printf 'hello world' | ipfs add --cid-version=1 --raw-leaves
    [Theory]
    [InlineData("", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku")]
    [InlineData("hello world", "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e")]
    public void It_is_written_as_a_CID(string content, string expected)
    {
        var address = new BlobAddress(Digest.Read(SHA256.HashData(Encoding.UTF8.GetBytes(content))));
        Assert.Equal(expected, address.ToString());
        Assert.True(BlobAddress.TryParse(expected, out BlobAddress read));
        Assert.Equal(address, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyk")]
    [InlineData("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvykua")]
    [InlineData("Bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku")]
    [InlineData("bAfkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku")]
    [InlineData("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvykv")]
    [InlineData("bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku")]
    [InlineData("bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyk1")]
    [InlineData("../../../../../../../../../../../../../../../../etc/passwdx")]
    public void Anything_else_is_refused(string text) => Assert.False(BlobAddress.TryParse(text, out _));

    [Fact]
    public void Addresses_and_references_survive_being_written() =>
        Prop.ForAll(Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf(BlobReference.EncodedBytes).ToArbitrary(), bytes =>
        {
            BlobReference reference = BlobReference.Read(bytes);
            var written = new byte[BlobReference.EncodedBytes];
            reference.Write(written);
            Assert.Equal(bytes, written);
            Assert.True(BlobAddress.TryParse(reference.Address.ToString(), out BlobAddress address));
            Assert.Equal(reference.Address, address);
        }).Check(RandomCases.Of(100));
}
