using HealthChain.Consent;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents;

/// <summary>
/// The consents of all patients of this server, who holds their records, and who those are that consents name: in memory, read at the start, and kept up
/// with every commit before anybody can read it, so that what a patient says counts for the next request, and for all that was written together with it.
/// </summary>
/// <remarks>
/// Asking is lock-free. What is read at the start may be told of by a commit before: of each resource the newest version counts. Of a patient all that one
/// commit says counts at once.
/// </remarks>
internal sealed class ConsentDirectory(IResourceStore store, Vocabulary vocabulary, IndexHasher hasher, ServerOptions options) : ICommitFollower, IHostedService
{
    private const int PageSize = 1000;

    private static readonly AccessScope Scope = AccessScope.System("consents of patients");

    private readonly Lock _writing = new();
    private readonly PatientTable _patients = new();
    private readonly LinkedPatients _linked = new();
    private readonly RuleForms _forms = new(vocabulary, options.BaseUrl);
    private readonly Dictionary<long, SignedConsent> _consents = [];
    private readonly SharedConsents _shared = new();

    // What becomes of patients by what is being told of.
    private readonly Dictionary<long, Record> _becoming = [];
    private volatile bool _isRead;

    /// <summary>Whenever patients were erased: what was concluded from their consents is to be forgotten. Told of while commits wait.</summary>
    public Action? Erased { get; set; }

    public ActorDirectory Actors { get; } = new(options.BaseUrl);

    public RelatedInstances Related { get; } = new(vocabulary, options.BaseUrl);

    /// <summary>Another number once questions of requesters may be others.</summary>
    public int Generation => Actors.Generation + Related.Generation;

    /// <param name="patient">Hash of a patient.</param>
    public PatientConsents Of(long patient) => _isRead ? _patients.Find(patient) ?? PatientConsents.None : PatientConsents.Unknown;

    public void Note(IReadOnlyList<StoredVersion?> versions, Func<ResourceKey, StoredVersion?> newest)
    {
        // Before the consents count: otherwise something would be concluded from half of what they say.
        foreach (ResourceKey key in NamedBy(versions))
        {
            Related.Apply(newest(key));
        }

        Apply(versions);
    }

