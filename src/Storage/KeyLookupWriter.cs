using System.Text;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage;

/// <param name="Tests">What the keys of a resource are asked.</param>
/// <param name="Entries">What is looked up; null when that cannot be named.</param>
internal readonly record struct KeyLookups(KeyLookup[] Tests, KeyLookup[]? Entries);

/// <summary>Turns values of a query into lookups of the keys that <see cref="IndexKeyWriter"/> makes of values of resources.</summary>
internal sealed class KeyLookupWriter(ushort parameter, IndexHasher hasher)
{
    /// <summary>Most combinations of the parts of a composite, and most prefixes of a uri; what has more is left to the resource itself.</summary>
    private const int MaxCombinations = 256;

    private static readonly TypeSchema[] AllTypes = [.. FhirSchema.R4.Types.Where(type => type is { IsResource: true, IsAbstract: false })];

    private readonly List<KeyLookup> _tests = [];
    private readonly List<KeyLookup> _entries = [];
    private bool _needsScan;

    public KeyLookups ToLookups() => new([.. _tests.Distinct()], _needsScan ? null : [.. _entries.Distinct()]);

    public void Add(QueryValue query)
    {
        switch (query)
        {
            case MissingQuery missing:
                AddTest(new KeyLookup(parameter, IndexKeyKind.Present, 0) { IsAbsence = missing.IsMissing });
                _needsScan = true;
                break;
            case StringQuery text:
                AddText(text);
                break;
            case TokenQuery token:
                AddToken(token);
                break;
            case ReferenceIdentifierQuery reference:
                AddToken(reference.Identifier);
                break;
            case TypedIdentifierQuery identifier:
                AddTypedIdentifier(identifier);
                break;
            case ReferenceQuery reference:
                AddReference(reference);
                break;
            case UriQuery uri:
                AddUri(uri);
                break;
            case DateQuery date:
                AddRanges(IndexKeyKind.Date, 0, DateBounds(date.Prefix, date.Range), isExact: true);
                break;
            case NumberQuery number:
                AddNumber(IndexKeyKind.Number, 0, number.Prefix, number.Range);
                break;
            case QuantityQuery quantity:
                AddQuantity(quantity);
                break;
            case PositionQuery position:
                AddPosition(position);
                break;
            case CompositeQuery composite:
                AddComposite(composite);
                break;
            case TerminologyQuery:
                throw new ArgumentException("Terminology must be resolved to codes before looking for keys.", nameof(query));
            default:
                // :text on tokens; no key holds displays.
                AddUnknown();
                break;
        }
    }

    /// <summary>A key that is looked up.</summary>
    private void AddHash(IndexKeyKind kind, long hash, bool isExact = true)
    {
        var lookup = new KeyLookup(parameter, kind, hash) { IsExact = isExact };
        _tests.Add(lookup);
        _entries.Add(lookup);
    }

    private void AddTest(KeyLookup test) => _tests.Add(test);

    /// <summary>A key that is not looked up, beside another that is.</summary>
    private void AddDetail(IndexKeyKind kind, long hash, IndexKeyKind entryKind, long entry)
    {
        AddTest(new KeyLookup(parameter, kind, hash));
        _entries.Add(new KeyLookup(parameter, entryKind, entry));
    }

    /// <summary>Any resource with a value may meet it.</summary>
    private void AddUnknown()
    {
        AddTest(new KeyLookup(parameter, IndexKeyKind.Present, 0) { IsExact = false });
        _needsScan = true;
    }

    private void AddText(StringQuery query)
    {
        ReadOnlySpan<byte> text = query.Text.Span;
        if (query.Match == StringMatch.Exact)
        {
            AddHash(IndexKeyKind.Text, hasher.ExactText(text));
            return;
        }

        if (query.Match is StringMatch.Contains or StringMatch.End || text.IsEmpty)
        {
            AddUnknown();
            return;
        }

        int end = 0;
        for (int letters = 0; letters < IndexKeyWriter.MaxPrefixLetters && end < text.Length; letters++)
        {
            Rune.DecodeFromUtf8(text[end..], out _, out int length);
            end += length;
        }

        AddHash(IndexKeyKind.Text, hasher.TextPrefix(text[..end]), isExact: end == text.Length && query.Match == StringMatch.Start);
    }

