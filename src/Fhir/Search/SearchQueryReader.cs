using System.Text;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>
/// Reads the text behind the equals sign of a search parameter. Pure: the same text gives the same values, faults are values too
/// and name the parameter, what was found and what was expected.
/// </summary>
public static partial class SearchQueryReader
{
    /// <summary>The modifier of that name behind the colon; for the name of a resource type <see cref="SearchModifier.Type"/> with the type.</summary>
    /// <returns>False when there is no such modifier.</returns>
    public static bool TryReadModifier(ReadOnlySpan<char> name, out SearchModifier modifier, out TypeSchema? type)
    {
        type = null;
        modifier = name switch
        {
            "missing" => SearchModifier.Missing,
            "exact" => SearchModifier.Exact,
            "contains" => SearchModifier.Contains,
            "text" => SearchModifier.Text,
            "not" => SearchModifier.Not,
            "in" => SearchModifier.In,
            "not-in" => SearchModifier.NotIn,
            "above" => SearchModifier.Above,
            "below" => SearchModifier.Below,
            "of-type" => SearchModifier.OfType,
            "identifier" => SearchModifier.Identifier,
            _ => SearchModifier.None,
        };
        if (modifier == SearchModifier.None && FhirSchema.R4.Type(name.ToString()) is { IsResource: true, IsAbstract: false } resource)
        {
            (modifier, type) = (SearchModifier.Type, resource);
        }

        return modifier != SearchModifier.None;
    }

    /// <summary>Reads the alternatives that commas separate.</summary>
    /// <param name="text">The text with percent-encoding resolved, FHIR's own escapes not.</param>
    /// <param name="type">The type that <see cref="SearchModifier.Type"/> names.</param>
    public static Result<IReadOnlyList<QueryValue>> Read(
        IndexedParameter parameter, SearchModifier modifier, TypeSchema? type, ReadOnlySpan<char> text, SearchQueryOptions options)
    {
        if (text.Length > options.MaxLength)
        {
            return FhirError.Of(
                ErrorKind.TooCostly, IssueType.TooLong, $"The value of '{parameter.Code}' has {text.Length} characters, the limit is {options.MaxLength}.");
        }

        if (!IsAllowed(modifier, parameter.Type))
        {
            return FhirError.Invalid(
                $"The modifier ':{ModifierName(modifier, type)}' does not apply to '{parameter.Code}', which is a {parameter.Type.ToString().ToLowerInvariant()} parameter.");
        }

        byte[] utf8 = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, utf8);
        var parts = new QueryParts(utf8, (byte)',');
        var values = new List<QueryValue>();
        var reading = new Reading(parameter, modifier, type, options);
        while (parts.TryNext(out ReadOnlySpan<byte> part))
        {
            if (values.Count == options.MaxAlternatives)
            {
                return FhirError.Of(
                    ErrorKind.TooCostly, IssueType.TooCostly, $"'{parameter.Code}' has more than {options.MaxAlternatives} alternatives.");
            }

            (QueryValue? value, string? problem) = ReadOne(reading, part);
            if (value is null)
            {
                return FhirError.Invalid($"'{Shown(part)}' is no value for the search parameter '{parameter.Code}': {problem}.");
            }

            values.Add(value);
        }

