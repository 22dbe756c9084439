using System.Buffers.Text;
using System.Text;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <content>One method per type of parameter.</content>
public static partial class SearchQueryReader
{
    /// <summary>When <c>near</c> gives no distance, R4 leaves it to the server.</summary>
    private const double DefaultMetres = 50_000;

    private const string PrefixList = "a prefix is one of eq, ne, gt, lt, ge, le, sa, eb, ap";

    private static Outcome ReadNumber(ReadOnlySpan<byte> text)
    {
        if (!SearchPrefixes.TryTake(ref text, out SearchPrefix prefix))
        {
            return PrefixList;
        }

        return !NumberRange.TryParse(text, out NumberRange range) ? "expected a number such as 5, 5.40 or 5.4e-3"
            : IsCut(range) ? TooLarge
            : new NumberQuery(prefix, range);
    }

    private const string TooLarge = "the number is beyond 7.9e28, up to which numbers are compared";

    /// <summary>A number that was cut to the range of decimals would be compared as another one.</summary>
    private static bool IsCut(NumberRange range) => range.Value is decimal.MaxValue or decimal.MinValue;

    private static Outcome ReadDate(ReadOnlySpan<byte> text, SearchQueryOptions options)
    {
        if (!SearchPrefixes.TryTake(ref text, out SearchPrefix prefix))
        {
            return PrefixList;
        }

        if (!DateRange.TryParse(text, out DateRange range))
        {
            return "expected a date such as 2013, 2013-01, 2013-01-14 or 2013-01-14T10:00:00Z";
        }

        return new DateQuery(prefix, prefix == SearchPrefix.Approximate ? SearchPrefixes.Approximate(range, options.Now.UtcTicks) : range);
    }

    private static Outcome ReadString(ReadOnlySpan<byte> text, SearchModifier modifier)
    {
        byte[] plain = QueryParts.Unescape(text);
        if (modifier == SearchModifier.Exact)
        {
            return new StringQuery(StringMatch.Exact, plain);
        }

        byte[] folded = SearchText.Fold(plain);
        return folded.Length == 0
            ? "it has no letter or digit, and nothing else counts"
            : new StringQuery(modifier == SearchModifier.Contains ? StringMatch.Contains : StringMatch.Start, folded);
    }

    private static Outcome ReadToken(ReadOnlySpan<byte> text, SearchModifier modifier)
    {
        switch (modifier)
        {
            case SearchModifier.Text:
                byte[] folded = SearchText.Fold(QueryParts.Unescape(text));
                return folded.Length == 0 ? "it has no letter or digit, and nothing else counts" : new TokenTextQuery(folded);
            case SearchModifier.In or SearchModifier.NotIn or SearchModifier.Above or SearchModifier.Below:
                return new TerminologyQuery(modifier, Encoding.UTF8.GetString(QueryParts.Unescape(text)));
            case SearchModifier.OfType:
                return ReadTypedIdentifier(text);
            default:
                return TryReadToken(text, out TokenQuery token) ? token : "expected code, system|code, |code or system|";
        }
    }

    private static bool TryReadToken(ReadOnlySpan<byte> text, out TokenQuery token)
    {
        token = new TokenQuery(null, null);
        var parts = new QueryParts(text, (byte)'|');
        parts.TryNext(out ReadOnlySpan<byte> first);
        if (!parts.TryNext(out ReadOnlySpan<byte> second))
        {
            token = new TokenQuery(null, QueryParts.Unescape(first));
            return true;
        }

        token = new TokenQuery(QueryParts.Unescape(first), Optional(second));
        return !parts.TryNext(out _) && !(first.IsEmpty && second.IsEmpty);
    }

    private static Outcome ReadTypedIdentifier(ReadOnlySpan<byte> text)
    {
        var parts = new QueryParts(text, (byte)'|');
        return parts.TryNext(out ReadOnlySpan<byte> system)
            && parts.TryNext(out ReadOnlySpan<byte> code) && !code.IsEmpty
            && parts.TryNext(out ReadOnlySpan<byte> value) && !value.IsEmpty
            && !parts.TryNext(out _)
            ? new TypedIdentifierQuery(Optional(system), QueryParts.Unescape(code), QueryParts.Unescape(value))
            : "expected system|code|value: the type of the identifier and its value";
    }

    /// <summary>The text, or null for an empty one. Written out because a null array would convert to an empty memory.</summary>
    private static ReadOnlyMemory<byte>? Optional(ReadOnlySpan<byte> part)
    {
        if (part.IsEmpty)
        {
            return null;
        }

        return QueryParts.Unescape(part);
    }

