namespace HealthChain.Smart.Tests.Jose;

/// <summary>Remembers ids as the state machine does, but in memory.</summary>
internal sealed class SpentIds
{
    private readonly HashSet<(string Owner, string Id)> _spent = [];

    public DateTimeOffset LastUntil { get; private set; }

    public ValueTask<bool> SpendAsync(string owner, string id, DateTimeOffset until, CancellationToken cancellationToken)
    {
        LastUntil = until;
        return ValueTask.FromResult(_spent.Add((owner, id)));
    }
}
