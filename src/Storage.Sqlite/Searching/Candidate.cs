using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
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

    /// <summary>The resource, opened once; it does not exist when its patient is being erased.</summary>
    public Element Root(SearchRun run)
    {
        if (_opened != Head.Newest)
        {
            _root = run.Open(Head.Newest);
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

    /// <summary>Lets go of the resource, which may be large.</summary>
    public void Forget()
    {
        _opened = 0;
        _root = default;
        _values.Clear();
    }
}
