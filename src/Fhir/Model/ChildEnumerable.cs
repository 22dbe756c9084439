using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Model;

/// <summary>The children of an element, or those of one schema; enumerates without allocating.</summary>
public readonly struct ChildEnumerable
{
    private readonly Element _parent;
    private readonly ElementSchema? _schema;

    internal ChildEnumerable(Element parent, ElementSchema? schema)
    {
        _parent = parent;
        _schema = schema;
    }

    public Enumerator GetEnumerator() => new(_parent, _schema);

    public int Count()
    {
        int count = 0;
        foreach (Element _ in this)
        {
            count++;
        }

        return count;
    }

    public List<Element> ToList()
    {
        var list = new List<Element>();
        foreach (Element child in this)
        {
            list.Add(child);
        }

        return list;
    }

    public struct Enumerator
    {
        private readonly ElementTree? _tree;
        private readonly int _element;
        private int _current;
        private int _next;

        internal Enumerator(Element parent, ElementSchema? schema)
        {
            _tree = parent.Exists ? parent.Tree : null;
            _element = schema?.Id ?? -1;
            _next = parent.Exists ? parent.Node.FirstChild : 0;
        }

        public readonly Element Current => new(_tree!, _current);

        public bool MoveNext()
        {
            while (_next != 0)
            {
                ref readonly Node node = ref _tree![_next];
                _current = _next;
                _next = node.NextSibling;
                if (_element < 0 || node.Element == _element)
                {
                    return true;
                }
            }

            return false;
        }
    }
}
