using HealthChain.Fhir.Search;

namespace HealthChain.Storage;

/// <summary>What the index keys of a resource tell of a condition.</summary>
public enum KeyAnswer : byte
{
    No,

    /// <summary>The keys do not hold enough: the resource itself must be asked.</summary>
    Maybe,
    Yes,
}

/// <summary>Bounds for both ends of a range; all of them belong to it.</summary>
public readonly record struct KeyBounds(long LowFrom, long LowTo, long HighFrom, long HighTo)
{
    public static KeyBounds Any { get; } = new(long.MinValue, long.MaxValue, long.MinValue, long.MaxValue);

    public bool Contain(long low, long high) => LowFrom <= low && low <= LowTo && HighFrom <= high && high <= HighTo;
}

/// <summary>Index keys of one parameter, kind and hash, those of ranges with both ends within bounds.</summary>
public sealed record KeyLookup(ushort Parameter, IndexKeyKind Kind, long Hash)
{
    public KeyBounds Bounds { get; init; } = KeyBounds.Any;

    /// <summary>False when a resource with such a key need not meet the condition.</summary>
    public bool IsExact { get; init; } = true;

    /// <summary>It is the absence of such a key that meets the condition.</summary>
    public bool IsAbsence { get; init; }

    /// <summary>For a position: what is asked within the bounds.</summary>
    public PositionQuery? Near { get; init; }

    /// <summary>Whether keys of the kind have ends.</summary>
    public bool IsRange => Kind is IndexKeyKind.Date or IndexKeyKind.Number or IndexKeyKind.UnitNumber or IndexKeyKind.Tuple
        or IndexKeyKind.TupleDetail or IndexKeyKind.Position;

    /// <summary>Asks the keys of the parameter.</summary>
    internal KeyAnswer Ask(ReadOnlySpan<IndexKey> own)
    {
        KeyAnswer answer = KeyAnswer.No;
        foreach (ref readonly IndexKey key in own)
        {
            if (key.Hash == Hash && key.Kind == Kind)
            {
                answer = Max(answer, Ask(key));
                if (answer == KeyAnswer.Yes)
                {
                    break;
                }
            }
        }

        return IsAbsence ? KeyAnswer.Yes - (byte)answer : answer;
    }

    /// <summary>Asks a key of the kind and hash.</summary>
    internal KeyAnswer Ask(in IndexKey key)
    {
        if (!Bounds.Contain(key.Low, key.High))
        {
            return KeyAnswer.No;
        }

        if (Near is not null && OrderedNumber.IsPrecise(key.Low) && OrderedNumber.IsPrecise(key.High))
        {
            return SearchMatcher.IsNear(OrderedNumber.ToDecimal(key.Low), OrderedNumber.ToDecimal(key.High), Near) ? KeyAnswer.Yes : KeyAnswer.No;
        }

        return IsExact && Near is null ? KeyAnswer.Yes : KeyAnswer.Maybe;
    }

    private static KeyAnswer Max(KeyAnswer left, KeyAnswer right) => left > right ? left : right;
}
