using System.Collections.Immutable;

namespace HealthChain.Fhir.FhirPath;

public sealed partial class FhirPathChecker
{
    private const int RepeatRounds = 16;

    private static readonly string[] OrderedFunctions = ["first", "last", "tail", "skip", "take"];

    private StaticType Call(CallSyntax call, StaticType focus)
    {
        StaticType input = call.Input is null ? focus : Infer(call.Input, focus);
        if (OrderedFunctions.Contains(call.Name))
        {
            Ordered(input, call.Name + "()", call.Position);
        }

        return FunctionTable.Find(call.Name) is { } function ? OfFunction(call, function, input, focus) : OfForm(call, input, focus);
    }

    private StaticType OfFunction(CallSyntax call, Function function, StaticType input, StaticType focus)
    {
        var arguments = new StaticType[call.Arguments.Count];
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = Infer(call.Arguments[i], focus);
        }

        CheckInput(call, function.Input, input);
        if (call.Name is "children" or "descendants")
        {
            return StaticType.Unknown with { IsUnordered = true };
        }

        if (call.Name is "combine" or "coalesce")
        {
            StaticType all = call.Name == "combine" ? input : StaticType.Empty;
            return arguments.Aggregate(all, static (sum, next) => sum.Or(next)).Many();
        }

        return Output(function.Output, input);
    }

    private void CheckInput(CallSyntax call, FunctionInput wanted, StaticType input)
    {
        string what = $"the input of {call.Name}()";
        if (wanted != FunctionInput.Any)
        {
            Single(input, what, call.Position);
        }

        (bool fits, string type) = wanted switch
        {
            FunctionInput.Text => (input.MayBe(FhirPathKind.String), "a String"),
            FunctionInput.Number => (
                input.MayBe(FhirPathKind.Integer, FhirPathKind.Long, FhirPathKind.Decimal, FhirPathKind.Quantity), "a number"),
            FunctionInput.Temporal => (input.MayBe(FhirPathKind.Date, FhirPathKind.DateTime, FhirPathKind.Time), "a Date, DateTime or Time"),
            _ => (true, ""),
        };
        if (!fits)
        {
            Error(call.Position, $"{what} must be {type}, found {input}");
        }
    }

    private static StaticType Output(FunctionOutput output, StaticType input) => output switch
    {
        FunctionOutput.Same => input,
        FunctionOutput.SameSingle => input.Item(),
        FunctionOutput.Boolean => StaticType.Of(FhirPathKind.Boolean),
        FunctionOutput.Integer => StaticType.Of(FhirPathKind.Integer),
        FunctionOutput.Long => StaticType.Of(FhirPathKind.Long),
        FunctionOutput.Decimal => StaticType.Of(FhirPathKind.Decimal),
        FunctionOutput.Text => StaticType.Of(FhirPathKind.String),
        FunctionOutput.TextList => StaticType.Of(FhirPathKind.String).Many(),
        FunctionOutput.Date => StaticType.Of(FhirPathKind.Date),
        FunctionOutput.DateTime => StaticType.Of(FhirPathKind.DateTime),
        FunctionOutput.Time => StaticType.Of(FhirPathKind.Time),
        FunctionOutput.Quantity => StaticType.Of(FhirPathKind.Quantity),
        FunctionOutput.TypeInfo => StaticType.Of(FhirPathKind.TypeInfo).Many(input.IsMany),
        FunctionOutput.Extension => StaticType.Of(FhirTypes.Extension).Many(),
        _ => StaticType.Unknown,
    };

    private StaticType OfForm(CallSyntax call, StaticType input, StaticType focus)
    {
        StaticType item = input.Item();
        StaticType Argument(int index, StaticType on) => Infer(call.Arguments[index], on);
        switch (call.Name)
        {
            case "is":
                return Is(input, TypeOf(call.Arguments[0]), call.Position);
            case "as" or "ofType":
                return As(input, TypeOf(call.Arguments[0]), call.Position, single: call.Name == "as");
            case "exists" or "empty" or "all":
                if (call.Arguments.Count > 0)
                {
                    Argument(0, item);
                }

                return StaticType.Of(FhirPathKind.Boolean);
            case "not":
                Single(input, "the input of not()", call.Position);
                return StaticType.Of(FhirPathKind.Boolean);
            case "where":
                Argument(0, item);
                return input;
            case "select":
                StaticType projected = Argument(0, item);
                return projected with { IsMany = projected.IsMany || input.IsMany, IsUnordered = projected.IsUnordered || input.IsUnordered };
            case "repeat" or "repeatAll":
                return Repeat(call.Arguments[0], input);
            case "first":
                return item;
            case "union":
                return input.Or(Argument(0, focus)).Many();
            case "iif":
                return If(call, input);
            case "aggregate":
                foreach (Syntax argument in call.Arguments.Skip(1))
                {
                    Infer(argument, focus);
                }

                Argument(0, item);
                return StaticType.Unknown;
            case "sort":
                SortKeys(call, item);
                return input with { IsUnordered = false };
            case "getReferenceKey":
                return StaticType.Of(FhirPathKind.String).Many(input.IsMany);
            case "trace":
                return input;
            default:
                // What a variable holds is not followed; expressions that use it are taken as they are.
                return input;
        }
    }

    private StaticType If(CallSyntax call, StaticType input)
    {
        StaticType item = Single(input, "the input of iif()", call.Position).Item();
        StaticType criterion = Infer(call.Arguments[0], item);
        if (!criterion.MayBe(FhirPathKind.Boolean))
        {
            Error(call.Arguments[0].Position, $"the criterion of iif() must be a Boolean, found {criterion}");
        }

        StaticType result = Infer(call.Arguments[1], item);
        return call.Arguments.Count > 2 ? result.Or(Infer(call.Arguments[2], item)) : result;
    }

    private StaticType Repeat(Syntax projection, StaticType input)
    {
        StaticType known = StaticType.Empty;
        StaticType next = input.Item();
        for (int round = 0; round < RepeatRounds && !next.IsEmpty; round++)
        {
            int mark = _issues.Count;
            StaticType found = Project(projection, next);
            if (round > 0)
            {
                // Results without the member of the projection are where the repetition ends.
                _issues.RemoveRange(mark, _issues.Count - mark);
            }

            StaticType grown = known.Or(found);
            if (grown.IsUnknown || grown.Types.Length == known.Types.Length)
            {
                return grown.Many();
            }

            next = new StaticType([.. found.Types.Except(known.Types)]);
            known = grown;
        }

        return known.Many();
    }

    /// <summary>The projection of each type on its own; a mistake only if it is one for all of them.</summary>
    private StaticType Project(Syntax projection, StaticType input)
    {
        int before = _issues.Count;
        StaticType all = StaticType.Empty;
        ImmutableArray<ItemType> types = input.IsUnknown ? [] : input.Types;
        bool any = input.IsUnknown;
        foreach (ItemType type in types)
        {
            int mark = _issues.Count;
            StaticType found = Infer(projection, new StaticType([type]));
            if (_issues.Count == mark)
            {
                any = true;
                all = all.Or(found);
            }
        }

        if (any && _issues.Count > before)
        {
            _issues.RemoveRange(before, _issues.Count - before);
        }

        return input.IsUnknown ? StaticType.Unknown : all;
    }

    private void SortKeys(CallSyntax call, StaticType item)
    {
        foreach (Syntax argument in call.Arguments)
        {
            // A minus in front of a key is its direction, whatever its type.
            Infer(argument is PolaritySyntax { IsNegative: true } minus ? minus.Operand : argument, item);
        }
    }

    private static TypeTest? TypeOf(Syntax argument) => argument switch
    {
        MemberSyntax { Input: null } name => TypeTest.Find(new TypeName(null, name.Name)),
        MemberSyntax { Input: MemberSyntax { Input: null } space } name => TypeTest.Find(new TypeName(space.Name, name.Name)),
        _ => null,
    };
}
