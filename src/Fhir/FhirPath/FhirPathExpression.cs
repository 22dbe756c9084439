using System.Diagnostics;
using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.FhirPath;

/// <summary>How an expression is to be read.</summary>
public sealed record FhirPathOptions
{
    public static FhirPathOptions Default { get; } = new();

    /// <summary>
    /// For search parameters: R4 writes <c>(Observation.component.value as Quantity)</c> where it means <c>ofType()</c>. If set,
    /// <c>as</c> takes any number of items; else more than one is an error, as the specification says.
    /// </summary>
    public bool AsFilters { get; init; }

    public FhirPathLimits Limits { get; init; } = FhirPathLimits.Default;

    /// <summary>The options for the expressions of R4's SearchParameters.</summary>
    public static FhirPathOptions SearchParameter { get; } = new() { AsFilters = true };
}

/// <summary>A FHIRPath expression, parsed and compiled once, to be evaluated any number of times.</summary>
/// <remarks>Immutable and safe to share between threads.</remarks>
[DebuggerDisplay("{Text}")]
public sealed class FhirPathExpression
{
    [ThreadStatic]
    private static Evaluation? _spare;

    private readonly Node _root;
    private readonly int _slots;

    private FhirPathExpression(string text, Syntax syntax, Node root, int slots)
    {
        Text = text;
        Syntax = syntax;
        _root = root;
        _slots = slots;
    }

    /// <summary>The expression as it was written.</summary>
    public string Text { get; }

    internal Syntax Syntax { get; }

    /// <summary>Parses and compiles; the error says where and what was expected.</summary>
    public static Result<FhirPathExpression> Compile(string text, FhirPathOptions? options = null)
    {
        options ??= FhirPathOptions.Default;
        try
        {
            Syntax syntax = Parser.Parse(text, options.Limits);
            var compiler = new Compiler(text, options);
            Node root = compiler.Compile(syntax);
            return new FhirPathExpression(text, syntax, root, compiler.Slots);
        }
        catch (FhirException e)
        {
            return e.Error;
        }
    }

    /// <summary>Evaluates on an element (or on nothing: <c>default</c>).</summary>
    /// <exception cref="FhirException">The data does not fit the expression, or it took too much.</exception>
    public IReadOnlyList<FhirPathValue> Evaluate(Element focus, EvaluationContext? context = null) => ToArray(focus, context);

    /// <summary>As <see cref="Evaluate(Element, EvaluationContext?)"/>, with what went wrong as a value.</summary>
    public Result<IReadOnlyList<FhirPathValue>> TryEvaluate(Element focus, EvaluationContext? context = null)
    {
        try
        {
            return ToArray(focus, context);
        }
        catch (FhirException e)
        {
            return e.Error;
        }
    }

    /// <summary>The elements of the result; items that are no elements are left out.</summary>
    /// <exception cref="FhirException">The data does not fit the expression, or it took too much.</exception>
    public IReadOnlyList<Element> EvaluateElements(Element focus, EvaluationContext? context = null)
    {
        Evaluation run = Take(context);
        var elements = new List<Element>();
        foreach (FhirPathValue item in Evaluate(focus, run).Items)
        {
            if (item.IsElement)
            {
                elements.Add(item.Element);
            }
        }

        GiveBack(run);
        return elements;
    }

    /// <summary>Whether the expression holds, as invariants are meant: an empty result is false.</summary>
    /// <exception cref="FhirException">The data does not fit the expression, or it took too much.</exception>
    public bool IsTrue(Element focus, EvaluationContext? context = null)
    {
        Evaluation run = Take(context);
        bool holds = IsTrue(focus, run);
        GiveBack(run);
        return holds;
    }

    /// <summary>Evaluates into <see cref="Evaluation.Results"/> of an object that the caller owns, without allocating.</summary>
    /// <exception cref="FhirException">The data does not fit the expression, or it took too much.</exception>
    public ValueList Evaluate(Element focus, Evaluation run) => Evaluate(FhirPathValue.OfElement(focus), run);

    /// <summary>As <see cref="Evaluate(Element, Evaluation)"/>, on any item.</summary>
    public ValueList Evaluate(in FhirPathValue focus, Evaluation run)
    {
        ArgumentNullException.ThrowIfNull(run);
        run.Begin(focus, _slots);
        run.Results.Clear();
        _root.Evaluate(run, focus, run.Results);
        return run.Results;
    }

    /// <summary>Whether the expression holds, without allocating. Leaves <see cref="Evaluation.Results"/> as it is.</summary>
    /// <exception cref="FhirException">The data does not fit the expression, or it took too much.</exception>
    public bool IsTrue(Element focus, Evaluation run)
    {
        ArgumentNullException.ThrowIfNull(run);
        FhirPathValue start = FhirPathValue.OfElement(focus);
        run.Begin(start, _slots);
        return _root.Test(run, start) == Truth.True;
    }

    public override string ToString() => Text;

    private FhirPathValue[] ToArray(Element focus, EvaluationContext? context)
    {
        Evaluation run = Take(context);
        FhirPathValue[] items = Evaluate(focus, run).Items.ToArray();
        GiveBack(run);
        return items;
    }

    private static Evaluation Take(EvaluationContext? context)
    {
        Evaluation run = _spare ?? new Evaluation();
        _spare = null;
        run.Context = context ?? EvaluationContext.Default;
        return run;
    }

    // What an evaluation still points to is dropped with the next one on this thread; after an exception nothing is kept.
    private static void GiveBack(Evaluation run)
    {
        run.Context = EvaluationContext.Default;
        _spare = run;
    }
}
