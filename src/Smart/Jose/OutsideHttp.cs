using System.Net;
using System.Net.Sockets;

namespace HealthChain.Smart.Jose;

/// <summary>Which servers may be asked.</summary>
public enum OutsideReach : byte
{
    /// <summary>Those of the public internet, by https. For addresses that clients choose.</summary>
    Public,

    /// <summary>Those, and this machine, also by http. For development.</summary>
    PublicAndLoopback,

    /// <summary>All by https, and this machine also by http. For addresses that the operator chose.</summary>
    Any,
}

/// <summary>What another server answered.</summary>
/// <param name="Fresh">For how long its Cache-Control allows to keep it; null when it says nothing.</param>
internal sealed record OutsideAnswer(HttpStatusCode Status, byte[] Body, TimeSpan? Fresh);

/// <summary>
/// Asks servers whose address came from outside, without becoming their tool: no address within our own network, no redirects, no proxy, no
/// cookies, bounded size and time. Names are resolved once and what they resolve to is checked and connected to, so that a name which changes its mind in
/// between gains nothing (https://owasp.org/API-Security/editions/2023/en/0xa7-server-side-request-forgery/).
/// </summary>
public sealed class OutsideHttp : IDisposable
{
    public const int MostBytes = 64 << 10;

    private readonly OutsideReach _reach;
    private readonly TimeSpan _timeout;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve;
    private readonly HttpMessageInvoker _invoker;

    public OutsideHttp(OutsideReach reach, TimeSpan timeout, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
    {
        _reach = reach;
        _timeout = timeout;
        _resolve = resolve ?? Dns.GetHostAddressesAsync;
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseHeadersLength = 16,
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ConnectCallback = ConnectAsync,
        });
    }

    /// <summary>Whether an address may be asked, as far as it can be seen without resolving its name.</summary>
    public static bool MayAsk(Uri address, OutsideReach reach) =>
        address.IsAbsoluteUri && address.UserInfo.Length == 0 && address.Fragment.Length == 0
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback && reach != OutsideReach.Public))
        && (!IPAddress.TryParse(address.DnsSafeHost, out IPAddress? literal) || OutsideAddresses.MayConnect(literal, reach));

    /// <summary>Sends something for the sake of its effect: the status of the answer, whose content nobody reads; null when there is none within the bounds.</summary>
    public async Task<HttpStatusCode?> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        await ExchangeAsync(request, static (response, _) => Task.FromResult<HttpStatusCode?>(response.StatusCode), cancellationToken);

    /// <summary>The answer, whatever its status; null when there is none within the bounds. The caller is not told why: it may be asking for somebody who is curious about our network.</summary>
    internal Task<OutsideAnswer?> AskAsync(HttpRequestMessage request, CancellationToken cancellationToken) => ExchangeAsync(
        request,
        static async (response, limit) => await ReadAsync(response.Content, limit) is { } body ? new OutsideAnswer(response.StatusCode, body, FreshFor(response)) : null,
        cancellationToken);

    public void Dispose() => _invoker.Dispose();

    private async Task<T?> ExchangeAsync<T>(HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, Task<T?>> read, CancellationToken cancellationToken)
    {
        if (!MayAsk(request.RequestUri!, _reach))
        {
            return default;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeout);
        try
        {
            using HttpResponseMessage response = await _invoker.SendAsync(request, limit.Token);
            return await read(response, limit.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or SocketException)
        {
            return default;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return default;
        }
    }

    private static async Task<byte[]?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > MostBytes)
        {
            return null;
        }

        byte[] buffer = new byte[MostBytes + 1];
        using Stream stream = await content.ReadAsStreamAsync(cancellationToken);
        int read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return read > MostBytes ? null : buffer[..read];
    }

    private static TimeSpan? FreshFor(HttpResponseMessage response) => response.Headers.CacheControl switch
    {
        null => null,
        { NoStore: true } or { NoCache: true } => TimeSpan.Zero,
        { MaxAge: { } most } => most - (response.Headers.Age ?? TimeSpan.Zero) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero,
        _ => null,
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        IPAddress[] addresses = await _resolve(context.DnsEndPoint.Host, cancellationToken);
        if (addresses.Length == 0 || !addresses.All(address => OutsideAddresses.MayConnect(address, _reach)))
        {
            throw new HttpRequestException("The server is not one that may be asked.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