    public void Forget(IReadOnlySet<long> resources)
    {
        bool IsErased(string reference) => reference.Split('/') is [var type, var id] && resources.Contains(hasher.Reference(new ResourceKey(type, id)));
        Actors.Forget(IsErased);
        Related.Forget(IsErased);
        lock (_writing)
        {
            foreach (long resource in resources)
            {
                if (_consents.Remove(resource, out SignedConsent signed))
                {
                    Withdraw(signed);
                }

                if (_patients.Forget(resource))
                {
                    State(resource, isThere: false, holder: 0, replacedBy: []);
                }
            }

            Publish();
        }

        Erased?.Invoke();
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        store.Follow(this);
        foreach (string type in new[] { "Organization", "Practitioner", "RelatedPerson", "Device", "Group", "Patient", "Consent" })
        {
            var search = new SearchRequest { Types = [ResourceTypes.Find(type)!], Count = PageSize };
            while (true)
            {
                SearchPage page = (await store.SearchAsync(Scope, search, cancellationToken)).Value;
                foreach (ResourceKey key in NamedBy(page.Matches))
                {
                    Related.Apply(await store.ReadAsync(Scope, key, cancellationToken));
                }

                Apply(page.Matches);
                if (page.Next is null)
                {
                    break;
                }

                search = search with { After = page.Next };
            }
        }

        _isRead = true;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What consents among the versions name together with all that is related to it, unless it is known what that is.</summary>
    private IEnumerable<ResourceKey> NamedBy(IEnumerable<StoredVersion?> versions) => versions
        .Where(version => version is { IsDeleted: false, Key.Type: "Consent" } && MayNameRelated(version.Json.Span))
        .SelectMany(version => Related.Note(ConsentRules.Read(FhirJson.Read(version!.Json), vocabulary, options.BaseUrl).Related));

    /// <summary>Spares most consents being read twice. Letters may be written as escapes.</summary>
    private static bool MayNameRelated(ReadOnlySpan<byte> json) => json.IndexOf("\"related\""u8) >= 0 || json.IndexOf("\\u"u8) >= 0;

    private void Apply(IReadOnlyList<StoredVersion?> versions)
    {
        lock (_writing)
        {
            for (int i = 0; i < versions.Count; i++)
            {
                if (versions[i] is { } version)
                {
                    Apply(version);
                }
            }

            Publish();
        }
    }

    private void Apply(StoredVersion version)
    {
        Related.Apply(version);
        switch (version.Key.Type)
        {
            case "Consent":
                ApplyConsent(version);
                break;
            case "Patient":
                ApplyPatient(version);
                break;
            case var type when Actor.IsOne(type):
                Actors.Apply(version);
                break;
        }
    }

    private void ApplyPatient(StoredVersion version)
    {
        long patient = hasher.Reference(version.Key);
        if (_patients.IsNews(patient, version.Sequence))
        {
            Element resource = version.IsDeleted ? default : FhirJson.Read(version.Json).Root;
            long holder = resource.Exists && resource.Child("managingOrganization") is { Exists: true } organisation ? HashOf(organisation) : 0;
            State(patient, resource.Exists, holder, resource.Exists ? ReplacementsIn(resource) : []);
        }
    }

    private void ApplyConsent(StoredVersion version)
    {
        long consent = hasher.Reference(version.Key);
        SignedConsent before = _consents.GetValueOrDefault(consent);
        if (before.Sequence >= version.Sequence)
        {
            return;
        }

        ReadResult signed = version.IsDeleted ? default : FhirJson.Read(version.Json);
        long patient = signed.Tree is { } tree && tree.Root.Child("patient") is { Exists: true } signer ? HashOf(signer) : 0;
        UInt128 form = UInt128.Zero;
        ConsentRules? rules = patient == 0 ? null : _forms.Take(signed, out form);
        _consents[consent] = new SignedConsent(version.Sequence, patient, form);
        if (form != UInt128.Zero && form == before.Form && patient == before.Patient)
        {
            _forms.Release(form);
            return;
        }

        Withdraw(before);
        if (rules is not null)
        {
            State(patient, [.. OwnOf(patient), rules]);
        }
    }

    private void Withdraw(SignedConsent signed)
    {
        if (signed.Form != UInt128.Zero)
        {
            ConsentRules[] own = OwnOf(signed.Patient);
            int place = Array.IndexOf(own, _forms.Find(signed.Form));
            _forms.Release(signed.Form);
            State(signed.Patient, [.. own[..place], .. own[(place + 1)..]]);
        }
    }

    /// <summary>What the consents of a patient say, those of patients whom this one replaces left aside.</summary>
    private ConsentRules[] OwnOf(long patient) => _linked.OwnOf(patient) ?? RecordOf(patient).Own;

    private Record RecordOf(long patient) => _becoming.TryGetValue(patient, out Record record) ? record
        : _patients.Find(patient) is { } known ? new Record(known.Holder, known.Rules ?? [], known.IsThere)
        : new Record(0, [], IsThere: false);

    /// <summary>Whether there is a patient, who holds the record, and who came in the patient's place.</summary>
    private void State(long patient, bool isThere, long holder, long[] replacedBy)
    {
        foreach (long other in _linked.Replace(patient, replacedBy, OwnOf))
        {
            _becoming[other] = RecordOf(other);
        }

        if (RecordOf(patient) is var record && (record.Holder != holder || record.IsThere != isThere))
        {
            _becoming[patient] = record with { Holder = holder, IsThere = isThere };
        }
    }

    private void State(long patient, ConsentRules[] own)
    {
        if (_linked.OwnOf(patient) is not null)
        {
            _linked.SetOwn(patient, own);
        }

        foreach (long other in _linked.Onwards(patient))
        {
            _becoming[other] = RecordOf(other) with { Own = own };
        }
    }

    private void Publish()
    {
        foreach ((long patient, Record record) in _becoming)
        {
            PatientConsents? before = _patients.Find(patient);
            _patients.Set(patient, _linked.OwnOf(patient) is null
                ? _shared.Take(record.Holder, record.Own, record.IsThere)
                : _linked.CountingFor(patient, record.Holder, record.IsThere));
            if (before is not null)
            {
                _shared.Release(before);
            }
        }

        _becoming.Clear();
    }

    private long HashOf(Element reference) => reference.LocalTarget(options.BaseUrl)?.Split('/') is [var type, var id] ? hasher.Reference(new ResourceKey(type, id)) : 0;

    private long[] ReplacementsIn(Element patient)
    {
        var replacements = new List<long>();
        foreach (Element link in patient.ChildrenOf("link"))
        {
            if (link.Says("type", "replaced-by"u8) && link.Child("other") is { Exists: true } other && HashOf(other) is var hash and not 0)
            {
                replacements.Add(hash);
            }
        }

        return [.. replacements.Distinct()];
    }

    /// <param name="Own">Of a patient who is not linked.</param>
    private readonly record struct Record(long Holder, ConsentRules[] Own, bool IsThere);

    /// <param name="Form">0 for a consent that has no effect.</param>
    private readonly record struct SignedConsent(long Sequence, long Patient, UInt128 Form);
}
