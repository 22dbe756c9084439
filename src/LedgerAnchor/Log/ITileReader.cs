namespace HealthChain.LedgerAnchor.Log;

/// <summary>Where tiles are: a folder, or another server.</summary>
/// <remarks>What it gives is not to be trusted: only a root that the log signed says whether the hashes are right.</remarks>
public interface ITileReader
{
    /// <summary>The bytes of a tile, just as many as its width asks for; null when it is not there.</summary>
    ValueTask<byte[]?> ReadAsync(TileId tile, CancellationToken cancellationToken);
}

/// <summary>Files of the log are not what they must be. The message names them; nothing of the log may be signed until that is explained.</summary>
public sealed class LedgerDamageException(string message) : Exception(message);

internal static class TileReaderExtensions
{
    /// <summary>
    /// A tile of hashes. A partial one may have been removed since it became full (tlog-tiles, "Partial Tiles"): the full one begins with it.
    /// </summary>
    /// <exception cref="LedgerDamageException">It is missing or too short.</exception>
    public static async ValueTask<byte[]> ReadHashesAsync(this ITileReader reader, TileId tile, CancellationToken cancellationToken)
    {
        var bytes = await reader.ReadAsync(tile, cancellationToken);
        if (bytes is null && !tile.IsFull)
        {
            bytes = await reader.ReadAsync(tile.Full, cancellationToken);
            bytes = bytes?.Length == tile.Full.Bytes ? bytes[..tile.Bytes] : bytes;
        }

        return bytes switch
        {
            null => throw new LedgerDamageException($"{tile} is missing."),
            _ when bytes.Length != tile.Bytes => throw new LedgerDamageException($"{tile} has {bytes.Length} bytes, not {tile.Bytes}."),
            _ => bytes,
        };
    }
}
