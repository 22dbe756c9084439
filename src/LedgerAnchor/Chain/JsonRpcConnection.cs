using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace HealthChain.LedgerAnchor.Chain;

/// <summary>Where a node or a remote signer is, and how long and how much we listen.</summary>
public sealed record JsonRpcOptions
{
    /// <summary>Its path or query may hold a key: it is in no message.</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Value of the header <c>Authorization</c>; null for none.</summary>
    public string? Authorization { get; init; }

    /// <summary>For a whole request with its answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    public int MaxAnswerBytes { get; init; } = 16 << 20;

    public override string ToString() => Endpoint.Host;
}

/// <summary>A request: a method and its parameters.</summary>
public sealed record JsonRpcCall(string Method, params JsonNode?[] Parameters);

/// <summary>Calls methods of a node by JSON-RPC 2.0 over HTTP, one or many at a time.</summary>
/// <remarks>Safe to use from several threads. Every failure is an <see cref="EthereumException"/>. It never tries again by itself.</remarks>
public sealed class JsonRpcConnection : IDisposable
{
    private const int MaxErrorText = 200;

    private readonly HttpClient _http;
    private readonly JsonRpcOptions _options;
    private long _lastId;

    /// <param name="handler">Of the HTTP client; tests answer in its place.</param>
    public JsonRpcConnection(JsonRpcOptions options, HttpMessageHandler? handler = null)
    {
        _options = options;

        // A redirect could take the requests, and what is in them, to another host.
        _http = new HttpClient(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = System.Threading.Timeout.InfiniteTimeSpan,
        };
    }

    public async ValueTask<JsonElement> CallAsync(JsonRpcCall call, CancellationToken cancellationToken)
    {
        long id = Interlocked.Increment(ref _lastId);
        JsonElement answer = await PostAsync(ToJson(call, id), cancellationToken);
        return ResultOf(answer, id);
    }

    /// <summary>Sends all calls in one request. The results are in the order of the calls; the first error among them is thrown.</summary>
    public async ValueTask<IReadOnlyList<JsonElement>> CallAsync(IReadOnlyList<JsonRpcCall> calls, CancellationToken cancellationToken)
    {
        long firstId = Interlocked.Add(ref _lastId, calls.Count) - calls.Count + 1;
        JsonElement answer = await PostAsync(new JsonArray([.. calls.Select((call, index) => ToJson(call, firstId + index))]), cancellationToken);
        if (answer.ValueKind == JsonValueKind.Object)
        {
            // One error for the whole batch, which has no id then.
            throw ErrorOf(answer) ?? BadAnswer("one object for several requests");
        }

        var byId = new Dictionary<long, JsonElement>();
        if (answer.ValueKind != JsonValueKind.Array || answer.GetArrayLength() != calls.Count || answer.EnumerateArray().Any(one => !byId.TryAdd(IdOf(one), one)))
        {
            throw BadAnswer("not one object for each request");
        }

        return [.. calls.Select((_, index) => byId.TryGetValue(firstId + index, out JsonElement one) ? ResultOf(one, firstId + index) : throw BadAnswer("another id"))];
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Reads one answer.</summary>
    private static JsonElement ResultOf(JsonElement answer, long id) =>
        IdOf(answer) != id ? throw ErrorOf(answer) ?? BadAnswer("another id")
        : ErrorOf(answer) is { } error ? throw error
        : Find(answer, "result") ?? throw BadAnswer("neither a result nor an error");

    internal static JsonElement Parse(ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new EthereumException(EthereumFault.BadAnswer, "The node's answer is not JSON.", e);
        }
    }

    private static JsonObject ToJson(JsonRpcCall call, long id) => new()
    {
        ["jsonrpc"] = "2.0",
        ["id"] = id,
        ["method"] = call.Method,
        ["params"] = new JsonArray([.. call.Parameters.Select(static parameter => parameter?.DeepClone())]),
    };

