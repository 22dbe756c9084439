using System.Runtime.InteropServices;
using System.Text;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage;

/// <summary>
/// Turns the search values of a resource into index keys, the same for every engine. Keeps run state, so each thread has its own.
/// </summary>
/// <remarks>
/// Keys narrow a search down to candidates; whatever they do not hold exactly must be decided by <see cref="SearchMatcher"/> on the
/// resource: texts behind their 12th letter, <c>:contains</c>, <c>:text</c> on tokens, versions of references, numbers of more than
/// 16 digits, and further ordered parts in composites. <see cref="KeyQuery"/> is the other side and knows which.
/// </remarks>
public sealed class IndexKeyWriter(IndexHasher hasher)
{
    /// <summary>Letters of a text that have a tag each.</summary>
    public const int MaxPrefixLetters = 12;

    /// <summary>Segments of a uri that <c>:below</c> can name.</summary>
    public const int MaxUriTops = 32;

    /// <summary>
    /// Most tuples of one item of a composite. One with more has a single key instead, which every search for a tuple looks up
    /// besides: hash <see cref="AnyTuple"/>, a range without ends. The number of combinations would grow with the square of the input.
    /// </summary>
    public const int MaxTuples = 512;

    /// <summary>The hash of an item that has too many tuples to list.</summary>
    public const long AnyTuple = 0;

    private readonly HashedTexts _hashed = new(hasher);
    private readonly List<(long Hash, bool IsDetail)> _tuples = [];
    private readonly List<(long Hash, bool IsDetail)> _grown = [];
    private readonly List<IndexKey> _part = [];
    private readonly List<(long Low, long High, long Unit, bool IsDetail)> _ranges = [];

    /// <summary>Replaces what is in the list by the keys of a resource: sorted, none twice.</summary>
    public void Write(IndexValues values, List<IndexKey> keys)
    {
        keys.Clear();
        _hashed.Start(values);
        for (int i = 0; i < values.Count; i++)
        {
            ref readonly SearchValue value = ref values[i];
            keys.Add(new IndexKey(value.Parameter, IndexKeyKind.Present, 0, 0, 0));
            if (value.Kind == SearchValueKind.Composite)
            {
                AddTuples(values, i, keys);
                i += value.PartCount;
            }
            else
            {
                AddValue(values, value, keys);
            }
        }

        foreach (ref readonly SearchValue fact in values.Facts)
        {
            AddFact(values, fact, keys);
        }

        keys.Sort();
        RemoveRepeats(keys);
    }

    private void AddValue(IndexValues values, in SearchValue value, List<IndexKey> keys)
    {
        switch (value.Kind)
        {
            case SearchValueKind.String:
                AddText(values, value, keys);
                break;
            case SearchValueKind.Token or SearchValueKind.ReferenceIdentifier:
                AddToken(value, keys);
                break;
            case SearchValueKind.TypedIdentifier:
                long identifier = hasher.ExactText(values.Text(value.Text));
                AddHash(value, IndexKeyKind.TupleDetail, hasher.Combine(hasher.Token(values.Text(value.System), values.Text(value.Code)), identifier), keys);
                AddHash(value, IndexKeyKind.Tuple, hasher.Combine(hasher.Code(values.Text(value.Code)), identifier), keys);
                break;
            case SearchValueKind.Reference:
                AddReference(value, keys);
                break;
            case SearchValueKind.Uri:
                AddUri(values, value, keys);
                break;
            case SearchValueKind.Date:
                keys.Add(new IndexKey(value.Parameter, IndexKeyKind.Date, 0, value.Range.Start, value.Range.End));
                break;
            case SearchValueKind.Number:
                AddNumber(value, IndexKeyKind.Number, 0, keys);
                break;
            case SearchValueKind.Quantity:
                AddQuantity(value, keys);
                break;
            case SearchValueKind.CanonicalQuantity:
                AddNumber(value, IndexKeyKind.Number, hasher.CanonicalUnit(values.Text(value.Code)), keys);
                break;
            case SearchValueKind.Position:
                keys.Add(new IndexKey(value.Parameter, IndexKeyKind.Position, 0, OrderedNumber.Of(value.Low), OrderedNumber.Of(value.High)));
                break;
        }
    }

