using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Chain;

public sealed class TypedDataTests
{
    private const string MailType = "Mail(Person from,Person to,string contents)Person(string name,address wallet)";

    // The worked example of EIP-712.
    private static TypedData Mail(string type = MailType) => new(
        new TypedDataDomain
        {
            Name = "Ether Mail",
            Version = "1",
            ChainId = 1,
            VerifyingContract = EthereumAddress.Parse("0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"),
        },
        type,
        new object[] { "Cow", EthereumAddress.Parse("0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826") },
        new object[] { "Bob", EthereumAddress.Parse("0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB") },
        "Hello, Bob!");

    [Fact]
    public async Task Mail_is_hashed_and_signed_as_EIP_712_shows()
    {
        using var cow = new LocalSigner(Keccak256.Of("cow"u8).ToArray());

        Secp256k1Signature signature = await cow.SignAsync(Mail(), TestContext.Current.CancellationToken);

        Assert.Equal(MailType, Mail().EncodeType());
        Assert.Equal("f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f", Mail().DomainSeparator.ToString());
        Assert.Equal("c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e", Mail().StructHash.ToString());
        Assert.Equal("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2", Mail().Hash().ToString());
        Assert.Equal(
            "4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c",
            Convert.ToHexStringLower(EthereumSignature.ToBytes(signature)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Mail")]
    [InlineData("Mail(Person from,Person to,string contents)")]
    [InlineData("Mail(Person from,Person to,string contents)Person(string name,address wallet)Person(string name,address wallet)")]
    [InlineData("Mail(Person from,Person to,string contents)Person(string name,adress wallet)")]
    [InlineData("Mail(Person from,Person to,string)Person(string name,address wallet)")]
    public void Types_that_are_none_are_refused(string type) => Assert.Throws<FormatException>(() => Mail(type));

    [Theory]
    [InlineData("Mail(Person from,Person to,string contents,string more)Person(string name,address wallet)")]
    [InlineData("Mail(Person from,Person to,uint8 contents)Person(string name,address wallet)")]
    [InlineData("Mail(Person from,Person to,Person contents)Person(string name,address wallet)")]
    public void Values_that_do_not_fit_are_refused(string type) => Assert.Throws<ArgumentException>(() => Mail(type));
}
