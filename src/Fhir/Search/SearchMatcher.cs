using System.Diagnostics;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>
/// Whether values of a resource meet values of a query: R4's rules as pure predicates, the one truth that stores are tested
/// against and filters in memory use.
/// </summary>
public static class SearchMatcher
{
    /// <summary>Mean radius in metres.</summary>
    public const double EarthRadius = 6_371_008.8;

    /// <summary>
    /// Whether a resource meets one parameter of a query. The alternatives are those that were separated by commas; one must be
    /// met, but under <c>:not</c> none may be.
    /// </summary>
    public static bool Matches(IndexValues values, ushort parameter, SearchModifier modifier, IReadOnlyList<QueryValue> alternatives)
    {
        bool isNegated = modifier is SearchModifier.Not or SearchModifier.NotIn;
        foreach (QueryValue query in alternatives)
        {
            if (query is MissingQuery missing ? missing.IsMissing != HasValue(values, parameter) : AnyMatches(values, parameter, query))
            {
                return !isNegated;
            }
        }

        return isNegated;
    }

    /// <summary>Whether one value meets one value of a query. Kinds that do not go together never match.</summary>
    /// <param name="index">Where the value stands in <paramref name="values"/>; for a composite its head.</param>
    public static bool Matches(IndexValues values, int index, QueryValue query)
    {
        ref readonly SearchValue value = ref values[index];
        return query switch
        {
            StringQuery text => value.Kind == SearchValueKind.String && MatchesString(values, value, text),
            TokenQuery token => value.Kind == SearchValueKind.Token && MatchesToken(values, value, token),
            TokenTextQuery text => value.Kind is SearchValueKind.Token or SearchValueKind.TokenText && MatchesTokenText(values, value, text),
            TypedIdentifierQuery identifier => value.Kind == SearchValueKind.TypedIdentifier && MatchesTyped(values, value, identifier),
            ReferenceQuery reference => MatchesReference(values, value, reference),
            ReferenceIdentifierQuery reference =>
                value.Kind == SearchValueKind.ReferenceIdentifier && MatchesToken(values, value, reference.Identifier),
            UriQuery uri => value.Kind == SearchValueKind.Uri && MatchesUri(values, value, uri),
            DateQuery date => value.Kind == SearchValueKind.Date && SearchPrefixes.Matches(date.Prefix, date.Range, value.Range),
            NumberQuery number => value.Kind == SearchValueKind.Number && SearchPrefixes.Matches(number.Prefix, number.Range, value),
            QuantityQuery quantity => MatchesQuantity(values, value, quantity),
            PositionQuery position => value.Kind == SearchValueKind.Position && IsNear(value.Low, value.High, position),
            CompositeQuery composite => value.Kind == SearchValueKind.Composite && MatchesTuple(values, index, composite),
            TerminologyQuery => throw new ArgumentException("Terminology must be resolved to codes before matching.", nameof(query)),
            _ => throw new UnreachableException($"A query of kind {query.GetType().Name}."),
        };
    }

    private static bool HasValue(IndexValues values, ushort parameter)
    {
        foreach (ref readonly SearchValue value in values.Values)
        {
            if (value.Parameter == parameter)
            {
                return true;
            }
        }

        return false;
    }

    private static bool AnyMatches(IndexValues values, ushort parameter, QueryValue query)
    {
        for (int i = 0; i < values.Count; i++)
        {
            ref readonly SearchValue value = ref values[i];
            if (value.Parameter == parameter && value.Component == 0 && Matches(values, i, query))
            {
                return true;
            }
        }

        return false;
    }

    private static bool MatchesTuple(IndexValues values, int head, CompositeQuery composite)
    {
        int end = head + values[head].PartCount;
        for (int component = 1; component <= composite.Parts.Count; component++)
        {
            bool isMet = false;
            for (int i = head + 1; i <= end && !isMet; i++)
            {
                isMet = values[i].Component == component && Matches(values, i, composite.Parts[component - 1]);
            }

            if (!isMet)
            {
                return false;
            }
        }

        return true;
    }

    private static bool MatchesString(IndexValues values, in SearchValue value, StringQuery query) => query.Match switch
    {
        StringMatch.Start => values.Text(value.Code).StartsWith(query.Text.Span),
        StringMatch.Contains => values.Text(value.Code).IndexOf(query.Text.Span) >= 0,
        StringMatch.End => values.Text(value.Code).EndsWith(query.Text.Span),
        StringMatch.Equal => values.Text(value.Code).SequenceEqual(query.Text.Span),
        _ => values.Text(value.Text).SequenceEqual(query.Text.Span),
    };

    /// <summary>A code whose system is only implied has none of its own, so that <c>|code</c> finds it too.</summary>
    private static bool MatchesToken(IndexValues values, in SearchValue value, TokenQuery query)
    {
        if (query.Code is { } code && !(value.Code.Exists && values.Text(value.Code).SequenceEqual(code.Span)))
        {
            return false;
        }

        return query.System is not { } system || MatchesSystem(values, value, system.Span);
    }

