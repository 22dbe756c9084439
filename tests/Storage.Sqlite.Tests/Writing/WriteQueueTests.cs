using HealthChain.Fhir;
using HealthChain.Storage.Sqlite.Writing;
using Xunit;

namespace HealthChain.Storage.Sqlite.Tests.Writing;

public sealed class WriteQueueTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(1);

    private readonly WriteQueue _queue = new();

    [Fact]
    public void What_was_added_is_taken_in_its_order()
    {
        Request[] added = [new(), new(), new()];
        _queue.Add(added[0]);
        _queue.Add(added[1]);
        Assert.Same(added[0], Take());
        _queue.Add(added[2]);
        Assert.Same(added[1], Take());
        Assert.Same(added[2], Take());
        Assert.False(_queue.TryTake(Short, out _));
    }

    [Fact]
    public async Task Who_takes_is_woken_by_the_first_that_comes()
    {
        var request = new Request();
        Task<WriteRequest> taken = Alone(Take);
        _queue.Add(request);
        Assert.Same(request, await Soon(taken));
    }

    [Fact]
    public async Task A_crowd_is_awaited_until_it_is_there()
    {
        const int Crowd = 3;
        Task<int> awaited = Alone(() =>
        {
            _queue.Await(Crowd, Long);
            return TakeAll();
        });
        for (int i = 0; i < Crowd - 1; i++)
        {
            _queue.Add(new Request());
        }

        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(awaited.IsCompleted);
        _queue.Add(new Request());
        Assert.Equal(Crowd, await Soon(awaited));
    }

    [Fact]
    public void Those_that_wait_already_are_of_the_crowd()
    {
        for (int i = 0; i < 4; i++)
        {
            _queue.Add(new Request());
        }

        // One is taken out of a turn, so three of it are left.
        Take();
        _queue.Add(new Request());
        _queue.Await(4, Long);
        Assert.Equal(4, TakeAll());
    }

    [Fact]
    public void A_crowd_that_does_not_come_is_not_awaited_for_long()
    {
        _queue.Add(new Request());
        _queue.Await(2, Short);
        Assert.Equal(1, TakeAll());
    }

    [Fact]
    public async Task Nobody_is_awaited_when_it_is_closed()
    {
        Task<int> awaited = Alone(() =>
        {
            _queue.Await(2, Long);
            _queue.Await(2, Long);
            return TakeAll();
        });
        _queue.Add(new Request());
        _queue.Close();
        Assert.Equal(1, await Soon(awaited));
        Assert.Throws<ObjectDisposedException>(() => _queue.Add(new Request()));
    }

    private static Task<T> Alone<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static Task<T> Soon<T>(Task<T> work) => work.WaitAsync(Long, TestContext.Current.CancellationToken);

    private WriteRequest Take() => _queue.TryTake(Long, out WriteRequest? request) ? request : throw new InvalidOperationException("There is none.");

    private int TakeAll()
    {
        int count = 0;
        while (_queue.TryTake(TimeSpan.Zero, out _))
        {
            count++;
        }

        return count;
    }

    private sealed class Request : WriteRequest
    {
        public override int Weight => 1;

        public override void Refuse(FhirError error) => throw new NotSupportedException();

        public override void Fail(Exception exception) => throw new NotSupportedException();
    }
}
