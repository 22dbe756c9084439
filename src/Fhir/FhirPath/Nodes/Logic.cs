namespace HealthChain.Fhir.FhirPath;

/// <summary><c>and</c>: the right side is not looked at when the left one decides.</summary>
internal sealed class AndNode(Node left, Node right) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus)
    {
        Truth first = left.Test(run, focus);
        if (first == Truth.False)
        {
            return Truth.False;
        }

        Truth second = right.Test(run, focus);
        return second == Truth.False ? Truth.False
            : first == Truth.True && second == Truth.True ? Truth.True
            : Truth.Empty;
    }
}

internal sealed class OrNode(Node left, Node right) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus)
    {
        Truth first = left.Test(run, focus);
        if (first == Truth.True)
        {
            return Truth.True;
        }

        Truth second = right.Test(run, focus);
        return second == Truth.True ? Truth.True
            : first == Truth.False && second == Truth.False ? Truth.False
            : Truth.Empty;
    }
}

internal sealed class XorNode(Node left, Node right) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus)
    {
        Truth first = left.Test(run, focus);
        Truth second = right.Test(run, focus);
        return first == Truth.Empty || second == Truth.Empty ? Truth.Empty : Truths.Of(first != second);
    }
}

internal sealed class ImpliesNode(Node left, Node right) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus)
    {
        Truth first = left.Test(run, focus);
        if (first == Truth.False)
        {
            return Truth.True;
        }

        Truth second = right.Test(run, focus);
        return first == Truth.True || second == Truth.True ? second : Truth.Empty;
    }
}

internal sealed class NotNode(Node input) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus) => input.Test(run, focus).Not();
}

/// <summary><c>=</c> and <c>!=</c></summary>
internal sealed class EqualNode(Node left, Node right, bool negated) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus)
    {
        ValueList first = run.Rent();
        left.Evaluate(run, focus, first);
        ValueList second = run.Rent();
        if (first.Count > 0)
        {
            right.Evaluate(run, focus, second);
        }

        Truth truth = first.Count == 0 || second.Count == 0 ? Truth.Empty : Truths.Of(Equality.AreEqual(run, first, second));
        run.Return(second);
        run.Return(first);
        return negated ? truth.Not() : truth;
    }
}

/// <summary><c>=</c> and <c>!=</c> with a string literal: compared in UTF-8, without making a string of the element's text.</summary>
internal sealed class EqualTextNode(Node left, ConstantNode literal, bool negated) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus)
    {
        int count = left.Probe(run, focus, 2, out FhirPathValue value);
        if (count != 1)
        {
            return count == 0 ? Truth.Empty : Truths.Of(negated);
        }

        return Truths.Of(AreEqual(value, literal) != negated);
    }

    public static bool AreEqual(in FhirPathValue value, ConstantNode literal) => value.IsElement
        ? value.Element.ValueIs(literal.Utf8) && FhirTypes.SystemKind(value.Element.Type) == FhirPathKind.String
        : value.Kind == FhirPathKind.String && value.String == literal.Constant.String;
}

/// <summary><c>~</c> and <c>!~</c></summary>
internal sealed class EquivalentNode(Node left, Node right, bool negated) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus)
    {
        ValueList first = run.Rent();
        left.Evaluate(run, focus, first);
        ValueList second = run.Rent();
        right.Evaluate(run, focus, second);
        bool equivalent = Equality.AreEquivalent(run, first, second);
        run.Return(second);
        run.Return(first);
        return Truths.Of(equivalent != negated);
    }
}

/// <summary><c>&lt; &lt;= &gt; &gt;=</c></summary>
internal sealed class CompareNode(Node left, Node right, Operator op) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus)
    {
        FhirPathValue first = left.Single(run, focus, "The left side of a comparison");
        FhirPathValue second = right.Single(run, focus, "The right side of a comparison");
        if (first.IsNone || second.IsNone || Equality.Compare(first, second) is not { } order)
        {
            return Truth.Empty;
        }

        return Truths.Of(op switch
        {
            Operator.Less => order < 0,
            Operator.LessOrEqual => order <= 0,
            Operator.Greater => order > 0,
            _ => order >= 0,
        });
    }
}

/// <summary><c>in</c> with a list of string literals, <c>status in ('a' | 'b')</c>: compared in UTF-8, without making the list.</summary>
internal sealed class InTextsNode(Node item, ConstantNode[] texts) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus)
    {
        FhirPathValue value = item.Single(run, focus, "What is looked for by 'in' or 'contains'");
        if (value.IsNone)
        {
            return Truth.Empty;
        }

        foreach (ConstantNode text in texts)
        {
            if (EqualTextNode.AreEqual(value, text))
            {
                return Truth.True;
            }
        }

        return Truth.False;
    }
}

/// <summary><c>in</c>, and <c>contains</c> with its sides exchanged.</summary>
internal sealed class MembershipNode(Node item, Node collection) : BooleanNode
{
    public override Truth Test(Evaluation run, in FhirPathValue focus)
    {
        FhirPathValue value = item.Single(run, focus, "What is looked for by 'in' or 'contains'");
        if (value.IsNone)
        {
            return Truth.Empty;
        }

        ValueList list = run.Rent();
        collection.Evaluate(run, focus, list);
        bool found = Equality.Contains(run, list, value);
        run.Return(list);
        return Truths.Of(found);
    }
}