    private void AddToken(TokenQuery query)
    {
        if (query.Code is not { } code)
        {
            AddTest(new KeyLookup(parameter, IndexKeyKind.System, hasher.System(query.System.GetValueOrDefault().Span)));
            _needsScan = true;
        }
        else if (query.System is { } system)
        {
            AddDetail(IndexKeyKind.Token, hasher.Token(system.Span, code.Span), IndexKeyKind.Code, hasher.Code(code.Span));
        }
        else
        {
            AddHash(IndexKeyKind.Code, hasher.Code(code.Span));
        }
    }

    private void AddTypedIdentifier(TypedIdentifierQuery query)
    {
        long value = hasher.ExactText(query.Value.Span);
        long entry = hasher.Combine(hasher.Code(query.Code.Span), value);
        if (query.System is { } system)
        {
            AddDetail(IndexKeyKind.TupleDetail, hasher.Combine(hasher.Token(system.Span, query.Code.Span), value), IndexKeyKind.Tuple, entry);
        }
        else
        {
            AddHash(IndexKeyKind.Tuple, entry);
        }
    }

    private void AddReference(ReferenceQuery query)
    {
        ReadOnlySpan<byte> id = query.Id.Span;
        ReadOnlySpan<byte> server = query.Server.Span;
        bool isExact = query.Version.IsEmpty;
        if (query.Type is { } type)
        {
            AddHash(IndexKeyKind.Reference, Typed(server, type, id), isExact);
            return;
        }

        AddHash(IndexKeyKind.Reference, hasher.Reference(server, default, id), isExact);
        if (query.Among.Count > 0)
        {
            foreach (TypeSchema target in query.Among)
            {
                AddHash(IndexKeyKind.Reference, Typed(server, target, id), isExact);
            }
        }
        else
        {
            AddTest(new KeyLookup(parameter, IndexKeyKind.ReferenceId, hasher.Reference(server, default, id)) { IsExact = isExact });
            foreach (TypeSchema target in AllTypes)
            {
                _entries.Add(new KeyLookup(parameter, IndexKeyKind.Reference, Typed(server, target, id)));
            }
        }

        // Parameters of references find canonicals too.
        AddUri(new UriQuery(SearchModifier.None, query.Id, query.Version));
    }

    private long Typed(ReadOnlySpan<byte> server, TypeSchema type, ReadOnlySpan<byte> id) =>
        hasher.Reference(server, Encoding.UTF8.GetBytes(type.Name), id);

    private void AddUri(UriQuery query)
    {
        ReadOnlySpan<byte> uri = query.Uri.Span;
        switch (query.Match)
        {
            case SearchModifier.Below when CountEnds(uri) >= IndexKeyWriter.MaxUriTops:
                AddUnknown();
                break;
            case SearchModifier.Below when !uri.IsEmpty:
                AddTest(new KeyLookup(parameter, IndexKeyKind.UriTop, hasher.UriTop(uri)));
                _needsScan = true;
                break;
            case SearchModifier.Below:
                break;
            case SearchModifier.Above:
                AddTops(uri);
                break;
            default:
                byte[] whole = query.Version.IsEmpty ? uri.ToArray() : [.. uri, (byte)'|', .. query.Version.Span];
                AddHash(IndexKeyKind.Uri, hasher.Uri(whole));
                break;
        }
    }

    /// <summary>What is above a uri: the uri itself, and what stands before or with each end of a segment.</summary>
    private void AddTops(ReadOnlySpan<byte> uri)
    {
        if (CountEnds(uri) > MaxCombinations)
        {
            AddUnknown();
            return;
        }

        AddHash(IndexKeyKind.Uri, hasher.Uri(uri));
        for (int i = 1; i <= uri.Length; i++)
        {
            if (uri[i - 1] == (byte)'/' || (i < uri.Length && uri[i] is (byte)'/' or (byte)'?' or (byte)'#'))
            {
                AddHash(IndexKeyKind.Uri, hasher.Uri(uri[..i]));
            }
        }
    }

    private static int CountEnds(ReadOnlySpan<byte> uri)
    {
        int ends = 0;
        foreach (byte b in uri)
        {
            ends += b is (byte)'/' or (byte)'?' or (byte)'#' ? 1 : 0;
        }

        return ends;
    }

