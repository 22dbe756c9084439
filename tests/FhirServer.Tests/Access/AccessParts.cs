using HealthChain.Consent;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Search;
using HealthChain.Fhir.Terminology;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Decision;
using HealthChain.FhirServer.Consents;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Smart.Http;
using HealthChain.Smart.State;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Tests.Access;

/// <summary>What decides about access, with organisations whose standing a test sets.</summary>
internal sealed class AccessParts : IOrganisationStatus
{
    private readonly Dictionary<string, OrganisationStanding> _standings = [];

    public AccessParts(ServerOptions options)
    {
        Options = options;
        var reader = new SearchReader(Parameters, Terminology, TimeProvider.System, new SearchLimits());
        Reach = new RoleReach(Parameters);
        Scopes = new ScopeRules(reader, Reach, Hasher, options);
        var vocabulary = new Vocabulary(Terminology);
        var consents = new ConsentDirectory(null!, vocabulary, Hasher, options);
        var views = new ConsentViews(consents, new ConsentKeys(Parameters, Hasher, vocabulary, options.BaseUrl), vocabulary, options, TimeProvider.System);
        Decisions = new AccessDecisions(Reach, Scopes, Hasher, this, new RelatedPersons(null!, options, TimeProvider.System), views);
    }

    public static SearchParameterSet Parameters { get; } = new(DefinitionSet.R4);

    public static IndexHasher Hasher { get; } = new(new byte[IndexHasher.KeyBytes]);

    private static readonly TerminologyService Terminology = new(DefinitionSet.R4);

    public ServerOptions Options { get; }

    public RoleReach Reach { get; }

    public ScopeRules Scopes { get; }

    public AccessDecisions Decisions { get; }

    public void Set(string organisation, OrganisationStanding standing) => _standings[organisation] = standing;

    public Requesters Requesters(SmartState? state = null, PossessionCheck? possession = null) => new(Options, Decisions, state, possession);

    public OrganisationStanding StandingOf(string reference) => _standings.GetValueOrDefault(reference);

    public bool IsCurrent(string reference) => StandingOf(reference) == OrganisationStanding.Current;
}