    private async ValueTask<JsonElement> PostAsync(JsonNode request, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_options.Timeout);
        try
        {
            using var message = new HttpRequestMessage(HttpMethod.Post, _options.Endpoint) { Content = new StringContent(request.ToJsonString(), Encoding.UTF8, "application/json") };
            message.Headers.Authorization = _options.Authorization is { } value ? AuthenticationHeaderValue.Parse(value) : null;
            using HttpResponseMessage response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
            if (!response.IsSuccessStatusCode)
            {
                throw new EthereumException(
                    (int)response.StatusCode >= 500 || response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout ? EthereumFault.Unreachable : EthereumFault.Refused,
                    $"The node at {_options} answers with HTTP {(int)response.StatusCode}.");
            }

            return Parse(await ReadAsync(response.Content, timeout.Token));
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new EthereumException(EthereumFault.Unreachable, $"The node at {_options} does not answer.", e is OperationCanceledException ? null : e);
        }
    }

    private async ValueTask<ReadOnlyMemory<byte>> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > _options.MaxAnswerBytes)
        {
            throw BadAnswer("too large");
        }

        await using Stream stream = await content.ReadAsStreamAsync(cancellationToken);
        byte[] buffer = new byte[(int)Math.Min((content.Headers.ContentLength ?? 4096) + 1, _options.MaxAnswerBytes + 1L)];
        int length = 0;
        while (true)
        {
            int read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
            length += read;
            if (read == 0)
            {
                return buffer.AsMemory(0, length);
            }

            if (length > _options.MaxAnswerBytes)
            {
                throw BadAnswer("too large");
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min(2L * length, _options.MaxAnswerBytes + 1L));
            }
        }
    }

    private static long IdOf(JsonElement answer) => Find(answer, "id") is { ValueKind: JsonValueKind.Number } id && id.TryGetInt64(out long value) ? value : -1;

    private static EthereumException? ErrorOf(JsonElement answer)
    {
        if (Find(answer, "error") is not { } error || error.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        int code = Find(error, "code") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out int known) ? known : 0;
        string text = TextOf(Find(error, "message"));
        byte[] data = DataOf(error);
        return error.ValueKind == JsonValueKind.Object
            ? new EthereumException(NodeErrors.FaultOf(code, text, data.Length > 0), $"The node says {code}: {Printable(text)}") { Code = code, RevertData = data }
            : BadAnswer("an error without members");
    }

    // Nodes differ: most give the data of a revert as a string, some wrap it in an object.
    private static byte[] DataOf(JsonElement error)
    {
        JsonElement? data = Find(error, "data");
        try
        {
            return Hex.ParseData(TextOf(data is { ValueKind: JsonValueKind.Object } wrapped ? Find(wrapped, "data") : data));
        }
        catch (FormatException)
        {
            // Some put a sentence here.
            return [];
        }
    }

    private static string TextOf(JsonElement? text)
    {
        try
        {
            return text?.Text() ?? "";
        }
        catch (FormatException)
        {
            return "";
        }
    }

    private static JsonElement? Find(JsonElement answer, string name)
    {
        try
        {
            return answer.Find(name);
        }
        catch (FormatException e)
        {
            throw new EthereumException(EthereumFault.BadAnswer, "The node's answer is no text.", e);
        }
    }

    private static string Printable(string text) => new([.. text.Take(MaxErrorText).Select(static letter => char.IsControl(letter) ? ' ' : letter)]);

    private static EthereumException BadAnswer(string what) => new(EthereumFault.BadAnswer, $"The node's answer is not what was asked for: {what}.");
}

/// <summary>What a node means. The numbers of JSON-RPC say little, so the texts decide, which differ between nodes.</summary>
internal static class NodeErrors
{
    private const int MethodNotFound = -32601;
    private const int ExecutionReverted = 3;

    // The first part that occurs in the message decides. Of geth, Besu, Nethermind, Erigon, Reth and anvil.
    private static readonly (string Part, EthereumFault Fault)[] _texts =
    [
        ("already known", EthereumFault.AlreadyKnown),
        ("already imported", EthereumFault.AlreadyKnown),
        ("known transaction", EthereumFault.AlreadyKnown),
        ("alreadyknown", EthereumFault.AlreadyKnown),
        ("underpriced", EthereumFault.Underpriced),
        ("less than block base fee", EthereumFault.Underpriced),
        ("below configured minimum", EthereumFault.Underpriced),
        ("feetoolow", EthereumFault.Underpriced),
        ("nonce too low", EthereumFault.NonceTooLow),
        ("nonce below", EthereumFault.NonceTooLow),
        ("oldnonce", EthereumFault.NonceTooLow),
        ("insufficient funds", EthereumFault.InsufficientFunds),
        ("upfront cost exceeds", EthereumFault.InsufficientFunds),
        ("revert", EthereumFault.Reverted),
    ];

    public static EthereumFault FaultOf(int code, string message, bool hasData)
    {
        if (code == MethodNotFound)
        {
            return EthereumFault.Unsupported;
        }

        foreach ((string part, EthereumFault fault) in _texts)
        {
            if (message.Contains(part, StringComparison.OrdinalIgnoreCase))
            {
                return fault;
            }
        }

        return code == ExecutionReverted || hasData ? EthereumFault.Reverted : EthereumFault.Refused;
    }
}
