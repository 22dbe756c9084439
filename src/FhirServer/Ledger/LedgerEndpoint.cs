using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Server;
using HealthChain.LedgerAnchor.Anchoring;
using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerAnchor.Page;
using HealthChain.LedgerAnchor.Witness;
using HealthChain.LedgerAnchor.Worker;

namespace HealthChain.FhirServer.Ledger;

/// <summary>
/// What everybody may fetch of the ledger, by https://c2sp.org/tlog-tiles: checkpoint and tiles, static and cacheable; the anchors; and the witness for
/// other logs. Nothing here says more than how much is done on this server and when.
/// </summary>
internal sealed class LedgerEndpoint(LedgerNode node, Requesters requesters, ServerOptions options) : IDisposable
{
    public const string Path = "/ledger";
    public const string WellKnownPath = "/.well-known/healthchain-ledger";

    private const string Text = "text/plain; charset=utf-8";
    private const string Json = "application/json";
    private const string Bytes = "application/octet-stream";

    // What a tile holds never changes; a partial one may be gone when it is full.
    private const string ForEver = "public, max-age=31536000, immutable";
    private const string Always = "no-cache";
    // Keys and roots have pluses, which are only dangerous within HTML.
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const int MaxRequestBytes = 256 * 1024;

    private readonly ClientRates _rates = new(options.Ledger.RequestsPerSecond, burst: 0);

    /// <summary>Answers a request below <see cref="Path"/>.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        string path = context.Request.Path.Value?.TrimStart('/') ?? "";
        bool isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (!await AdmitAsync(context, path))
        {
            return;
        }

