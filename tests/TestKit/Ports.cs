using System.Net;
using System.Net.Sockets;

namespace HealthChain.TestKit;

/// <summary>Ports of 127.0.0.1 for servers whose address has to be known before they start.</summary>
public static class Ports
{
    // Below those that systems give to whoever asks for any: nobody gets one of these by chance while its server is not up.
    private const int First = 20_000;
    private const int Count = 10_000;

    private static int _next = Environment.ProcessId * 37 % Count;

    /// <summary>One that is free and that no other test of this process was given.</summary>
    public static int Take()
    {
        while (true)
        {
            int port = First + ((Interlocked.Increment(ref _next) & int.MaxValue) % Count);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody else's server.
            }
        }
    }
}