    private void AddFact(IndexValues values, in SearchValue value, List<IndexKey> keys)
    {
        switch (value.Kind)
        {
            case SearchValueKind.Token:
                AddHash(value, IndexKeyKind.Fact, _hashed.Token(value.System, value.Code), keys);
                break;
            case SearchValueKind.Uri:
                AddHash(value, IndexKeyKind.Fact, hasher.Uri(values.Text(value.Code)), keys);
                if (value.Version.Exists)
                {
                    AddHash(value, IndexKeyKind.Fact, hasher.Uri(values.Text(value.Text)), keys);
                }

                break;
            case SearchValueKind.Reference:
                AddHash(value, IndexKeyKind.Fact, _hashed.Reference(value.System, value.TargetType, value.Code), keys);
                break;
            default:
                keys.Add(new IndexKey(value.Parameter, IndexKeyKind.Fact, 0, value.Range.Start, value.Range.End));
                break;
        }
    }

    private static void AddHash(in SearchValue value, IndexKeyKind kind, long hash, List<IndexKey> keys) =>
        keys.Add(new IndexKey(value.Parameter, kind, hash, 0, 0));

    private void AddText(IndexValues values, in SearchValue value, List<IndexKey> keys)
    {
        ReadOnlySpan<byte> folded = values.Text(value.Code);
        int end = 0;
        for (int letters = 0; letters < MaxPrefixLetters && end < folded.Length; letters++)
        {
            Rune.DecodeFromUtf8(folded[end..], out _, out int length);
            end += length;
            AddHash(value, IndexKeyKind.Text, hasher.TextPrefix(folded[..end]), keys);
        }

        AddHash(value, IndexKeyKind.Text, hasher.ExactText(values.Text(value.Text)), keys);
    }

    private void AddToken(in SearchValue value, List<IndexKey> keys)
    {
        if (value.System.Exists)
        {
            AddHash(value, IndexKeyKind.System, _hashed.System(value.System), keys);
        }

        if (value.Code.Exists)
        {
            AddHash(value, IndexKeyKind.Token, _hashed.Token(value.System, value.Code), keys);
            AddHash(value, IndexKeyKind.Code, _hashed.Code(value.Code), keys);
            if ((value.Traits & SearchValueTraits.ImpliedSystem) != 0)
            {
                AddHash(value, IndexKeyKind.Token, _hashed.Token(default, value.Code), keys);
            }
        }
    }

    /// <summary>A reference into the resource itself has no key: no other resource is meant.</summary>
    private void AddReference(in SearchValue value, List<IndexKey> keys)
    {
        if ((value.Traits & SearchValueTraits.Contained) != 0)
        {
            return;
        }

        bool isTyped = value.TargetType != SearchValue.NoType;
        AddHash(value, isTyped ? IndexKeyKind.ReferenceId : IndexKeyKind.Reference, _hashed.Reference(value.System, SearchValue.NoType, value.Code), keys);
        if (isTyped)
        {
            AddHash(value, IndexKeyKind.Reference, _hashed.Reference(value.System, value.TargetType, value.Code), keys);
        }
    }

    private void AddUri(IndexValues values, in SearchValue value, List<IndexKey> keys)
    {
        ReadOnlySpan<byte> uri = values.Text(value.Code);
        AddHash(value, IndexKeyKind.Uri, hasher.Uri(uri), keys);
        if (value.Version.Exists)
        {
            AddHash(value, IndexKeyKind.Uri, hasher.Uri(values.Text(value.Text)), keys);
        }

        // What :below can name: the uri itself, and what stands before or with each end of a segment.
        AddHash(value, IndexKeyKind.UriTop, hasher.UriTop(uri), keys);
        int tops = 0;
        for (int i = 0; i < uri.Length && tops < MaxUriTops; i++)
        {
            if (uri[i] is not ((byte)'/' or (byte)'?' or (byte)'#'))
            {
                continue;
            }

            tops++;
            AddHash(value, IndexKeyKind.UriTop, hasher.UriTop(uri[..i]), keys);
            if (uri[i] == (byte)'/')
            {
                AddHash(value, IndexKeyKind.UriTop, hasher.UriTop(uri[..(i + 1)]), keys);
            }
        }
    }

    /// <summary>A bound that is not reached is moved by one step, so that keys are closed ranges.</summary>
    private static void AddNumber(in SearchValue value, IndexKeyKind kind, long unit, List<IndexKey> keys)
    {
        long low = OrderedNumber.Of(value.Low);
        long high = OrderedNumber.Of(value.High);
        low = (value.Traits & SearchValueTraits.LowIsOpen) != 0 ? OrderedNumber.Above(low) : low;
        high = (value.Traits & SearchValueTraits.HighIsOpen) != 0 ? OrderedNumber.Below(high) : high;
        keys.Add(new IndexKey(value.Parameter, kind, unit, low, high));
    }