        Task answer = (isRead, path) switch
        {
            (true, PublishedCheckpoint.FileName) => SendCheckpointAsync(context, node.Worker?.Published),
            (true, "anchors") => SendAnchorsAsync(context),
            (true, "verify") => SendPageAsync(context),
            (true, _) when TileId.TryParse(path, out TileId tile) => SendTileAsync(context, tile, node.Tiles, node.Worker?.Published),
            (true, _) when path.StartsWith("mirror/", StringComparison.Ordinal) => SendMirroredAsync(context, path),
            (false, "witness/add-checkpoint") when HttpMethods.IsPost(context.Request.Method) => WitnessAsync(context),
            (false, _) => RefuseAsync(context, StatusCodes.Status405MethodNotAllowed, "This is read by GET."),
            _ => RefuseAsync(context, StatusCodes.Status404NotFound, "There is nothing at this path."),
        };
        await answer;
    }

    /// <summary>Answers a request at <see cref="WellKnownPath"/>: what a verifier has to know of this log.</summary>
    public async Task DescribeAsync(HttpContext context)
    {
        if (!await AdmitAsync(context, WellKnownPath))
        {
            return;
        }

        if (node.Worker is not { } worker)
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "This server has no ledger, or is about to begin it.");
            return;
        }

        await SendJsonAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("origin", worker.Origin);
            json.WriteString("vkey", worker.Key.ToString());
            json.WriteString("log", Path + "/");
            json.WriteString("anchors", Path + "/anchors");
            json.WriteString("target", worker.TargetName);
            json.WriteNumber("checkpointInterval", node.CheckpointInterval.TotalSeconds);
            json.WriteNumber("anchorInterval", options.Ledger.AnchorInterval.TotalSeconds);
            json.WriteNumber("witnessesNeeded", options.Ledger.WitnessesNeeded);
            json.WriteStartArray("witnesses");
            foreach (LedgerPeer witness in options.Ledger.Witnesses)
            {
                json.WriteStringValue(witness.Key.ToString());
            }

            json.WriteEndArray();
            if (node.Witness is { } own)
            {
                json.WriteStartObject("witness");
                json.WriteString("vkey", own.Verifier.ToString());
                json.WriteString("submission", Path + "/witness");
                json.WriteEndObject();
            }

            json.WriteEndObject();
        });
    }

    public void Dispose() => _rates.Dispose();

    /// <summary>Whether the request is to be answered; if not, it has been.</summary>
    private async ValueTask<bool> AdmitAsync(HttpContext context, string path)
    {
        if (_rates.Exceeded($"{context.Connection.RemoteIpAddress}") is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
            await RefuseAsync(context, StatusCodes.Status429TooManyRequests, "This address sends more requests than it may.");
            return false;
        }

        // Witnesses are for those whose signature is known, and the page holds nothing.
        if (!options.Ledger.IsPublic && path is not ("witness/add-checkpoint" or "verify") && !(await requesters.IdentifyAsync(context)).IsOk)
        {
            await RefuseAsync(context, StatusCodes.Status401Unauthorized, "This ledger is for members: it needs a bearer token.");
            return false;
        }

        return true;
    }

    private static async Task SendCheckpointAsync(HttpContext context, PublishedCheckpoint? checkpoint)
    {
        if (checkpoint is null)
        {
            context.Response.Headers.RetryAfter = "1";
            await RefuseAsync(context, StatusCodes.Status404NotFound, "There is no checkpoint yet.");
            return;
        }

        await SendAsync(context, checkpoint.Note, Text, Always);
    }

    private async Task SendTileAsync(HttpContext context, TileId tile, TileFolder tiles, PublishedCheckpoint? published)
    {
        // Of what no checkpoint has yet nothing is shown.
        bool isPublished = published is not null && (tile.Index * TileId.FullWidth) + tile.Width <= TileId.HashesOn(Math.Max(tile.Level, 0), published.Head.Size);
        byte[]? bytes = !isPublished ? null
            : tile.Level == TileId.EntriesLevel ? await ReadEntriesAsync(tile, context.RequestAborted)
            : await ReadTileAsync(tile, tiles, context.RequestAborted);
        await (bytes is null
            ? RefuseAsync(context, StatusCodes.Status404NotFound, "There is no such tile.")
            : SendAsync(context, bytes, Bytes, ForEver));
    }

    private static async ValueTask<byte[]?> ReadTileAsync(TileId tile, TileFolder tiles, CancellationToken cancellationToken) =>
        await tiles.ReadAsync(tile, cancellationToken) is { } bytes ? bytes
        : tile.IsFull ? null
        : (await tiles.ReadAsync(tile.Full, cancellationToken))?[..tile.Bytes];

    private async ValueTask<byte[]?> ReadEntriesAsync(TileId tile, CancellationToken cancellationToken)
    {
        byte[] entries = new byte[tile.Bytes];
        int read = await node.Leaves.ReadAsync(tile.Index * TileId.FullWidth, entries, cancellationToken);
        return read == tile.Width ? EntryBundle.Write(entries) : null;
    }

    /// <summary>A copy of another log, by https://c2sp.org/tlog-mirror: <c>mirror/HASH/checkpoint</c>, <c>mirror/HASH/tile/…</c>.</summary>
    private Task SendMirroredAsync(HttpContext context, string path)
    {
        string[] parts = path.Split('/', 3);
        Mirror? mirror = parts.Length == 3 ? node.Mirrors.FirstOrDefault(mirror => LedgerNode.MirrorName(mirror.Origin) == parts[1]) : null;
        return mirror is null ? RefuseAsync(context, StatusCodes.Status404NotFound, "There is no such mirror.")
            : parts[2] == PublishedCheckpoint.FileName ? SendCheckpointAsync(context, mirror.Newest)
            : TileId.TryParse(parts[2], out TileId tile) && tile.Level >= 0 ? SendTileAsync(context, tile, mirror.Tiles, mirror.Newest)
            : RefuseAsync(context, StatusCodes.Status404NotFound, "There is nothing at this path.");
    }

    private async Task SendAnchorsAsync(HttpContext context)
    {
        long? size = null;
        if (context.Request.Query["size"].ToString() is { Length: > 0 } text)
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long wanted) || wanted < 1)
            {
                await RefuseAsync(context, StatusCodes.Status400BadRequest, "size is how many leaves an anchor has to cover, from 1 on.");
                return;
            }

            size = wanted;
        }

        IReadOnlyList<AnchorStatus> anchors = size is { } least ? node.Worker?.AnchorsCovering(least - 1) ?? [] : node.Worker?.NewestAnchors() ?? [];
        await SendJsonAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("target", node.Worker?.TargetName);
            json.WriteStartArray("anchors");
            foreach (AnchorStatus anchor in anchors)
            {
                Write(json, anchor);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter json, AnchorStatus anchor)
    {
        json.WriteStartObject();
        json.WriteNumber("size", anchor.Submission.Next.Size);
        json.WriteBase64String("root", anchor.Submission.Next.Root.ToArray());
        json.WriteString("state", anchor.State.ToString().ToLowerInvariant());
        json.WriteString("transaction", anchor.Submission.Transaction);
        json.WriteNumber("blockNumber", anchor.BlockNumber);
        json.WriteString("blockHash", anchor.BlockHash);
        json.WriteString("submittedAt", anchor.Submission.SubmittedAt.UtcDateTime);
        json.WriteEndObject();
    }

    private async Task WitnessAsync(HttpContext context)
    {
        if (node.Witness is not { } witness)
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, "This server witnesses no logs.");
            return;
        }

        byte[] body = ArrayPool<byte>.Shared.Rent(MaxRequestBytes);
        try
        {
            int length = await context.Request.Body.ReadAtLeastAsync(body, MaxRequestBytes, throwOnEndOfStream: false, context.RequestAborted);
            WitnessAnswer answer = length >= MaxRequestBytes
                ? new WitnessAnswer(StatusCodes.Status400BadRequest, Text, "The request is too long.\n")
                : witness.Answer(body.AsSpan(0, length));
            context.Response.StatusCode = answer.Status;
            await SendAsync(context, Encoding.UTF8.GetBytes(answer.Body), answer.ContentType, Always);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
    }

    private static Task SendPageAsync(HttpContext context)
    {
        context.Response.Headers.ContentSecurityPolicy = VerifierPage.ContentSecurityPolicy;
        return SendAsync(context, VerifierPage.Html, VerifierPage.ContentType, Always);
    }

    private static Task SendJsonAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            write(json);
        }

        return SendAsync(context, buffer.WrittenMemory, Json, Always);
    }

    private static Task RefuseAsync(HttpContext context, int status, string why)
    {
        context.Response.StatusCode = status;
        return SendAsync(context, Encoding.UTF8.GetBytes(why + "\n"), Text, "no-store");
    }

    private static async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> bytes, string contentType, string caching)
    {
        HttpResponse response = context.Response;
        response.ContentType = contentType;
        response.ContentLength = bytes.Length;
        response.Headers.CacheControl = caching;
        response.Headers.XContentTypeOptions = "nosniff";

        // Whoever verifies in a browser may be on another site; there is nothing here that depends on who asks.
        response.Headers.AccessControlAllowOrigin = "*";
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.BodyWriter.WriteAsync(bytes, context.RequestAborted);
        }
    }
}
