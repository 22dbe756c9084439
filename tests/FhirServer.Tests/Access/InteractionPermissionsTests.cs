using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Operations;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace HealthChain.FhirServer.Tests.Access;

public sealed class InteractionPermissionsTests : IAsyncDisposable
{
    private readonly ServerFactory _server = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>One of which nothing was decided is refused to everybody, so a new one is noticed here and not by its users.</summary>
    [Fact]
    public void What_each_operation_needs_was_decided()
    {
        IReadOnlyList<IOperation> operations = _server.Services.GetRequiredService<OperationTable>().All;
        Type[] kinds = [.. typeof(IOperation).Assembly.GetTypes().Where(type => type is { IsAbstract: false, IsInterface: false } && typeof(IOperation).IsAssignableFrom(type))];

        Assert.All(operations, operation => Assert.True(InteractionPermissions.Knows(operation.Name), operation.Name));
        Assert.Empty(kinds.Except(operations.Select(operation => operation.GetType())));
        Assert.NotEmpty(kinds);
        Assert.False(InteractionPermissions.Knows("no-such-operation"));
    }
}
