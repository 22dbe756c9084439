using System.Text;
using HealthChain.Consent.Rules;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;

namespace HealthChain.Consent;

/// <summary>What rules ask of a resource, answered by the resource itself.</summary>
public sealed class ElementFacts : IResourceFacts
{
    private readonly Element _resource;
    private readonly string? _serverBase;
    private readonly HashSet<ConsentCode> _codes = [];
    private readonly HashSet<ConsentCode> _labels = [];
    private readonly HashSet<string> _references = [];

    /// <param name="serverBase">The FHIR base of this server, without the last slash, for absolute references to it.</param>
    public ElementFacts(Element resource, Vocabulary vocabulary, string? serverBase = null)
    {
        // Parts that can be withheld are judged by themselves.
        resource = InlineLabels.Open(resource);
        _resource = resource;
        _serverBase = serverBase;
        ClinicalTime = TimeOf(resource);
        if (resource.Child("meta") is { Exists: true } meta)
        {
            foreach (Element label in meta.ChildrenOf("security"))
            {
                _labels.Add(label.ToCode());
            }
        }

        Labels = LabelsOf(_labels, vocabulary);
        foreach (Element child in resource.Children)
        {
            Walk(child);
        }
    }

    public ResourceLabels Labels { get; }

    public DateRange? ClinicalTime { get; }

    /// <summary>All that the resource refers to.</summary>
    public IReadOnlyCollection<string> References => _references;

    public string Type => _resource.Type.Name;

    public bool Claims(in TextTerm profile)
    {
        if (_resource.Child("meta") is { Exists: true } meta)
        {
            foreach (Element claimed in meta.ChildrenOf("profile"))
            {
                if (claimed.Text is { } text && (text == profile.Text || text.AsSpan(0, Math.Max(text.IndexOf('|', StringComparison.Ordinal), 0)).SequenceEqual(profile.Text)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    public bool Holds(in CodeTerm code) => _codes.Contains(code.Code);

    public bool IsLabelled(in CodeTerm label) => _labels.Contains(label.Code);

    public bool Is(in TextTerm reference) =>
        reference.Text.StartsWith(_resource.Type.Name, StringComparison.Ordinal)
        && reference.Text.AsSpan(_resource.Type.Name.Length) is ['/', .. var id]
        && _resource.Child("id") is { Exists: true } own
        && own.ValueIs(Encoding.UTF8.GetBytes(id.ToString()));

    public bool RefersTo(in TextTerm reference) => _references.Contains(reference.Text);

    public bool IsBy(in TextTerm reference) => Names(FactElements.Makers, reference.Text);

    public bool IsKeptBy(in TextTerm reference) => Names(FactElements.Keepers, reference.Text);

    public bool Mark(TermIndex index, scoped Span<ulong> marks) => false;

    /// <summary>How labels count.</summary>
    internal static ResourceLabels LabelsOf(IReadOnlyCollection<ConsentCode> labels, Vocabulary vocabulary)
    {
        Confidentiality? stated = null;
        UInt128 sensitivities = UInt128.Zero;
        foreach (ConsentCode label in labels)
        {
            sensitivities |= vocabulary.SensitivityOf(label);
            if (label.System == Vocabulary.ConfidentialitySystem)
            {
                Confidentiality one = Vocabulary.ConfidentialityOf(label) ?? Confidentiality.VeryRestricted;
                stated = stated > one ? stated : one;
            }
        }

        return new ResourceLabels(stated ?? ResourceLabels.None.Stated, sensitivities);
    }

    private static DateRange? TimeOf(Element resource)
    {
        foreach (string name in FactElements.Times)
        {
            if (resource.Child(name) is { Exists: true } element)
            {
                return element.Type.Name == "Period" ? PeriodOf(element)
                    : element.HasValue && DateRange.TryParse(element.Value, out DateRange range) ? range
                    : null;
            }
        }

        return null;
    }

    private static DateRange? PeriodOf(Element period)
    {
        (Element start, Element end) = (period.Child("start"), period.Child("end"));
        bool hasStart = DateRange.TryParse(start.Exists ? start.Value : default, out DateRange from);
        bool hasEnd = DateRange.TryParse(end.Exists ? end.Value : default, out DateRange to);
        return hasStart || hasEnd ? new DateRange(hasStart ? from.Start : long.MinValue, hasEnd ? to.End : long.MaxValue) : null;
    }

    private void Walk(Element element)
    {
        switch (element.Type.Name)
        {
            case "Meta":
                return;
            case "Coding":
                _codes.Add(element.ToCode());
                return;
            case "Reference" when element.Child("reference") is { Exists: true } reference && Rules.References.Read(reference.Text, _serverBase) is { } target:
                _references.Add(target);
                break;
        }

        foreach (Element child in element.Children)
        {
            Walk(child);
        }
    }

    private bool Names(IReadOnlyList<string> elements, string reference)
    {
        foreach (string name in elements)
        {
            foreach (Element element in _resource.ChildrenOf(name))
            {
                Element named = element.Type.Name == "Reference" ? element : element.Child("actor");
                if (named.Exists && named.Child("reference") is { Exists: true } text && Rules.References.Read(text.Text, _serverBase) == reference)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
