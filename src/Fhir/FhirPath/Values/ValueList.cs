using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.FhirPath;

/// <summary>
/// A collection of items that keeps its memory when it is cleared. Callers on hot paths own one and have results written into it.
/// </summary>
public sealed class ValueList
{
    private const int LargestKept = 4096;

    private FhirPathValue[] _items = new FhirPathValue[4];
    private int _count;

    public int Count => _count;

    /// <summary>The most items it takes before evaluation is refused as too costly.</summary>
    internal int Limit { get; set; } = FhirPathLimits.Default.MaxItems;

    public ref readonly FhirPathValue this[int index] => ref _items.AsSpan(0, _count)[index];

    public ReadOnlySpan<FhirPathValue> Items => _items.AsSpan(0, _count);

    /// <summary>Empties the list. Items are not wiped: they hold no more than a reference to a tree or string until overwritten.</summary>
    public void Clear()
    {
        _count = 0;
        if (_items.Length > LargestKept)
        {
            _items = new FhirPathValue[4];
        }
    }

    internal void Add(in FhirPathValue value)
    {
        if (_count == _items.Length)
        {
            Grow();
        }

        _items[_count++] = value;
    }

    internal void Add(ElementTree tree, int index)
    {
        if (_count == _items.Length)
        {
            Grow();
        }

        _items[_count++] = new FhirPathValue(tree, index);
    }

    internal void AddBoolean(bool value) => Add(FhirPathValue.OfBoolean(value));

    internal void AddAll(ValueList list)
    {
        for (int i = 0; i < list._count; i++)
        {
            Add(list._items[i]);
        }
    }

    internal void Truncate(int count) => _count = Math.Min(_count, count);

    internal void Swap(int left, int right) => (_items[left], _items[right]) = (_items[right], _items[left]);

    internal Span<FhirPathValue> Span => _items.AsSpan(0, _count);

    private void Grow()
    {
        if (_count >= Limit)
        {
            throw new FhirException(FhirError.Of(
                ErrorKind.TooCostly, IssueType.TooCostly, $"A FHIRPath collection grew beyond {Limit} items."));
        }

        Array.Resize(ref _items, _items.Length * 2);
    }
}
