using System.Collections;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Terminology;

/// <summary>
/// Who stands above whom in a code system: by nesting and by the properties <c>parent</c>, <c>subsumedBy</c> and <c>child</c>. A
/// concept may have several parents. Definitions from outside may hold cycles; walks visit each concept once.
/// </summary>
internal sealed class ConceptHierarchy
{
    private readonly List<int>?[] _parents;
    private readonly List<int>?[] _children;

    public ConceptHierarchy(CodeSystemIndex system)
    {
        _parents = new List<int>?[system.Count];
        _children = new List<int>?[system.Count];
        HashSet<string> parent = system.PropertiesMeaning("parent", "subsumedBy");
        HashSet<string> child = system.PropertiesMeaning("child");
        for (int i = 0; i < system.Count; i++)
        {
            Concept concept = system[i];
            if (concept.Parent >= 0)
            {
                Link(concept.Parent, i);
            }

            foreach (ConceptProperty property in concept.Properties)
            {
                bool isParent = parent.Contains(property.Code);
                if ((isParent || child.Contains(property.Code)) && system.Codes.Find(property.Value) is >= 0 and var other)
                {
                    Link(isParent ? other : i, isParent ? i : other);
                }
            }
        }
    }

    public IReadOnlyList<int> Parents(int concept) => _parents[concept] ?? [];

    public IReadOnlyList<int> Children(int concept) => _children[concept] ?? [];

    /// <summary>The concept and everything below it.</summary>
    public BitArray SelfAndDescendants(int concept) => Closure(concept, _children);

    /// <summary>The concept and everything above it.</summary>
    public BitArray SelfAndAncestors(int concept) => Closure(concept, _parents);

    private static BitArray Closure(int start, List<int>?[] links)
    {
        var reached = new BitArray(links.Length);
        var open = new Stack<int>();
        reached[start] = true;
        open.Push(start);
        while (open.TryPop(out int concept))
        {
            foreach (int next in links[concept] ?? [])
            {
                if (!reached[next])
                {
                    reached[next] = true;
                    open.Push(next);
                }
            }
        }

        return reached;
    }

    private void Link(int parent, int child)
    {
        List<int> above = _parents[child] ??= [];
        if (parent != child && !above.Contains(parent))
        {
            above.Add(parent);
            (_children[parent] ??= []).Add(child);
        }
    }
}
