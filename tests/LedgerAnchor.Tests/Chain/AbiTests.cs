using System.Numerics;
using HealthChain.LedgerAnchor.Chain;
using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Chain;

public sealed class AbiTests
{
    // The worked example of Solidity's specification of the ABI.
    [Fact]
    public void A_call_is_encoded_as_the_specification_shows()
    {
        var function = new AbiFunction("f(uint256,uint32[] list,bytes10,bytes rest)");

        byte[] call = function.Encode(0x123, new object[] { 0x456, 0x789 }, "1234567890"u8.ToArray(), "Hello, world!"u8.ToArray());

        Assert.Equal(
            "8be65246"
            + "0000000000000000000000000000000000000000000000000000000000000123"
            + "0000000000000000000000000000000000000000000000000000000000000080"
            + "3132333435363738393000000000000000000000000000000000000000000000"
            + "00000000000000000000000000000000000000000000000000000000000000e0"
            + "0000000000000000000000000000000000000000000000000000000000000002"
            + "0000000000000000000000000000000000000000000000000000000000000456"
            + "0000000000000000000000000000000000000000000000000000000000000789"
            + "000000000000000000000000000000000000000000000000000000000000000d"
            + "48656c6c6f2c20776f726c642100000000000000000000000000000000000000",
            Convert.ToHexStringLower(call));
        Assert.Equal([new BigInteger(0x123), new object[] { new BigInteger(0x456), new BigInteger(0x789) }, "1234567890"u8.ToArray(), "Hello, world!"u8.ToArray()], function.DecodeInput(call));
    }

    [Theory]
    [InlineData("transfer(address,uint256)", "a9059cbb")]
    [InlineData("transfer(address to, uint amount)", "a9059cbb")]
    [InlineData("baz(uint32,bool)", "cdcd77c0")]
    [InlineData("sam(bytes,bool,uint[])", "a5643bf2")]
    public void A_selector_is_the_start_of_the_signatures_hash(string signature, string selector) =>
        Assert.Equal(selector, Convert.ToHexStringLower(new AbiFunction(signature).Selector));

    [Theory]
    [InlineData("uint7")]
    [InlineData("uint08")]
    [InlineData("uint264")]
    [InlineData("bytes0")]
    [InlineData("bytes33")]
    [InlineData("bytes01")]
    [InlineData("fixed128x18")]
    [InlineData("uint256[0]")]
    [InlineData("()")]
    [InlineData("(uint256")]
    [InlineData("uint256]")]
    [InlineData("uint256[-1]")]
    [InlineData("uint256[99999999]")]
    [InlineData("uint256[1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1]")]
    [InlineData("((((((((((((((((((uint8))))))))))))))))))")]
    [InlineData("")]
    public void What_is_no_type_is_refused(string type) => Assert.Throws<FormatException>(() => AbiType.Parse(type));

    [Theory]
    [InlineData("uint8", 256)]
    [InlineData("uint8", -1)]
    [InlineData("int8", 128)]
    [InlineData("int8", -129)]
    public void A_number_out_of_range_is_refused(string type, int value) => Assert.Throws<ArgumentException>(() => Abi.Encode($"({type})", value));

    [Theory]
    [InlineData("uint8", "0000000000000000000000000000000000000000000000000000000000000100")]
    [InlineData("int8", "0000000000000000000000000000000000000000000000000000000000000080")]
    [InlineData("int8", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7fff")]
    [InlineData("address", "0000000000000000000000010000000000000000000000000000000000000000")]
    [InlineData("bool", "0000000000000000000000000000000000000000000000000000000000000002")]
    [InlineData("bytes2", "6162630000000000000000000000000000000000000000000000000000000000")]
    [InlineData("uint8", "00000000000000000000000000000000000000000000000000000000000001")]
    [InlineData("bytes", "0000000000000000000000000000000000000000000000000000000000000020")]
    [InlineData("bytes", "00000000000000000000000000000000000000000000000000000000000000200000000000000000000000000000000000000000000000000000000000000001")]
    [InlineData("bytes", "000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000000000000000000000000000000000016162000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("string", "00000000000000000000000000000000000000000000000000000000000000200000000000000000000000000000000000000000000000000000000000000001ff00000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("uint8[]", "0000000000000000000000000000000000000000000000000000000000000020000000000000000000000000000000000000000000000000000000007fffffff")]
    [InlineData("uint8[]", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0")]
    public void Data_that_do_not_fit_are_refused(string type, string data) =>
        Assert.Throws<FormatException>(() => Abi.Decode($"({type})", Convert.FromHexString(data)));

    // Eight lists, all of whose entries point at the next list: without a limit, 1.5 kB would stand for 5 to the power of 8 values.
    [Fact]
    public void Values_that_share_their_place_are_refused()
    {
        const int Entries = 5;
        var words = new List<int> { 32 };
        for (int list = 0; list < 8; list++)
        {
            words.AddRange([Entries, .. Enumerable.Repeat(list < 7 ? 32 * Entries : 1, Entries)]);
        }

        byte[] data = [.. words.SelectMany(static word => Abi.Encode("(uint256)", word))];

        Assert.Throws<FormatException>(() => Abi.Decode("(uint8[][][][][][][][])", data));
    }

    [Fact]
    public void An_event_is_read_from_topics_and_data()
    {
        var transfer = new AbiEvent("Transfer(address indexed from, address indexed to, uint256 value, string indexed note)");
        var (from, to) = (new EthereumAddress(new byte[20]), EthereumAddress.Parse("0xde709f2102306220921060314715629080e2fb77"));
        var note = Keccak256.Of("note"u8);
        var log = new EthereumLog(
            to, [transfer.Topic, transfer.TopicOf("from", from), transfer.TopicOf("to", to), note], Abi.Encode("(uint256)", 5), 1, default, default, 0, false);

        Assert.Equal([from, to, new BigInteger(5), note], transfer.Decode(log));
        Assert.Throws<FormatException>(() => new AbiEvent("Transfer(address,address,uint256,string)").Decode(log));
        Assert.Throws<ArgumentException>(() => transfer.TopicOf("note", "note"));
        Assert.Equal("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef", new AbiEvent("Transfer(address,address,uint256)").Topic.ToString());
    }

    [Fact]
    public void Reasons_of_a_revert_are_read()
    {
        var own = new AbiError("Late(uint64 deadline)");

        Assert.Equal("Not enough Ether", RevertReason.Read([0x08, 0xc3, 0x79, 0xa0, .. Abi.Encode("(string)", "Not enough Ether")]).ToString());
        Assert.Equal("panic 0x11", RevertReason.Read([0x4e, 0x48, 0x7b, 0x71, .. Abi.Encode("(uint256)", 0x11)]).ToString());
        Assert.Equal([new BigInteger(7)], RevertReason.Read([.. own.Selector, .. Abi.Encode("(uint64)", 7)], own).Arguments);
        Assert.Equal("Late", RevertReason.Read([.. own.Selector, 1], own).ToString());
        Assert.Equal("no reason given", RevertReason.Read([1, 2, 3, 4], own).ToString());
        Assert.Equal(200, RevertReason.Read([0x08, 0xc3, 0x79, 0xa0, .. Abi.Encode("(string)", new string('x', 5000))]).ToString().Length);
    }
}
