namespace HealthChain.Fhir.FhirPath;

/// <summary>The three truth values: no item, false, true.</summary>
internal enum Truth : sbyte
{
    Empty,
    False,
    True,
}

internal static class Truths
{
    public static Truth Of(bool value) => value ? Truth.True : Truth.False;

    public static Truth Of(bool? value) => value is { } known ? Of(known) : Truth.Empty;

    public static Truth Not(this Truth value) => value switch
    {
        Truth.True => Truth.False,
        Truth.False => Truth.True,
        _ => Truth.Empty,
    };
}

/// <summary>
/// A part of a compiled expression with its children resolved. Nodes hold no state of an evaluation, so that one expression
/// serves all threads.
/// </summary>
internal abstract class Node
{
    /// <summary>Adds the items of this node to <paramref name="output"/>.</summary>
    /// <param name="run">The evaluation under way.</param>
    /// <param name="focus"><c>$this</c>: one item, None, or a list.</param>
    public abstract void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output);

    /// <summary>Counts the items up to <paramref name="limit"/> and gives the first, with no more work than that takes.</summary>
    public virtual int Probe(Evaluation run, in FhirPathValue focus, int limit, out FhirPathValue first)
    {
        ValueList list = run.Rent();
        Evaluate(run, focus, list);
        int count = list.Count;
        first = count == 0 ? default : list[0];
        run.Return(list);
        return Math.Min(count, limit);
    }

    /// <summary>The only item, or None; more than one is an error.</summary>
    public FhirPathValue Single(Evaluation run, in FhirPathValue focus, string what) =>
        Probe(run, focus, 2, out FhirPathValue value) <= 1 ? value : throw EvaluationErrors.NotSingle(what);

    /// <summary>The System value of the only item, or None.</summary>
    public FhirPathValue SingleSystem(Evaluation run, in FhirPathValue focus, string what) =>
        Conversion.ToSystem(Single(run, focus, what));

    /// <summary>The items as one truth value (FHIRPath, "Singleton Evaluation of Collections"): a single item that is no Boolean counts as true.</summary>
    public virtual Truth Test(Evaluation run, in FhirPathValue focus)
    {
        FhirPathValue value = Single(run, focus, "An operand of boolean logic");
        return TruthOf(value);
    }

    protected static Truth TruthOf(in FhirPathValue value)
    {
        if (value.IsNone)
        {
            return Truth.Empty;
        }

        if (Conversion.SystemKind(value) != FhirPathKind.Boolean)
        {
            return Truth.True;
        }

        FhirPathValue system = Conversion.ToSystem(value);
        return system.IsNone ? Truth.Empty : Truths.Of(system.Boolean);
    }
}

/// <summary>A node that gives at most one item.</summary>
internal abstract class ScalarNode : Node
{
    /// <summary>The item, or None.</summary>
    public abstract FhirPathValue Value(Evaluation run, in FhirPathValue focus);

    public sealed override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        FhirPathValue value = Value(run, focus);
        if (!value.IsNone)
        {
            output.Add(value);
        }
    }

    public sealed override int Probe(Evaluation run, in FhirPathValue focus, int limit, out FhirPathValue first)
    {
        first = Value(run, focus);
        return first.IsNone ? 0 : 1;
    }
}

/// <summary>A node that gives true, false or nothing.</summary>
internal abstract class BooleanNode : Node
{
    public abstract override Truth Test(Evaluation run, in FhirPathValue focus);

    public sealed override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        Truth truth = Test(run, focus);
        if (truth != Truth.Empty)
        {
            output.AddBoolean(truth == Truth.True);
        }
    }

    public sealed override int Probe(Evaluation run, in FhirPathValue focus, int limit, out FhirPathValue first)
    {
        Truth truth = Test(run, focus);
        first = truth == Truth.Empty ? default : FhirPathValue.OfBoolean(truth == Truth.True);
        return truth == Truth.Empty ? 0 : 1;
    }
}
