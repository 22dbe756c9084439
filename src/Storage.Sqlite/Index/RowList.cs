namespace HealthChain.Storage.Sqlite.Index;

/// <summary>
/// A list of structs that one thread extends while others read what they were given the number of. Grows by blocks, so nothing moves; blocks are
/// small enough not to be large objects, which only a full collection would free.
/// </summary>
internal sealed class RowList<T>
    where T : struct
{
    private const int BlockBits = 10;
    private const int BlockSize = 1 << BlockBits;
    private const int BlockMask = BlockSize - 1;

    private T[]?[] _blocks = new T[]?[16];
    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>An item by its number.</summary>
    public ref T this[int index] => ref Volatile.Read(ref _blocks)[index >> BlockBits]![index & BlockMask];

    /// <summary>The place of the next item, to be filled in before <see cref="Add"/>.</summary>
    public ref T Next()
    {
        int block = _count >> BlockBits;
        if (block == _blocks.Length)
        {
            var longer = new T[]?[_blocks.Length * 2];
            _blocks.CopyTo(longer, 0);
            Volatile.Write(ref _blocks, longer);
        }

        return ref (_blocks[block] ??= new T[BlockSize])[_count & BlockMask];
    }

    /// <summary>Counts the item that was filled in.</summary>
    public void Add() => Volatile.Write(ref _count, _count + 1);
}
