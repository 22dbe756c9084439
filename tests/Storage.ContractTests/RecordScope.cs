using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;

namespace HealthChain.Storage.ContractTests;

/// <summary>One patient's record (R4's compartment), and all that is in no patient's compartment.</summary>
/// <param name="tells">Whether it says that what it shows is one patient's.</param>
public sealed class RecordScope(SearchParameterSet parameters, IndexHasher hasher, string patient, bool tells) : AccessScope
{
    private readonly long _patient = hasher.Reference(new ResourceKey("Patient", patient));

    public override string Requester => "test";

    /// <summary>How often it was asked about a resource.</summary>
    public int Asked { get; private set; }

    public override long? OnlyPatient(string type) => tells && MembershipOf(type) is not null ? _patient : null;

    public override bool Sees(in ResourceFacts facts)
    {
        Asked++;
        if (MembershipOf(facts.Type) is not { } membership)
        {
            return true;
        }

        bool isMember = membership.IsSelf && facts.Id == _patient;
        foreach (IndexKey key in facts.Keys)
        {
            isMember |= key.Kind == IndexKeyKind.Reference && key.Hash == _patient && membership.Parameters.Any(parameter => parameter.Id == key.Parameter);
        }

        return isMember;
    }

    private CompartmentMembership? MembershipOf(string type) => parameters.Compartment("Patient", FhirSchema.R4.Type(type)!);
}
