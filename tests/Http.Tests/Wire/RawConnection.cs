using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace HealthChain.Http.Tests.Wire;

/// <summary>A connection to the server on which a test writes what it likes, below any library that would put it right.</summary>
internal sealed class RawConnection : IDisposable
{
    private readonly TcpClient _client = new();
    private readonly NetworkStream _stream;

    public RawConnection(Uri server)
    {
        _client.Connect(server.Host, server.Port);
        _stream = _client.GetStream();
    }

    /// <summary>Sends text as it is; a line break stands for CR LF.</summary>
    public async Task SendAsync(string text) =>
        await _stream.WriteAsync(Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\r\n")), TestContext.Current.CancellationToken);

    public ValueTask SendAsync(byte[] bytes) => _stream.WriteAsync(bytes, TestContext.Current.CancellationToken);

    /// <summary>Reads one answer of HTTP/1.1 with its body.</summary>
    public async Task<WireAnswer> ReadAsync(bool hasBody = true)
    {
        string status = await ReadLineAsync();
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            headers[line[..line.IndexOf(':', StringComparison.Ordinal)]] = line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        }

        int length = hasBody && headers.TryGetValue("Content-Length", out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : 0;
        var body = new byte[length];
        await _stream.ReadExactlyAsync(body, TestContext.Current.CancellationToken);
        return new WireAnswer(int.Parse(status.Split(' ')[1], CultureInfo.InvariantCulture), headers, Encoding.UTF8.GetString(body));
    }

    /// <summary>Reads bytes of a protocol other than HTTP/1.1.</summary>
    public async Task<byte[]> ReadBytesAsync(int count)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
        return bytes;
    }

    public void Dispose() => _client.Dispose();

    private async Task<string> ReadLineAsync()
    {
        var line = new List<byte>();
        var next = new byte[1];
        while (await _stream.ReadAsync(next, TestContext.Current.CancellationToken) > 0)
        {
            if (next[0] == '\n')
            {
                return Encoding.Latin1.GetString([.. line]).TrimEnd('\r');
            }

            line.Add(next[0]);
        }

        throw new IOException($"The server closed the connection within a line: '{Encoding.Latin1.GetString([.. line])}'.");
    }
}

internal sealed record WireAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body);
