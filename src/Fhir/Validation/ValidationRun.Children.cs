using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Validation;

internal sealed partial class ValidationRun
{
    private const int AfterSlices = int.MaxValue;

    // Counters of one parent: occurrences by element, then those of the slicings of each rule in the frame.
    private void VisitChildren(Element parent, TypeRules type, int first)
    {
        int last = _rules.Count;
        int elements = type.Max.Length;
        int size = elements;
        for (int i = first; i < last; i++)
        {
            size += _rules[i].Children?.Counters ?? 0;
        }

        int counters = Reserve(size);
        for (Element child = parent.FirstChild; child.Exists && !Findings.IsDone; child = child.NextSibling)
        {
            VisitChild(child, type, first, last, counters);
        }

        foreach (int index in type.Required)
        {
            if (_counters[counters + index] < type.Type.Elements[index].Min)
            {
                ReportMissing(parent, type.Type.Elements[index].Name, type.Type.Elements[index].Min, 0, type.Definitions[index], null);
            }
        }

        int sliceCounters = counters + elements;
        for (int i = first; i < last; i++)
        {
            if (_rules[i].Children is { } children)
            {
                CheckCounts(parent, type, children, counters, sliceCounters);
                sliceCounters += children.Counters;
            }
        }

        _countersTop = counters;
    }

    private void VisitChild(Element child, TypeRules type, int first, int last, int counters)
    {
        int index = child.Schema!.Index;
        if (++_counters[counters + index] == type.Max[index] + 1)
        {
            Findings.Error(
                child, IssueType.Structure, "cardinality",
                $"{child.Schema.Name} may occur {type.Max[index]} time(s) only; remove what is too much.");
        }

        if (index == ElementId && !type.Type.IsResource && child.HasValue && Findings.IsReporting)
        {
            CheckElementId(child, type);
        }

        int frame = _rules.Count;
        if (type.Elements[index] is { } own)
        {
            _rules.Add(own);
        }

        int sliceCounters = counters + type.Max.Length;
        for (int i = first; i < last; i++)
        {
            if (_rules[i].Children is not { } children)
            {
                continue;
            }

            foreach (ElementRules rules in children.For(type.Type)[index] ?? [])
            {
                if (rules.OnlyType is null || ReferenceEquals(rules.OnlyType, child.Type))
                {
                    _rules.Add(rules);
                    if (rules.Slicing is { } slicing)
                    {
                        AddSlice(child, rules, slicing, sliceCounters);
                    }
                }
            }

            sliceCounters += children.Counters;
        }

        Visit(child, frame);
        _rules.RemoveRange(frame, _rules.Count - frame);
    }

    // element.html: ids are unique within the resource; but snapshot and differential name the same elements (sdf-16, sdf-17).
    private void CheckElementId(Element id, TypeRules type)
    {
        if (type.Check != TypeCheck.ElementDefinition && !(_elementIds ??= []).Add((Resource.Index, id.Text!)))
        {
            Findings.Error(id, IssueType.Duplicate, "id", $"Another element of the resource has the id '{id.Value}' too; ids must differ.");
        }
    }

    private void AddSlice(Element child, ElementRules rules, SliceSet set, int counters)
    {
        int state = counters + set.CounterOffset;
        for (int i = 0; i < set.Slices.Length; i++)
        {
            Slice slice = set.Slices[i];
            if (!slice.Accepts(child, this))
            {
                continue;
            }

            _counters[state + 1 + i]++;
            CheckOrder(child, rules, set, i, ref _counters[state]);
            _rules.Add(slice.Rules);
            if (slice.Rules.Slicing is { } inner)
            {
                AddSlice(child, slice.Rules, inner, counters);
            }

            return;
        }

        if (set.Rest is { } rest)
        {
            _rules.Add(rest.Rules);
        }
        else if (set.Rules == SlicingRules.Closed)
        {
            Findings.Error(
                child, IssueType.Structure, rules.Source,
                $"{rules.Definition.Path} matches none of the slices {SliceNames(set)}, and others are not allowed ({rules.Source}).");
        }
        else if (set.Rules == SlicingRules.OpenAtEnd)
        {
            _counters[state] = AfterSlices;
        }
    }

