namespace HealthChain.Fhir.FhirPath;

/// <summary><c>+ - * / div mod</c>: nothing when an operand is nothing, when dividing by zero, and when the result cannot be represented.</summary>
internal sealed class ArithmeticNode(Operator op, Node left, Node right) : ScalarNode
{
    public override FhirPathValue Value(Evaluation run, in FhirPathValue focus)
    {
        FhirPathValue first = left.Single(run, focus, "The left operand of arithmetic");
        FhirPathValue second = right.Single(run, focus, "The right operand of arithmetic");
        FhirPathValue a = Conversion.ToSystem(first);
        FhirPathValue b = Conversion.ToSystem(second);
        if (a.IsNone || b.IsNone)
        {
            return (first.IsNone || Conversion.SystemKind(first) != FhirPathKind.None) && (second.IsNone || Conversion.SystemKind(second) != FhirPathKind.None)
                ? default
                : throw Mismatch(first, second);
        }

        try
        {
            return Compute(run, a, b);
        }
        catch (OverflowException)
        {
            return default;
        }
    }

    private FhirPathValue Compute(Evaluation run, in FhirPathValue a, in FhirPathValue b)
    {
        if (a.IsNumber && b.IsNumber)
        {
            return a.Kind == FhirPathKind.Decimal || b.Kind == FhirPathKind.Decimal || op == Operator.Divide
                ? OfDecimals(a.Number, b.Number)
                : OfIntegers(a.Integer, b.Integer, a.Kind == FhirPathKind.Long || b.Kind == FhirPathKind.Long);
        }

        if (a.Kind == FhirPathKind.String && b.Kind == FhirPathKind.String && op == Operator.Add)
        {
            run.CheckLength((long)a.String.Length + b.String.Length);
            return FhirPathValue.OfString(a.String + b.String);
        }

        if (a.IsTemporal && b.Kind == FhirPathKind.Quantity && op is Operator.Add or Operator.Subtract)
        {
            return OfTemporal(a, b);
        }

        return (a.Kind == FhirPathKind.Quantity || a.IsNumber) && (b.Kind == FhirPathKind.Quantity || b.IsNumber)
            ? OfQuantities(AsQuantity(a), AsQuantity(b))
            : throw Mismatch(a, b);
    }

    private FhirPathValue OfDecimals(decimal a, decimal b) => op switch
    {
        Operator.Add => FhirPathValue.OfDecimal(a + b),
        Operator.Subtract => FhirPathValue.OfDecimal(a - b),
        Operator.Multiply => FhirPathValue.OfDecimal(a * b),
        _ when b == 0 => default,
        Operator.Divide => FhirPathValue.OfDecimal(a / b),
        Operator.Modulo => FhirPathValue.OfDecimal(a % b),
        _ => OfInteger(decimal.ToInt64(decimal.Truncate(a / b)), isLong: false),
    };

    private FhirPathValue OfIntegers(long a, long b, bool isLong) => op switch
    {
        Operator.Add => OfInteger(checked(a + b), isLong),
        Operator.Subtract => OfInteger(checked(a - b), isLong),
        Operator.Multiply => OfInteger(checked(a * b), isLong),
        _ when b == 0 => default,
        // The least number divided by -1 is the one quotient that does not fit.
        Operator.Modulo => OfInteger(b == -1 ? 0 : a % b, isLong),
        _ => OfInteger(b == -1 ? checked(-a) : a / b, isLong),
    };

    private static FhirPathValue OfInteger(long value, bool isLong) =>
        isLong ? FhirPathValue.OfLong(value)
        : value is < int.MinValue or > int.MaxValue ? default
        : FhirPathValue.OfInteger((int)value);

    private FhirPathValue OfTemporal(in FhirPathValue a, in FhirPathValue b)
    {
        CalendarUnit unit = b.QuantityUnit.DefiniteDuration();
        if (unit == CalendarUnit.None || (a.Kind == FhirPathKind.Time && unit > CalendarUnit.Hour))
        {
            throw EvaluationErrors.Of(
                $"'{b.Unit}' cannot be added to a {a.Kind}: use a calendar duration (year, month, ..., to a Time hour and below) or one of 'wk', 'd', 'h', 'min', 's', 'ms'");
        }

        decimal amount = op == Operator.Subtract ? -b.Decimal : b.Decimal;
        return TemporalArithmetic.Add(a.Temporal, amount, unit, a.Kind == FhirPathKind.Time) is { } sum
            ? FhirPathValue.OfTemporal(a.Kind, sum)
            : default;
    }

    private FhirPathValue OfQuantities(in FhirPathValue a, in FhirPathValue b) => op switch
    {
        Operator.Add => Quantities.Add(a, b, subtract: false),
        Operator.Subtract => Quantities.Add(a, b, subtract: true),
        Operator.Multiply => Quantities.Multiply(a, b),
        Operator.Divide => Quantities.Divide(a, b),
        _ => throw Mismatch(a, b),
    };

    private static FhirPathValue AsQuantity(in FhirPathValue value) =>
        value.Kind == FhirPathKind.Quantity ? value : FhirPathValue.OfQuantity(value.Number, QuantityUnit.One);

    private FhirException Mismatch(in FhirPathValue a, in FhirPathValue b) =>
        EvaluationErrors.Of($"'{op.Text()}' is not defined for {a.TypeName} and {b.TypeName}");
}

/// <summary><c>&amp;</c>: strings put together, nothing counting as the empty string.</summary>
internal sealed class ConcatenateNode(Node left, Node right) : ScalarNode
{
    public override FhirPathValue Value(Evaluation run, in FhirPathValue focus)
    {
        string first = Text(left.SingleSystem(run, focus, "The left side of '&'"));
        string second = Text(right.SingleSystem(run, focus, "The right side of '&'"));
        run.CheckLength((long)first.Length + second.Length);
        return FhirPathValue.OfString(first + second);
    }

    private static string Text(in FhirPathValue value) => value.Kind switch
    {
        FhirPathKind.None => "",
        FhirPathKind.String => value.String,
        _ => throw EvaluationErrors.WrongType("An operand of '&'", "a String", value),
    };
}

/// <summary><c>-operand</c>, and <c>+operand</c> which only checks that it is a number.</summary>
internal sealed class PolarityNode(Node operand, bool isNegative) : ScalarNode
{
    public override FhirPathValue Value(Evaluation run, in FhirPathValue focus)
    {
        FhirPathValue value = operand.SingleSystem(run, focus, "The operand of a sign");
        if (!isNegative && (value.IsNone || value.IsNumber || value.Kind == FhirPathKind.Quantity))
        {
            return value;
        }

        return value.Kind switch
        {
            FhirPathKind.None => default,
            FhirPathKind.Integer when value.Integer > int.MinValue => FhirPathValue.OfInteger((int)-value.Integer),
            FhirPathKind.Long when value.Integer > long.MinValue => FhirPathValue.OfLong(-value.Integer),
            FhirPathKind.Decimal => FhirPathValue.OfDecimal(-value.Decimal),
            FhirPathKind.Quantity => FhirPathValue.OfQuantity(-value.Decimal, value.QuantityUnit),
            FhirPathKind.Integer or FhirPathKind.Long => default,
            _ => throw EvaluationErrors.WrongType("The operand of a sign", "a number or Quantity", value),
        };
    }
}