    private static Outcome ReadReference(in Reading reading, ReadOnlySpan<byte> text)
    {
        if (reading.Modifier == SearchModifier.Identifier)
        {
            return TryReadToken(text, out TokenQuery token)
                ? new ReferenceIdentifierQuery(token)
                : "expected the identifier as value, system|value, |value or system|";
        }

        byte[] plain = QueryParts.Unescape(text);
        ReadOnlySpan<byte> rest = plain;
        if (reading.Options.ServerBase is { Length: > 0 } serverBase)
        {
            byte[] prefix = Encoding.UTF8.GetBytes(serverBase + "/");
            rest = rest.StartsWith(prefix) ? rest[prefix.Length..] : rest;
        }

        LiteralReference reference = LiteralReference.Parse(rest);
        TypeSchema? type = reference.Type;
        if (reading.Modifier == SearchModifier.Type)
        {
            if (type is not null && type != reading.Type)
            {
                return $"it names the type {type.Name}, the modifier {reading.Type?.Name}";
            }

            type = reading.Type;
        }

        if (type is null || reference.Type is null)
        {
            int bar = rest.IndexOf((byte)'|');
            ReadOnlySpan<byte> id = bar < 0 ? rest : rest[..bar];
            ReadOnlySpan<byte> version = bar < 0 ? default : rest[(bar + 1)..];
            return new ReferenceQuery(default, type, id.ToArray(), version.ToArray())
            {
                Among = type is null && !reading.Parameter.Targets.Any(target => target.IsAbstract) ? reading.Parameter.Targets : [],
            };
        }

        return new ReferenceQuery(rest[reference.Server].ToArray(), type, rest[reference.Id].ToArray(), rest[reference.Version].ToArray());
    }

    private static Outcome ReadUri(ReadOnlySpan<byte> text, SearchModifier modifier)
    {
        byte[] uri = QueryParts.Unescape(text);
        int bar = uri.AsSpan().IndexOf((byte)'|');
        return bar < 0 ? new UriQuery(modifier, uri, default) : new UriQuery(modifier, uri.AsMemory(0, bar), uri.AsMemory(bar + 1));
    }

    private static Outcome ReadQuantity(ReadOnlySpan<byte> text)
    {
        const string Expected = "expected number, number|system|code or number||code, such as 5.4|http://unitsofmeasure.org|mg";
        var parts = new QueryParts(text, (byte)'|');
        parts.TryNext(out ReadOnlySpan<byte> number);
        if (!SearchPrefixes.TryTake(ref number, out SearchPrefix prefix))
        {
            return PrefixList;
        }

        if (!NumberRange.TryParse(number, out NumberRange range))
        {
            return Expected;
        }

        if (IsCut(range))
        {
            return TooLarge;
        }

        if (!parts.TryNext(out ReadOnlySpan<byte> system))
        {
            return new QuantityQuery(prefix, range, null, null, null);
        }

        if (!parts.TryNext(out ReadOnlySpan<byte> code) || code.IsEmpty || parts.TryNext(out _))
        {
            return Expected;
        }

        byte[] plainSystem = QueryParts.Unescape(system);
        byte[] plainCode = QueryParts.Unescape(code);
        return new QuantityQuery(
            prefix, range, Optional(system), plainCode, CanonicalUnit.Of(range, plainSystem, plainCode));
    }

    /// <summary><c>latitude|longitude[|distance[|unit]]</c>; kilometres where no unit is given (R4, Location "near").</summary>
    private static Outcome ReadPosition(ReadOnlySpan<byte> text)
    {
        const string Expected = "expected latitude|longitude|distance|unit, such as 42.25|-83.69|11.2|km";
        var parts = new QueryParts(text, (byte)'|');
        if (!TryReadDouble(ref parts, out double latitude) || Math.Abs(latitude) > 90
            || !TryReadDouble(ref parts, out double longitude) || Math.Abs(longitude) > 180)
        {
            return Expected;
        }

        if (!parts.TryNext(out ReadOnlySpan<byte> distance))
        {
            return new PositionQuery(latitude, longitude, DefaultMetres);
        }

        if (!NumberRange.TryParse(distance, out decimal number, out _) || number < 0)
        {
            return Expected;
        }

        bool hasUnit = parts.TryNext(out ReadOnlySpan<byte> unit);
        if (!CanonicalUnit.TryToMetres(number, hasUnit ? QueryParts.Unescape(unit) : "km"u8, out double metres))
        {
            return "the unit is not one of length in UCUM, such as km, m or [mi_us]";
        }

        return parts.TryNext(out _) ? Expected : new PositionQuery(latitude, longitude, metres);
    }

    private static bool TryReadDouble(ref QueryParts parts, out double value)
    {
        value = 0;
        return parts.TryNext(out ReadOnlySpan<byte> text)
            && Utf8Parser.TryParse(text, out value, out int read) && read == text.Length && double.IsFinite(value);
    }
}
