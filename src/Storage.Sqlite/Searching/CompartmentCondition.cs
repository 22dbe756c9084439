using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage.Sqlite.Searching;

/// <summary>The resource is in a compartment.</summary>
/// <param name="compartment">Type of whose compartment it is.</param>
/// <param name="owner">Hash of the type and id of whose compartment it is.</param>
/// <param name="types">Types searched.</param>
internal sealed class CompartmentCondition(SearchParameterSet parameters, string compartment, long owner, IReadOnlyList<TypeSchema> types) : Condition
{
    private readonly Dictionary<TypeSchema, CompartmentMembership?> _memberships = [];

    public string Compartment => compartment;

    public long Owner => owner;

    public override KeyAnswer Judge(SearchRun run, Candidate candidate, bool mayOpen)
    {
        if (MembershipOf(candidate.Head.Type) is not { } membership)
        {
            return KeyAnswer.No;
        }

        if (membership.IsSelf && candidate.Head.Identity == owner)
        {
            return KeyAnswer.Yes;
        }

        foreach (IndexedParameter parameter in membership.Parameters)
        {
            foreach (ref readonly IndexKey key in candidate.Head.KeysOf(parameter.Id))
            {
                if (key.Hash == owner && key.Kind == IndexKeyKind.Reference)
                {
                    return KeyAnswer.Yes;
                }
            }
        }

        return KeyAnswer.No;
    }

    public override Finding Find(SearchRun run, PatientFocus? patient, List<long> rids, int limit)
    {
        if (patient is not null)
        {
            return patient.FindMembers(run.Snapshot, rids, limit) ? Finding.Superset : Finding.TooMany;
        }

        int before = rids.Count;
        bool isAll = Members().All(parameter => run.Snapshot.FindValue(parameter, owner, rids, limit - Math.Min(limit, rids.Count - before)));
        if (run.Snapshot.FindIdentity(owner) is var self and not 0)
        {
            rids.Add(self);
        }

        return isAll ? Finding.Superset : Finding.TooMany;
    }

    /// <summary>The parameters by which any of the types searched is a member.</summary>
    public IEnumerable<ushort> Members() =>
        types.SelectMany(type => MembershipOf(type)?.Parameters ?? []).Select(parameter => parameter.Id).Distinct();

    private CompartmentMembership? MembershipOf(TypeSchema type)
    {
        if (!_memberships.TryGetValue(type, out CompartmentMembership? membership))
        {
            membership = parameters.Compartment(compartment, type);
            _memberships.Add(type, membership);
        }

        return membership;
    }
}
