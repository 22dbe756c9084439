using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;
using TreeNode = HealthChain.Fhir.Model.Node;

namespace HealthChain.Fhir.FhirPath;

/// <summary>
/// A chain of members, <c>Patient.name.given</c>: walked down the tree in one go, without a list for each link. Depth first
/// gives the same order as link by link.
/// </summary>
internal sealed class PathNode : Node
{
    private readonly Node? _source;
    private readonly TypeSchema? _rootType;
    private readonly PathStep[] _steps;

    private PathNode(Node? source, TypeSchema? rootType, PathStep[] steps)
    {
        _source = source;
        _rootType = rootType;
        _steps = steps;
    }

    /// <summary>A path from <c>$this</c>.</summary>
    public static PathNode OfThis(string name) => new(null, null, [new PathStep(name)]);

    /// <summary>The type of the resource as start of a path: <c>$this</c>, if it is of that type.</summary>
    public static PathNode OfType(TypeSchema type) => new(null, type, []);

    public static Node Of(Node source, string name) => source is PathNode path
        ? new PathNode(path._source, path._rootType, [.. path._steps, new PathStep(name)])
        : new PathNode(source is ThisNode ? null : source, null, [new PathStep(name)]);

    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        int before = output.Count;
        if (_source is null && focus.Kind != FhirPathKind.List)
        {
            Start(focus, output);
        }
        else
        {
            ValueList list = run.Rent();
            (_source ?? ThisNode.Instance).Evaluate(run, focus, list);
            for (int i = 0; i < list.Count; i++)
            {
                Start(list[i], output);
            }

            run.Return(list);
        }

        run.Charge(output.Count - before + 1);
    }

    public override int Probe(Evaluation run, in FhirPathValue focus, int limit, out FhirPathValue first)
    {
        if (_source is not null || !focus.IsElement || _steps.Length == 0)
        {
            return base.Probe(run, focus, limit, out first);
        }

        run.Charge(1);
        first = default;
        ElementTree tree = focus.Tree;
        return IsAtRoot(tree, focus.ElementIndex) ? Count(tree, focus.ElementIndex, 0, limit, ref first) : 0;
    }

    private void Start(in FhirPathValue value, ValueList output)
    {
        if (!value.IsElement)
        {
            PathStep.OfSystemValue(value, _rootType, _steps, output);
        }
        else if (IsAtRoot(value.Tree, value.ElementIndex))
        {
            Walk(value.Tree, value.ElementIndex, 0, output);
        }
    }

    private bool IsAtRoot(ElementTree tree, int index) =>
        _rootType is null || tree.Schema.TypeById(tree[index].Type).Is(_rootType);

    private void Walk(ElementTree tree, int index, int depth, ValueList output)
    {
        if (depth == _steps.Length)
        {
            output.Add(tree, index);
            return;
        }

        ref readonly TreeNode node = ref tree[index];
        int wanted = _steps[depth].Resolve(tree.Schema, node.Type, out bool isList);
        if (wanted == PathStep.PrimitiveValue)
        {
            PathStep.OfPrimitive(new FhirPathValue(tree, index), _steps.AsSpan(depth), output);
            return;
        }

        if (wanted == PathStep.NoMember)
        {
            return;
        }

        for (int child = node.FirstChild; child != 0;)
        {
            ref readonly TreeNode next = ref tree[child];
            if (next.Element == wanted)
            {
                Walk(tree, child, depth + 1, output);
                if (!isList)
                {
                    return;
                }
            }

            child = next.NextSibling;
        }
    }

    private int Count(ElementTree tree, int index, int depth, int limit, ref FhirPathValue first)
    {
        if (depth == _steps.Length)
        {
            first = first.IsNone ? new FhirPathValue(tree, index) : first;
            return 1;
        }

        ref readonly TreeNode node = ref tree[index];
        int wanted = _steps[depth].Resolve(tree.Schema, node.Type, out bool isList);
        if (wanted == PathStep.PrimitiveValue)
        {
            FhirPathValue value = depth == _steps.Length - 1 ? Conversion.ToSystem(new FhirPathValue(tree, index)) : default;
            first = first.IsNone ? value : first;
            return value.IsNone ? 0 : 1;
        }

        int count = 0;
        for (int child = wanted == PathStep.NoMember ? 0 : node.FirstChild; child != 0 && count < limit;)
        {
            ref readonly TreeNode next = ref tree[child];
            if (next.Element == wanted)
            {
                count += Count(tree, child, depth + 1, limit - count, ref first);
                if (!isList)
                {
                    break;
                }
            }

            child = next.NextSibling;
        }

        return count;
    }
}

/// <summary>
/// One link of a path. It remembers which element its name meant in the type it last saw; type and element are kept in one
/// word, so that threads may race without harm.
/// </summary>
internal sealed class PathStep(string name)
{
    /// <summary>The type has no member of that name.</summary>
    public const int NoMember = -1;

    /// <summary>The <c>value</c> of a primitive, which is no element but its System value.</summary>
    public const int PrimitiveValue = -2;

    private const int ListFlag = 0x8000;
    private const int IdMask = 0x7FFF;
    private const int NoMemberId = 0x7FFF;
    private const int PrimitiveId = 0x7FFE;

    private int _cached = -1;

    public string Name => name;

    public int Resolve(FhirSchema schema, ushort type, out bool isList)
    {
        int cached = _cached;
        if (cached >>> 16 != type)
        {
            cached = Find(schema, type);
            _cached = cached;
        }

        isList = (cached & ListFlag) != 0;
        int id = cached & IdMask;
        return id switch
        {
            NoMemberId => NoMember,
            PrimitiveId => PrimitiveValue,
            _ => id,
        };
    }

    /// <summary>Members of System values: of a quantity its value and unit, of a type its namespace and name.</summary>
    public static void OfSystemValue(in FhirPathValue value, TypeSchema? rootType, ReadOnlySpan<PathStep> steps, ValueList output)
    {
        if (rootType is not null || steps.Length != 1)
        {
            return;
        }

        switch (value.Kind)
        {
            case FhirPathKind.TypeInfo when steps[0].Name is "namespace":
                output.Add(FhirPathValue.OfString(value.TypeInfo.Namespace));
                break;
            case FhirPathKind.TypeInfo when steps[0].Name is "name":
                output.Add(FhirPathValue.OfString(value.TypeInfo.Name));
                break;
            case FhirPathKind.Quantity when steps[0].Name is "value":
                output.Add(FhirPathValue.OfDecimal(value.Decimal));
                break;
            case FhirPathKind.Quantity when steps[0].Name is "unit":
                output.Add(FhirPathValue.OfString(value.Unit));
                break;
        }
    }

    public static void OfPrimitive(in FhirPathValue primitive, ReadOnlySpan<PathStep> steps, ValueList output)
    {
        FhirPathValue value = steps.Length == 1 ? Conversion.ToSystem(primitive) : default;
        if (!value.IsNone)
        {
            output.Add(value);
        }
    }

    private int Find(FhirSchema schema, ushort type)
    {
        TypeSchema owner = schema.TypeById(type);
        ElementSchema? element = owner.Element(name);
        int id = element is not null ? element.Id | (element.IsList ? ListFlag : 0)
            : owner.IsPrimitive && name == "value" ? PrimitiveId
            : NoMemberId;
        return (type << 16) | id;
    }
}
