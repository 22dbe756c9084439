using System.Text;

namespace HealthChain.Fhir.FhirPath;

/// <summary><c>{}</c></summary>
internal sealed class EmptyNode : ScalarNode
{
    public override FhirPathValue Value(Evaluation run, in FhirPathValue focus) => default;
}

/// <summary>A literal or a constant such as <c>%ucum</c>.</summary>
internal sealed class ConstantNode(FhirPathValue value) : ScalarNode
{
    private readonly FhirPathValue _value = value;

    public FhirPathValue Constant => _value;

    /// <summary>The characters of a string, ready to be compared with the text of an element.</summary>
    public byte[]? Utf8 { get; } = value.Kind == FhirPathKind.String ? Encoding.UTF8.GetBytes(value.String) : null;

    public override FhirPathValue Value(Evaluation run, in FhirPathValue focus) => _value;
}

/// <summary><c>$this</c>, written or implied.</summary>
internal sealed class ThisNode : Node
{
    public static readonly ThisNode Instance = new();

    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        if (focus.Kind == FhirPathKind.List)
        {
            output.AddAll(focus.List);
        }
        else if (!focus.IsNone)
        {
            output.Add(focus);
        }
    }

    public override int Probe(Evaluation run, in FhirPathValue focus, int limit, out FhirPathValue first)
    {
        if (focus.Kind == FhirPathKind.List)
        {
            return base.Probe(run, focus, limit, out first);
        }

        first = focus;
        return focus.IsNone ? 0 : 1;
    }
}

/// <summary><c>$index</c></summary>
internal sealed class IndexNode : ScalarNode
{
    public override FhirPathValue Value(Evaluation run, in FhirPathValue focus) =>
        run.Index < 0 ? default : FhirPathValue.OfInteger(run.Index);
}

/// <summary><c>$total</c>: what <c>aggregate()</c> has so far.</summary>
internal sealed class TotalNode : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        FhirPathValue total = run.Total;
        ThisNode.Instance.Evaluate(run, total, output);
    }
}

/// <summary><c>%resource</c>, <c>%rootResource</c> and <c>%context</c>.</summary>
internal sealed class ResourceNode(string name) : ScalarNode
{
    public override FhirPathValue Value(Evaluation run, in FhirPathValue focus) => name switch
    {
        "resource" => FhirPathValue.OfElement(run.Resource),
        "rootResource" => FhirPathValue.OfElement(run.RootResource),
        _ => run.Start,
    };
}

/// <summary>A variable that the context brings; which it has, only the evaluation knows.</summary>
internal sealed class VariableNode(string name) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        if (run.Context.Variables is null || !run.Context.Variables.TryGetValue(name, out IReadOnlyList<FhirPathValue>? values))
        {
            throw EvaluationErrors.Of($"the variable %{name} is not defined");
        }

        foreach (FhirPathValue value in values)
        {
            output.Add(value);
        }
    }
}

/// <summary>A variable that <c>defineVariable()</c> made.</summary>
internal sealed class SlotNode(int slot) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output) => output.AddAll(run.Slot(slot));
}
