using System.Text;
using System.Text.Json.Nodes;
using HealthChain.Consent;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Access;
using HealthChain.Http.Tests.Access;
using HealthChain.Smart;

namespace HealthChain.Http.Tests.Consents;

/// <summary>
/// What of a world exists for somebody, found without a server, an index or a cache: each version is looked at by itself, by what the role reaches
/// (docs/access.md) and by the engine's judgement of the resource's own elements.
/// </summary>
internal sealed class Oracle
{
    /// <summary>The server's own policy where no consent speaks: those who act for the organisation that holds the record, and insurers, whom their role bounds.</summary>
    public const string HoldingOrganisation = "urn:healthchain:policy:holding-organisation";

    public static Vocabulary Vocabulary { get; } = new(new TerminologyService(DefinitionSet.R4));

    private readonly World _world;
    private readonly Dictionary<string, JsonObject> _current;
    private readonly ConsentRules[] _consents;
    private readonly Dictionary<string, Func<ElementFacts, bool>> _decisions = [];
    private readonly Asker _asker;
    private readonly Question _question;

    public Oracle(World world, Asker asker)
    {
        _world = world;
        _asker = asker;
        _current = world.Current.ToDictionary(step => step.Key, step => step.Json);
        _consents = [.. world.Current.Where(step => step.Type == "Consent").Select(step => ConsentRules.Read(ElementOf(step.Json), Vocabulary, World.Base))];
        _question = QuestionOf(asker);
    }

    /// <summary>
    /// The store in which what is withheld never was. What decides stays, seen or not: consents, and whatever else says what the asker may see or write. It is
    /// what is the same in both. Null when something else that is withheld decides about something that is not, so that there is no such store.
    /// </summary>
    public World? Visible()
    {
        World without = _world with { Steps = [.. _world.Steps.Where(step => step.Type == "Consent" || Exists(step) || Decides(step.Key))] };
        var again = new Oracle(without, _asker);
        return without.Steps.All(step => Exists(step) == again.Exists(step)) ? without : null;
    }

    /// <summary>
    /// The world without resources of which the first version is withheld and the newest is not. What nobody sorts stands in the order of first versions:
    /// that there was an older one, and when, is told by the place of such a resource as by the number of its version.
    /// </summary>
    public World WithoutLaterRevealed()
    {
        HashSet<string> revealed = [.. _world.Steps.DistinctBy(step => step.Key).Where(first => first.Type != "Consent" && !Sees(first.Json) && Sees(_world.VersionsOf(first.Key)[^1].Json)).Select(first => first.Key)];
        return revealed.Count == 0 ? _world : new Oracle(_world with { Steps = [.. _world.Steps.Where(step => !revealed.Contains(step.Key))] }, _asker).WithoutLaterRevealed();
    }

    /// <summary>A version exists for whoever sees both it and the newest version of its resource.</summary>
    public bool Exists(Step version) => Sees(version.Json) && Sees(_world.VersionsOf(version.Key)[^1].Json);

    /// <summary>Whether a resource, seen or not, says what the asker may see, or write: she herself, patients whose consents count for another, records that she holds.</summary>
    private bool Decides(string key) =>
        key == _asker.FhirUser
        || IsWrittenAbout(key)
        || (ReplacerOf(key).Any() && AliasesOf(key) is var replaced && _consents.Any(consent => replaced.Contains(consent.Patient)))
        || (_world.Policy == HoldingOrganisation && IsHeldByAskers(key));

    /// <summary>Whether it is a patient about whom the asker may write something, as about one who is not there she may not.</summary>
    private bool IsWrittenAbout(string key) =>
        key.StartsWith("Patient/", StringComparison.Ordinal)
        && PolicyFor(key) != ImplicitPolicy.Deny
        && new[] { "collect", "correct" }.Any(action => !PatientDecision.For(_question with { Action = action }, AliasesOf(key), ConsentsOf(key), PolicyFor(key), Vocabulary).WithholdsEverything);

    private ConsentRules[] ConsentsOf(string patient)
    {
        string[] aliases = AliasesOf(patient);
        return [.. _consents.Where(consent => aliases.Contains(consent.Patient))];
    }

    private static Element ElementOf(JsonObject json) => FhirJson.Read(Encoding.UTF8.GetBytes(json.ToJsonString())).Root;

    private bool Sees(JsonObject resource)
    {
        if (!Reaches(resource))
        {
            return false;
        }

        var facts = new ElementFacts(ElementOf(resource), Vocabulary, World.Base);
        return Compartments.PatientsOf(resource).All(patient => DecisionOf(patient)(facts));
    }

