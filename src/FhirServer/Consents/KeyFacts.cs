using HealthChain.Consent;
using HealthChain.Fhir.Search;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents;

/// <summary>What rules ask of a resource, answered by its index keys: the same as <see cref="ElementFacts"/> says of the resource itself.</summary>
internal readonly ref struct KeyFacts : IResourceFacts
{
    private readonly ConsentKeys _keys;
    private readonly long _id;
    private readonly ReadOnlySpan<IndexKey> _facts;

    public KeyFacts(ConsentKeys keys, in ResourceFacts facts)
    {
        _keys = keys;
        Type = facts.Type;
        _id = facts.Id;
        _facts = facts.Keys.Between(keys.IdOf(ResourceFact.Code), keys.IdOf(ResourceFact.Time));
        Labels = keys.LabelsOf(_facts.Of(keys.IdOf(ResourceFact.Label)), _facts.Of(keys.IdOf(ResourceFact.Confidentiality)));
    }

    public ResourceLabels Labels { get; }

    public DateRange? ClinicalTime => _facts.Of(_keys.IdOf(ResourceFact.Time)) is [var time, ..] ? new DateRange(time.Low, time.High) : null;

    public string Type { get; }

    public bool Claims(in TextTerm profile) => Has(ResourceFact.Profile, profile.Key);

    public bool Holds(in CodeTerm code) => Has(ResourceFact.Code, code.Key);

    public bool IsLabelled(in CodeTerm label) => Has(ResourceFact.Label, label.Key) || Has(ResourceFact.Confidentiality, label.Key);

    public bool Is(in TextTerm reference) => _id == reference.Key;

    public bool RefersTo(in TextTerm reference) => Has(ResourceFact.Reference, reference.Key);

    public bool IsBy(in TextTerm reference) => Has(ResourceFact.Maker, reference.Key);

    public bool IsKeptBy(in TextTerm reference) => Has(ResourceFact.Keeper, reference.Key);

    public bool Mark(TermIndex index, scoped Span<ulong> marks)
    {
        bool isLabelled = false;
        foreach (ref readonly IndexKey key in _facts)
        {
            index.MarkKey(key.Hash, marks);
            isLabelled |= key.Parameter == _keys.IdOf(ResourceFact.Label) || key.Parameter == _keys.IdOf(ResourceFact.Confidentiality);
        }

        index.MarkKey(_id, marks);
        if (isLabelled)
        {
            index.MarkLabelled(marks);
        }

        return true;
    }

    private bool Has(ResourceFact fact, long hash) => _facts.Has(_keys.IdOf(fact), hash);
}
