using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Storage.Sqlite.Database;
using HealthChain.Storage.Sqlite.Reading;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>A resource under judgement: what stands beside it and, when that was not enough, the resource itself. Used again and again.</summary>
internal sealed class Candidate
{
    private readonly IndexValues _values = new();
    private long _opened;
    private Element _root;
    private bool _isExtracted;

    public Head Head { get; } = new();

    /// <summary>The resource as it is found (<see cref="InlineLabels.Open"/>), opened once; it does not exist when its patient is being erased.</summary>
    public Element Root(SearchRun run)
    {
        if (_opened != Head.Newest)
        {
            _root = run.Open(Head.Newest) is { Exists: true } root ? InlineLabels.Open(root) : default;
            _opened = Head.Newest;
            _isExtracted = false;
        }

        return _root;
    }

    /// <summary>Its search values, extracted once.</summary>
    public IndexValues Values(SearchRun run)
    {
        Element root = Root(run);
        if (!_isExtracted)
        {
            _values.Clear();
            if (root.Exists)
            {
                run.Extractor.Extract(root, _values);
            }

            _isExtracted = true;
        }

        return _values;
    }

    /// <summary>The resources contained in it at which it points by a parameter.</summary>
    public IReadOnlyList<Element> ContainedBy(SearchRun run, ushort parameter)
    {
        IndexValues values = Values(run);
        var found = new List<Element>();
        for (int i = 0; i < values.Count; i++)
        {
            SearchValue value = values[i];
            if (value.Parameter == parameter && value.Kind == SearchValueKind.Reference && (value.Traits & SearchValueTraits.Contained) != 0)
            {
                foreach (Element contained in _root.ChildrenOf("contained"))
                {
                    if (contained.Child("id") is { Exists: true } id && id.ValueIs(values.Text(value.Code)[1..]))
                    {
                        found.Add(contained);
                    }
                }
            }
        }

        return found;
    }

    /// <summary>Takes a contained resource under judgement, which the store does not know by itself.</summary>
    /// <param name="coded">Its keys, as a head has them.</param>
    public void Show(Element contained, in HeadRow row, ReadOnlySpan<byte> coded, Numbers numbers)
    {
        Head.Fill(row, coded, numbers);
        _root = contained;
        _opened = row.Newest;
        _isExtracted = false;
    }

    /// <summary>Lets go of the resource, which may be large.</summary>
    public void Forget()
    {
        _opened = 0;
        _root = default;
        _values.Clear();
    }
}
