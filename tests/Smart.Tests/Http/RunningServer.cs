using Xunit;

namespace HealthChain.Smart.Tests.Http;

/// <summary>One server for the tests of a class. Each makes clients and codes of its own, and none moves the clock.</summary>
public sealed class RunningServer : IAsyncLifetime
{
    internal SmartTestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await SmartTestServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
