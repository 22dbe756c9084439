using HealthChain.LedgerAnchor.Log;
using HealthChain.LedgerProofs;

namespace HealthChain.LedgerAnchor.Tests.Worker;

/// <summary>Leaves in a list, for tests to add to and to tamper with.</summary>
internal sealed class MemoryLeaves : ILeafSource
{
    private readonly Lock _lock = new();
    private readonly List<Hash256> _entries = [];
    private readonly Dictionary<(int Start, int Count), Hash256> _subtrees = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public long Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    public Hash256 this[int index]
    {
        get => _entries[index];
        set
        {
            _entries[index] = value;
            _subtrees.Clear();
        }
    }

    public void Add(Hash256 entry)
    {
        lock (_lock)
        {
            _entries.Add(entry);
            _more.TrySetResult();
            _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Adds entries that are different from all others.</summary>
    public void AddMany(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Add(Hash256.Of(BitConverter.GetBytes(Count)));
        }
    }

    public void DropLast(int count)
    {
        _entries.RemoveRange(_entries.Count - count, count);
        _subtrees.Clear();
    }

    public ValueTask<int> ReadAsync(long first, Memory<byte> entries, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            int count = (int)Math.Clamp(_entries.Count - first, 0, entries.Length / Hash256.Bytes);
            for (int i = 0; i < count; i++)
            {
                _entries[(int)first + i].Write(entries.Span[(i * Hash256.Bytes)..]);
            }

            return new(count);
        }
    }

    public async ValueTask WaitForMoreAsync(long count, CancellationToken cancellationToken)
    {
        Task more;
        lock (_lock)
        {
            more = _entries.Count > count ? Task.CompletedTask : _more.Task;
        }

        await more.WaitAsync(cancellationToken);
    }

    /// <summary>The root of the first ones, as RFC 6962 §2.1 defines it; complete subtrees are remembered.</summary>
    public Hash256 RootOf(long size) => size == 0 ? TreeHead.Empty.Root : Root(0, (int)size);

    private Hash256 Root(int start, int count)
    {
        if (count == 1)
        {
            return MerkleProof.LeafHash(_entries[start].ToArray());
        }

        if (_subtrees.TryGetValue((start, count), out Hash256 known))
        {
            return known;
        }

        int split = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count) / 2;
        Hash256 root = MerkleProof.NodeHash(Root(start, split), Root(start + split, count - split));
        if (split * 2 == count)
        {
            _subtrees[(start, count)] = root;
        }

        return root;
    }
}
