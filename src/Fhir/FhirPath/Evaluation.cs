using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.FhirPath;

/// <summary>
/// The working memory of evaluations. Code on a hot path owns one and passes it in again and again; after the first few
/// evaluations it allocates nothing any more.
/// </summary>
/// <remarks>Not thread-safe: one thread at a time. A result stays valid until the next evaluation with the same object.</remarks>
public sealed class Evaluation
{
    private readonly List<ValueList> _lists = [];
    private readonly List<ValueList> _slots = [];
    private EvaluationContext _context;
    private int _rented;
    private int _budget;
    private Temporal _now;
    private bool _hasNow;

    public Evaluation(EvaluationContext? context = null) => _context = context ?? EvaluationContext.Default;

    /// <summary>Set between evaluations, never during one.</summary>
    public EvaluationContext Context
    {
        get => _context;
        set => _context = value;
    }

    /// <summary>The items of the last evaluation that was given this object to hold them.</summary>
    public ValueList Results { get; } = new();

    /// <summary><c>%context</c>: what the evaluation started from.</summary>
    internal FhirPathValue Start { get; private set; }

    /// <summary><c>$index</c>; -1 outside of iterations.</summary>
    internal int Index { get; set; }

    /// <summary><c>$total</c></summary>
    internal FhirPathValue Total { get; set; }

    internal FhirPathLimits Limits => _context.Limits;

    /// <summary>The time of this evaluation, the same however often it is asked for.</summary>
    internal Temporal Now
    {
        get
        {
            if (!_hasNow)
            {
                _now = Temporal.OfInstant(_context.TimeProvider.GetLocalNow());
                _hasNow = true;
            }

            return _now;
        }
    }

    internal Element Resource => _context.Resource.Exists || !Start.IsElement ? _context.Resource : Start.Element.Resource;

    internal Element RootResource =>
        _context.RootResource.Exists ? _context.RootResource
        : Resource is { Exists: true } resource ? resource.Container
        : default;

    internal void Begin(in FhirPathValue start, int slots)
    {
        Start = start;
        Index = -1;
        Total = default;
        _rented = 0;
        _budget = _context.Limits.MaxSteps;
        _hasNow = false;
        if (Results.Limit != _context.Limits.MaxItems)
        {
            ApplyLimit(_context.Limits.MaxItems);
        }

        while (_slots.Count < slots)
        {
            _slots.Add(new ValueList { Limit = _context.Limits.MaxItems });
        }
    }

    // The lists outlive the context: one with other limits may have come since they were made.
    private void ApplyLimit(int maxItems)
    {
        Results.Limit = maxItems;
        foreach (ValueList list in _lists)
        {
            list.Limit = maxItems;
        }

        foreach (ValueList slot in _slots)
        {
            slot.Limit = maxItems;
        }
    }

    /// <summary>The list of a variable made by <c>defineVariable()</c>.</summary>
    internal ValueList Slot(int index) => _slots[index];

    /// <summary>An empty list, to be given back in reverse order. After an exception the next evaluation takes all back.</summary>
    internal ValueList Rent()
    {
        if (_rented == _lists.Count)
        {
            _lists.Add(new ValueList { Limit = _context.Limits.MaxItems });
        }

        ValueList list = _lists[_rented++];
        list.Clear();
        return list;
    }

    internal void Return(ValueList list)
    {
        _rented--;
        System.Diagnostics.Debug.Assert(ReferenceEquals(_lists[_rented], list), "Lists are given back in reverse order.");
    }

    /// <summary>Counts work against the budget.</summary>
    internal void Charge(int steps)
    {
        if ((_budget -= steps) < 0)
        {
            throw EvaluationErrors.TooCostly($"The evaluation took more than {_context.Limits.MaxSteps} steps");
        }
    }

    /// <summary>Refuses strings beyond the limit; to be asked before making one.</summary>
    internal void CheckLength(long characters)
    {
        if (characters > _context.Limits.MaxStringLength)
        {
            throw EvaluationErrors.TooCostly($"The expression makes a string of more than {_context.Limits.MaxStringLength} characters");
        }
    }
}

/// <summary>Errors that only the data can show.</summary>
internal static class EvaluationErrors
{
    public static FhirException Of(string message) => new(FhirError.Of(ErrorKind.Invalid, IssueType.Processing, "FHIRPath: " + message + "."));

    public static FhirException TooCostly(string message) =>
        new(FhirError.Of(ErrorKind.TooCostly, IssueType.TooCostly, "FHIRPath: " + message + "."));

    public static FhirException NotSingle(string what) => Of($"{what} must be a single item, found several");

    public static FhirException NotComparable(in FhirPathValue left, in FhirPathValue right) =>
        Of($"{left.TypeName} and {right.TypeName} have no order");

    public static FhirException WrongType(string what, string expected, in FhirPathValue found) =>
        Of($"{what} must be {expected}, found {found.TypeName}");
}
