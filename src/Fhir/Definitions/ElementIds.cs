namespace HealthChain.Fhir.Definitions;

/// <summary>
/// Gives elements the ids that follow from their paths and slice names where they have none, or one that contradicts the path. Ids
/// name the slices on the way, paths do not, so everything that follows works with ids.
/// </summary>
internal static class ElementIds
{
    public static IReadOnlyList<ElementDefinition> Complete(IReadOnlyList<ElementDefinition> elements)
    {
        if (elements.All(Agrees))
        {
            return elements;
        }

        var complete = new ElementDefinition[elements.Count];
        var steps = new List<string>();
        for (int i = 0; i < complete.Length; i++)
        {
            ElementDefinition element = elements[i];
            string[] path = element.Path.Split('.');

            // Without an id, an element belongs to the slice of its path that was spoken of last.
            int same = 0;
            while (same < Math.Min(steps.Count, path.Length - 1) && NameOf(steps[same]) == path[same])
            {
                same++;
            }

            steps.RemoveRange(same, steps.Count - same);
            steps.AddRange(path[same..]);
            if (element.SliceName is not null)
            {
                steps[^1] += ":" + element.SliceName;
            }

            if (Agrees(element))
            {
                steps = [.. element.Id.Split('.')];
            }

            complete[i] = element with { Id = string.Join('.', steps) };
        }

        return complete;
    }

    private static bool Agrees(ElementDefinition element)
    {
        if (element.Id == element.Path && element.SliceName is null)
        {
            return true;
        }

        string[] id = element.Id.Split('.');
        string[] path = element.Path.Split('.');
        return id.Length == path.Length
            && id.Zip(path).All(pair => IsSameStep(pair.First, pair.Second))
            && (element.SliceName is null || id[^1].EndsWith(":" + element.SliceName, StringComparison.Ordinal));
    }

    // "value[x]:valueQuantity" may have the path "valueQuantity".
    private static bool IsSameStep(string idStep, string pathStep) =>
        NameOf(idStep) == pathStep || (idStep.EndsWith(":" + pathStep, StringComparison.Ordinal) && NameOf(idStep).EndsWith("[x]", StringComparison.Ordinal));

    private static string NameOf(string step)
    {
        int colon = step.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? step : step[..colon];
    }
}
