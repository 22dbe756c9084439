using System.Diagnostics;
using HealthChain.Fhir.Definitions;

namespace HealthChain.Fhir.Validation;

/// <summary>The elements of a snapshot as a tree: children by name, slices beside the element they slice.</summary>
internal sealed class StructureTree
{
    private readonly Dictionary<string, StructureNode> _byId = [];

    public StructureTree(StructureDefinition structure)
    {
        Structure = structure;
        foreach (ElementDefinition definition in structure.Snapshot)
        {
            Add(definition);
        }
    }

    public StructureDefinition Structure { get; }
    public StructureNode? Root { get; private set; }

    public StructureNode? Find(string id) => _byId.GetValueOrDefault(id);

    // Ids are the path with slice names: Patient.identifier:mrn.system. A slice of a slice is named slice/part.
    private void Add(ElementDefinition definition)
    {
        string id = definition.Id;
        int dot = LastDot(id);
        string segment = id[(dot + 1)..];
        int colon = segment.IndexOf(':');
        var node = new StructureNode(definition, this, colon < 0 ? segment : segment[..colon]);
        if (dot < 0 && colon < 0)
        {
            Root ??= node;
        }
        else if (dot < 0)
        {
            return;
        }
        else if (colon < 0)
        {
            if (_byId.TryGetValue(id[..dot], out StructureNode? parent))
            {
                parent.Children.Add(node);
            }
        }
        else if (SlicedElement(id, dot, segment, colon) is { } sliced)
        {
            node.SliceName = segment[(colon + 1)..];
            sliced.Slices.Add(node);
        }

        _byId[id] = node;
    }

    private StructureNode? SlicedElement(string id, int dot, string segment, int colon)
    {
        string prefix = id[..(dot + 1)];
        int slash = segment.LastIndexOf('/');
        if (slash > colon && _byId.TryGetValue(prefix + segment[..slash], out StructureNode? slice))
        {
            return slice;
        }

        return _byId.GetValueOrDefault(prefix + segment[..colon]);
    }

    // Slice names may hold dots in the wild (slices named after codes), so only a dot whose left side is a known element separates.
    private int LastDot(string id)
    {
        int dot = id.LastIndexOf('.');
        while (dot > 0 && !_byId.ContainsKey(id[..dot]))
        {
            int earlier = id.LastIndexOf('.', dot - 1);
            if (earlier < 0)
            {
                return id.LastIndexOf('.');
            }

            dot = earlier;
        }

        return dot;
    }
}

/// <summary>One element or slice of a snapshot.</summary>
[DebuggerDisplay("{Definition.Id}")]
internal sealed class StructureNode(ElementDefinition definition, StructureTree tree, string name)
{
    public ElementDefinition Definition { get; } = definition;
    public StructureTree Tree { get; } = tree;

    /// <summary>The last segment of the path: <c>identifier</c>, <c>value[x]</c>; for the root the type.</summary>
    public string Name { get; } = name;

    /// <summary>FHIRPath name: <c>value</c> for <c>value[x]</c>.</summary>
    public string ElementName => Name.EndsWith("[x]", StringComparison.Ordinal) ? Name[..^3] : Name;

    public string? SliceName { get; set; }
    public List<StructureNode> Children { get; } = [];
    public List<StructureNode> Slices { get; } = [];

    public StructureNode? Child(string elementName)
    {
        foreach (StructureNode child in Children)
        {
            if (child.ElementName == elementName)
            {
                return child;
            }
        }

        return null;
    }
}
