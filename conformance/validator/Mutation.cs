using System.Text.Json.Nodes;
using HealthChain.Fhir;

namespace HealthChain.ValidatorSuite;

/// <summary>An example with one fault put in.</summary>
/// <param name="Kind">The sort of fault: <c>missing required element</c>.</param>
/// <param name="File">The example it was made of.</param>
/// <param name="Expression">Where the fault is: the faulty element, or the one that lacks something.</param>
/// <param name="Profiles">Profiles to validate against, for faults that only a profile forbids.</param>
public sealed record Mutation(string Kind, string File, string Expression, JsonNode Resource, IReadOnlyList<string> Profiles)
{
    /// <summary>
    /// True when an error names the faulty element: itself, something in it, or the member as it is written in JSON (without the
    /// index, with the type of a choice in its name), which is all that can be said of a member of the wrong form.
    /// </summary>
    public bool IsCaughtBy(IReadOnlyList<Issue> issues)
    {
        int bracket = Expression.EndsWith(']') ? Expression.LastIndexOf('[') : Expression.Length;
        string member = Expression[..bracket];
        foreach (Issue issue in issues)
        {
            if (issue is { IsError: true, Expression: { } at }
                && (at == member || IsWithin(at, Expression) || (at.Length > member.Length && at.StartsWith(member, StringComparison.Ordinal) && char.IsUpper(at[member.Length]))))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsWithin(string at, string element) =>
        at.StartsWith(element, StringComparison.Ordinal) && (at.Length == element.Length || at[element.Length] is '.' or '[');

    public override string ToString() => $"{Kind} | {File} | {Expression}";
}
