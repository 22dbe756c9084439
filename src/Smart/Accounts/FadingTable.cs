using System.Diagnostics.CodeAnalysis;

namespace HealthChain.Smart.Accounts;

/// <summary>A dictionary that outsiders fill: when it has as many keys as it may, the half that was not touched for longer is forgotten.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class FadingTable<TValue>(int most)
    where TValue : struct
{
    private Dictionary<string, TValue> _recent = new(StringComparer.Ordinal);
    private Dictionary<string, TValue> _older = new(StringComparer.Ordinal);

    public bool TryGet(string key, [MaybeNullWhen(false)] out TValue value) => _recent.TryGetValue(key, out value) || _older.TryGetValue(key, out value);

    public void Put(string key, TValue value)
    {
        if (_recent.Count >= most / 2 && !_recent.ContainsKey(key))
        {
            _older = _recent;
            _recent = new Dictionary<string, TValue>(StringComparer.Ordinal);
        }

        _recent[key] = value;
    }

    public void Remove(string key)
    {
        _recent.Remove(key);
        _older.Remove(key);
    }
}
