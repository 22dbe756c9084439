using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;

namespace HealthChain.Load.Http;

/// <summary>A kept connection that carries one request at a time. Once its buffers have grown, an exchange allocates nothing.</summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _received = new byte[1 << 14];

    public static async Task<Connection> OpenAsync(IPEndPoint server)
    {
        var connection = new Connection();
        await connection._socket.ConnectAsync(server);
        return connection;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Response> ExchangeAsync(ReadOnlyMemory<byte> request)
    {
        while (!request.IsEmpty)
        {
            request = request[await _socket.SendAsync(request)..];
        }

        var filled = 0;
        Framing framing = default;
        while (true)
        {
            var count = await _socket.ReceiveAsync(_received.AsMemory(filled));
            if (count == 0)
            {
                throw new UnexpectedAnswerException($"the server closed the connection after {filled} bytes: {Encoding.UTF8.GetString(_received.AsSpan(0, Math.Min(filled, 500)))}");
            }

            filled += count;
            if ((framing.HeadLength > 0 || Framing.TryRead(_received.AsSpan(0, filled), out framing)) && TryComplete(framing, filled, out var response))
            {
                return response;
            }

            if (filled == _received.Length)
            {
                Array.Resize(ref _received, filled * 2);
            }
        }
    }

    private bool TryComplete(Framing framing, int filled, out Response response)
    {
        var received = filled - framing.HeadLength;
        var length = framing.IsChunked ? Chunks.Join(_received.AsSpan(framing.HeadLength, received)) : framing.BodyLength;
        if (length < 0 || received < length)
        {
            response = default;
            return false;
        }

        if (!framing.IsChunked && received > length)
        {
            throw new UnexpectedAnswerException($"{received - length} bytes beyond the end of the answer");
        }

        response = new Response(framing.Status, _received.AsMemory(0, framing.HeadLength), _received.AsMemory(framing.HeadLength, length));
        return true;
    }

    public void Dispose() => _socket.Dispose();
}
