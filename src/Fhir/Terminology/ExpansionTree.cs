namespace HealthChain.Fhir.Terminology;

/// <summary>Arranges the codes of an expansion as their code systems nest them: each below its nearest ancestor that is in the expansion.</summary>
internal static class ExpansionTree
{
    public static IReadOnlyList<ExpansionEntry> Build(IReadOnlyList<ExpansionCandidate> candidates, Func<ExpansionCandidate, ExpansionEntry> toEntry)
    {
        var positions = new Dictionary<(CodeSystemIndex, int), int>();
        for (int i = 0; i < candidates.Count; i++)
        {
            if (candidates[i] is { Index: { } index, Concept: >= 0 and var concept })
            {
                positions.TryAdd((index, concept), i);
            }
        }

        int[] parents = new int[candidates.Count];
        Array.Fill(parents, -1);
        var children = new List<int>[candidates.Count + 1];
        for (int i = 0; i < parents.Length; i++)
        {
            int parent = NearestAncestor(candidates[i], positions);
            parents[i] = IsBelow(parent, i, parents) ? -1 : parent;
            (children[parents[i] + 1] ??= []).Add(i);
        }

        return Entries(0);

        IReadOnlyList<ExpansionEntry> Entries(int parent) => children[parent] is { } below
            ? [.. below.Select(child => toEntry(candidates[child]) with { Contains = Entries(child + 1) })]
            : [];
    }

    private static int NearestAncestor(ExpansionCandidate candidate, Dictionary<(CodeSystemIndex, int), int> positions)
    {
        if (candidate is not { Index: { } index, Concept: >= 0 and var concept })
        {
            return -1;
        }

        var seen = new HashSet<int> { concept };
        var open = new Queue<int>(index.Hierarchy.Parents(concept));
        while (open.TryDequeue(out int ancestor))
        {
            if (positions.TryGetValue((index, ancestor), out int position))
            {
                return position;
            }

            if (seen.Add(ancestor))
            {
                foreach (int next in index.Hierarchy.Parents(ancestor))
                {
                    open.Enqueue(next);
                }
            }
        }

        return -1;
    }

    // A hierarchy from outside may run in a circle; then one of its members becomes a root.
    private static bool IsBelow(int position, int ancestor, int[] parents)
    {
        while (position >= 0 && position != ancestor)
        {
            position = parents[position];
        }

        return position >= 0;
    }
}
