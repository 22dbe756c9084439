using System.Net;

namespace HealthChain.LedgerAnchor.Log;

/// <summary>Tiles of another server's log, for mirrors and auditors.</summary>
/// <param name="client">Its time-out bounds each request.</param>
/// <param name="prefix">The log's address, with a slash at its end.</param>
public sealed class HttpTiles(HttpClient client, Uri prefix) : ITileReader
{
    // The largest bundle of entries, for logs whose entries have up to 1 KB.
    private const int MaxEntriesBytes = TileId.FullWidth * 1024;

    /// <exception cref="HttpRequestException">The server cannot be reached or answers neither with the tile nor that there is none.</exception>
    public async ValueTask<byte[]?> ReadAsync(TileId tile, CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync(new Uri(prefix, tile.Path), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
        {
            return null;
        }

        response.EnsureSuccessStatusCode();
        // One byte more than there may be, so that too much is seen as such and not cut off.
        var buffer = new byte[(tile.Level == TileId.EntriesLevel ? MaxEntriesBytes : tile.Bytes) + 1];
        await using var content = await response.Content.ReadAsStreamAsync(cancellationToken);
        var length = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return buffer[..length];
    }
}
