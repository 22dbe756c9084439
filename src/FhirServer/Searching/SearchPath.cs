using HealthChain.Fhir;

namespace HealthChain.FhirServer.Searching;

/// <summary>One step of a parameter's name.</summary>
/// <param name="Code">The search parameter.</param>
/// <param name="Modifier">What stands behind the colon; null when nothing does.</param>
/// <param name="Source">For a step backwards (<c>_has</c>): the type that points here by the parameter.</param>
internal sealed record SearchStep(string Code, string? Modifier, string? Source)
{
    /// <summary>In a filter: what the resource that the step leads to must meet besides.</summary>
    public FilterNode? Condition { get; init; }

    public override string ToString() =>
        (Source is null ? Code : $"_has:{Source}:{Code}")
        + (Modifier is null ? "" : $":{Modifier}")
        + (Condition is null ? "" : $"[{Condition}]");
}

/// <summary>
/// The name of a parameter as steps: <c>subject:Patient.name</c>, <c>_has:Observation:patient:code</c>, and both mixed. All but
/// the last lead to other resources.
/// </summary>
internal static class SearchPath
{
    private const string Has = "_has";

    public static Result<IReadOnlyList<SearchStep>> Read(string name, int maxDepth)
    {
        var steps = new List<SearchStep>();
        foreach (string part in name.Split('.'))
        {
            if (AddPart(part, name, steps, maxDepth) is { } error)
            {
                return error;
            }
        }

        // A name that ends within _has asks for nothing of the resource that points here.
        return steps[^1].Source is null
            ? steps
            : FhirError.Invalid($"The parameter '{Shown(name)}' lacks what to look for: expected _has:Type:reference:parameter.");
    }

    /// <summary>Adds the steps of the text between two dots.</summary>
    public static FhirError? AddPart(string part, string name, List<SearchStep> steps, int maxDepth)
    {
        string rest = part;
        while (true)
        {
            if (steps.Count > maxDepth)
            {
                return FhirError.Of(
                    ErrorKind.TooCostly, IssueType.TooCostly, $"The parameter '{Shown(name)}' goes through more than {maxDepth} resources.");
            }

            if (rest != Has && !rest.StartsWith(Has + ":", StringComparison.Ordinal))
            {
                break;
            }

            string[] pieces = rest.Split(':', 4);
            if (pieces.Length < 3 || pieces[1].Length == 0 || pieces[2].Length == 0)
            {
                return FhirError.Invalid($"The parameter '{Shown(name)}' is not of the form _has:Type:reference:parameter.");
            }

            steps.Add(new SearchStep(pieces[2], null, pieces[1]));
            if (pieces.Length == 3)
            {
                return null;
            }

            rest = pieces[3];
        }

        int colon = rest.IndexOf(':', StringComparison.Ordinal);
        string code = colon < 0 ? rest : rest[..colon];
        if (code.Length == 0)
        {
            return FhirError.Invalid($"The parameter '{Shown(name)}' has an empty step.");
        }

        steps.Add(new SearchStep(code, colon < 0 ? null : rest[(colon + 1)..], null));
        return null;
    }

    /// <summary>The start of a name for a message: outside input may be long.</summary>
    public static string Shown(string name) => name.Length <= 100 ? name : name[..100] + "…";
}
