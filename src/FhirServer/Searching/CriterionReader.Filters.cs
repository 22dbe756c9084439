using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Searching;

/// <content><c>_filter</c>: https://hl7.org/fhir/R4/search_filter.html</content>
internal sealed partial class CriterionReader
{
    private Result<Criterion> ReadFilter(IReadOnlyList<TypeSchema> types, string text)
    {
        if (text.Length > limits.MaxValueLength)
        {
            return FhirError.Of(ErrorKind.TooCostly, IssueType.TooLong, $"_filter has {text.Length} characters, the limit is {limits.MaxValueLength}.");
        }

        Result<FilterNode> filter = FilterParser.Parse(text, limits);
        return filter.IsOk ? ReadFilter(types, filter.Value) : filter.Error;
    }

    private Result<Criterion> ReadFilter(IReadOnlyList<TypeSchema> types, FilterNode filter)
    {
        switch (filter)
        {
            case FilterAnd and:
                return Both(ReadFilter(types, and.Left), ReadFilter(types, and.Right), parts => new AllOf(parts));
            case FilterOr or:
                return Both(ReadFilter(types, or.Left), ReadFilter(types, or.Right), parts => new OneOf(parts));
            case FilterNot not:
                Result<Criterion> part = ReadFilter(types, not.Part);
                return part.IsOk ? new NoneOf(part.Value) : part.Error;
            default:
                return ReadComparison(types, (FilterCompare)filter);
        }
    }

    private static Result<Criterion> Both(Result<Criterion> left, Result<Criterion> right, Func<IReadOnlyList<Criterion>, Criterion> join) =>
        !left.IsOk ? left.Error : !right.IsOk ? right.Error : join([left.Value, right.Value]);

    private Result<Criterion> ReadComparison(IReadOnlyList<TypeSchema> types, FilterCompare comparison)
    {
        // Within a filter nothing can be left out without turning its meaning, so unknown parameters are always refused.
        Result<Criterion> criterion = Walk(types, comparison.Path, 0, new FilterLeaf(this, comparison));
        return criterion.Error is { } error ? SearchFaults.AsRefusal(At(error, comparison)) : criterion;
    }

    private static FhirError At(FhirError error, FilterCompare comparison) => error with
    {
        Issues =
        [
            .. error.Issues.Select(issue => issue.Position is null
                ? issue with { Message = $"_filter at character {comparison.Position}: {issue.Message}", Position = (1, comparison.Position) }
                : issue),
        ],
    };

    private sealed class FilterLeaf(CriterionReader reader, FilterCompare comparison) : Leaf
    {
        public override Result<Criterion>? ReadSpecial(IReadOnlyList<TypeSchema> types, SearchStep step) =>
            IsSpecial(step.Code) ? FhirError.Unsupported($"'{step.Code}' cannot be used within _filter.") : (Result<Criterion>?)null;

        public override Result<Criterion> Read(IndexedParameter parameter, SearchStep step) => step.Modifier is { } modifier
            ? FhirError.Invalid($"a filter takes no modifier, found '{step.Code}:{SearchPath.Shown(modifier)}'.")
            : reader.ReadOperator(parameter, comparison);

        public override bool IsMetByAbsence(SearchStep step) => comparison is { Operator: "pr", Value: "false" };
    }

    private Result<Criterion> ReadOperator(IndexedParameter parameter, FilterCompare comparison)
    {
        string value = Escaped(parameter, comparison.Value);
        return comparison.Operator switch
        {
            "pr" => comparison.Value switch
            {
                "true" => ReadValue(parameter, "missing", "false"),
                "false" => ReadValue(parameter, "missing", "true"),
                _ => FhirError.Invalid($"'{parameter.Code} pr' is followed by true or false, found '{SearchPath.Shown(comparison.Value)}'."),
            },
            _ => parameter.Type switch
            {
                SearchParameterType.String => ReadText(parameter, comparison.Operator, value),
                SearchParameterType.Number or SearchParameterType.Date or SearchParameterType.Quantity =>
                    ReadOrdered(parameter, comparison.Operator, value),
                SearchParameterType.Token => ReadCode(parameter, comparison.Operator, value),
                SearchParameterType.Reference => comparison.Operator == "re"
                    ? ReadValue(parameter, null, value)
                    : ReadIdentity(parameter, comparison.Operator, value),
                SearchParameterType.Uri => comparison.Operator switch
                {
                    "ss" => ReadValue(parameter, "below", value),
                    "sb" => ReadValue(parameter, "above", value),
                    _ => ReadIdentity(parameter, comparison.Operator, value),
                },
                _ => Refused(parameter, comparison.Operator),
            },
        };
    }

