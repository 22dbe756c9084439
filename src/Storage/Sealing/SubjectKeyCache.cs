using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace HealthChain.Storage.Sealing;

/// <summary>
/// The subjects used of late, at most so many. Looking up takes no lock; what was not used since the hand last passed goes first
/// (the clock algorithm, which comes close to least recently used). Changes are made under the key store's lock.
/// </summary>
internal sealed class SubjectKeyCache(int capacity)
{
    private readonly ConcurrentDictionary<SubjectId, SubjectKeys> _keys = new();
    private readonly SubjectKeys?[] _clock = new SubjectKeys?[Math.Max(1, capacity)];
    private int _hand;

    public int Count => _keys.Count;

    public bool TryGet(SubjectId subject, [NotNullWhen(true)] out SubjectKeys? keys)
    {
        if (!_keys.TryGetValue(subject, out keys))
        {
            return false;
        }

        // Written only when it changes: readers on all cores share the line.
        if (!keys.WasUsed)
        {
            keys.WasUsed = true;
        }

        return true;
    }

    public void Add(SubjectKeys keys)
    {
        // Ends: each step takes back one mark. Readers may set marks again meanwhile, hence at most two rounds.
        for (int steps = 2 * _clock.Length; steps > 0 && _clock[_hand] is { WasUsed: true } spared; steps--)
        {
            spared.WasUsed = false;
            _hand = (_hand + 1) % _clock.Length;
        }

        if (_clock[_hand] is { } dropped)
        {
            _keys.TryRemove(KeyValuePair.Create(dropped.Subject, dropped));
            dropped.Evict();
        }

        _clock[_hand] = keys;
        _hand = (_hand + 1) % _clock.Length;
        _keys[keys.Subject] = keys;
    }

    /// <summary>Makes a subject's keys useless, also for those who hold them.</summary>
    public void Destroy(SubjectId subject)
    {
        if (_keys.TryRemove(subject, out SubjectKeys? keys))
        {
            keys.Destroy();
        }
    }
}
