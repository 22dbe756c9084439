namespace HealthChain.Http.Tests.Access;

/// <summary>
/// All resource types of R4 by what they hold, written down from the specification and docs/access.md and not from the code that decides: the test's
/// own opinion.
/// </summary>
internal static class MatrixTypes
{
    /// <summary>
    /// Types in the compartment of patients, and the element by which an instance is in it ($ for the patient's reference):
    /// https://hl7.org/fhir/R4/compartmentdefinition-patient.html
    /// </summary>
    public static IReadOnlyDictionary<string, string> Record { get; } = new Dictionary<string, string>
    {
        ["Account"] = Many("subject"),
        ["AdverseEvent"] = One("subject"),
        ["AllergyIntolerance"] = One("patient"),
        ["Appointment"] = """ "participant":[{"actor":{"reference":"$"},"status":"accepted"}] """,
        ["AppointmentResponse"] = One("actor"),
        ["AuditEvent"] = """ "agent":[{"who":{"reference":"$"},"requestor":true}] """,
        ["Basic"] = One("subject"),
        ["BodyStructure"] = One("patient"),
        ["CarePlan"] = One("subject"),
        ["CareTeam"] = One("subject"),
        ["ChargeItem"] = One("subject"),
        ["Claim"] = One("patient"),
        ["ClaimResponse"] = One("patient"),
        ["ClinicalImpression"] = One("subject"),
        ["Communication"] = One("subject"),
        ["CommunicationRequest"] = One("subject"),
        ["Composition"] = One("subject"),
        ["Condition"] = One("subject"),
        // A draft, which has no effect: an active one that says so little would close the record.
        ["Consent"] = """ "status":"draft", """ + One("patient"),
        ["Coverage"] = One("beneficiary"),
        ["CoverageEligibilityRequest"] = One("patient"),
        ["CoverageEligibilityResponse"] = One("patient"),
        ["DetectedIssue"] = One("patient"),
        ["DeviceRequest"] = One("subject"),
        ["DeviceUseStatement"] = One("subject"),
        ["DiagnosticReport"] = One("subject"),
        ["DocumentManifest"] = One("subject"),
        ["DocumentReference"] = One("subject"),
        ["Encounter"] = One("subject"),
        ["EnrollmentRequest"] = One("candidate"),
        ["EpisodeOfCare"] = One("patient"),
        ["ExplanationOfBenefit"] = One("patient"),
        ["FamilyMemberHistory"] = One("patient"),
        ["Flag"] = One("subject"),
        ["Goal"] = One("subject"),
        ["Group"] = """ "member":[{"entity":{"reference":"$"}}] """,
        ["ImagingStudy"] = One("subject"),
        ["Immunization"] = One("patient"),
        ["ImmunizationEvaluation"] = One("patient"),
        ["ImmunizationRecommendation"] = One("patient"),
        ["Invoice"] = One("subject"),
        ["List"] = One("subject"),
        ["MeasureReport"] = One("subject"),
        ["Media"] = One("subject"),
        ["MedicationAdministration"] = One("subject"),
        ["MedicationDispense"] = One("subject"),
        ["MedicationRequest"] = One("subject"),
        ["MedicationStatement"] = One("subject"),
        ["MolecularSequence"] = One("patient"),
        ["NutritionOrder"] = One("patient"),
        ["Observation"] = One("subject"),
        ["Patient"] = """ "active":true """,
        ["Person"] = """ "link":[{"target":{"reference":"$"}}] """,
        ["Procedure"] = One("subject"),
        ["Provenance"] = Many("target"),
        ["QuestionnaireResponse"] = One("subject"),
        ["RelatedPerson"] = One("patient"),
        ["RequestGroup"] = One("subject"),
        ["ResearchSubject"] = One("individual"),
        ["RiskAssessment"] = One("subject"),
        ["Schedule"] = Many("actor"),
        ["ServiceRequest"] = One("subject"),
        ["Specimen"] = One("subject"),
        ["SupplyDelivery"] = One("patient"),
        ["SupplyRequest"] = One("deliverTo"),
        ["VisionPrescription"] = One("patient"),
    };

    /// <summary>Types outside the compartment of which a patient reads her own.</summary>
    public static IReadOnlyDictionary<string, string> BesideRecord { get; } = new Dictionary<string, string>
    {
        ["Binary"] = """ "contentType":"text/plain","securityContext":{"reference":"$"} """,
        ["Device"] = One("patient"),
        ["Task"] = One("for"),
    };

    /// <summary>Types of which an insurer sees what names it, and the element that does (% for the insurer's reference).</summary>
    public static IReadOnlyDictionary<string, string> OfInsurers { get; } = new Dictionary<string, string>
    {
        ["Claim"] = """ "insurer":{"reference":"%"} """,
        ["ClaimResponse"] = """ "insurer":{"reference":"%"} """,
        ["Coverage"] = """ "payor":[{"reference":"%"}] """,
        ["CoverageEligibilityRequest"] = """ "insurer":{"reference":"%"} """,
        ["CoverageEligibilityResponse"] = """ "insurer":{"reference":"%"} """,
        ["ExplanationOfBenefit"] = """ "insurer":{"reference":"%"} """,
        ["PaymentNotice"] = """ "recipient":{"reference":"%"} """,
        ["PaymentReconciliation"] = """ "paymentIssuer":{"reference":"%"} """,
        ["Task"] = """ "requester":{"reference":"%"} """,
    };

    public static IReadOnlySet<string> WrittenByInsurers { get; } =
        Set("ClaimResponse Coverage CoverageEligibilityResponse ExplanationOfBenefit PaymentNotice PaymentReconciliation");

    public static IReadOnlySet<string> Definitions { get; } = Set("""
        ActivityDefinition CapabilityStatement ChargeItemDefinition CodeSystem CompartmentDefinition ConceptMap DeviceDefinition EffectEvidenceSynthesis
        EventDefinition Evidence EvidenceVariable ExampleScenario GraphDefinition ImplementationGuide Library Measure MedicationKnowledge MedicinalProduct
        MedicinalProductAuthorization MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction
        MedicinalProductManufactured MedicinalProductPackaged MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition NamingSystem
        ObservationDefinition OperationDefinition PlanDefinition Questionnaire ResearchDefinition ResearchElementDefinition RiskEvidenceSynthesis
        SearchParameter SpecimenDefinition StructureDefinition StructureMap SubstanceNucleicAcid SubstancePolymer SubstanceProtein
        SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification TerminologyCapabilities TestReport TestScript ValueSet
        """);

    public static IReadOnlySet<string> Directory { get; } = Set("""
        Endpoint HealthcareService InsurancePlan Location Medication Organization OrganizationAffiliation Practitioner PractitionerRole Substance
        """);

    /// <summary>What administrators keep beside definitions.</summary>
    public static IReadOnlySet<string> Administered { get; } = Set("""
        Endpoint HealthcareService InsurancePlan Location Organization OrganizationAffiliation Practitioner PractitionerRole VerificationResult
        """);

    public static string ElementsOf(string type, string patient, string insurer)
    {
        string[] elements = [.. new[] { Record, BesideRecord, OfInsurers }.Select(table => table.GetValueOrDefault(type)).OfType<string>()];
        return string.Join(",", elements).Replace("$", patient, StringComparison.Ordinal).Replace("%", insurer, StringComparison.Ordinal);
    }

    private static string One(string element) => $$""" "{{element}}":{"reference":"$"} """;

    private static string Many(string element) => $$""" "{{element}}":[{"reference":"$"}] """;

    private static HashSet<string> Set(string names) => [.. names.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];
}