    private void AddQuantity(QuantityQuery query)
    {
        if (query.Canonical is { } canonical)
        {
            AddNumber(IndexKeyKind.Number, hasher.CanonicalUnit(canonical.Unit.Span), query.Prefix, canonical.Range);
        }
        else if (query.Code is { } code)
        {
            long unit = query.System is { } system ? hasher.Token(system.Span, code.Span) : hasher.Code(code.Span);
            AddNumber(IndexKeyKind.UnitNumber, unit, query.Prefix, query.Range);
        }
        else
        {
            AddNumber(IndexKeyKind.Number, 0, query.Prefix, query.Range, isDecided: query.System is null);
        }
    }

    private void AddNumber(IndexKeyKind kind, long unit, SearchPrefix prefix, NumberRange range, bool isDecided = true)
    {
        NumberRange meant = prefix == SearchPrefix.Approximate ? SearchPrefixes.Approximate(range) : range;
        bool usesRange = prefix is SearchPrefix.Equal or SearchPrefix.NotEqual or SearchPrefix.Approximate;
        long value = OrderedNumber.Of(meant.Value);
        long low = OrderedNumber.Of(meant.Low);
        long high = OrderedNumber.Of(meant.High);
        bool isPrecise = usesRange ? IsBound(low) && IsBound(high) : IsBound(value);
        AddRanges(kind, unit, NumberBounds(prefix, value, low, high), isDecided && isPrecise);
    }

    /// <summary>The ends of the range mean "no bound" in keys, which is not what a number of a query means.</summary>
    private static bool IsBound(long ordered) => OrderedNumber.IsPrecise(ordered) && ordered is not (long.MinValue or long.MaxValue);

    private void AddRanges(IndexKeyKind kind, long hash, KeyBounds[] ranges, bool isExact)
    {
        foreach (KeyBounds bounds in ranges)
        {
            var test = new KeyLookup(parameter, kind, hash) { Bounds = bounds, IsExact = isExact };
            AddTest(test);
            _entries.Add(kind == IndexKeyKind.UnitNumber ? test with { Kind = IndexKeyKind.Number, Hash = 0 } : test);
        }
    }

    /// <summary>The bounds that say the same as <see cref="SearchPrefixes"/>; the end of a date is not part of it.</summary>
    private static KeyBounds[] DateBounds(SearchPrefix prefix, DateRange query)
    {
        KeyBounds within = KeyBounds.Any with { LowFrom = query.Start, HighTo = query.End };
        KeyBounds endsLater = KeyBounds.Any with { HighFrom = Next(query.End) };
        KeyBounds startsEarlier = KeyBounds.Any with { LowTo = Previous(query.Start) };
        return prefix switch
        {
            SearchPrefix.Equal => [within],
            SearchPrefix.NotEqual => [startsEarlier, endsLater],
            SearchPrefix.Greater => [endsLater],
            SearchPrefix.Less => [startsEarlier],
            SearchPrefix.GreaterOrEqual => [endsLater, within],
            SearchPrefix.LessOrEqual => [startsEarlier, within],
            SearchPrefix.StartsAfter => [KeyBounds.Any with { LowFrom = query.End }],
            SearchPrefix.EndsBefore => [KeyBounds.Any with { HighTo = query.Start }],
            _ => [KeyBounds.Any with { LowTo = Previous(query.End), HighFrom = Next(query.Start) }],
        };
    }

    /// <summary>The same for numbers. Around an imprecise bound the bounds are one step wider, as the key beside it may be on either side.</summary>
    private static KeyBounds[] NumberBounds(SearchPrefix prefix, long value, long low, long high)
    {
        long above = IsBound(value) ? Next(value) : value;
        long below = IsBound(value) ? Previous(value) : value;
        long lastWithin = low == high || !IsBound(high) ? high : Previous(high);
        return prefix switch
        {
            // A range without a bound is within nothing.
            SearchPrefix.Equal => [new KeyBounds(Math.Max(low, long.MinValue + 1), long.MaxValue, long.MinValue, Math.Min(lastWithin, long.MaxValue - 1))],
            SearchPrefix.NotEqual =>
            [
                KeyBounds.Any with { LowTo = IsBound(low) ? Previous(low) : low },
                KeyBounds.Any with { HighFrom = IsBound(high) ? Next(lastWithin) : high },
            ],
            SearchPrefix.Greater => [KeyBounds.Any with { HighFrom = above }],
            SearchPrefix.Less => [KeyBounds.Any with { LowTo = below }],
            SearchPrefix.GreaterOrEqual => [KeyBounds.Any with { HighFrom = value }],
            SearchPrefix.LessOrEqual => [KeyBounds.Any with { LowTo = value }],
            SearchPrefix.StartsAfter => [KeyBounds.Any with { LowFrom = above }],
            SearchPrefix.EndsBefore => [KeyBounds.Any with { HighTo = below }],
            _ => [KeyBounds.Any with { LowTo = high, HighFrom = low }],
        };
    }

