namespace HealthChain.LedgerAnchor.Tests.Contracts;

/// <summary>Lets something happen before one of the requests.</summary>
internal sealed class BetweenHandler(int number, Func<Task> happens) : DelegatingHandler(new SocketsHttpHandler())
{
    public int Asked { get; private set; }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (++Asked == number)
        {
            await happens();
        }

        return await base.SendAsync(request, cancellationToken);
    }
}
