namespace HealthChain.Fhir.FhirPath;

/// <summary>FHIRPath, "Math". What has no real number as answer has none, and so has what a decimal cannot hold.</summary>
internal static class MathFunctions
{
    public static readonly Function[] All =
    [
        Of("abs", 0, FunctionOutput.SameSingle, static (in Call call) => MapExact(call, static number => Math.Abs(number))),
        Of("ceiling", 0, FunctionOutput.Integer, static (in Call call) => ToWhole(call, Math.Ceiling)),
        Of("floor", 0, FunctionOutput.Integer, static (in Call call) => ToWhole(call, Math.Floor)),
        Of("truncate", 0, FunctionOutput.Integer, static (in Call call) => ToWhole(call, Math.Truncate)),
        Of("round", 1, FunctionOutput.Decimal, Round),
        Of("exp", 0, FunctionOutput.Decimal, static (in Call call) => MapReal(call, Math.Exp)),
        Of("ln", 0, FunctionOutput.Decimal, static (in Call call) => MapReal(call, Math.Log)),
        Of("sqrt", 0, FunctionOutput.Decimal, static (in Call call) => MapReal(call, Math.Sqrt)),
        new("log", 1, 1, FunctionInput.Number, FunctionOutput.Decimal, Log),
        new("power", 1, 1, FunctionInput.Number, FunctionOutput.Any, Power),
        new("sum", 0, 0, FunctionInput.Any, FunctionOutput.SameSingle, static (in Call call) => Total(call, average: false)),
        new("avg", 0, 0, FunctionInput.Any, FunctionOutput.Any, static (in Call call) => Total(call, average: true)),
        new("min", 0, 0, FunctionInput.Any, FunctionOutput.SameSingle, static (in Call call) => Extreme(call, sign: -1)),
        new("max", 0, 0, FunctionInput.Any, FunctionOutput.SameSingle, static (in Call call) => Extreme(call, sign: 1)),
    ];

    private static Function Of(string name, int maxArguments, FunctionOutput output, FunctionBody body) =>
        new(name, 0, maxArguments, FunctionInput.Number, output, body);

    private static bool TryNumber(in Call call, out FhirPathValue value)
    {
        value = call.Value();
        return value.IsNumber || value.Kind == FhirPathKind.Quantity || (call.Item().IsNone ? false : throw call.WrongInput("a number"));
    }

    private static void MapExact(in Call call, Func<decimal, decimal> map)
    {
        if (TryNumber(call, out FhirPathValue value))
        {
            call.Return(Like(value, map(value.Kind == FhirPathKind.Quantity ? value.Decimal : value.Number)));
        }
    }

    private static FhirPathValue Like(in FhirPathValue model, decimal number) => model.Kind switch
    {
        FhirPathKind.Quantity => FhirPathValue.OfQuantity(number, model.QuantityUnit),
        FhirPathKind.Decimal => FhirPathValue.OfDecimal(number),
        FhirPathKind.Long => number is > long.MaxValue or < long.MinValue ? default : FhirPathValue.OfLong((long)number),
        _ => number is > int.MaxValue or < int.MinValue ? default : FhirPathValue.OfInteger((int)number),
    };

    private static void ToWhole(in Call call, Func<decimal, decimal> map)
    {
        if (!TryNumber(call, out FhirPathValue value))
        {
            return;
        }

        if (value.Kind is FhirPathKind.Quantity or FhirPathKind.Long)
        {
            MapExact(call, map);
            return;
        }

        decimal number = map(value.Number);
        call.Return(number is > int.MaxValue or < int.MinValue ? default : FhirPathValue.OfInteger((int)number));
    }

    private static void Round(in Call call)
    {
        int digits = 0;
        if (!TryNumber(call, out FhirPathValue value) || (call.ArgumentCount > 0 && !call.TryInteger(0, out digits)))
        {
            return;
        }

        if (digits < 0)
        {
            throw EvaluationErrors.Of("the precision of round() must not be negative");
        }

        decimal number = value.Kind == FhirPathKind.Quantity ? value.Decimal : value.Number;
        number = Math.Round(number, Math.Min(digits, 28), MidpointRounding.AwayFromZero);
        call.Return(value.Kind == FhirPathKind.Quantity
            ? FhirPathValue.OfQuantity(number, value.QuantityUnit)
            : FhirPathValue.OfDecimal(number));
    }

    private static void MapReal(in Call call, Func<double, double> map)
    {
        if (TryNumber(call, out FhirPathValue value))
        {
            call.Return(OfReal(map((double)value.Number)));
        }
    }

    private static void Log(in Call call)
    {
        if (TryNumber(call, out FhirPathValue value) & call.TryArgument(0, FhirPathKind.Decimal, out FhirPathValue radix))
        {
            call.Return(OfReal(Math.Log((double)value.Number) / Math.Log((double)radix.Decimal)));
        }
    }

    private static void Power(in Call call)
    {
        if (!TryNumber(call, out FhirPathValue value) | !call.TryArgument(0, FhirPathKind.Decimal, out FhirPathValue exponent))
        {
            return;
        }

        bool wholeExponent = exponent.Decimal == decimal.Truncate(exponent.Decimal) && exponent.Decimal is >= 0 and <= 128;
        if (!wholeExponent)
        {
            call.Return(OfReal(Math.Pow((double)value.Number, (double)exponent.Decimal)));
            return;
        }

        decimal result = 1;
        try
        {
            for (int i = 0; i < (int)exponent.Decimal; i++)
            {
                result *= value.Number;
            }
        }
        catch (OverflowException)
        {
            return;
        }

        call.Return(value.Kind != FhirPathKind.Decimal && result is <= int.MaxValue and >= int.MinValue
            ? Like(value, result)
            : FhirPathValue.OfDecimal(result));
    }

    private static FhirPathValue OfReal(double number) =>
        double.IsFinite(number) && Math.Abs(number) < 7.9e28 ? FhirPathValue.OfDecimal((decimal)number) : default;

    private static void Total(in Call call, bool average)
    {
        FhirPathValue total = default;
        for (int i = 0; i < call.Input.Count; i++)
        {
            FhirPathValue item = Conversion.ToSystem(call.Input[i]);
            total = i == 0 ? item : Sum(total, item);
            if (total.IsNone || !(total.IsNumber || total.Kind == FhirPathKind.Quantity))
            {
                throw EvaluationErrors.WrongType("An item of a sum", "a number or Quantity", call.Input[i]);
            }
        }

        if (average && !total.IsNone)
        {
            int count = call.Input.Count;
            total = total.Kind == FhirPathKind.Quantity
                ? FhirPathValue.OfQuantity(total.Decimal / count, total.QuantityUnit)
                : FhirPathValue.OfDecimal(total.Number / count);
        }

        call.Return(total);
    }

    private static FhirPathValue Sum(in FhirPathValue left, in FhirPathValue right)
    {
        try
        {
            return left.Kind == FhirPathKind.Quantity && right.Kind == FhirPathKind.Quantity ? Quantities.Add(left, right, subtract: false)
                : !left.IsNumber || !right.IsNumber ? default
                : Like(right.Kind == FhirPathKind.Decimal ? right : left, left.Number + right.Number);
        }
        catch (OverflowException)
        {
            return default;
        }
    }

    private static void Extreme(in Call call, int sign)
    {
        FhirPathValue best = default;
        for (int i = 0; i < call.Input.Count; i++)
        {
            FhirPathValue item = Conversion.ToSystem(call.Input[i]);
            if (best.IsNone || Equality.Compare(item, best) * sign > 0)
            {
                best = item;
            }
        }

        call.Return(best);
    }
}
