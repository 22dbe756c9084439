namespace HealthChain.FhirServer.Generation;

/// <summary>A medication and how it is taken.</summary>
/// <param name="TimesADay">How often a day.</param>
internal sealed record Drug(Coded Code, string Instruction, int TimesADay, string Form);

/// <summary>An illness that comes once and stays.</summary>
/// <param name="FromAge">The youngest age at which it begins.</param>
/// <param name="Percent">How many of those who reach that age get it.</param>
internal sealed record ChronicDisease(Coded Code, Coded BillingCode, int FromAge, int Percent, Drug Drug);

/// <summary>Something done to a patient, and its price.</summary>
internal sealed record Treatment(Coded Code, int Minutes, Cents Price);

/// <summary>An illness or injury that heals.</summary>
internal sealed record AcuteDisease(Coded Code, Coded BillingCode, int Days, bool IsEmergency, Treatment Treatment, Drug Drug);

/// <summary>A vaccine, given to those of an age.</summary>
internal sealed record Vaccine(Coded Code, int FromAge, int ToAge, Cents Price);

/// <summary>What somebody does not tolerate, and what happens then.</summary>
internal sealed record Allergen(Coded Code, string Category, Coded Reaction);

internal static class Chronic
{
    public static readonly ChronicDisease Hypertension = new(
        Coded.Snomed("59621000", "Essential hypertension"), Coded.Icd10("I10", "Essential (primary) hypertension"), 32, 34,
        new(Coded.RxNorm("314076", "lisinopril 10 MG Oral Tablet"), "Take one tablet in the morning", 1, "tablet"));

    public static readonly ChronicDisease Diabetes = new(
        Coded.Snomed("44054006", "Diabetes mellitus type 2"), Coded.Icd10("E11.9", "Type 2 diabetes mellitus without complications"), 38, 15,
        new(Coded.RxNorm("861007", "metformin hydrochloride 500 MG Oral Tablet"), "Take one tablet with breakfast and one with dinner", 2, "tablet"));

    public static readonly ChronicDisease Hyperlipidemia = new(
        Coded.Snomed("55822004", "Hyperlipidemia"), Coded.Icd10("E78.5", "Hyperlipidemia, unspecified"), 36, 26,
        new(Coded.RxNorm("617310", "atorvastatin 20 MG Oral Tablet"), "Take one tablet in the evening", 1, "tablet"));

    public static readonly ChronicDisease[] All =
    [
        Hypertension,
        Diabetes,
        Hyperlipidemia,
        new(Coded.Snomed("195967001", "Asthma"), Coded.Icd10("J45.909", "Unspecified asthma, uncomplicated"), 4, 9,
            new(Coded.RxNorm("2123111", "200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler"), "Inhale one puff when breathing is difficult", 2, "puff")),
        new(Coded.Snomed("370143000", "Major depressive disorder"), Coded.Icd10("F32.9", "Major depressive disorder, single episode, unspecified"), 16, 9,
            new(Coded.RxNorm("312941", "sertraline 50 MG Oral Tablet"), "Take one tablet in the morning", 1, "tablet")),
        new(Coded.Snomed("396275006", "Osteoarthritis"), Coded.Icd10("M19.90", "Unspecified osteoarthritis, unspecified site"), 48, 22,
            new(Coded.RxNorm("313782", "acetaminophen 325 MG Oral Tablet"), "Take one tablet every eight hours", 3, "tablet")),
    ];
}

/// <summary>Codes of what happens at visits. SNOMED CT, RxNorm, CVX and ICD-10-CM codes are real; prices are made up.</summary>
internal static class ClinicalCodes
{
    private static readonly Drug Amoxicillin = new(
        Coded.RxNorm("308191", "amoxicillin 500 MG Oral Capsule"), "Take one capsule every eight hours until all are taken", 3, "capsule");

    private static readonly Drug Ibuprofen = new(
        Coded.RxNorm("310965", "ibuprofen 200 MG Oral Tablet"), "Take one tablet every eight hours with food while it hurts", 3, "tablet");

    private static readonly Treatment ThroatCulture = new(Coded.Snomed("117015009", "Throat culture"), 10, new(6_450));
    private static readonly Treatment ChestRadiograph = new(Coded.Snomed("399208008", "Plain X-ray of chest"), 20, new(14_380));