    private void AddQuantity(in SearchValue value, List<IndexKey> keys)
    {
        AddNumber(value, IndexKeyKind.Number, 0, keys);
        if (value.Code.Exists)
        {
            AddNumber(value, IndexKeyKind.UnitNumber, _hashed.Token(value.System, value.Code), keys);
            AddNumber(value, IndexKeyKind.UnitNumber, _hashed.Code(value.Code), keys);
        }

        if (value.Text.Exists)
        {
            AddNumber(value, IndexKeyKind.UnitNumber, _hashed.Code(value.Text), keys);
        }
    }

    /// <summary>Each combination of the keys of the parts: their hashes combined in order, the range of the first ordered part.</summary>
    private void AddTuples(IndexValues values, int head, List<IndexKey> keys)
    {
        int end = head + values[head].PartCount;
        int components = values[end].Component;
        _tuples.Clear();
        _tuples.Add((0, false));
        _ranges.Clear();
        for (byte component = 1; component <= components; component++)
        {
            _part.Clear();
            for (int i = head + 1; i <= end; i++)
            {
                if (values[i].Component == component)
                {
                    AddValue(values, values[i], _part);
                }
            }

            if (_part.Exists(static key => key.Kind is IndexKeyKind.Date or IndexKeyKind.Number or IndexKeyKind.UnitNumber))
            {
                if (_ranges.Count == 0)
                {
                    TakeRanges();
                }

                continue;
            }

            if (_tuples.Count * (long)_part.Count * Math.Max(1, _ranges.Count) > MaxTuples)
            {
                AddAnyTuple(values[head].Parameter, keys);
                return;
            }

            Combine();
        }

        if (_tuples.Count * (long)_ranges.Count > MaxTuples)
        {
            AddAnyTuple(values[head].Parameter, keys);
            return;
        }

        AddCombined(values[head].Parameter, keys);
    }

    /// <summary>The ranges of a part, each once; one more than are allowed is enough to tell that there are too many.</summary>
    private void TakeRanges()
    {
        foreach (IndexKey key in _part)
        {
            (long, long, long, bool) range = (key.Low, key.High, key.Hash, key.Kind == IndexKeyKind.UnitNumber);
            if (_ranges.Count <= MaxTuples && !_ranges.Contains(range))
            {
                _ranges.Add(range);
            }
        }
    }

    private static void AddAnyTuple(ushort parameter, List<IndexKey> keys) =>
        keys.Add(new IndexKey(parameter, IndexKeyKind.Tuple, AnyTuple, long.MinValue, long.MaxValue));

    private void AddCombined(ushort parameter, List<IndexKey> keys)
    {
        foreach ((long tuple, bool isDetail) in _tuples)
        {
            if (_ranges.Count == 0)
            {
                keys.Add(new IndexKey(parameter, isDetail ? IndexKeyKind.TupleDetail : IndexKeyKind.Tuple, tuple, 0, 0));
            }

            foreach ((long low, long high, long unit, bool isUnitDetail) in _ranges)
            {
                IndexKeyKind kind = isDetail || isUnitDetail ? IndexKeyKind.TupleDetail : IndexKeyKind.Tuple;
                keys.Add(new IndexKey(parameter, kind, hasher.Combine(tuple, unit), low, high));
            }
        }
    }

    private void Combine()
    {
        _grown.Clear();
        foreach ((long tuple, bool isDetail) in _tuples)
        {
            foreach (IndexKey key in _part)
            {
                _grown.Add((hasher.Combine(tuple, key.Hash), isDetail || !IndexKey.IsLookedUp(key.Kind)));
            }
        }

        _tuples.Clear();
        _tuples.AddRange(_grown);
    }

    private static void RemoveRepeats(List<IndexKey> keys)
    {
        Span<IndexKey> all = CollectionsMarshal.AsSpan(keys);
        int kept = 0;
        for (int i = 0; i < all.Length; i++)
        {
            if (kept == 0 || all[i] != all[kept - 1])
            {
                all[kept++] = all[i];
            }
        }

        CollectionsMarshal.SetCount(keys, kept);
    }
}
