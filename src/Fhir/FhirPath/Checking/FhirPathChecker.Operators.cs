namespace HealthChain.Fhir.FhirPath;

public sealed partial class FhirPathChecker
{
    private StaticType Binary(BinarySyntax binary, StaticType left, StaticType right)
    {
        switch (binary.Operator)
        {
            case Operator.And or Operator.Or or Operator.Xor or Operator.Implies:
                Single(left, "an operand of boolean logic", binary.Position);
                Single(right, "an operand of boolean logic", binary.Position);
                return StaticType.Of(FhirPathKind.Boolean);
            case Operator.Equal or Operator.NotEqual or Operator.Equivalent or Operator.NotEquivalent:
                return StaticType.Of(FhirPathKind.Boolean);
            case Operator.In:
                Single(left, "the left side of 'in'", binary.Position);
                return StaticType.Of(FhirPathKind.Boolean);
            case Operator.Contains:
                Single(right, "the right side of 'contains'", binary.Position);
                return StaticType.Of(FhirPathKind.Boolean);
            case Operator.Union:
                return left.Or(right).Many(!left.IsEmpty && !right.IsEmpty || left.IsMany || right.IsMany);
            case Operator.Less or Operator.LessOrEqual or Operator.Greater or Operator.GreaterOrEqual:
                Operands(binary, left, right);
                return Comparison(binary, left, right);
            case Operator.Concatenate:
                Operands(binary, left, right);
                Text(binary, left);
                Text(binary, right);
                return StaticType.Of(FhirPathKind.String);
            default:
                Operands(binary, left, right);
                return Arithmetic(binary, left, right);
        }
    }

    private void Operands(BinarySyntax binary, StaticType left, StaticType right)
    {
        Single(left, $"the left side of '{binary.Operator.Text()}'", binary.Position);
        Single(right, $"the right side of '{binary.Operator.Text()}'", binary.Position);
    }

    private void Text(BinarySyntax binary, StaticType operand)
    {
        if (!operand.MayBe(FhirPathKind.String))
        {
            Error(binary.Position, $"'&' joins strings, found {operand}");
        }
    }

    private StaticType Comparison(BinarySyntax binary, StaticType left, StaticType right)
    {
        if (Pairs(left, right, HaveOrder) is null)
        {
            Error(binary.Position, $"{left} and {right} have no order");
        }

        return StaticType.Of(FhirPathKind.Boolean);
    }

    private StaticType Arithmetic(BinarySyntax binary, StaticType left, StaticType right)
    {
        StaticType? result = Pairs(left, right, (x, y) => Result(binary.Operator, x, y));
        if (result is null)
        {
            Error(binary.Position, $"'{binary.Operator.Text()}' is not defined for {left} and {right}");
        }

        return result ?? StaticType.Unknown;
    }

    /// <summary>The types that an operator gives for any pair of the operands' types; null when it takes none of them.</summary>
    private static StaticType? Pairs(StaticType left, StaticType right, Func<FhirPathKind, FhirPathKind, FhirPathKind> result)
    {
        if (left.IsUnknown || right.IsUnknown || left.IsEmpty || right.IsEmpty)
        {
            return StaticType.Unknown.Item();
        }

        StaticType? all = null;
        foreach (ItemType x in left.Types)
        {
            foreach (ItemType y in right.Types)
            {
                if (x.IsOpen || y.IsOpen)
                {
                    return StaticType.Unknown.Item();
                }

                FhirPathKind kind = result(x.Value, y.Value);
                if (kind != FhirPathKind.None)
                {
                    all = all?.Or(StaticType.Of(kind)) ?? StaticType.Of(kind);
                }
            }
        }

        return all;
    }

    private static FhirPathKind HaveOrder(FhirPathKind left, FhirPathKind right) =>
        (IsNumber(left) && IsNumber(right))
        || (left == right && left is FhirPathKind.String or FhirPathKind.Time or FhirPathKind.Quantity)
        || (left is FhirPathKind.Date or FhirPathKind.DateTime && right is FhirPathKind.Date or FhirPathKind.DateTime)
        || (left == FhirPathKind.Quantity && IsNumber(right)) || (right == FhirPathKind.Quantity && IsNumber(left))
            ? FhirPathKind.Boolean
            : FhirPathKind.None;

    private static FhirPathKind Result(Operator op, FhirPathKind left, FhirPathKind right)
    {
        bool sum = op is Operator.Add or Operator.Subtract;
        if (IsNumber(left) && IsNumber(right))
        {
            return op switch
            {
                Operator.Divide => FhirPathKind.Decimal,
                Operator.IntegerDivide when left != FhirPathKind.Long && right != FhirPathKind.Long => FhirPathKind.Integer,
                _ => (FhirPathKind)Math.Max((byte)left, (byte)right),
            };
        }

        if (left == FhirPathKind.String && right == FhirPathKind.String && op == Operator.Add)
        {
            return FhirPathKind.String;
        }

        if (left is FhirPathKind.Date or FhirPathKind.DateTime or FhirPathKind.Time && right == FhirPathKind.Quantity && sum)
        {
            return left;
        }

        bool quantities = (left == FhirPathKind.Quantity || IsNumber(left)) && (right == FhirPathKind.Quantity || IsNumber(right));
        return quantities && (sum || op is Operator.Multiply or Operator.Divide) ? FhirPathKind.Quantity : FhirPathKind.None;
    }

    // Integer, Long and Decimal follow each other in that order, so that the greater is the type of a result.
    private static bool IsNumber(FhirPathKind kind) => kind is FhirPathKind.Integer or FhirPathKind.Long or FhirPathKind.Decimal;
}
