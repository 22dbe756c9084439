using System.Collections.Concurrent;
using HealthChain.FhirServer.Consents;
using HealthChain.FhirServer.Organisations;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Smart;
using HealthChain.Smart.Scopes;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>Makes what bearers of tokens may do out of role, scopes and launch context, and keeps the rules that many tokens share.</summary>
internal sealed class AccessDecisions(
    RoleReach reach, ScopeRules scopes, IndexHasher hasher, IOrganisationStatus organisations, RelatedPersons relatedPersons, ConsentViews consents)
{
    /// <summary>Sorts of tokens whose rules are kept: apps times roles, not people.</summary>
    private const int MostKept = 1000;

    private readonly ConcurrentDictionary<(Party Party, string Scopes), AccessRules> _rules = [];

    public ScopeRules Scopes => scopes;

    /// <summary>What a requester may do, as tokens say that were issued here.</summary>
    /// <param name="patientInContext">Id of the patient in the context of the launch; null for none.</param>
    public TokenRights Of(Requester requester, Role role, ScopeSet granted, string? patientInContext) =>
        new(this, requester, role, granted, patientInContext, trusted: false);

    /// <summary>
    /// What a requester may do, as the operator's configuration says: without scopes all that the role may; and the operator's word stands for an
    /// organisation until somebody says otherwise of it.
    /// </summary>
    public TokenRights OfOperator(Requester requester, Role role, ScopeSet granted) => new(
        this, requester, role, granted.IsEmpty ? ScopeSet.Parse("user/*.cruds") : granted, null, trusted: true);

    /// <summary>The patient to whom a related person belongs at this moment; null for nobody.</summary>
    public ValueTask<string?> PatientOfAsync(string relatedPerson, CancellationToken cancellationToken) => relatedPersons.PatientOfAsync(relatedPerson, cancellationToken);

    public AccessRules RulesOf(in Party party, ScopeSet granted)
    {
        var sort = (party, granted.Text);
        if (_rules.TryGetValue(sort, out AccessRules? rules))
        {
            return rules;
        }

        if (_rules.Count >= MostKept)
        {
            _rules.Clear();
        }

        return _rules[sort] = new AccessRules(reach, scopes, party, granted);
    }

    /// <summary>Whether people and systems may act for an organisation now.</summary>
    public bool MayActFor(string? organisation, bool trusted) =>
        trusted ? organisation is null || organisations.StandingOf(organisation) is OrganisationStanding.Current or OrganisationStanding.Unverified
        : organisation is not null && organisations.IsCurrent(organisation);

    /// <summary>What patients' consents let a requester do.</summary>
    public RequesterConsents ConsentsOf(Requester requester) => consents.Of(requester);

    /// <summary>Hash of a reference such as <c>Patient/1</c>; 0 for none.</summary>
    public long HashOf(string? reference) =>
        reference?.Split('/') is [var type, var id] ? hasher.Reference(new ResourceKey(type, id)) : 0;

    /// <summary>Hash of who asks.</summary>
    public long HashOf(Requester requester) => SubscriptionOwner.HashOf(requester, hasher);
}