        return values;
    }

    private static Outcome ReadOne(in Reading reading, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return "it is empty";
        }

        if (reading.Modifier == SearchModifier.Missing)
        {
            return text.SequenceEqual("true"u8) ? new MissingQuery(true)
                : text.SequenceEqual("false"u8) ? new MissingQuery(false)
                : "expected true or false";
        }

        return reading.Parameter.Type switch
        {
            SearchParameterType.Number => ReadNumber(text),
            SearchParameterType.Date => ReadDate(text, reading.Options),
            SearchParameterType.String => ReadString(text, reading.Modifier),
            SearchParameterType.Token => ReadToken(text, reading.Modifier),
            SearchParameterType.Reference => ReadReference(reading, text),
            SearchParameterType.Quantity => ReadQuantity(text),
            SearchParameterType.Uri => ReadUri(text, reading.Modifier),
            SearchParameterType.Composite => ReadComposite(reading, text),
            _ => reading.Parameter.Code == "near" ? ReadPosition(text) : "this server does not know how to search by it",
        };
    }

    private static Outcome ReadComposite(in Reading reading, ReadOnlySpan<byte> text)
    {
        IReadOnlyList<IndexedParameter> components = reading.Parameter.Components;
        var parts = new QueryParts(text, (byte)'$');
        var values = new List<QueryValue>(components.Count);
        while (parts.TryNext(out ReadOnlySpan<byte> part))
        {
            if (values.Count == components.Count)
            {
                return $"expected {components.Count} parts separated by '$', found more";
            }

            IndexedParameter component = components[values.Count];
            (QueryValue? value, string? problem) = ReadOne(new Reading(component, SearchModifier.None, null, reading.Options), part);
            if (value is null)
            {
                return $"part {values.Count + 1} ('{component.Code}'): {problem}";
            }

            values.Add(value);
        }

        return values.Count == components.Count && components.Count > 0
            ? new CompositeQuery(values)
            : $"expected {components.Count} parts separated by '$', found {values.Count}";
    }

    /// <summary>Which modifiers go with which type (R4, "Modifiers").</summary>
    private static bool IsAllowed(SearchModifier modifier, SearchParameterType type) => modifier switch
    {
        SearchModifier.None => true,
        SearchModifier.Missing => type is not (SearchParameterType.Composite or SearchParameterType.Special),
        SearchModifier.Exact or SearchModifier.Contains => type == SearchParameterType.String,
        SearchModifier.Text or SearchModifier.Not or SearchModifier.In or SearchModifier.NotIn or SearchModifier.OfType =>
            type == SearchParameterType.Token,
        SearchModifier.Above or SearchModifier.Below => type is SearchParameterType.Token or SearchParameterType.Uri,
        _ => type == SearchParameterType.Reference,
    };

    private static string ModifierName(SearchModifier modifier, TypeSchema? type) => modifier switch
    {
        SearchModifier.Type => type?.Name ?? "",
        SearchModifier.NotIn => "not-in",
        SearchModifier.OfType => "of-type",
        _ => modifier.ToString().ToLowerInvariant(),
    };

    /// <summary>The start of a text for a message; whole values may be long, and names of people.</summary>
    private static string Shown(ReadOnlySpan<byte> text) =>
        text.Length <= 40 ? Encoding.UTF8.GetString(text) : Encoding.UTF8.GetString(text[..40]) + "…";

    private readonly record struct Reading(IndexedParameter Parameter, SearchModifier Modifier, TypeSchema? Type, SearchQueryOptions Options);

    /// <summary>A value, or the clause of a message that says why there is none.</summary>
    private readonly record struct Outcome(QueryValue? Value, string? Problem)
    {
        public static implicit operator Outcome(QueryValue value) => new(value, null);

        public static implicit operator Outcome(string problem) => new(null, problem);
    }
}

/// <summary>Cuts a text at each separator that no backslash stands before.</summary>
internal ref struct QueryParts(ReadOnlySpan<byte> text, byte separator)
{
    private ReadOnlySpan<byte> _rest = text;
    private bool _isAtEnd;

    /// <summary>The next part, its escapes unresolved. An empty text has one part, which is empty.</summary>
    public bool TryNext(out ReadOnlySpan<byte> part)
    {
        part = default;
        if (_isAtEnd)
        {
            return false;
        }

        for (int i = 0; i < _rest.Length; i++)
        {
            if (_rest[i] == (byte)'\\')
            {
                i++;
            }
            else if (_rest[i] == separator)
            {
                part = _rest[..i];
                _rest = _rest[(i + 1)..];
                return true;
            }
        }

        part = _rest;
        _isAtEnd = true;
        return true;
    }

    /// <summary>Resolves <c>\,</c> <c>\$</c> <c>\|</c> and <c>\\</c>; any other backslash stands for itself (R4, "Escaping Search Parameters").</summary>
    public static byte[] Unescape(ReadOnlySpan<byte> part)
    {
        if (part.IndexOf((byte)'\\') < 0)
        {
            return part.ToArray();
        }

        byte[] result = new byte[part.Length];
        int length = 0;
        for (int i = 0; i < part.Length; i++)
        {
            if (part[i] == (byte)'\\' && i + 1 < part.Length && part[i + 1] is (byte)',' or (byte)'$' or (byte)'|' or (byte)'\\')
            {
                i++;
            }

            result[length++] = part[i];
        }

        return result.AsSpan(0, length).ToArray();
    }
}
