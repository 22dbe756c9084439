using System.Collections.Frozen;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage;

/// <summary>
/// A condition on one parameter as questions to index keys, the other side of <see cref="IndexKeyWriter"/> and the same for every
/// engine: which keys to look up, and what the keys of a resource tell. Immutable.
/// </summary>
/// <remarks>Keys never miss what <see cref="SearchMatcher"/> finds; where they answer Yes or No it says the same.</remarks>
public sealed class KeyQuery
{
    /// <summary>From how many questions on keys are compared with all of them at once.</summary>
    private const int ManyTests = 8;

    private readonly KeyLookup[] _tests;
    private readonly FrozenDictionary<(IndexKeyKind, long), KeyLookup>? _byHash;
    private readonly bool _isNegated;

    private KeyQuery(ushort parameter, bool isNegated, KeyLookups lookups)
    {
        Parameter = parameter;
        _isNegated = isNegated;
        _tests = lookups.Tests;
        Entries = isNegated ? null : lookups.Entries;
        AreEntriesExact = Entries is not null && Array.TrueForAll(_tests, test => test is { IsExact: true, Near: null }) && Entries.SequenceEqual(_tests);
        if (_tests.Length >= ManyTests && Array.TrueForAll(_tests, test => test is { IsRange: false, IsAbsence: false }))
        {
            _byHash = _tests.DistinctBy(test => (test.Kind, test.Hash)).ToFrozenDictionary(test => (test.Kind, test.Hash));
        }
    }

    public ushort Parameter { get; }

    /// <summary>
    /// Keys of kinds that are looked up: each resource that meets the condition has one of them. Null when none can be named and all
    /// resources must be asked.
    /// </summary>
    public IReadOnlyList<KeyLookup>? Entries { get; }

    /// <summary>Each resource that has one of the entries meets the condition.</summary>
    public bool AreEntriesExact { get; }

    /// <summary>The keys answer Yes or No, never Maybe.</summary>
    public bool IsDecisive => Array.TrueForAll(_tests, test => test is { IsExact: true, Near: null });

    /// <param name="parameter">The parameter's number in the engine's keys.</param>
    public static KeyQuery Of(HasValue condition, ushort parameter, IndexHasher hasher)
    {
        var writer = new KeyLookupWriter(parameter, hasher);
        foreach (QueryValue value in condition.Alternatives)
        {
            writer.Add(value);
        }

        return new KeyQuery(parameter, condition.Modifier is SearchModifier.Not or SearchModifier.NotIn, writer.ToLookups());
    }

    /// <summary>Asks the keys of a resource, which are in order.</summary>
    public KeyAnswer Ask(ReadOnlySpan<IndexKey> keys)
    {
        ReadOnlySpan<IndexKey> own = keys.Of(Parameter);
        KeyAnswer answer = KeyAnswer.No;
        if (_byHash is not null)
        {
            answer = AskAll(own, _byHash);
        }
        else
        {
            for (int i = 0; i < _tests.Length && answer != KeyAnswer.Yes; i++)
            {
                KeyAnswer one = _tests[i].Ask(own);
                answer = one > answer ? one : answer;
            }
        }

        return _isNegated ? KeyAnswer.Yes - (byte)answer : answer;
    }

    private static KeyAnswer AskAll(ReadOnlySpan<IndexKey> own, FrozenDictionary<(IndexKeyKind, long), KeyLookup> byHash)
    {
        KeyAnswer answer = KeyAnswer.No;
        foreach (ref readonly IndexKey key in own)
        {
            if (byHash.TryGetValue((key.Kind, key.Hash), out KeyLookup? lookup))
            {
                answer = KeyAnswer.Maybe;
                if (lookup.IsExact)
                {
                    return KeyAnswer.Yes;
                }
            }
        }

        return answer;
    }
}

/// <summary>Looking into keys that are in order.</summary>
public static class IndexKeySpans
{
    /// <summary>The keys of one parameter.</summary>
    public static ReadOnlySpan<IndexKey> Of(this ReadOnlySpan<IndexKey> keys, ushort parameter)
    {
        int start = FirstFrom(keys, parameter);
        int end = start;
        while (end < keys.Length && keys[end].Parameter == parameter)
        {
            end++;
        }

        return keys[start..end];
    }

    /// <summary>The keys of parameters that follow each other.</summary>
    /// <param name="last">The last of them.</param>
    public static ReadOnlySpan<IndexKey> Between(this ReadOnlySpan<IndexKey> keys, ushort first, ushort last)
    {
        ReadOnlySpan<IndexKey> rest = keys[FirstFrom(keys, first)..];
        return rest[..FirstFrom(rest, (ushort)(last + 1))];
    }

    /// <summary>Whether one of the keys, all of one kind, has the parameter and the hash.</summary>
    public static bool Has(this ReadOnlySpan<IndexKey> keys, ushort parameter, long hash)
    {
        foreach (ref readonly IndexKey key in keys)
        {
            if (key.Hash == hash && key.Parameter == parameter)
            {
                return true;
            }
        }

        return false;
    }

    private static int FirstFrom(ReadOnlySpan<IndexKey> keys, ushort parameter)
    {
        (int low, int high) = (0, keys.Length);
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (keys[middle].Parameter < parameter)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
