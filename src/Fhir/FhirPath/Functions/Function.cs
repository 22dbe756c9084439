using System.Text;

namespace HealthChain.Fhir.FhirPath;

/// <summary>What a function takes as input, for the static check; the function itself checks again when it runs.</summary>
internal enum FunctionInput : byte
{
    /// <summary>Any number of any items.</summary>
    Any,

    /// <summary>At most one item of any type.</summary>
    Single,
    Text,
    Number,
    Temporal,
    Element,
}

/// <summary>What a function gives, for the static check.</summary>
internal enum FunctionOutput : byte
{
    /// <summary>Items of its input, as many or fewer.</summary>
    Same,

    /// <summary>One item of the input's type.</summary>
    SameSingle,
    Boolean,
    Integer,
    Long,
    Decimal,
    Text,
    TextList,
    Date,
    DateTime,
    Time,
    Quantity,
    TypeInfo,

    /// <summary>Something that cannot be said beforehand.</summary>
    Any,
    Extension,
}

internal delegate void FunctionBody(in Call call);

/// <summary>A function of the language whose arguments are values, evaluated on the function's own <c>$this</c>.</summary>
internal sealed record Function(
    string Name, int MinArguments, int MaxArguments, FunctionInput Input, FunctionOutput Output, FunctionBody Body)
{
    /// <summary>How messages call its input and its arguments; made once, not at every call.</summary>
    public string InputText { get; } = $"The input of {Name}()";

    public string ArgumentText { get; } = $"An argument of {Name}()";
}

/// <summary>One call of a function: its input and arguments, and where its result goes.</summary>
internal readonly ref struct Call(
    Function function, Evaluation run, ref readonly FhirPathValue focus, ValueList input, Node[] arguments, ValueList output)
{
    private readonly ref readonly FhirPathValue _focus = ref focus;

    public Evaluation Run { get; } = run;

    public ValueList Input { get; } = input;

    public ValueList Output { get; } = output;

    public int ArgumentCount => arguments.Length;

    public void Return(in FhirPathValue value)
    {
        if (!value.IsNone)
        {
            Output.Add(value);
        }
    }

    public void Return(string text)
    {
        Run.CheckLength(text.Length);
        Output.Add(FhirPathValue.OfString(text));
    }

    public void Return(bool value) => Output.AddBoolean(value);

    public void Return(int value) => Output.Add(FhirPathValue.OfInteger(value));

    /// <summary>The only item of the input as it is; None if there is none.</summary>
    public FhirPathValue Item() => Input.Count switch
    {
        0 => default,
        1 => Input[0],
        _ => throw EvaluationErrors.NotSingle(function.InputText),
    };

    /// <summary>The System value of the only item.</summary>
    public FhirPathValue Value() => Conversion.ToSystem(Item());

    /// <summary>The input as a string; false if there is none.</summary>
    public bool TryText(out string text)
    {
        FhirPathValue item = Item();
        FhirPathValue value = Conversion.ToSystem(item);
        text = value.Kind == FhirPathKind.String ? value.String : "";
        return value.Kind == FhirPathKind.String
            || (Conversion.SystemKind(item) is FhirPathKind.String || item.IsNone
                ? false
                : throw EvaluationErrors.WrongType(function.InputText, "a String", item));
    }

    /// <summary>The input as a string in UTF-8; that of an element is not copied. False if there is none.</summary>
    public bool TryUtf8(out ReadOnlySpan<byte> utf8)
    {
        if (Input.Count == 1 && IsText(Input[0]))
        {
            utf8 = Input[0].Element.Value;
            return true;
        }

        bool exists = TryText(out string text);
        utf8 = Encoding.UTF8.GetBytes(text);
        return exists;
    }

    /// <summary>The System value of an argument, of the kind asked for; false if it is empty.</summary>
    public bool TryArgument(int index, FhirPathKind kind, out FhirPathValue value) => TryConvert(Argument(index), kind, out value);

    public bool TryText(int index, out string text)
    {
        bool exists = TryArgument(index, FhirPathKind.String, out FhirPathValue value);
        text = exists ? value.String : "";
        return exists;
    }

    /// <summary>A string argument in UTF-8; a literal and the text of an element are not copied.</summary>
    public bool TryUtf8(int index, out ReadOnlySpan<byte> utf8)
    {
        if (arguments[index] is ConstantNode { Utf8: { } literal })
        {
            utf8 = literal;
            return true;
        }

        FhirPathValue item = Argument(index);
        if (IsText(item))
        {
            utf8 = item.Element.Value;
            return true;
        }

        bool exists = TryConvert(item, FhirPathKind.String, out FhirPathValue value);
        utf8 = exists ? Encoding.UTF8.GetBytes(value.String) : default;
        return exists;
    }

    public bool TryInteger(int index, out int number)
    {
        bool exists = TryArgument(index, FhirPathKind.Integer, out FhirPathValue value);
        number = exists ? (int)value.Integer : 0;
        return exists;
    }

    /// <summary>The only item of an argument as it is.</summary>
    public FhirPathValue Argument(int index) => arguments[index].Single(Run, _focus, function.ArgumentText);

    /// <summary>All items of an argument; the caller returns the list to the evaluation.</summary>
    public ValueList RentArgument(int index)
    {
        ValueList list = Run.Rent();
        arguments[index].Evaluate(Run, _focus, list);
        return list;
    }

    public FhirException WrongInput(string expected) =>
        EvaluationErrors.WrongType(function.InputText, expected, Item());

    private static bool IsText(in FhirPathValue item) =>
        item.IsElement && item.Element is { HasValue: true } element && FhirTypes.SystemKind(element.Type) == FhirPathKind.String;

    private bool TryConvert(in FhirPathValue item, FhirPathKind kind, out FhirPathValue value)
    {
        value = Conversion.ToSystem(item);
        if (kind == FhirPathKind.Decimal && value.IsNumber)
        {
            value = FhirPathValue.OfDecimal(value.Number);
        }

        return !value.IsNone
            && (value.Kind == kind ? true : throw EvaluationErrors.WrongType(function.ArgumentText, $"of type {kind}", item));
    }
}

/// <summary>A call of a <see cref="Function"/> with its input and arguments resolved.</summary>
internal sealed class FunctionNode(Function function, Node input, Node[] arguments) : Node
{
    public override void Evaluate(Evaluation run, in FhirPathValue focus, ValueList output)
    {
        run.Charge(1);
        ValueList list = run.Rent();
        input.Evaluate(run, focus, list);
        function.Body(new Call(function, run, in focus, list, arguments, output));
        run.Return(list);
    }
}