    private static bool MatchesSystem(IndexValues values, in SearchValue value, ReadOnlySpan<byte> system) =>
        values.Text(value.System).SequenceEqual(system) || (system.IsEmpty && (value.Traits & SearchValueTraits.ImpliedSystem) != 0);

    private static bool MatchesTokenText(IndexValues values, in SearchValue value, TokenTextQuery query) =>
        value.Text.Exists && SearchText.Fold(values.Text(value.Text)).AsSpan().StartsWith(query.Text.Span);

    private static bool MatchesTyped(IndexValues values, in SearchValue value, TypedIdentifierQuery query) =>
        values.Text(value.Code).SequenceEqual(query.Code.Span)
        && values.Text(value.Text).SequenceEqual(query.Value.Span)
        && (query.System is not { } system || MatchesSystem(values, value, system.Span));

    private static bool MatchesReference(IndexValues values, in SearchValue value, ReferenceQuery query)
    {
        if (value.Kind == SearchValueKind.Uri)
        {
            return query.Type is null && MatchesUri(values, value, new UriQuery(SearchModifier.None, query.Id, query.Version));
        }

        return value.Kind == SearchValueKind.Reference
            && (value.Traits & SearchValueTraits.Contained) == 0
            && MayPointAt(query, value.TargetType)
            && values.Text(value.Code).SequenceEqual(query.Id.Span)
            && values.Text(value.System).SequenceEqual(query.Server.Span)
            && (query.Version.IsEmpty || values.Text(value.Version).SequenceEqual(query.Version.Span));
    }

    private static bool MayPointAt(ReferenceQuery query, ushort type)
    {
        if (query.Type is not null || query.Among.Count == 0 || type == SearchValue.NoType)
        {
            return query.Type is null || type == query.Type.Id;
        }

        foreach (TypeSchema target in query.Among)
        {
            if (target.Id == type)
            {
                return true;
            }
        }

        return false;
    }

    private static bool MatchesUri(IndexValues values, in SearchValue value, UriQuery query)
    {
        ReadOnlySpan<byte> stored = values.Text(value.Code);
        return query.Match switch
        {
            SearchModifier.Below => IsAtOrBelow(stored, query.Uri.Span),
            SearchModifier.Above => IsAtOrBelow(query.Uri.Span, stored),
            _ => stored.SequenceEqual(query.Uri.Span)
                && (query.Version.IsEmpty || values.Text(value.Version).SequenceEqual(query.Version.Span)),
        };
    }

    /// <summary>By whole segments of the path: http://a/b is above http://a/b/c, not above http://a/bc.</summary>
    private static bool IsAtOrBelow(ReadOnlySpan<byte> uri, ReadOnlySpan<byte> top) =>
        uri.StartsWith(top)
        && !top.IsEmpty
        && (uri.Length == top.Length || top[^1] == (byte)'/' || uri[top.Length] is (byte)'/' or (byte)'?' or (byte)'#');

    /// <summary>
    /// With a UCUM unit, quantities are compared in base units, and a unit that UCUM does not know by its name. Without a system,
    /// the name may be the code or what people write (R4, "quantity" parameters).
    /// </summary>
    private static bool MatchesQuantity(IndexValues values, in SearchValue value, QuantityQuery query)
    {
        if (value.Kind == SearchValueKind.CanonicalQuantity)
        {
            return query.Canonical is { } canonical
                && values.Text(value.Code).SequenceEqual(canonical.Unit.Span)
                && SearchPrefixes.Matches(query.Prefix, canonical.Range, value);
        }

        return value.Kind == SearchValueKind.Quantity
            && query.Canonical is null
            && (query.System is not { } system || MatchesSystem(values, value, system.Span))
            && (query.Code is not { } code || MatchesUnit(values, value, code.Span, query.System is null))
            && SearchPrefixes.Matches(query.Prefix, query.Range, value);
    }

    private static bool MatchesUnit(IndexValues values, in SearchValue value, ReadOnlySpan<byte> unit, bool orByName) =>
        (value.Code.Exists && values.Text(value.Code).SequenceEqual(unit))
        || (orByName && value.Text.Exists && values.Text(value.Text).SequenceEqual(unit));

    /// <summary>By the great circle on a sphere of the earth's mean radius: within 0.6 % of the ellipsoid.</summary>
    public static bool IsNear(decimal latitude, decimal longitude, PositionQuery query)
    {
        double latitude1 = double.DegreesToRadians((double)latitude);
        double latitude2 = double.DegreesToRadians(query.Latitude);
        double dLatitude = latitude2 - latitude1;
        double dLongitude = double.DegreesToRadians(query.Longitude - (double)longitude);
        double chord = Math.Pow(Math.Sin(dLatitude / 2), 2)
            + (Math.Cos(latitude1) * Math.Cos(latitude2) * Math.Pow(Math.Sin(dLongitude / 2), 2));
        return 2 * EarthRadius * Math.Asin(Math.Min(1, Math.Sqrt(chord))) <= query.Metres;
    }
}
