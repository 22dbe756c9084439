using HealthChain.FhirServer.Consents;
using HealthChain.Smart;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>Who asks, as far as rules depend on it: they are the same for all patients, and are told whose patient it is when they are asked.</summary>
/// <param name="HasPatient">There is a patient whose record is the asker's to see.</param>
/// <param name="HasContext">There is a patient in the context of the token.</param>
/// <param name="HasOrganisation">It is known on behalf of which organisation.</param>
/// <param name="IsCurrent">The organisation may act at this moment.</param>
internal readonly record struct Party(Role Role, bool HasPatient = false, bool HasContext = false, bool HasOrganisation = false, bool IsCurrent = false);

/// <summary>Which resource a rule speaks of.</summary>
internal enum Whose
{
    /// <summary>The asking patient's, or that of the patient to whom a related person belongs.</summary>
    Patients,

    /// <summary>That of the patient in the context of the token.</summary>
    PatientInContext,

    /// <summary>That of the organisation on whose behalf it is asked.</summary>
    Organisations,
}

/// <summary>The resources that rules speak of, as hashes of <c>Type/id</c>; 0 for none. And what patients consented to.</summary>
internal sealed record Holder(long Patient, long PatientInContext, long Organisation, RequesterConsents Consents)
{
    /// <summary>Who asks, as a hash (<see cref="Subscriptions.SubscriptionOwner"/>).</summary>
    public long Asker { get; init; }

    /// <summary>Patients who come into being with what is written; nobody had them consent to anything yet.</summary>
    public ReadOnlyMemory<long> NewPatients { get; init; }

    public long Of(Whose whose) => whose switch
    {
        Whose.Patients => Patient,
        Whose.PatientInContext => PatientInContext,
        _ => Organisation,
    };
}