    private static long Next(long value) => value == long.MaxValue ? value : value + 1;

    private static long Previous(long value) => value == long.MinValue ? value : value - 1;

    /// <summary>A belt around the earth; within it the distance is computed.</summary>
    private void AddPosition(PositionQuery query)
    {
        // Wider by far more than rounding, by far less than any distance asked for.
        const double Slack = 1e-6;
        double degrees = double.RadiansToDegrees(query.Metres / SearchMatcher.EarthRadius) + Slack;
        KeyBounds belt = KeyBounds.Any with
        {
            LowFrom = OrderedNumber.Of((decimal)Math.Max(-90, query.Latitude - degrees)),
            LowTo = OrderedNumber.Of((decimal)Math.Min(90, query.Latitude + degrees)),
        };
        var test = new KeyLookup(parameter, IndexKeyKind.Position, 0) { Bounds = belt, Near = query };
        AddTest(test);
        _entries.Add(test);
    }

    /// <summary>Each combination of what its parts look up, as the writer combines the keys of the parts.</summary>
    private void AddComposite(CompositeQuery query)
    {
        var parts = new KeyLookups[query.Parts.Count];
        for (int i = 0; i < parts.Length; i++)
        {
            var writer = new KeyLookupWriter(parameter, hasher);
            writer.Add(query.Parts[i]);
            parts[i] = writer.ToLookups();
        }

        if (Combined(Array.ConvertAll(parts, part => part.Tests)) is not { } tests)
        {
            AddUnknown();
            return;
        }

        _tests.AddRange(tests);
        if (Array.TrueForAll(parts, part => part.Entries is not null) && Combined(Array.ConvertAll(parts, part => part.Entries!)) is { } entries)
        {
            _entries.AddRange(entries);
        }
        else
        {
            _needsScan = true;
        }

        AddHash(IndexKeyKind.Tuple, IndexKeyWriter.AnyTuple, isExact: false);
    }

    /// <summary>The tuples of all combinations; null when they are too many or a part has no hash.</summary>
    private List<KeyLookup>? Combined(KeyLookup[][] parts)
    {
        List<(long Hash, bool IsDetail)> tuples = [(0, false)];
        KeyLookup[]? ranges = null;
        bool isExact = true;
        foreach (KeyLookup[] part in parts)
        {
            isExact &= Array.TrueForAll(part, lookup => lookup.IsExact);
            if (part.Length > 0 && part[0].Kind is IndexKeyKind.Date or IndexKeyKind.Number or IndexKeyKind.UnitNumber)
            {
                isExact &= ranges is null;
                ranges ??= part;
            }
            else if (Array.Exists(part, lookup => lookup.Kind is IndexKeyKind.Present or IndexKeyKind.Position)
                || tuples.Count * (long)part.Length > MaxCombinations)
            {
                return null;
            }
            else
            {
                tuples = [.. tuples.SelectMany(tuple => part.Select(
                    lookup => (hasher.Combine(tuple.Hash, lookup.Hash), tuple.IsDetail || !IndexKey.IsLookedUp(lookup.Kind))))];
            }
        }

        return ranges is null
            ? [.. tuples.Select(tuple => Tuple(tuple.Hash, tuple.IsDetail, KeyBounds.Any, isExact))]
            : [.. tuples.SelectMany(tuple => ranges.Select(range => Tuple(
                hasher.Combine(tuple.Hash, range.Hash), tuple.IsDetail || !IndexKey.IsLookedUp(range.Kind), range.Bounds, isExact)))];
    }

    private KeyLookup Tuple(long hash, bool isDetail, KeyBounds bounds, bool isExact) =>
        new(parameter, isDetail ? IndexKeyKind.TupleDetail : IndexKeyKind.Tuple, hash) { Bounds = bounds, IsExact = isExact };
}
