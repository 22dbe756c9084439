using HealthChain.Fhir.Model;
using HealthChain.Fhir.Schema;

namespace HealthChain.Fhir.Search;

/// <summary>Writes the facts of a resource beside its search values.</summary>
internal readonly ref struct FactWriter(IndexValues values, FactPlan plan, ReadOnlySpan<byte> serverBase)
{
    private static readonly TypeSchema Patient = FhirSchema.R4.Type("Patient")!;
    private static readonly ElementSchema MetaSecurity = FhirSchema.R4.Type("Meta")!.Element("security")!;
    private static readonly ElementSchema MetaProfile = FhirSchema.R4.Type("Meta")!.Element("profile")!;
    private static readonly Sort[] Sorts = [.. FhirSchema.R4.Types.Select(SortOf)];

    private readonly IndexValues _values = values;
    private readonly FactPlan _plan = plan;
    private readonly ReadOnlySpan<byte> _serverBase = serverBase;

    private enum Sort : byte
    {
        Other,
        Coding,
        Reference,
        Meta,
    }

    public void Write(Element resource)
    {
        WritePatients(resource);
        if (resource.Child("meta") is { Exists: true } meta)
        {
            WriteMeta(meta);
        }

        WriteTime(resource);
        WriteActors(resource, _plan.Makers, ResourceFact.Maker);
        WriteActors(resource, _plan.Keepers, ResourceFact.Keeper);
        WriteContent(resource.Tree, resource.Index);
    }

    /// <summary>Reads what the parameters of the compartment found.</summary>
    private void WritePatients(Element resource)
    {
        if (_plan.IsPatient && resource.Child("id") is { Exists: true, HasValue: true } id)
        {
            TextSlice text = _values.TextOf(id);
            ref SearchValue own = ref Add(ResourceFact.Patient, SearchValueKind.Reference);
            own.TargetType = Patient.Id;
            own.Code = text;
        }

        if (!_plan.HasPatients)
        {
            return;
        }

        foreach (ref readonly SearchValue value in _values.Values)
        {
            if (value.Kind == SearchValueKind.Reference
                && value.Component == 0
                && value.TargetType == Patient.Id
                && (value.Traits & SearchValueTraits.Contained) == 0
                && _values.Text(value.System).IsEmpty
                && _plan.TellsPatient(value.Parameter))
            {
                ref SearchValue patient = ref Add(ResourceFact.Patient, SearchValueKind.Reference);
                patient.TargetType = value.TargetType;
                patient.Code = value.Code;
            }
        }
    }

    private void WriteMeta(Element meta)
    {
        foreach (Element label in meta.ChildrenOf(MetaSecurity))
        {
            bool isConfidentiality = label.Child(DataShapes.CodingSystem) is { Exists: true } system
                && system.ValueIs("http://terminology.hl7.org/CodeSystem/v3-Confidentiality"u8);
            AddCoding(isConfidentiality ? ResourceFact.Confidentiality : ResourceFact.Label, label);
        }

        foreach (Element profile in meta.ChildrenOf(MetaProfile))
        {
            if (profile.HasValue)
            {
                TextSlice text = _values.TextOf(profile);
                int bar = _values.Text(text).IndexOf((byte)'|');
                ref SearchValue value = ref Add(ResourceFact.Profile, SearchValueKind.Uri);
                value.Text = text;
                value.Code = bar < 0 ? text : text[..bar];
                value.Version = bar < 0 ? default : text[(bar + 1)..];
            }
        }
    }

    private void WriteTime(Element resource)
    {
        foreach (ElementSchema schema in _plan.Times)
        {
            if (resource.Child(schema) is { Exists: true } element)
            {
                DateRange? range = DataShapes.Of(element.Type) == DataShape.Period ? ValueWriter.PeriodOf(element) : ValueWriter.DateOf(element);
                if (range is { } time)
                {
                    Add(ResourceFact.Time, SearchValueKind.Date).Range = time;
                }

                return;
            }
        }
    }

    private void WriteActors(Element resource, ElementSchema[] elements, ResourceFact fact)
    {
        foreach (ElementSchema schema in elements)
        {
            foreach (Element element in resource.ChildrenOf(schema))
            {
                Element actor = Sorts[element.Type.Id] == Sort.Reference ? element : element.Child("actor");
                if (actor.Exists)
                {
                    AddReference(fact, actor);
                }
            }
        }
    }

    /// <summary>All Codings and references, however deep.</summary>
    private void WriteContent(ElementTree tree, int root)
    {
        int at = tree[root].FirstChild;
        while (at != 0)
        {
            Sort sort = Sorts[tree[at].Type];
            if (sort == Sort.Coding)
            {
                AddCoding(ResourceFact.Code, new Element(tree, at));
            }
            else if (sort == Sort.Reference)
            {
                AddReference(ResourceFact.Reference, new Element(tree, at));
            }

            if (sort is Sort.Other or Sort.Reference && tree[at].FirstChild is var first and not 0)
            {
                at = first;
                continue;
            }

            while (tree[at].NextSibling == 0)
            {
                at = tree[at].Parent;
                if (at == root)
                {
                    return;
                }
            }

            at = tree[at].NextSibling;
        }
    }

    private void AddCoding(ResourceFact fact, Element coding)
    {
        TextSlice system = TextOf(coding.Child(DataShapes.CodingSystem));
        TextSlice code = TextOf(coding.Child(DataShapes.CodingCode));
        ref SearchValue value = ref Add(fact, SearchValueKind.Token);
        value.System = system;
        value.Code = code;
    }

    private void AddReference(ResourceFact fact, Element reference)
    {
        if (reference.Child(DataShapes.ReferenceReference) is not { Exists: true, HasValue: true } literal)
        {
            return;
        }

        TextSlice text = _values.TextOf(literal);
        ReadOnlySpan<byte> utf8 = _values.Text(text);
        if (utf8.IsEmpty || utf8[0] == (byte)'#')
        {
            return;
        }

        int skipped = LiteralReference.LengthOfBase(utf8, _serverBase);
        TextSlice rest = text[skipped..];
        if (!rest.Exists)
        {
            return;
        }

        LiteralReference parts = LiteralReference.Parse(utf8[skipped..]);
        ref SearchValue value = ref Add(fact, SearchValueKind.Reference);
        value.TargetType = parts.Type?.Id ?? SearchValue.NoType;
        value.System = rest[parts.Server];
        value.Code = rest[parts.Id];
    }

    private ref SearchValue Add(ResourceFact fact, SearchValueKind kind) => ref _values.AddFact(_plan.IdOf(fact), kind);

    private TextSlice TextOf(Element primitive) => primitive.Exists ? _values.TextOf(primitive) : default;

    private static Sort SortOf(TypeSchema type) => type.Name switch
    {
        "Coding" => Sort.Coding,
        "Reference" => Sort.Reference,
        "Meta" => Sort.Meta,
        _ => Sort.Other,
    };
}
