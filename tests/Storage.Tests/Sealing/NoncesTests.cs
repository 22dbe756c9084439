using HealthChain.Storage.Sealing;
using Xunit;

namespace HealthChain.Storage.Tests.Sealing;

public sealed class NoncesTests
{
    [Fact]
    public void No_two_are_the_same_whichever_threads_ask()
    {
        const int Each = 20_000;
        string[][] given = new string[4][];
        Parallel.For(0, given.Length, thread => given[thread] = [.. Enumerable.Range(0, Each).Select(_ => Next())]);
        Assert.Equal(given.Length * Each, given.SelectMany(nonces => nonces).Distinct().Count());
    }

    private static string Next()
    {
        Span<byte> nonce = stackalloc byte[12];
        Nonces.Next(nonce);
        return Convert.ToHexString(nonce);
    }
}