    private void CheckOrder(Element child, ElementRules rules, SliceSet set, int slice, ref int state)
    {
        if (state == AfterSlices)
        {
            Findings.Error(
                child, IssueType.Structure, rules.Source,
                $"Slice {set.Slices[slice].Name} must stand before what is in no slice; other content is allowed at the end only ({rules.Source}).");
        }
        else if (set.IsOrdered && slice + 1 < state)
        {
            Findings.Error(
                child, IssueType.Structure, rules.Source,
                $"Slice {set.Slices[slice].Name} must stand before slice {set.Slices[state - 1].Name}; the slices are ordered ({rules.Source}).");
        }
        else
        {
            state = slice + 1;
        }
    }

    private void CheckCounts(Element parent, TypeRules type, ChildRules children, int counters, int sliceCounters)
    {
        foreach (ElementRules rules in children.Items)
        {
            if (type.Type.Element(rules.Name) is not { } element)
            {
                continue;
            }

            int count = rules.OnlyType is null ? _counters[counters + element.Index] : CountOf(parent, element, rules.OnlyType);
            if (count < rules.Min)
            {
                ReportMissing(parent, element.Name, rules.Min, count, rules.Definition, rules.Source);
            }

            if (count > rules.Max)
            {
                Findings.Error(
                    LastOf(parent, element), IssueType.Structure, rules.Source,
                    $"{rules.Definition.Path} may occur {rules.Max} time(s) here, but occurs {count} time(s) ({rules.Source}).");
            }

            if (rules.Slicing is { } slicing)
            {
                CheckSliceCounts(parent, rules, slicing, sliceCounters);
            }
        }
    }

    private void CheckSliceCounts(Element parent, ElementRules rules, SliceSet set, int counters)
    {
        for (int i = 0; i < set.Slices.Length; i++)
        {
            Slice slice = set.Slices[i];
            int count = _counters[counters + set.CounterOffset + 1 + i];
            if (count < slice.Rules.Min)
            {
                Findings.Error(
                    parent, IssueType.Required, rules.Source,
                    $"Slice {rules.Definition.Path}:{slice.Name} must occur at least {slice.Rules.Min} time(s), but {count} found ({rules.Source}).");
            }

            if (count > slice.Rules.Max)
            {
                Findings.Error(
                    parent, IssueType.Structure, rules.Source,
                    $"Slice {rules.Definition.Path}:{slice.Name} may occur {slice.Rules.Max} time(s), but {count} found ({rules.Source}).");
            }

            if (slice.Rules.Slicing is { } inner)
            {
                CheckSliceCounts(parent, slice.Rules, inner, counters);
            }
        }
    }

    private void ReportMissing(Element parent, string name, int min, int count, ElementDefinition? definition, string? source) =>
        Findings.Error(
            parent, IssueType.Required, source ?? "cardinality",
            $"{definition?.Path ?? name} must occur at least {min} time(s), but {count} found; add the element {name}{Purpose(definition)}.");

    private static string Purpose(ElementDefinition? definition) => definition?.Short is { Length: > 0 } text ? $" ({text})" : "";

    private static string SliceNames(SliceSet set) => string.Join(", ", set.Slices.Select(slice => slice.Name));

    private static int CountOf(Element parent, ElementSchema schema, TypeSchema type)
    {
        int count = 0;
        foreach (Element child in parent.ChildrenOf(schema))
        {
            count += ReferenceEquals(child.Type, type) ? 1 : 0;
        }

        return count;
    }

    private static Element LastOf(Element parent, ElementSchema schema)
    {
        Element last = default;
        foreach (Element child in parent.ChildrenOf(schema))
        {
            last = child;
        }

        return last;
    }

    private int Reserve(int size)
    {
        int start = _countersTop;
        _countersTop += size;
        if (_countersTop > _counters.Length)
        {
            Array.Resize(ref _counters, Math.Max(_countersTop, _counters.Length * 2));
        }

        Array.Clear(_counters, start, size);
        return start;
    }
}
