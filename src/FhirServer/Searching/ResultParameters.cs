using System.Globalization;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;

namespace HealthChain.FhirServer.Searching;

/// <summary>Parameters that say how much to answer, in which order and form: https://hl7.org/fhir/R4/search.html#2.21.1.5</summary>
internal static class ResultParameters
{
    public static bool Knows(string name) =>
        name is "_sort" or "_count" or "_total" or "_summary" or "_elements" or "_contained" or "_containedType";

    public static FhirError? Read(SearchDraft draft, SearchParameterSet parameters, QueryParameter parameter)
    {
        switch (parameter.Name)
        {
            case "_sort":
                return ReadSort(draft, parameters, parameter.Value);
            case "_elements":
                return ReadElements(draft, parameter.Value);
            case "_count":
                return ReadCount(draft, parameter.Value);
            case "_total":
                FhirError? error = ReadWord(draft.Total, parameter, out TotalMode? total);
                draft.Total = total;
                return error;
            case "_summary":
                error = ReadWord(draft.Summary, parameter, out SummaryMode? summary);
                draft.Summary = summary;
                return error;
            case "_contained":
                error = ReadWord(draft.Contained, parameter, out ContainedMode? contained);
                draft.Contained = contained;
                return error;
            default:
                error = ReadWord(draft.ContainedType, parameter, out ContainedType? containedType);
                draft.ContainedType = containedType;
                return error;
        }
    }

    /// <summary>Reads a parameter that is one of a few words and stands once.</summary>
    private static FhirError? ReadWord<T>(T? before, QueryParameter parameter, out T? word)
        where T : struct, Enum
    {
        word = before;
        string[] words = [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];
        int index = Array.IndexOf(words, parameter.Value);
        if (index < 0)
        {
            return FhirError.Invalid(
                $"'{SearchPath.Shown(parameter.Value)}' is no value for '{parameter.Name}': expected one of {string.Join(", ", words)}.");
        }

        word = Enum.GetValues<T>()[index];
        return before is null || before.Equals(word)
            ? null
            : FhirError.Invalid($"'{parameter.Name}' stands twice, with different values.");
    }

    private static FhirError? ReadCount(SearchDraft draft, string value)
    {
        // A number beyond int is a large one all the same; the limit applies.
        if (value.Length > 18 || !long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long count))
        {
            return FhirError.Invalid($"'{SearchPath.Shown(value)}' is no value for '_count': expected a whole number, 0 or more.");
        }

        if (draft.Count is not null)
        {
            return FhirError.Invalid("'_count' stands twice.");
        }

        draft.Count = (int)Math.Min(count, int.MaxValue);
        return null;
    }

    private static FhirError? ReadSort(SearchDraft draft, SearchParameterSet parameters, string value)
    {
        // One unknown key leaves out that key alone: the others still give an order.
        FhirError? unknown = null;
        foreach (string text in value.Split(','))
        {
            bool isDescending = text.StartsWith('-');
            Result<IReadOnlyList<IndexedParameter>> key = SortParameters(draft, parameters, isDescending ? text[1..] : text);
            if (!key.IsOk)
            {
                if (!SearchFaults.IsUnknown(key.Error) || draft.Context.Handling == SearchHandling.Strict)
                {
                    return key.Error;
                }

                unknown = Joined(unknown, key.Error);
                continue;
            }

            if (draft.Sort.Count == draft.Limits.MaxSortKeys)
            {
                return SearchFaults.TooMany("keys in '_sort'", draft.Limits.MaxSortKeys);
            }

            draft.Sort.Add(new Storage.SortKey(key.Value, isDescending));
        }

        return Partly(draft, unknown, isNothingLeft: draft.Sort.Count == 0);
    }

    /// <summary>The parameter of that name on each of the types searched, which need not have one definition.</summary>
    private static Result<IReadOnlyList<IndexedParameter>> SortParameters(SearchDraft draft, SearchParameterSet parameters, string code)
    {
        var found = new List<IndexedParameter>();
        foreach (Fhir.Schema.TypeSchema type in draft.AllTypes)
        {
            if (parameters.Find(type, code) is not { } parameter)
            {
                return SearchFaults.Unknown($"'_sort' by '{SearchPath.Shown(code)}': {type.Name} has no such search parameter.");
            }

            if (!parameter.IsExtracted || parameter.Type is SearchParameterType.Composite or SearchParameterType.Special)
            {
                return FhirError.Unsupported($"'_sort' by '{code}': values of a {parameter.Type.ToString().ToLowerInvariant()} parameter have no order here.");
            }

            if (!found.Contains(parameter))
            {
                found.Add(parameter);
            }
        }

        return found;
    }

    private static FhirError? ReadElements(SearchDraft draft, string value)
    {
        FhirError? unknown = null;
        foreach (string name in value.Split(',').Distinct())
        {
            if (draft.AllTypes.Any(type => type.Element(name) is not null))
            {
                draft.Elements.Add(name);
            }
            else
            {
                unknown = Joined(unknown, SearchFaults.Unknown($"'_elements': no type searched has an element '{SearchPath.Shown(name)}'."));
            }
        }

        return Partly(draft, unknown, isNothingLeft: draft.Elements.Count == 0);
    }

    private static FhirError Joined(FhirError? before, FhirError next) =>
        before is null ? next : before with { Issues = [.. before.Issues, .. next.Issues] };

    /// <summary>Of a list that is known in part, the unknown part is reported and the rest used.</summary>
    private static FhirError? Partly(SearchDraft draft, FhirError? unknown, bool isNothingLeft)
    {
        if (unknown is null || isNothingLeft || draft.Context.Handling == SearchHandling.Strict)
        {
            return unknown;
        }

        draft.Ignored.AddRange(SearchFaults.Ignored(unknown));
        return null;
    }
}
