using System.Globalization;
using System.Text;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Log;

/// <summary>Names a tile: up to 256 neighbouring hashes of a level of the tree, or the entries below them. See https://c2sp.org/tlog-tiles.</summary>
/// <param name="Level">0 for hashes of leaves; each hash of a level covers a full tile of the level below. <see cref="EntriesLevel"/> for entries.</param>
/// <param name="Index">From 0, within the level.</param>
/// <param name="Width">How many hashes: 256, or fewer in the last tile of a level.</param>
public readonly record struct TileId(int Level, long Index, int Width = TileId.FullWidth)
{
    public const int FullWidth = 1 << Height;

    /// <summary>How many levels of the tree a tile spans.</summary>
    public const int Height = 8;

    /// <summary>The level whose tiles hold entries in place of hashes.</summary>
    public const int EntriesLevel = -1;

    /// <summary>Above it there is no tile, for sizes below 2^63.</summary>
    public const int MaxLevel = 7;

    private const string Prefix = "tile/";
    private const string EntriesName = "entries";
    private const string PartialMark = ".p";

    public bool IsFull => Width == FullWidth;

    public TileId Full => this with { Width = FullWidth };

    /// <summary>Bytes of a tile of hashes.</summary>
    public int Bytes => Width * Hash256.Bytes;

    /// <summary>Where it is served and stored, below the log's address or folder: <c>tile/0/x001/234.p/5</c>.</summary>
    public string Path
    {
        get
        {
            var digits = Index.ToString("D3", CultureInfo.InvariantCulture);
            digits = digits.PadLeft((digits.Length + 2) / 3 * 3, '0');
            var path = new StringBuilder(Prefix).Append(Level == EntriesLevel ? EntriesName : Level.ToString(CultureInfo.InvariantCulture));
            for (var i = 0; i < digits.Length; i += 3)
            {
                // Folders begin with an x, so that none has the name of a tile.
                path.Append(i < digits.Length - 3 ? "/x" : "/").Append(digits, i, 3);
            }

            return (IsFull ? path : path.Append(PartialMark).Append('/').Append(Width)).ToString();
        }
    }

    /// <summary>The tile that holds a hash of a level in a tree of that size, with the width that it has there.</summary>
    public static TileId Holding(int level, long position, long size)
    {
        var index = position / FullWidth;
        return new TileId(level, index, (int)Math.Min(FullWidth, HashesOn(Math.Max(level, 0), size) - (index * FullWidth)));
    }

    /// <summary>How many hashes a level has in the tiles of a tree of that size.</summary>
    public static long HashesOn(int level, long size) => size >> (Height * level);

    /// <summary>Reads a path in the one form that it has.</summary>
    public static bool TryParse(string path, out TileId tile)
    {
        tile = default;
        var parts = path.Length > 64 || !path.StartsWith(Prefix, StringComparison.Ordinal) ? [] : path[Prefix.Length..].Split('/');
        if (parts.Length < 2)
        {
            return false;
        }

        var width = FullWidth;
        if (parts.Length > 2 && parts[^2].EndsWith(PartialMark, StringComparison.Ordinal))
        {
            if (!int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out width) || width is < 1 or >= FullWidth)
            {
                return false;
            }

            parts = [.. parts[..^2], parts[^2][..^PartialMark.Length]];
        }

        long index = 0;
        foreach (var part in parts.AsSpan(1))
        {
            if (index > long.MaxValue / 1000 || part.Length < 3
                || !int.TryParse(part.AsSpan(part.Length - 3), NumberStyles.None, CultureInfo.InvariantCulture, out var digits))
            {
                return false;
            }

            index = (index * 1000) + digits;
        }

        var level = EntriesLevel;
        if (parts[0] != EntriesName && (!int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out level) || level > MaxLevel))
        {
            return false;
        }

        tile = new TileId(level, index, width);
        // Other spellings of the same (further zeroes, a missing x) are not the tile's path.
        return index >= 0 && tile.Path == path;
    }

    public override string ToString() => Path;
}
