using HealthChain.Fhir.Schema;
using HealthChain.Fhir.Search;
using HealthChain.FhirServer.Consents;
using HealthChain.FhirServer.Subscriptions;
using HealthChain.Smart;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>How far each role reaches, whatever its tokens say: the table of docs/access.md as rules. A token's scopes only narrow it.</summary>
/// <param name="owners">Whose which Subscription is; null when there are none.</param>
internal sealed class RoleReach(SearchParameterSet parameters, SubscriptionBook? owners = null)
{
    /// <summary>
    /// Types outside the compartment of patients that still hold something of one patient, and the search parameter that tells of whom. They are
    /// read, not written: who writes them must show that the rest is hers too, which one parameter does not.
    /// </summary>
    private static readonly (string Type, string Parameter)[] BesideCompartment = [("Device", "patient"), ("Binary", "patient"), ("Task", "patient")];

    /// <summary>What exists for a party.</summary>
    public FactRule Reads(Party party, TypeSchema type) => party.Role switch
    {
        _ when type.Name == SubscriptionTerms.Type => MaySubscribe(party) ? Own() : FactRule.Never,
        Role.Patient or Role.RelatedPerson => SharedOr(type, party.HasPatient ? InRecord(type, Whose.Patients) : FactRule.Never),
        Role.Practitioner or Role.Backend => SharedOr(type, party.IsCurrent && type.Name != "AuditEvent" ? FactRule.Always : FactRule.Never),
        Role.Insurer => SharedOr(type, party is { IsCurrent: true, HasOrganisation: true } ? NamesInsurer(type) : FactRule.Never),
        Role.Analyst or Role.Researcher => When(TypeGroups.Definitional.Contains(type.Name)),
        Role.Auditor => When(type.Name == "AuditEvent"),
        Role.Administrator => When(TypeGroups.Administered.Contains(type.Name)),
        _ => FactRule.Never,
    };

    /// <summary>What a party may write. Asked for what is to be written, and for what stands there already.</summary>
    /// <param name="change">A resource that is put where none is, is created, by whatever interaction.</param>
    public FactRule Writes(Party party, TypeSchema type, ChangeKind change)
    {
        // Only an organisation that is verified adds people to those who are treated and those who treat.
        if (TypeGroups.OfPeople.Contains(type.Name) && change == ChangeKind.Create && (party.Role is Role.Patient or Role.RelatedPerson || !party.IsCurrent))
        {
            return FactRule.Never;
        }

        if (type.Name == SubscriptionTerms.Type)
        {
            // Whoever changes where notifications go, gets what its owner may see.
            return !MaySubscribe(party) ? FactRule.Never
                : change == ChangeKind.Create ? FactRule.Always
                : Own();
        }

        switch (party.Role)
        {
            // A related person would else prolong her own time. Who sees a record decides the patient.
            case Role.RelatedPerson when type.Name == "RelatedPerson":
                return FactRule.Never;
            case Role.Patient or Role.RelatedPerson:
                return party.HasPatient && type.Name != "AuditEvent" && !TypeGroups.Shared.Contains(type.Name)
                    ? FactRule.All(InCompartment(type, Whose.Patients), new OnlyPatientRule())
                    : FactRule.Never;
            case Role.Practitioner or Role.Backend:
                return When(party.IsCurrent && type.Name != "AuditEvent" && !TypeGroups.OfTrust.Contains(type.Name));
            case Role.Insurer:
                return party is { IsCurrent: true, HasOrganisation: true } && TypeGroups.InsurersOwn.Contains(type.Name)
                    ? NamesInsurer(type)
                    : FactRule.Never;
            case Role.Administrator:
                return When(TypeGroups.Administered.Contains(type.Name));
            default:
                return FactRule.Never;
        }
    }

    /// <summary>What a scope for one patient speaks of: that patient's record, and what all records refer to.</summary>
    /// <remarks>Subscriptions are their owners', whoever is in context: what is notified is decided by what those may see.</remarks>
    public FactRule OfPatientInContext(TypeSchema type) =>
        type.Name == SubscriptionTerms.Type ? FactRule.Always : SharedOr(type, InRecord(type, Whose.PatientInContext));

    private static bool MaySubscribe(Party party) => party.Role switch
    {
        Role.Patient or Role.RelatedPerson => party.HasPatient,
        Role.Practitioner or Role.Backend or Role.Insurer => party.IsCurrent,
        _ => false,
    };

    private FactRule Own() => owners is null ? FactRule.Never : new OwnSubscriptionRule(owners);

    /// <summary>What consents of patients leave of what a role sees. Auditors see who read what, which is nobody's to withhold.</summary>
    public FactRule Consented(Party party, TypeSchema type) =>
        party.Role != Role.Auditor && HasPatients(type) ? ConsentRule.For(ConsentAction.Access) : FactRule.Always;

    /// <summary>What they leave of what it writes.</summary>
    public FactRule Consented(Party party, TypeSchema type, ChangeKind change)
    {
        if (Consented(party, type) == FactRule.Always)
        {
            return FactRule.Always;
        }

        FactRule consent = ConsentRule.For(change == ChangeKind.Create ? ConsentAction.Collect : ConsentAction.Correct);
        return type.Name != "Patient" ? consent
            : FactRule.All(
                consent,
                new LinkedPatientsRule(parameters.Find(type, "link")!.Id),
                change == ChangeKind.Update ? new SameHolderRule(parameters.Find(type, "organization")!.Id) : FactRule.Always);
    }

    /// <summary>Whether resources of a type can be about patients of whom consents tell.</summary>
    private bool HasPatients(TypeSchema type) => PatientsWithin.Decides(type) || parameters.HasPatients(type);

    private FactRule InRecord(TypeSchema type, Whose patient) => FactRule.Any(
        [InCompartment(type, patient), .. BesideCompartment.Where(beside => beside.Type == type.Name).Select(beside => Refers(type, beside.Parameter, patient))]);

    /// <summary>
    /// https://hl7.org/fhir/R4/compartmentdefinition-patient.html, but a patient who is linked to another has a record of her own. Access records
    /// are asked for by other means (<see cref="AccessScope.SeesRecord"/>): the entities of one AuditEvent may be of many patients.
    /// </summary>
    private FactRule InCompartment(TypeSchema type, Whose patient)
    {
        if (type.Name == "AuditEvent" || parameters.Compartment("Patient", type) is not { } membership)
        {
            return FactRule.Never;
        }

        return membership.IsSelf
            ? new IsPatientRule(patient)
            : new RefersRule([.. membership.Parameters.Select(parameter => parameter.Id)], patient, areOfCompartment: true);
    }

    private FactRule NamesInsurer(TypeSchema type) =>
        TypeGroups.Insurance.TryGetValue(type.Name, out string? code) ? Refers(type, code, Whose.Organisations) : FactRule.Never;

    private FactRule Refers(TypeSchema type, string code, Whose target) =>
        parameters.Find(type, code) is { } parameter ? new RefersRule([parameter.Id], target) : FactRule.Never;

    private static FactRule SharedOr(TypeSchema type, FactRule rule) => TypeGroups.Shared.Contains(type.Name) ? FactRule.Always : rule;

    private static FactRule When(bool condition) => condition ? FactRule.Always : FactRule.Never;
}
