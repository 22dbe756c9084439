using HealthChain.LedgerProofs;
using Xunit;

namespace HealthChain.LedgerAnchor.Tests.Proofs;

public sealed class Hash256Tests
{
    [Fact]
    public void The_root_of_an_empty_log_is_the_hash_of_nothing() =>
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", TreeHead.Empty.Root.ToString());

    [Fact]
    public void Bytes_come_back_as_they_went_in()
    {
        byte[] bytes = [.. Enumerable.Range(1, Hash256.Bytes).Select(i => (byte)(i * 7))];
        Assert.Equal(bytes, new Hash256(bytes).ToArray());
    }

    [Theory]
    [InlineData(31)]
    [InlineData(33)]
    public void Another_number_of_bytes_is_refused(int length) =>
        Assert.Throws<ArgumentException>(() => new Hash256(new byte[length]));
}
