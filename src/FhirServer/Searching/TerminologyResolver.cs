using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;

namespace HealthChain.FhirServer.Searching;

/// <summary>Replaces questions to terminology (<c>:in :not-in :above :below</c>) by the codes that they stand for.</summary>
internal sealed class TerminologyResolver(TerminologyService terminology, SearchLimits limits)
{
    /// <summary>The same values with every <see cref="TerminologyQuery"/> replaced.</summary>
    public Result<IReadOnlyList<QueryValue>> Resolve(string parameter, IReadOnlyList<QueryValue> values)
    {
        if (!values.Any(value => value is TerminologyQuery))
        {
            return Result.Of(values);
        }

        var resolved = new List<QueryValue>();
        foreach (QueryValue value in values)
        {
            if (value is not TerminologyQuery query)
            {
                resolved.Add(value);
                continue;
            }

            Result<Expansion> expansion = query.Modifier is SearchModifier.In or SearchModifier.NotIn
                ? terminology.Expand(query.Text, Page)
                : Relatives(query);
            if (Problem(expansion) is { } problem)
            {
                string modifier = query.Modifier == SearchModifier.NotIn ? "not-in" : query.Modifier.ToString().ToLowerInvariant();
                // A value set that is not there is a fault of the question: nothing that was searched for is absent.
                return FhirError.Of(
                    problem.Kind == ErrorKind.NotFound ? ErrorKind.Unsupported : problem.Kind, problem.Issues[0].Type, $"'{parameter}:{modifier}' cannot be answered for '{SearchPath.Shown(query.Text)}': {problem.Issues[0].Message}");
            }

            resolved.AddRange(expansion.Value.Contains.Select(Token));
            if (resolved.Count > limits.MaxAlternatives)
            {
                return SearchFaults.TooMany($"codes behind '{parameter}'", limits.MaxAlternatives);
            }
        }

        return resolved;
    }

    private ExpansionRequest Page => new() { Count = limits.MaxAlternatives };

    /// <summary>The code itself and all above or below it, asked for as a value set that says just that.</summary>
    private Result<Expansion> Relatives(TerminologyQuery query)
    {
        int bar = query.Text.IndexOf('|', StringComparison.Ordinal);
        if (bar <= 0 || bar == query.Text.Length - 1)
        {
            return FhirError.Invalid("expected system|code, as only the code system says what is above and below a code.");
        }

        string system = query.Text[..bar];
        var filter = new ConceptFilter("concept", query.Modifier == SearchModifier.Below ? "is-a" : "generalizes", query.Text[(bar + 1)..]);
        var valueSet = new ValueSet { Url = $"{system}#{filter.Operator}", HasCompose = true, Includes = [new ConceptSet(system, null, [], [filter], [])] };
        return terminology.Expand(valueSet, Page);
    }

    private FhirError? Problem(Result<Expansion> result)
    {
        if (!result.IsOk)
        {
            return result.Error;
        }

        // A search with a part of the codes would silently find too little, or with :not-in too much.
        Expansion expansion = result.Value;
        return !expansion.IsComplete
            ? FhirError.Unsupported(expansion.Warnings.Count > 0 ? expansion.Warnings[0].Message : "not all of its codes are known here.")
            : expansion.Total > limits.MaxAlternatives
                ? FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, $"it has {expansion.Total} codes, the limit is {limits.MaxAlternatives}.")
                : null;
    }

    private static TokenQuery Token(ExpansionEntry entry) => new(Encoding.UTF8.GetBytes(entry.System), Encoding.UTF8.GetBytes(entry.Code));
}
