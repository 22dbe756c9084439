using System.Collections.Frozen;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>
/// A place in the tree of all paths that the parameters of a type go: what to write when an element is there, and where to go on.
/// Built once, then only read.
/// </summary>
internal sealed class WalkNode
{
    /// <summary>Above this spread of ids a table of the children would be mostly holes.</summary>
    private const int MaxTable = 256;

    private readonly Dictionary<ushort, WalkNode> _children = [];
    private (WalkFilter Filter, WalkNode Node)[] _branches = [];
    private ValueTarget[] _targets = [];
    private int _firstId;
    private WalkNode?[] _table = [];
    private FrozenDictionary<ushort, WalkNode>? _sparse;

    /// <summary>What is written of an element that gets here.</summary>
    public ReadOnlySpan<ValueTarget> Targets => _targets;

    /// <summary>Where elements that pass a filter go on.</summary>
    public ReadOnlySpan<(WalkFilter Filter, WalkNode Node)> Branches => _branches;

    public bool HasChildren => _children.Count > 0;

    public WalkNode Child(ElementSchema element)
    {
        if (!_children.TryGetValue(element.Id, out WalkNode? node))
        {
            node = new WalkNode();
            _children.Add(element.Id, node);
        }

        return node;
    }

    public WalkNode Branch(WalkFilter filter)
    {
        foreach ((WalkFilter candidate, WalkNode existing) in _branches)
        {
            if (candidate.Equals(filter))
            {
                return existing;
            }
        }

        var node = new WalkNode();
        _branches = [.. _branches, (filter, node)];
        return node;
    }

    public void Add(ValueTarget target)
    {
        if (!_targets.Contains(target))
        {
            _targets = [.. _targets, target];
        }
    }

    /// <summary>Drops what leads nowhere and makes the tables. False when nothing is left.</summary>
    public bool Freeze()
    {
        _branches = [.. _branches.Where(branch => branch.Node.Freeze())];
        foreach ((ushort id, WalkNode node) in _children.ToList())
        {
            if (!node.Freeze())
            {
                _children.Remove(id);
            }
        }

        if (_children.Count > 0)
        {
            _firstId = _children.Keys.Min();
            int spread = _children.Keys.Max() - _firstId + 1;
            if (spread <= MaxTable)
            {
                _table = new WalkNode?[spread];
                foreach ((ushort id, WalkNode node) in _children)
                {
                    _table[id - _firstId] = node;
                }
            }
            else
            {
                _sparse = _children.ToFrozenDictionary();
            }
        }

        return _children.Count + _branches.Length + _targets.Length > 0;
    }

    public WalkNode? Next(ushort element)
    {
        int index = element - _firstId;
        return (uint)index < (uint)_table.Length ? _table[index] : _sparse?.GetValueOrDefault(element);
    }
}

/// <summary>A parameter that values of an element go to, as a whole or as a component of a composite.</summary>
/// <param name="Component">From 1; 0 when it is no part of a composite.</param>
/// <param name="ValueAs">The parameter that says what values are made: itself, or for a component what the composite names.</param>
/// <param name="Tuple">For a composite, how the parts are found below the element.</param>
internal sealed record ValueTarget(IndexedParameter Parameter, byte Component, IndexedParameter ValueAs, TuplePlan? Tuple = null);

/// <summary>How the parts of a composite are found, in their order.</summary>
internal sealed record TuplePlan(TupleComponent[] Components);

/// <param name="FromItem">The walk below the element that the composite points at.</param>
/// <param name="FromResource">The walk for parts that begin with <c>%resource</c>.</param>
/// <param name="Computed">An expression that no walk can express, or null.</param>
internal sealed record TupleComponent(WalkNode FromItem, WalkNode FromResource, ComputedValue? Computed);

/// <summary>What the FHIRPath engine is asked because a walk cannot express it.</summary>
internal sealed record ComputedValue(ValueTarget Target, FhirPathExpression Expression);
