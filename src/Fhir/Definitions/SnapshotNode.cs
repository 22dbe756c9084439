namespace HealthChain.Fhir.Definitions;

/// <summary>
/// One element of a snapshot or differential with the elements under it, while a snapshot is made. Slices stand after the element
/// that they slice, as its siblings.
/// </summary>
internal sealed class SnapshotNode(string name, string? slice, string id, ElementDefinition? element = null)
{
    /// <summary>The last step of the path: <c>component</c>, <c>value[x]</c>.</summary>
    public string Name { get; } = name;

    /// <summary>The name of the slice, with those it re-slices: <c>tooth/upper</c>; null when it is none.</summary>
    public string? Slice { get; } = slice;

    /// <summary>The definition; null in a differential that only speaks of what is inside. Id and path are set when written out.</summary>
    public ElementDefinition? Element { get; set; } = element;

    public List<SnapshotNode> Children { get; private set; } = [];

    /// <summary>Id of the element in the structure that the node came from; what issues point at.</summary>
    public string Id { get; } = id;

    /// <summary>How many elements it has, itself included.</summary>
    public int Count => 1 + Children.Sum(child => child.Count);

    /// <summary>The tree of a list of elements; the first is the root.</summary>
    public static SnapshotNode? Tree(IReadOnlyList<ElementDefinition> elements)
    {
        if (elements.Count == 0)
        {
            return null;
        }

        string rootName = Steps(elements[0].Id).First().Name;
        var root = new SnapshotNode(rootName, null, rootName);
        foreach (ElementDefinition element in elements)
        {
            SnapshotNode node = root;
            foreach ((string name, string? slice) in Steps(element.Id).Skip(1))
            {
                SnapshotNode? next = node.Child(name, slice);
                if (next is null)
                {
                    next = new SnapshotNode(name, slice, $"{node.Id}.{Step(name, slice)}");
                    node.Children.Add(next);
                }

                node = next;
            }

            node.Element = element;
        }

        return root;
    }

    public SnapshotNode? Child(string name, string? slice) => Children.Find(child => child.Name == name && child.Slice == slice);

    /// <summary>The same elements again under another name or slice; the records are shared, the nodes are not.</summary>
    public SnapshotNode Copy(string name, string? slice) =>
        new(name, slice, Id, Element) { Children = Children.ConvertAll(child => child.Copy(child.Name, child.Slice)) };

    /// <summary>Writes the tree out in order, with ids and paths that fit their place.</summary>
    public void WriteTo(List<ElementDefinition> elements, string? parentId = null, string? parentPath = null)
    {
        string step = Step(Name, Slice);
        string place = parentId is null ? step : $"{parentId}.{step}";
        string path = parentPath is null ? Name : $"{parentPath}.{Name}";
        if (Element is not null)
        {
            elements.Add(Element with { Id = place, Path = path, SliceName = Slice });
        }

        foreach (SnapshotNode child in Children)
        {
            child.WriteTo(elements, place, path);
        }
    }

    private static string Step(string name, string? slice) => slice is null ? name : $"{name}:{slice}";

    // An id names each step of the path with its slice: Observation.component:systolic.value[x] (https://hl7.org/fhir/R4/elementdefinition.html#id).
    private static IEnumerable<(string Name, string? Slice)> Steps(string id) =>
        id.Split('.').Select(step => step.Split(':', 2)).Select(parts => (parts[0], parts.Length > 1 ? parts[1] : null));
}
