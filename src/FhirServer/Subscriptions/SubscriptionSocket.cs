using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;

namespace HealthChain.FhirServer.Subscriptions;

/// <summary>One websocket: reads what the client binds, and writes what it is told, in order.</summary>
/// <param name="token">What let it in; it ends with that. Null when nothing had to be shown.</param>
internal sealed class SubscriptionSocket(WebSocket socket, SubscriptionSockets sockets, string? token, TimeProvider time)
{
    private const int LongestMessage = 128;
    private const int MostBound = 100;
    private const int MostRefused = 20;
    private const int MostWaiting = 256;
    private const string Bind = "bind ";

    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(5);

    /// <summary>Who binds nothing for so long has no business here.</summary>
    private static readonly TimeSpan LongestUnbound = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(5);

    private readonly Channel<string> _outgoing = Channel.CreateBounded<string>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly ConcurrentDictionary<string, byte> _bound = new(StringComparer.Ordinal);
    private readonly Lock _sending = new();
    private string? _endedBecause;

    public string? Token => token;

    public ICollection<string> Bound => _bound.Keys;

    /// <summary>Reads and writes until one side ends it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task writing = WriteAsync(ending.Token);
        Task watching = WatchAsync(ending.Token);
        try
        {
            await ReadAsync(ending.Token);
        }
        catch (Exception gone) when (gone is OperationCanceledException or WebSocketException or IOException)
        {
            // The connection is lost, or the server stops.
        }
        finally
        {
            _outgoing.Writer.TryComplete();
            await ending.CancelAsync();
            await Task.WhenAll(writing, watching);
        }
    }

    /// <summary>False when the client does not take what it is sent, and is left alone from now on.</summary>
    public bool TrySend(string message) => TrySend(message, static () => { });

    /// <summary>Does something and says so, before anything is sent because of it.</summary>
    public bool TrySend(string message, Action does)
    {
        lock (_sending)
        {
            does();
            if (_outgoing.Writer.TryWrite(message))
            {
                return true;
            }
        }

        End("The client is too slow.");
        return false;
    }

    /// <summary>Ends the connection after what waits was sent.</summary>
    public void End(string reason)
    {
        Interlocked.CompareExchange(ref _endedBecause, reason, null);
        _outgoing.Writer.TryComplete();
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[LongestMessage];
        int refused = 0;
        while (socket.State == WebSocketState.Open)
        {
            int length = 0;
            ValueWebSocketReceiveResult part;
            do
            {
                if (length == buffer.Length)
                {
                    End("A message is longer than any that is understood.");
                    return;
                }

                part = await socket.ReceiveAsync(buffer.AsMemory(length), cancellationToken);
                length += part.Count;
            }
            while (!part.EndOfMessage && part.MessageType != WebSocketMessageType.Close);

            if (part.MessageType == WebSocketMessageType.Close)
            {
                if (socket.State == WebSocketState.CloseReceived)
                {
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
                }

                return;
            }

            if (!await AnswerAsync(part.MessageType == WebSocketMessageType.Text ? Encoding.UTF8.GetString(buffer, 0, length) : "", cancellationToken) && ++refused == MostRefused)
            {
                End("Too many messages were not understood.");
            }
        }
    }

    private async ValueTask<bool> AnswerAsync(string message, CancellationToken cancellationToken)
    {
        string id = message.StartsWith(Bind, StringComparison.Ordinal) ? message[Bind.Length..].Trim() : "";
        if (_bound.Count >= MostBound || !await sockets.BindAsync(id, this, cancellationToken))
        {
            // The same whether there is no such Subscription or it is another's; what was sent is not repeated.
            TrySend("error");
            return false;
        }

        _bound.TryAdd(id, 0);
        return true;
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (string message in _outgoing.Reader.ReadAllAsync(cancellationToken))
            {
                await socket.SendAsync(Encoding.UTF8.GetBytes(message).AsMemory(), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
            }

            if (_endedBecause is { Length: > 0 } reason && socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.PolicyViolation, reason, cancellationToken);

                // Whoever is sent away may say goodbye, which ends reading; who does not go is cut off.
                await Task.Delay(ClosingTime, time, cancellationToken);
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            // Reading ends as well then.
        }
        finally
        {
            socket.Abort();
        }
    }

    /// <summary>Ends a connection whose token has ended, or that nobody uses.</summary>
    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset opened = time.GetUtcNow();
        using var timer = new PeriodicTimer(CheckInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (!sockets.IsLetIn(this))
                {
                    End("The token is not valid any more.");
                }
                else if (_bound.IsEmpty && time.GetUtcNow() - opened > LongestUnbound)
                {
                    End("Nothing was bound.");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The connection has ended.
        }
    }
}
