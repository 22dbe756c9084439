namespace HealthChain.Fhir.FhirPath;

/// <summary><c>where(criteria)</c>; stops at the first match when no more is asked for.</summary>
internal sealed class WhereNode(Node input, Node criteria) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        var items = new Iteration(run, input, focus);
        while (items.MoveNext())
        {
            if (criteria.Test(run, items.Current) == Truth.True)
            {
                output.Add(items.Current);
            }
        }

        items.Finish();
    }

    public override int Probe(Evaluation run, in FhirPathValue focus, int limit, out FhirPathValue first)
    {
        (int count, first) = (0, default);
        var items = new Iteration(run, input, focus);
        while (count < limit && items.MoveNext())
        {
            if (criteria.Test(run, items.Current) == Truth.True)
            {
                first = count++ == 0 ? items.Current : first;
            }
        }

        items.Finish();
        return count;
    }
}

/// <summary>Goes through the items of a node as <c>$this</c>, with <c>$index</c>; gives everything back at the end.</summary>
internal ref struct Iteration
{
    private readonly Evaluation _run;
    private readonly ValueList _list;
    private readonly int _outerIndex;
    private int _at;

    public Iteration(Evaluation run, Node input, in FhirPathValue focus)
    {
        _run = run;
        _list = run.Rent();
        _outerIndex = run.Index;
        _at = -1;
        input.Evaluate(run, focus, _list);
    }

    public readonly ref readonly FhirPathValue Current => ref _list[_at];

    public bool MoveNext()
    {
        if (++_at >= _list.Count)
        {
            return false;
        }

        _run.Charge(1);
        _run.Index = _at;
        return true;
    }

    public readonly void Finish()
    {
        _run.Index = _outerIndex;
        _run.Return(_list);
    }
}

/// <summary><c>exists()</c> and <c>empty()</c>: whether there is an item at all.</summary>
internal sealed class ExistsNode(Node input, bool negated) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus) =>
        Truths.Of(input.Probe(run, focus, 1, out _) > 0 != negated);
}

/// <summary><c>all(criteria)</c></summary>
internal sealed class AllNode(Node input, Node criteria) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus)
    {
        bool all = true;
        var items = new Iteration(run, input, focus);
        while (all && items.MoveNext())
        {
            all = criteria.Test(run, items.Current) == Truth.True;
        }

        items.Finish();
        return Truths.Of(all);
    }
}

/// <summary><c>select(projection)</c></summary>
internal sealed class SelectNode(Node input, Node projection) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        var items = new Iteration(run, input, focus);
        while (items.MoveNext())
        {
            projection.Evaluate(run, items.Current, output);
        }

        items.Finish();
    }
}

/// <summary><c>repeat(projection)</c> and <c>repeatAll(projection)</c>: the projection of the items, of its results, and so on; the former leaves out what it has already.</summary>
internal sealed class RepeatNode(Node input, Node projection, bool distinct) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        ValueList pending = run.Rent();
        input.Evaluate(run, focus, pending);
        ValueList found = run.Rent();
        ValueList next = run.Rent();
        var known = new DistinctItems(run, output);
        int outerIndex = run.Index;
        while (pending.Count > 0)
        {
            found.Clear();
            next.Clear();
            for (int i = 0; i < pending.Count; i++)
            {
                run.Charge(1);
                run.Index = i;
                projection.Evaluate(run, pending[i], found);
            }

            for (int i = 0; i < found.Count; i++)
            {
                if (!distinct)
                {
                    output.Add(found[i]);
                    next.Add(found[i]);
                }
                else if (known.Add(found[i]))
                {
                    next.Add(found[i]);
                }
            }

            pending.Clear();
            pending.AddAll(next);
        }

        run.Index = outerIndex;
        run.Return(next);
        run.Return(found);
        run.Return(pending);
    }
}

