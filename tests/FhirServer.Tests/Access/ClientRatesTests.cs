using HealthChain.FhirServer.Access;
using Xunit;

namespace HealthChain.FhirServer.Tests.Access;

public sealed class ClientRatesTests
{
    [Fact]
    public void A_client_may_ask_as_often_as_its_burst_allows()
    {
        using var rates = new ClientRates(perSecond: 1, burst: 3);

        Assert.Equal([null, null, null], Enumerable.Range(0, 3).Select(_ => rates.Exceeded("a")));
        Assert.InRange(rates.Exceeded("a")!.Value, 1, 60);
    }

    [Fact]
    public void Without_a_burst_of_its_own_it_is_twice_the_rate()
    {
        using var rates = new ClientRates(perSecond: 1, burst: 0);

        Assert.Equal([true, true, false], Enumerable.Range(0, 3).Select(_ => rates.Exceeded("a") is null));
    }

    [Fact]
    public void Clients_do_not_count_for_each_other()
    {
        using var rates = new ClientRates(perSecond: 1, burst: 1);
        rates.Exceeded("a");

        Assert.NotNull(rates.Exceeded("a"));
        Assert.Null(rates.Exceeded("b"));
    }
}