    /// <summary>The table of roles, as far as these worlds have them.</summary>
    private bool Reaches(JsonObject resource)
    {
        string type = (string)resource["resourceType"]!;
        bool isShared = MatrixTypes.Directory.Contains(type) || MatrixTypes.Definitions.Contains(type);
        return _asker.Role switch
        {
            Role.Practitioner or Role.Backend => true,
            Role.Patient => isShared || Compartments.RecordOf(resource).Contains(_asker.FhirUser!),
            Role.RelatedPerson => isShared || (PatientOf(_asker.FhirUser!) is { } patient && Compartments.RecordOf(resource).Contains(patient)),
            Role.Insurer => isShared || ((type == "Task" || MatrixTypes.OfInsurers.ContainsKey(type)) && (resource["payor"] as JsonArray ?? []).Append(resource["insurer"]).Append(resource["requester"])
                .Any(insurer => Compartments.Local((string?)insurer?["reference"]) == _asker.Organisation)),
            _ => false,
        };
    }

    private string? PatientOf(string relatedPerson) =>
        _current.TryGetValue(relatedPerson, out JsonObject? found) ? Compartments.Local((string?)found["patient"]!["reference"]) : null;

    private Func<ElementFacts, bool> DecisionOf(string patient)
    {
        if (!_decisions.TryGetValue(patient, out Func<ElementFacts, bool>? decision))
        {
            PatientDecision compiled = PatientDecision.For(_question, AliasesOf(patient), ConsentsOf(patient), PolicyFor(patient), Vocabulary);
            _decisions.Add(patient, decision = facts => compiled.Permits(facts));
        }

        return decision;
    }

    private ImplicitPolicy PolicyFor(string patient) => _world.Policy == HoldingOrganisation
        ? _asker.Role == Role.Insurer || IsHeldByAskers(patient) ? ImplicitPolicy.AllNormal : ImplicitPolicy.Deny
        : ImplicitPolicy.Find(_world.Policy) ?? ImplicitPolicy.Deny;

    private bool IsHeldByAskers(string patient)
    {
        string? holder = _current.TryGetValue(patient, out JsonObject? found) && found["managingOrganization"] is not null ? Compartments.Local((string?)found["managingOrganization"]?["reference"]) : null;
        return holder is not null && _question.Actors.Contains(holder);
    }

    /// <summary>The patient and all whom this one replaced, one after another.</summary>
    private string[] AliasesOf(string patient)
    {
        List<string> aliases = [patient];
        for (int i = 0; i < aliases.Count; i++)
        {
            aliases.AddRange(_current.Keys.Where(other => ReplacerOf(other).Contains(aliases[i])).Except(aliases).ToList());
        }

        return [.. aliases];
    }

    private IEnumerable<string?> ReplacerOf(string patient) => !patient.StartsWith("Patient/", StringComparison.Ordinal) ? []
        : (_current[patient]["link"] as JsonArray ?? []).Where(link => (string?)link!["type"] == "replaced-by").Select(link => Compartments.Local((string?)link!["other"]?["reference"]));

    private Question QuestionOf(Asker asker)
    {
        var actors = new HashSet<string>(StringComparer.Ordinal);
        if (asker.FhirUser is { } person)
        {
            actors.Add(person);
        }

        for (string? at = asker.Organisation; at is not null && actors.Add(at); at = ParentOf(at))
        {
        }

        actors.UnionWith(_current.Where(group => group.Key.StartsWith("Group/", StringComparison.Ordinal) && (group.Value["member"] as JsonArray ?? [])
            .Any(member => Compartments.Local((string?)member!["entity"]?["reference"]) == asker.FhirUser)).Select(group => group.Key).ToList());
        return new Question
        {
            Actors = actors,
            Identifiers = actors.Where(_current.ContainsKey).SelectMany(actor => _current[actor]["identifier"] as JsonArray ?? [])
                .Select(identifier => new ConsentCode((string?)identifier!["system"] ?? "", (string?)identifier["value"] ?? "")).ToHashSet(),
            Person = asker.FhirUser,
            Purposes = asker.Emergency is not null ? [Vocabulary.BreakGlass] : PurposesOfUse.Read(asker.Purpose),
            MayBreakGlass = asker.MayBreakGlass,
            DeclaresBreakGlass = asker.Emergency is not null,
            Time = _world.Now,
            IsClinician = asker.Role == Role.Practitioner,
            ReferencesOf = reference => _current.TryGetValue(reference, out JsonObject? found) ? new ElementFacts(ElementOf(found), Vocabulary, World.Base).References : [],
        };
    }

    private string? ParentOf(string organisation) =>
        _current.TryGetValue(organisation, out JsonObject? found) ? Compartments.Local((string?)found["partOf"]?["reference"]) : null;
}
