using System.Text;
using HealthChain.Fhir.FhirPath;
using HealthChain.Fhir.Model;

namespace HealthChain.Fhir.Search;

/// <summary>
/// Finds the values of all search parameters of a resource in one walk over its tree, and what decisions ask of it (<see cref="ResourceFact"/>). Keeps run state, so each thread has its own;
/// the <see cref="SearchParameterSet"/> behind it is shared.
/// </summary>
public sealed class SearchExtractor
{
    private readonly SearchParameterSet _parameters;
    private readonly byte[] _serverBase;
    private readonly Evaluation _evaluation = new();

    /// <param name="serverBase">This server's base url without the last slash: references to it are stored as relative ones.</param>
    public SearchExtractor(SearchParameterSet parameters, string? serverBase = null)
    {
        _parameters = parameters;
        _serverBase = Encoding.UTF8.GetBytes(serverBase ?? "");
    }

    /// <summary>Fills <paramref name="values"/> with the values of a resource; what it held before is gone.</summary>
    /// <remarks>Does not fail: an expression of a package that cannot be evaluated on this resource gives no value.</remarks>
    public void Extract(Element resource, IndexValues values)
    {
        // By parts that can be withheld nobody finds a resource.
        resource = InlineLabels.Open(resource);
        TypeWalk walk = _parameters.WalkOf(resource.Type);
        values.Start(resource.Tree, walk.Constants.Bytes);
        var run = new Run(new ValueWriter(values, walk.Constants, walk.Systems, _serverBase), values, resource, _evaluation);
        run.Walk(resource.Tree, resource.Index, walk.Root);
        foreach (ComputedValue computed in walk.Computed)
        {
            run.Compute(computed, resource);
        }

        new FactWriter(values, walk.Facts, _serverBase).Write(resource);
    }

    private readonly ref struct Run(ValueWriter writer, IndexValues values, Element resource, Evaluation evaluation)
    {
        private readonly ValueWriter _writer = writer;
        private readonly IndexValues _values = values;
        private readonly Element _resource = resource;
        private readonly Evaluation _evaluation = evaluation;

        /// <summary>As deep as the longest path of a parameter, whatever the resource looks like.</summary>
        public void Walk(ElementTree tree, int index, WalkNode node)
        {
            foreach (ValueTarget target in node.Targets)
            {
                Write(target, new Element(tree, index));
            }

            foreach ((WalkFilter filter, WalkNode next) in node.Branches)
            {
                if (filter.Passes(new Element(tree, index)))
                {
                    Walk(tree, index, next);
                }
            }

            if (!node.HasChildren)
            {
                return;
            }

            for (int child = tree[index].FirstChild; child != 0; child = tree[child].NextSibling)
            {
                if (node.Next(tree[child].Element) is { } next)
                {
                    Walk(tree, child, next);
                }
            }
        }

        public void Compute(ComputedValue computed, Element focus)
        {
            FhirPathValue[] results;
            try
            {
                results = computed.Expression.Evaluate(focus, _evaluation).Items.ToArray();
            }
            catch (FhirException)
            {
                // The data does not fit the expression. It was compiled without fault and other resources do, so this one has no value.
                return;
            }

            foreach (FhirPathValue result in results)
            {
                if (result.IsElement)
                {
                    Write(computed.Target, result.Element);
                }
                else if (result.Kind == FhirPathKind.Boolean)
                {
                    _writer.WriteBoolean(computed.Target, result.Boolean);
                }
            }
        }

        private void Write(ValueTarget target, Element element)
        {
            if (target.Tuple is null)
            {
                _writer.Write(target, element);
            }
            else
            {
                WriteTuple(target, target.Tuple, element);
            }
        }

        /// <summary>A tuple that lacks a part matches nothing and is left out.</summary>
        private void WriteTuple(ValueTarget target, TuplePlan tuple, Element item)
        {
            int head = _values.Count;
            _values.Add(target.Parameter.Id, target.Component, SearchValueKind.Composite);
            foreach (TupleComponent component in tuple.Components)
            {
                int before = _values.Count;
                Walk(item.Tree, item.Index, component.FromItem);
                Walk(_resource.Tree, _resource.Index, component.FromResource);
                if (component.Computed is not null)
                {
                    Compute(component.Computed, item);
                }

                if (_values.Count == before)
                {
                    _values.Truncate(head);
                    return;
                }
            }

            _values.At(head).PartCount = _values.Count - head - 1;
        }
    }
}
