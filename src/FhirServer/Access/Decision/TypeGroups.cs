using System.Collections.Frozen;
using HealthChain.FhirServer.Searching;

namespace HealthChain.FhirServer.Access.Decision;

/// <summary>Resource types by what they tell of people: the lists that roles are described with. What stands in none holds somebody's data.</summary>
internal static class TypeGroups
{
    /// <summary>Definitions, terminology and the knowledge of the trade: nothing of anybody.</summary>
    public static FrozenSet<string> Definitional { get; } = Of(
        "ActivityDefinition", "CapabilityStatement", "ChargeItemDefinition", "CodeSystem", "CompartmentDefinition", "ConceptMap", "DeviceDefinition",
        "EffectEvidenceSynthesis", "EventDefinition", "Evidence", "EvidenceVariable", "ExampleScenario", "GraphDefinition", "ImplementationGuide", "Library",
        "Measure", "MedicationKnowledge", "MedicinalProduct", "MedicinalProductAuthorization", "MedicinalProductContraindication",
        "MedicinalProductIndication", "MedicinalProductIngredient", "MedicinalProductInteraction", "MedicinalProductManufactured",
        "MedicinalProductPackaged", "MedicinalProductPharmaceutical", "MedicinalProductUndesirableEffect", "MessageDefinition", "NamingSystem",
        "ObservationDefinition", "OperationDefinition", "PlanDefinition", "Questionnaire", "ResearchDefinition", "ResearchElementDefinition",
        "RiskEvidenceSynthesis", "SearchParameter", "SpecimenDefinition", "StructureDefinition", "StructureMap", "SubstanceNucleicAcid", "SubstancePolymer",
        "SubstanceProtein", "SubstanceReferenceInformation", "SubstanceSourceMaterial", "SubstanceSpecification", "TerminologyCapabilities", "TestReport",
        "TestScript", "ValueSet");

    /// <summary>Who gives care, where and with what.</summary>
    public static FrozenSet<string> Directory { get; } = Of(
        "Endpoint", "HealthcareService", "InsurancePlan", "Location", "Medication", "Organization", "OrganizationAffiliation", "Practitioner",
        "PractitionerRole", "Substance");

    /// <summary>What those who have a record see beside it: their record refers to these.</summary>
    public static FrozenSet<string> Shared { get; } = [.. Definitional, .. Directory];

    /// <summary>What administrators keep.</summary>
    public static FrozenSet<string> Administered { get; } =
    [
        .. Definitional, "Endpoint", "HealthcareService", "InsurancePlan", "Location", "Organization", "OrganizationAffiliation", "Practitioner",
        "PractitionerRole", "VerificationResult",
    ];

    /// <summary>Whose entries decide who may do what: an administrator's alone to change.</summary>
    public static FrozenSet<string> OfTrust { get; } = Of("Organization", "VerificationResult");

    /// <summary>People whom only a verified organisation may add.</summary>
    public static FrozenSet<string> OfPeople { get; } = Of("Patient", "Practitioner", "PractitionerRole");

    /// <summary>What insurers see, where it names their organisation; and by which search parameter it does.</summary>
    public static FrozenDictionary<string, string> Insurance { get; } = new Dictionary<string, string>
    {
        ["Claim"] = "insurer",
        ["ClaimResponse"] = "insurer",
        ["Coverage"] = "payor",
        ["CoverageEligibilityRequest"] = "insurer",
        ["CoverageEligibilityResponse"] = "insurer",
        ["ExplanationOfBenefit"] = "insurer",
        ["PaymentNotice"] = "recipient",
        ["PaymentReconciliation"] = "payment-issuer",

        // What it asked patients for.
        ["Task"] = "requester",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>What insurers write: their side of the matter.</summary>
    public static FrozenSet<string> InsurersOwn { get; } =
        Of("ClaimResponse", "Coverage", "CoverageEligibilityResponse", "ExplanationOfBenefit", "PaymentNotice", "PaymentReconciliation");

    private static FrozenSet<string> Of(params string[] types) => types.Select(type => ResourceTypes.Find(type)!.Name).ToFrozenSet(StringComparer.Ordinal);
}
