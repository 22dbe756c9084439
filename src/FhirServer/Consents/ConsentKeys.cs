using System.Collections.Frozen;
using System.Text;
using HealthChain.Consent;
using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents;

/// <summary>
/// The keys under which a store knows what consents speak of: those of rules are made when a decision is compiled, those of labels are here. Built once;
/// immutable.
/// </summary>
internal sealed class ConsentKeys : ITermKeys
{
    private readonly SearchParameterSet _parameters;
    private readonly IndexHasher _hasher;
    private readonly byte[] _serverBase;
    private readonly FrozenDictionary<long, UInt128> _sensitivities;
    private readonly FrozenDictionary<long, Confidentiality> _confidentialities;

    /// <param name="serverBase">The FHIR base of this server, without the last slash: references to it are its own.</param>
    public ConsentKeys(SearchParameterSet parameters, IndexHasher hasher, Vocabulary vocabulary, string? serverBase)
    {
        _parameters = parameters;
        _hasher = hasher;
        _serverBase = Encoding.UTF8.GetBytes(serverBase ?? "");
        _sensitivities = vocabulary.Sensitivities.ToFrozenDictionary(OfCode, vocabulary.SensitivityOf);
        _confidentialities = Vocabulary.Confidentialities.ToFrozenDictionary(OfCode, label => Vocabulary.ConfidentialityOf(label)!.Value);
    }

    /// <summary>The hash by which a store knows what a literal reference points at.</summary>
    public long HashOf(string reference)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(reference);
        ReadOnlySpan<byte> rest = utf8.AsSpan(LiteralReference.LengthOfBase(utf8, _serverBase));
        LiteralReference parts = LiteralReference.Parse(rest);
        return _hasher.Reference(rest[parts.Server], Encoding.UTF8.GetBytes(parts.Type?.Name ?? ""), rest[parts.Id]);
    }

    public long OfCode(ConsentCode code) => _hasher.Token(Encoding.UTF8.GetBytes(code.System), Encoding.UTF8.GetBytes(code.Code));

    public long OfProfile(string profile) => _hasher.Uri(Encoding.UTF8.GetBytes(profile));

    public long OfReference(string reference) => HashOf(reference);

    /// <summary>The patients whose it is; the hash of each key is that of the patient.</summary>
    public ReadOnlySpan<IndexKey> PatientsOf(in ResourceFacts facts) => facts.Keys.Of(IdOf(ResourceFact.Patient));

    /// <summary>Whether resources of the type can be patients' at all.</summary>
    public bool HasPatients(TypeSchema type) => PatientsWithin.Decides(type) || _parameters.HasPatients(type);

    public ushort IdOf(ResourceFact fact) => _parameters.IdOf(fact);

    /// <summary>How labels count.</summary>
    public ResourceLabels LabelsOf(ReadOnlySpan<IndexKey> labels, ReadOnlySpan<IndexKey> confidentialities)
    {
        UInt128 sensitivities = UInt128.Zero;
        foreach (ref readonly IndexKey label in labels)
        {
            sensitivities |= _sensitivities.GetValueOrDefault(label.Hash);
        }

        Confidentiality? stated = null;
        foreach (ref readonly IndexKey label in confidentialities)
        {
            // What nobody knows is as confidential as can be.
            Confidentiality one = _confidentialities.GetValueOrDefault(label.Hash, Confidentiality.VeryRestricted);
            stated = stated > one ? stated : one;
        }

        return new ResourceLabels(stated ?? ResourceLabels.None.Stated, sensitivities);
    }
}
