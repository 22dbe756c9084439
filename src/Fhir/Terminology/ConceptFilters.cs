using System.Collections;
using System.Text.RegularExpressions;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>
/// Works out which concepts of a loaded code system the filters of a value set select (R4, ValueSet.compose.include.filter). What
/// cannot be worked out is a reason, not an empty set.
/// </summary>
internal static class ConceptFilters
{
    private static readonly TimeSpan RegexTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>The concepts that pass all filters, or null with the reason why that cannot be said.</summary>
    public static BitArray? Select(CodeSystemIndex system, IReadOnlyList<ConceptFilter> filters, out string? reason)
    {
        var selected = new BitArray(system.Count, true);
        foreach (ConceptFilter filter in filters)
        {
            BitArray? passing = Select(system, filter, out reason);
            if (passing is null)
            {
                return null;
            }

            selected.And(passing);
        }

        reason = null;
        return selected;
    }

    public static string Describe(string system, ConceptFilter filter) =>
        $"filter '{filter.Property} {filter.Operator} {filter.Value}' on {system}";

    private static BitArray? Select(CodeSystemIndex system, ConceptFilter filter, out string? reason)
    {
        string where = Describe(system.Definition.Url, filter);
        if (!IsKnownProperty(system, filter.Property))
        {
            reason = $"{where}: the code system defines no property '{filter.Property}'";
            return null;
        }

        reason = null;
        switch (filter.Operator)
        {
            case "is-a" or "descendent-of" or "is-not-a" or "generalizes":
                return SelectByHierarchy(system, filter, where, out reason);
            case "=":
                return SelectByValue(system, filter.Property, value => value == filter.Value);
            case "in" or "not-in":
                HashSet<string> values = [.. filter.Value.Split(',', StringSplitOptions.TrimEntries)];
                BitArray listed = SelectByValue(system, filter.Property, values.Contains);
                return filter.Operator == "in" ? listed : listed.Not();
            case "exists" when filter.Value is "true" or "false":
                BitArray having = SelectByValue(system, filter.Property, _ => true);
                return filter.Value == "true" ? having : having.Not();
            case "regex":
                return SelectByRegex(system, filter, where, out reason);
            default:
                reason = $"{where}: the operator or its value is not known";
                return null;
        }
    }

    private static BitArray? SelectByHierarchy(CodeSystemIndex system, ConceptFilter filter, string where, out string? reason)
    {
        if (system.Definition.HierarchyMeaning is "part-of" or "classified-with")
        {
            reason = $"{where}: the hierarchy of the code system means '{system.Definition.HierarchyMeaning}', not is-a";
            return null;
        }

        int root = system.Codes.Find(filter.Value);
        if (root < 0)
        {
            reason = $"{where}: the loaded code system has no code '{filter.Value}'";
            return null;
        }

        BitArray selected = filter.Operator == "generalizes"
            ? system.Hierarchy.SelfAndAncestors(root)
            : system.Hierarchy.SelfAndDescendants(root);
        if (filter.Operator == "descendent-of")
        {
            selected[root] = false;
        }

        if (!IsConcept(filter.Property))
        {
            // The property's value is itself a code of the system, and that code stands in the relation.
            selected = SelectByValue(system, filter.Property, value => system.Codes.Find(value) is >= 0 and var at && selected[at]);
        }

        reason = null;
        return filter.Operator == "is-not-a" ? selected.Not() : selected;
    }

    // The expression must match the whole value: R4's own uses, such as [A-Z]{3} for country codes, mean that.
    private static BitArray? SelectByRegex(CodeSystemIndex system, ConceptFilter filter, string where, out string? reason)
    {
        try
        {
            var regex = new Regex($"^(?:{filter.Value})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, RegexTimeout);
            reason = null;
            return SelectByValue(system, filter.Property, value => regex.IsMatch(value));
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException or RegexMatchTimeoutException)
        {
            reason = $"{where}: the regular expression is not valid or not supported";
            return null;
        }
    }

    private static BitArray SelectByValue(CodeSystemIndex system, string property, Func<string, bool> isWanted)
    {
        var selected = new BitArray(system.Count);
        for (int i = 0; i < selected.Count; i++)
        {
            selected[i] = Values(system, i, property).Any(isWanted);
        }

        return selected;
    }

    private static IEnumerable<string> Values(CodeSystemIndex system, int index, string property)
    {
        Concept concept = system[index];
        switch (property)
        {
            case "code" or "concept":
                return [concept.Code];
            case "display":
                return concept.Display is { } display ? [display] : [];
            case "definition":
                return concept.Definition is { } definition ? [definition] : [];
            case "designation":
                return concept.Designations.Select(designation => designation.Value);
            case "parent":
                return system.Hierarchy.Parents(index).Select(parent => system[parent].Code);
            case "child":
                return system.Hierarchy.Children(index).Select(child => system[child].Code);
            case "inactive":
                return [system.Inactive[index] ? "true" : "false"];
            case "notSelectable":
                return [system.Abstract[index] ? "true" : "false"];
            default:
                return concept.Properties.Where(value => value.Code == property).Select(value => value.Value);
        }
    }

    private static bool IsConcept(string property) => property is "concept" or "code";

    // The names of R4 (CodeSystem, "Defined Concept Properties") that every code system has, and what the system itself defines.
    private static bool IsKnownProperty(CodeSystemIndex system, string property) =>
        property is "concept" or "code" or "display" or "definition" or "designation" or "parent" or "child" or "inactive" or "notSelectable"
        || system.Definition.Properties.Any(defined => defined.Code == property);
}
