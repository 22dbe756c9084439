using HealthChain.LedgerProofs;

namespace HealthChain.Smart.State;

/// <summary>
/// Requests whose users have not decided. They are made by anybody and so never reach the disk, and there are only so many: after a restart
/// a user begins anew. Thread-safe.
/// </summary>
internal sealed class PendingRequests(SmartStateOptions options, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Hash256, LinkedListNode<Entry>> _entries = [];

    // The oldest first; all live equally long.
    private readonly LinkedList<Entry> _byAge = new();

    public string Add(PendingRequest request)
    {
        string id = Secrets.New();
        lock (_gate)
        {
            DropOld(options.MostPending - 1);
            var entry = new Entry(Secrets.HashOf(id), request, time.GetUtcNow() + options.PendingLifetime);
            _entries.Add(entry.Key, _byAge.AddLast(entry));
        }

        return id;
    }

    public PendingRequest? Find(string id)
    {
        lock (_gate)
        {
            return Node(id)?.Value.Request;
        }
    }

    public bool Replace(string id, PendingRequest request)
    {
        lock (_gate)
        {
            if (Node(id) is not { } node)
            {
                return false;
            }

            node.Value = node.Value with { Request = request };
            return true;
        }
    }

    public PendingRequest? Take(string id)
    {
        lock (_gate)
        {
            if (Node(id) is not { } node)
            {
                return null;
            }

            Remove(node);
            return node.Value.Request;
        }
    }

    private LinkedListNode<Entry>? Node(string id)
    {
        DropOld(options.MostPending);
        return _entries.GetValueOrDefault(Secrets.HashOf(id));
    }

    private void DropOld(int most)
    {
        DateTimeOffset now = time.GetUtcNow();
        while (_byAge.First is { } oldest && (oldest.Value.Until <= now || _entries.Count > most))
        {
            Remove(oldest);
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _entries.Remove(node.Value.Key);
        _byAge.Remove(node);
    }

    private sealed record Entry(Hash256 Key, PendingRequest Request, DateTimeOffset Until);
}
