using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Searching;

/// <content>Values of parameters, and the parameters that are more than a comparison with values.</content>
internal sealed partial class CriterionReader
{
    private const int MaxWords = 32;

    /// <summary>Parameters that no value in the index answers.</summary>
    private static bool IsSpecial(string code) => code is "_text" or "_content" or "_list" or "_filter" or "_query";

    private sealed class ValueLeaf(CriterionReader reader, string value) : Leaf
    {
        public override Result<Criterion>? ReadSpecial(IReadOnlyList<TypeSchema> types, SearchStep step) => step switch
        {
            { Modifier: not null } when IsSpecial(step.Code) => FhirError.Invalid($"'{step.Code}' takes no modifier, found ':{SearchPath.Shown(step.Modifier)}'."),
            { Code: "_text" or "_content" } => ReadWords(step.Code, value),
            { Code: "_list" } => reader.ReadList(value),
            { Code: "_filter" } => reader.ReadFilter(types, value),
            { Code: "_query" } => FhirError.Unsupported($"This server has no named query '{SearchPath.Shown(value)}': _query knows none."),
            _ => (Result<Criterion>?)null,
        };

        public override Result<Criterion> Read(IndexedParameter parameter, SearchStep step) => reader.ReadValue(parameter, step.Modifier, value);

        public override bool IsMetByAbsence(SearchStep step) => step.Modifier is "not" or "not-in" || (step.Modifier == "missing" && value == "true");
    }

    private Result<Criterion> ReadValue(IndexedParameter parameter, string? modifierName, string value)
    {
        if (!parameter.IsExtracted)
        {
            return FhirError.Unsupported($"This server cannot search by '{parameter.Code}'.");
        }

        SearchModifier modifier = SearchModifier.None;
        TypeSchema? type = null;
        if (modifierName is not null && !SearchQueryReader.TryReadModifier(modifierName, out modifier, out type))
        {
            return FhirError.Invalid($"There is no modifier ':{SearchPath.Shown(modifierName)}' for '{parameter.Code}'.");
        }

        if (type is not null
            && parameter.Type == Fhir.Definitions.SearchParameterType.Reference
            && !ResourceTypes.TargetsOf(parameter).Contains(type))
        {
            return FhirError.Invalid($"'{parameter.Code}' cannot point at {type.Name}; it points at {Names(ResourceTypes.TargetsOf(parameter))}.");
        }

        Result<IReadOnlyList<QueryValue>> read = SearchQueryReader.Read(parameter, modifier, type, value, options);
        if (!read.IsOk)
        {
            return read.Error;
        }

        Result<IReadOnlyList<QueryValue>> resolved = terminology.Resolve(parameter.Code, read.Value);
        if (!resolved.IsOk)
        {
            return resolved.Error;
        }

        if (modifier == SearchModifier.Missing && resolved.Value.Count != 1)
        {
            return FhirError.Invalid($"'{parameter.Code}:missing' is either true or false.");
        }

        return new HasValue(parameter, WithoutTerminology(modifier, parameter), resolved.Value);
    }

    /// <summary>What is left of a modifier when its codes are known.</summary>
    private static SearchModifier WithoutTerminology(SearchModifier modifier, IndexedParameter parameter) => modifier switch
    {
        SearchModifier.In => SearchModifier.None,
        SearchModifier.NotIn => SearchModifier.Not,
        SearchModifier.Above or SearchModifier.Below when parameter.Type == Fhir.Definitions.SearchParameterType.Token => SearchModifier.None,
        _ => modifier,
    };

    private static Result<Criterion> ReadWords(string code, string value)
    {
        string[] words = [.. value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(word => Encoding.UTF8.GetString(SearchText.Fold(Encoding.UTF8.GetBytes(word))))
            .Where(word => word.Length > 0)];
        return words.Length == 0 ? FhirError.Invalid($"'{code}' has no word to look for.")
            : words.Length > MaxWords ? SearchFaults.TooMany($"words in '{code}'", MaxWords)
            : new HasWords(code == "_text", words);
    }

    /// <summary>Members of a stored List are the resources that one of its items points at (R4, "Searching by list").</summary>
    private Result<Criterion> ReadList(string value)
    {
        if (value.StartsWith('$'))
        {
            return FhirError.Unsupported($"This server keeps no functional list '{SearchPath.Shown(value)}': _list takes the id of a List.");
        }

        TypeSchema list = ResourceTypes.Find("List")!;
        string ids = string.Join(',', value.Split(',').Select(id => id.StartsWith("List/", StringComparison.Ordinal) ? id["List/".Length..] : id));
        Result<Criterion> condition = ReadValue(parameters.Find(list, "_id")!, null, ids);
        return condition.IsOk
            ? new PointedAtBy(list, parameters.Find(list, "item")!, condition.Value)
            : FhirError.Invalid($"'{SearchPath.Shown(value)}' is no value for '_list': expected the id of a List.");
    }
}