    public static readonly AcuteDisease[] Acute =
    [
        new(Coded.Snomed("444814009", "Viral sinusitis"), Coded.Icd10("J01.90", "Acute sinusitis, unspecified"), 16, false, ThroatCulture, Ibuprofen),
        new(Coded.Snomed("195662009", "Acute viral pharyngitis"), Coded.Icd10("J02.9", "Acute pharyngitis, unspecified"), 10, false, ThroatCulture, Ibuprofen),
        new(Coded.Snomed("10509002", "Acute bronchitis"), Coded.Icd10("J20.9", "Acute bronchitis, unspecified"), 14, false, ChestRadiograph, Ibuprofen),
        new(Coded.Snomed("65363002", "Otitis media"), Coded.Icd10("H66.90", "Otitis media, unspecified, unspecified ear"), 12, false,
            new(Coded.Snomed("122866009", "Otoscopy"), 8, new(4_275)), Amoxicillin),
        new(Coded.Snomed("68566005", "Urinary tract infectious disease"), Coded.Icd10("N39.0", "Urinary tract infection, site not specified"), 8, false,
            new(Coded.Snomed("27171005", "Urinalysis"), 5, new(2_890)), Amoxicillin),
        new(Coded.Snomed("44465007", "Sprain of ankle"), Coded.Icd10("S93.409A", "Sprain of unspecified ligament of unspecified ankle, initial encounter"), 28, true,
            new(Coded.Snomed("274474001", "Bone immobilization"), 35, new(21_760)), Ibuprofen),
        new(Coded.Snomed("284549007", "Laceration of hand"), Coded.Icd10("S61.419A", "Laceration without foreign body of unspecified hand, initial encounter"), 18, true,
            new(Coded.Snomed("288086009", "Suture open wound"), 40, new(38_915)), Ibuprofen),
    ];

    public static readonly Treatment[] CheckUpTreatments =
    [
        new(Coded.Snomed("430193006", "Medication reconciliation"), 12, new(3_520)),
        new(Coded.Snomed("171207006", "Depression screening"), 10, new(4_110)),
        new(Coded.Snomed("29303009", "Electrocardiographic procedure"), 15, new(8_995)),
        new(Coded.Snomed("127783003", "Spirometry"), 18, new(7_340)),
    ];

    public static readonly Vaccine[] Vaccines =
    [
        new(Coded.Cvx("140", "Influenza, seasonal, injectable, preservative free"), 1, 120, new(3_899)),
        new(Coded.Cvx("113", "Td (adult), 5 Lf tetanus toxoid, preservative free, adsorbed"), 11, 120, new(5_205)),
        new(Coded.Cvx("20", "DTaP"), 0, 6, new(4_480)),
        new(Coded.Cvx("03", "MMR"), 1, 12, new(8_635)),
        new(Coded.Cvx("133", "Pneumococcal conjugate PCV 13"), 65, 120, new(21_450)),
        new(Coded.Cvx("187", "zoster recombinant"), 50, 120, new(17_825)),
    ];

    public static readonly Allergen[] Allergens =
    [
        new(Coded.Snomed("91936005", "Allergy to penicillin"), "medication", Coded.Snomed("271807003", "Eruption of skin")),
        new(Coded.Snomed("91935009", "Allergy to peanut"), "food", Coded.Snomed("247472004", "Weal")),
        new(Coded.Snomed("232347008", "Allergy to animal dander"), "environment", Coded.Snomed("76067001", "Sneezing")),
        new(Coded.Snomed("418689008", "Allergy to grass pollen"), "environment", Coded.Snomed("70076002", "Rhinitis")),
        new(Coded.Snomed("300913006", "Allergy to shellfish"), "food", Coded.Snomed("422587007", "Nausea")),
    ];

    public static readonly Coded Active = Coded.Hl7("condition-clinical", "active", "Active");
    public static readonly Coded Resolved = Coded.Hl7("condition-clinical", "resolved", "Resolved");
    public static readonly Coded Confirmed = Coded.Hl7("condition-ver-status", "confirmed", "Confirmed");
    public static readonly Coded AllergyActive = Coded.Hl7("allergyintolerance-clinical", "active", "Active");
    public static readonly Coded AllergyConfirmed = Coded.Hl7("allergyintolerance-verification", "confirmed", "Confirmed");
    public static readonly Coded ProblemList = Coded.Hl7("condition-category", "problem-list-item", "Problem List Item");
    public static readonly Coded EncounterDiagnosis = Coded.Hl7("condition-category", "encounter-diagnosis", "Encounter Diagnosis");
    public static readonly Coded VitalSigns = Coded.Hl7("observation-category", "vital-signs", "Vital Signs");
    public static readonly Coded Laboratory = Coded.Hl7("observation-category", "laboratory", "Laboratory");
    public static readonly Coded LaboratorySection = Coded.Hl7("v2-0074", "LAB", "Laboratory");
    public static readonly Coded InterpretedLow = Coded.Hl7("v3-ObservationInterpretation", "L", "Low");
    public static readonly Coded InterpretedNormal = Coded.Hl7("v3-ObservationInterpretation", "N", "Normal");
    public static readonly Coded InterpretedHigh = Coded.Hl7("v3-ObservationInterpretation", "H", "High");
}
