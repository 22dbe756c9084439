using HealthChain.Files;


namespace HealthChain.LedgerAnchor.Log;

/// <summary>Tiles as files, in just the layout in which they are served.</summary>
public sealed class TileFolder : ITileReader
{
    private readonly IDisk _disk;
    private readonly string _folder;

    /// <param name="folder">The log's folder: tiles stand in <c>tile/</c> below it.</param>
    public TileFolder(string folder) : this(folder, RealDisk.Instance)
    {
    }

    internal TileFolder(string folder, IDisk disk)
    {
        _folder = folder;
        _disk = disk;
    }

    public ValueTask<byte[]?> ReadAsync(TileId tile, CancellationToken cancellationToken) => new(_disk.Read(PathOf(tile)));

    /// <summary>Writes tiles in place of any that are there. When it returns, all are durable; before, each is there as a whole or not.</summary>
    internal void Write(IReadOnlyList<(TileId Tile, byte[] Hashes)> tiles)
    {
        foreach (var (tile, hashes) in tiles)
        {
            var path = PathOf(tile);
            _disk.CreateFolder(Path.GetDirectoryName(path)!);
            _disk.Write(path + DiskExtensions.Unfinished, hashes);
        }

        var folders = new HashSet<string>();
        foreach (var (tile, _) in tiles)
        {
            var path = PathOf(tile);
            _disk.Sync(path + DiskExtensions.Unfinished);
            _disk.Rename(path + DiskExtensions.Unfinished, path);
            // A folder may be new, and then it is a name in the one above.
            var folder = Path.GetDirectoryName(path)!;
            while (folder.Length >= _folder.Length && folders.Add(folder))
            {
                folder = Path.GetDirectoryName(folder)!;
            }
        }

        foreach (var folder in folders)
        {
            _disk.SyncFolder(folder);
        }
    }

    /// <summary>Removes the partial predecessors of a tile that is full and durable now.</summary>
    internal void DeletePartials(TileId full)
    {
        var folder = Path.GetDirectoryName(PathOf(full with { Width = 1 }))!;
        foreach (var name in _disk.List(folder))
        {
            _disk.Delete(Path.Combine(folder, name));
        }
    }

    private string PathOf(TileId tile) => Path.Combine(_folder, tile.Path);
}
