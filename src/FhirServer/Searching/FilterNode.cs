namespace HealthChain.FhirServer.Searching;

/// <summary>An expression of <c>_filter</c>: https://hl7.org/fhir/R4/search_filter.html. Prints as text that reads as the same expression.</summary>
internal abstract record FilterNode;

internal sealed record FilterAnd(FilterNode Left, FilterNode Right) : FilterNode
{
    // Both connectives bind alike, from the left: only what is grouped on the right needs parentheses.
    public override string ToString() => $"{Left} and {FilterText.Grouped(Right)}";
}

internal sealed record FilterOr(FilterNode Left, FilterNode Right) : FilterNode
{
    public override string ToString() => $"{Left} or {FilterText.Grouped(Right)}";
}

internal sealed record FilterNot(FilterNode Part) : FilterNode
{
    public override string ToString() => $"not ({Part})";
}

/// <param name="Operator">One of <see cref="FilterText.Operators"/>.</param>
/// <param name="IsQuoted">The value stood in quotes: it is taken as it is.</param>
/// <param name="Position">Where it begins in the text, counted from 1; no part of what it means.</param>
internal sealed record FilterCompare(IReadOnlyList<SearchStep> Path, string Operator, string Value, bool IsQuoted, int Position) : FilterNode
{
    public bool Equals(FilterCompare? other) =>
        other is not null && Path.SequenceEqual(other.Path) && Operator == other.Operator && Value == other.Value && IsQuoted == other.IsQuoted;

    public override int GetHashCode() => HashCode.Combine(Path.Count, Operator, Value, IsQuoted);

    public override string ToString() => $"{FilterText.Name(Path)} {Operator} {(IsQuoted ? FilterText.Quoted(Value) : Value)}";
}

/// <summary>The words of the filter language.</summary>
internal static class FilterText
{
    public static readonly string[] Operators =
        ["eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "ap", "sa", "eb", "pr", "po", "ss", "sb", "in", "ni", "re"];

    public static string Grouped(FilterNode node) => node is FilterAnd or FilterOr ? $"({node})" : node.ToString()!;

    public static string Name(IReadOnlyList<SearchStep> path) =>
        string.Concat(path.Select((step, index) => index == 0 ? step.ToString() : (path[index - 1].Source is null || path[index - 1].Condition is not null ? "." : ":") + step));

    public static string Quoted(string text) =>
        "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
