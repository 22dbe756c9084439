using HealthChain.Consent;
using HealthChain.Fhir.Model;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Consents;

/// <summary>
/// The consents of all patients of this server, who holds their records, and who those are that consents name: in memory, read at the start, and kept up
/// with every commit before its answer leaves (<see cref="Commits"/>), so that what a patient says counts for the next request.
/// </summary>
/// <remarks>Asking is lock-free. Commits may tell of their versions in whatever order: of each resource the newest version counts.</remarks>
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
    private volatile bool _isRead;

    /// <summary>A patient for whom other consents count from now on, or whose record another organisation holds. Told of while commits wait.</summary>
    public Action<long>? Changed { get; set; }

    public ActorDirectory Actors { get; } = new(options.BaseUrl);

    public RelatedInstances Related { get; } = new(store, vocabulary, options.BaseUrl);

    /// <summary>Another number once questions of requesters may be others.</summary>
    public int Generation => Actors.Generation + Related.Generation;

    /// <param name="patient">Hash of a patient.</param>
    public PatientConsents Of(long patient) => _isRead ? _patients.Find(patient) ?? PatientConsents.None : PatientConsents.Unknown;

    public async ValueTask ApplyAsync(IReadOnlyList<StoredVersion?> versions, CancellationToken cancellationToken)
    {
        try
        {
            // Before the consents count: otherwise something would be concluded from half of what they say.
            foreach (StoredVersion? version in versions)
            {
                if (version is { IsDeleted: false, Key.Type: "Consent" } && MayNameRelated(version.Json.Span))
                {
                    await Related.NoteAsync(ConsentRules.Read(FhirJson.Read(version.Json), vocabulary, options.BaseUrl).Related, cancellationToken);
                }
            }
        }
        finally
        {
            Apply(versions);
        }
    }

    /// <summary>Spares most consents being read twice. Letters may be written as escapes.</summary>
    private static bool MayNameRelated(ReadOnlySpan<byte> json) => json.IndexOf("\"related\""u8) >= 0 || json.IndexOf("\\u"u8) >= 0;

    private void Apply(IReadOnlyList<StoredVersion?> versions)
    {
        for (int i = 0; i < versions.Count; i++)
        {
            if (versions[i] is { } version)
            {
                Apply(version);
            }
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (string type in new[] { "Organization", "Practitioner", "RelatedPerson", "Device", "Group", "Patient", "Consent" })
        {
            var search = new SearchRequest { Types = [ResourceTypes.Find(type)!], Count = PageSize };
            while (true)
            {
                SearchPage page = (await store.SearchAsync(Scope, search, cancellationToken)).Value;
                await ApplyAsync(page.Matches, cancellationToken);
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
        Element resource = version.IsDeleted ? default : FhirJson.Read(version.Json).Root;
        long holder = resource.Exists && resource.Child("managingOrganization") is { Exists: true } organisation ? HashOf(organisation) : 0;
        long[] replacedBy = resource.Exists ? ReplacementsIn(resource) : [];
        lock (_writing)
        {
            if (!_patients.IsNews(patient, version.Sequence))
            {
                return;
            }

            IReadOnlyCollection<long> affected = _linked.Replace(patient, replacedBy, OwnOf);
            foreach (long other in affected)
            {
                Restate(other, other == patient ? holder : _patients.Find(other)?.Holder ?? 0, OwnOf(other));
            }

            if (!affected.Contains(patient) && _patients.Find(patient)!.Holder != holder)
            {
                Restate(patient, holder, OwnOf(patient));
            }
        }
    }

    private void ApplyConsent(StoredVersion version)
    {
        long consent = hasher.Reference(version.Key);
        ReadResult signed = version.IsDeleted ? default : FhirJson.Read(version.Json);
        long patient = signed.Tree is { } tree && tree.Root.Child("patient") is { Exists: true } signer ? HashOf(signer) : 0;
        lock (_writing)
        {
            SignedConsent before = _consents.GetValueOrDefault(consent);
            if (before.Sequence >= version.Sequence)
            {
                return;
            }

            UInt128 form = UInt128.Zero;
            ConsentRules? rules = patient == 0 ? null : _forms.Take(signed, out form);
            _consents[consent] = new SignedConsent(version.Sequence, patient, form);
            if (before.Form != UInt128.Zero)
            {
                ConsentRules old = _forms.Find(before.Form);
                _forms.Release(before.Form);
                if (before.Form == form && before.Patient == patient)
                {
                    return;
                }

                ConsentRules[] own = OwnOf(before.Patient);
                int place = Array.IndexOf(own, old);
                State(before.Patient, [.. own[..place], .. own[(place + 1)..]]);
            }

            if (rules is not null)
            {
                State(patient, [.. OwnOf(patient), rules]);
            }
        }
    }

    /// <summary>What the consents of a patient say, those of patients whom this one replaces left aside.</summary>
    private ConsentRules[] OwnOf(long patient) => _linked.OwnOf(patient) ?? _patients.Find(patient)?.Rules ?? [];

    private void State(long patient, ConsentRules[] own)
    {
        if (_linked.OwnOf(patient) is not null)
        {
            _linked.SetOwn(patient, own);
        }

        foreach (long other in _linked.Onwards(patient))
        {
            Restate(other, _patients.Find(other)?.Holder ?? 0, own);
        }
    }

    /// <param name="own">Of a patient who is not linked.</param>
    private void Restate(long patient, long holder, ConsentRules[] own)
    {
        PatientConsents? before = _patients.Find(patient);
        _patients.Set(patient, _linked.OwnOf(patient) is null ? _shared.Take(holder, own) : _linked.CountingFor(patient, holder));
        if (before is not null)
        {
            _shared.Release(before);
        }

        Changed?.Invoke(patient);
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

    /// <param name="Form">0 for a consent that has no effect.</param>
    private readonly record struct SignedConsent(long Sequence, long Patient, UInt128 Form);
}