/// <summary><c>first()</c>; asks its input for one item only.</summary>
internal sealed class FirstNode(Node input) : ScalarNode
{
    public override FhirPathValue Value(Evaluation run, in FhirPathValue focus)
    {
        input.Probe(run, focus, 1, out FhirPathValue first);
        return first;
    }
}

/// <summary><c>input[index]</c></summary>
internal sealed class IndexerNode(Node input, Node index) : ScalarNode
{
    public override FhirPathValue Value(Evaluation run, in FhirPathValue focus)
    {
        FhirPathValue at = index.SingleSystem(run, focus, "An index");
        if (at.Kind is not (FhirPathKind.None or FhirPathKind.Integer))
        {
            throw EvaluationErrors.WrongType("An index", "an Integer", at);
        }

        ValueList list = run.Rent();
        input.Evaluate(run, focus, list);
        FhirPathValue value = !at.IsNone && at.Integer >= 0 && at.Integer < list.Count ? list[(int)at.Integer] : default;
        run.Return(list);
        return value;
    }
}

/// <summary><c>left | right</c> and <c>union()</c>: all items once.</summary>
internal sealed class UnionNode(Node left, Node right) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        ValueList list = run.Rent();
        left.Evaluate(run, focus, list);
        right.Evaluate(run, focus, list);
        var items = new DistinctItems(run, output);
        for (int i = 0; i < list.Count; i++)
        {
            items.Add(list[i]);
        }

        run.Return(list);
    }
}

/// <summary><c>iif(criterion, then, otherwise)</c>: evaluates only the branch that it takes, with the input as <c>$this</c>.</summary>
internal sealed class IfNode(Node input, Node criterion, Node then, Node? otherwise) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        FhirPathValue item = input.Single(run, focus, "The input of iif()");
        Node? branch = criterion.Test(run, item) == Truth.True ? then : otherwise;
        branch?.Evaluate(run, item, output);
    }
}

/// <summary><c>aggregate(aggregator, init)</c></summary>
internal sealed class AggregateNode(Node input, Node aggregator, Node? init) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        FhirPathValue outerTotal = run.Total;
        ValueList total = run.Rent();
        ValueList next = run.Rent();
        init?.Evaluate(run, focus, total);
        var items = new Iteration(run, input, focus);
        while (items.MoveNext())
        {
            run.Total = FhirPathValue.OfList(total);
            next.Clear();
            aggregator.Evaluate(run, items.Current, next);
            total.Clear();
            total.AddAll(next);
        }

        items.Finish();
        output.AddAll(total);
        run.Return(next);
        run.Return(total);
        run.Total = outerTotal;
    }
}

/// <summary><c>defineVariable(name, value)</c>: gives its input on, and keeps the value for the expressions behind it.</summary>
internal sealed class DefineVariableNode(Node input, Node? value, int slot) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        ValueList list = run.Rent();
        input.Evaluate(run, focus, list);
        ValueList values = run.Rent();
        (value ?? ThisNode.Instance).Evaluate(run, FhirPathValue.OfList(list), values);
        run.Slot(slot).Clear();
        run.Slot(slot).AddAll(values);
        run.Return(values);
        output.AddAll(list);
        run.Return(list);
    }
}

/// <summary><c>trace(name, projection)</c>: tells the context, and gives its input on.</summary>
internal sealed class TraceNode(Node input, Node name, Node? projection) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        int start = output.Count;
        input.Evaluate(run, focus, output);
        if (run.Context.Trace is not { } trace)
        {
            return;
        }

        var traced = new List<FhirPathValue>();
        ValueList list = run.Rent();
        for (int i = start; i < output.Count; i++)
        {
            list.Clear();
            (projection ?? ThisNode.Instance).Evaluate(run, output[i], list);
            traced.AddRange(list.Items);
        }

        run.Return(list);
        trace(name.SingleSystem(run, focus, "The name of a trace").ToString(), traced);
    }
}