    /// <summary>Case, accents and punctuation count no more than in other searches by text: nothing in the specification says they do.</summary>
    private Result<Criterion> ReadText(IndexedParameter parameter, string word, string value) => word switch
    {
        "eq" => ReadWhole(parameter, StringMatch.Equal, value),
        "ne" => Unequal(parameter, ReadWhole(parameter, StringMatch.Equal, value)),
        "ew" => ReadWhole(parameter, StringMatch.End, value),
        "co" => ReadValue(parameter, "contains", value),
        "sw" => ReadValue(parameter, null, value),
        _ => Refused(parameter, word),
    };

    /// <summary>A comparison that no modifier of a parameter stands for.</summary>
    private Result<Criterion> ReadWhole(IndexedParameter parameter, StringMatch match, string value)
    {
        Result<Criterion> start = ReadValue(parameter, null, value);
        return start is { IsOk: true, Value: HasValue { Alternatives: [StringQuery text] } condition }
            ? condition with { Alternatives = [text with { Match = match }] }
            : start;
    }

    private Result<Criterion> ReadOrdered(IndexedParameter parameter, string word, string value) => word switch
    {
        "eq" or "ne" or "gt" or "lt" or "ge" or "le" or "ap" or "sa" or "eb" => ReadValue(parameter, null, word + value),
        "po" when parameter.Type == SearchParameterType.Date => ReadOverlap(parameter, value),
        _ => Refused(parameter, word),
    };

    /// <summary>Periods overlap just as approximate ones do before they are widened.</summary>
    private static Result<Criterion> ReadOverlap(IndexedParameter parameter, string value) =>
        DateRange.TryParse(Encoding.UTF8.GetBytes(value), out DateRange range)
            ? new HasValue(parameter, SearchModifier.None, [new DateQuery(SearchPrefix.Approximate, range)])
            : FhirError.Invalid($"'{SearchPath.Shown(value)}' is no value for '{parameter.Code} po': expected a date such as 2013-01-14.");

    private Result<Criterion> ReadCode(IndexedParameter parameter, string word, string value) => word switch
    {
        "in" => ReadValue(parameter, "in", value),
        "ni" => ReadValue(parameter, "not-in", value),

        // The value asked for subsumes those below it, and is subsumed by those above it.
        "ss" => ReadValue(parameter, "below", value),
        "sb" => ReadValue(parameter, "above", value),
        _ => ReadIdentity(parameter, word, value),
    };

    private Result<Criterion> ReadIdentity(IndexedParameter parameter, string word, string value) => word switch
    {
        "eq" => ReadValue(parameter, null, value),
        "ne" => Unequal(parameter, ReadValue(parameter, null, value)),
        _ => Refused(parameter, word),
    };

    /// <summary>There is a value, and none is equal.</summary>
    private static Result<Criterion> Unequal(IndexedParameter parameter, Result<Criterion> equal) => equal.IsOk
        ? new AllOf([new HasValue(parameter, SearchModifier.Missing, [new MissingQuery(false)]), new NoneOf(equal.Value)])
        : equal;

    private static Result<Criterion> Refused(IndexedParameter parameter, string word) =>
        FhirError.Unsupported($"The operator '{word}' cannot be applied to '{parameter.Code}', which is a {Name(parameter.Type)} parameter.");

    /// <summary>A filter compares with one value, so no comma separates; in a text no other character means anything either.</summary>
    private static string Escaped(IndexedParameter parameter, string value)
    {
        var escaped = new StringBuilder(value.Length);
        foreach (char c in value)
        {
            if (c == ',' || (parameter.Type == SearchParameterType.String && (c is '\\' or '$' or '|')))
            {
                escaped.Append('\\');
            }

            escaped.Append(c);
        }

        return escaped.ToString();
    }
}
