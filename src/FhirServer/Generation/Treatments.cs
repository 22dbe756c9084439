namespace HealthChain.FhirServer.Generation;

/// <summary>A chronic disease of a patient, and the Condition that records it.</summary>
internal readonly record struct Problem(ChronicDisease Disease, ResourceKey Key, DateOnly Since);

/// <summary>What patients suffer from and what is done about it.</summary>
internal static class Treatments
{
    private static readonly string[] InjectionSites = ["Left deltoid", "Right deltoid"];

    /// <summary>Writes the chronic diseases that began before the last day.</summary>
    public static List<Problem> WriteProblems(Chart chart)
    {
        var (person, writer) = (chart.Person, chart.Writer);
        var problems = new List<Problem>();
        foreach (var disease in Chronic.All)
        {
            if (!person.Has(disease, person.LastDay))
            {
                continue;
            }

            var problem = new Problem(disease, chart.NewKey("Condition"), person.Since(disease));
            problems.Add(problem);
            chart.Output.Begin(problem.Key);
            writer.Narrative($"{disease.Code.Display} since {problem.Since:yyyy-MM-dd}");
            writer.Concept("clinicalStatus"u8, ClinicalCodes.Active);
            writer.Concept("verificationStatus"u8, ClinicalCodes.Confirmed);
            writer.Concepts("category"u8, ClinicalCodes.ProblemList);
            writer.Concept("code"u8, disease.Code, disease.BillingCode);
            writer.Reference("subject"u8, person.Key, person.FullName);
            writer.Date("onsetDateTime"u8, problem.Since);
            writer.Date("recordedDate"u8, problem.Since);
            writer.Reference("recorder"u8, person.Doctor.Key, person.Doctor.Name);
            chart.Output.End();
        }

        return problems;
    }

    public static void WriteAllergies(Chart chart)
    {
        foreach (var allergen in ClinicalCodes.Allergens)
        {
            if (chart.Random.Chance(6))
            {
                WriteAllergy(chart, allergen);
            }
        }
    }

    public static void WriteCondition(Chart chart, Visit visit, ResourceKey key, AcuteDisease disease)
    {
        var (person, writer) = (chart.Person, chart.Writer);
        var healed = visit.Day.AddDays(disease.Days);
        var isHealed = healed <= person.LastDay;
        chart.Output.Begin(key);
        writer.Narrative($"{disease.Code.Display}, {visit.Start:yyyy-MM-dd}");
        writer.Concept("clinicalStatus"u8, isHealed ? ClinicalCodes.Resolved : ClinicalCodes.Active);
        writer.Concept("verificationStatus"u8, ClinicalCodes.Confirmed);
        writer.Concepts("category"u8, ClinicalCodes.EncounterDiagnosis);
        writer.Concept("code"u8, disease.Code, disease.BillingCode);
        writer.Reference("subject"u8, person.Key, person.FullName);
        writer.Reference("encounter"u8, visit.Key);
        writer.DateTime("onsetDateTime"u8, visit.Start.AddDays(-1));
        if (isHealed)
        {
            writer.Date("abatementDateTime"u8, healed);
        }

        writer.DateTime("recordedDate"u8, visit.Start);
        writer.Reference("recorder"u8, person.Doctor.Key, person.Doctor.Name);
        chart.Output.End();
    }

    public static void WriteProcedure(Chart chart, Visit visit, Treatment treatment)
    {
        var (person, writer) = (chart.Person, chart.Writer);
        var start = visit.Start.AddMinutes(5);
        chart.Output.Begin(chart.NewKey("Procedure"));
        writer.Narrative($"{treatment.Code.Display}, {visit.Start:yyyy-MM-dd}");
        writer.Text("status"u8, "completed");
        writer.Concept("code"u8, treatment.Code);
        writer.Reference("subject"u8, person.Key, person.FullName);
        writer.Reference("encounter"u8, visit.Key);
        writer.Period("performedPeriod"u8, start, start.AddMinutes(treatment.Minutes));
        writer.Single("performer"u8);
        writer.Reference("actor"u8, person.Doctor.Key, person.Doctor.Name);
        writer.EndSingle();
        writer.Reference("location"u8, Network.Site(person.Town), Names.Hospitals[person.Town]);
        WriteReason(writer, visit);
        chart.Output.End();
        visit.Charges.Add(new(treatment.Code, treatment.Price));
    }

    public static void WriteMedication(Chart chart, Visit visit, Drug drug, int days)
    {
        var (person, writer) = (chart.Person, chart.Writer);
        chart.Output.Begin(chart.NewKey("MedicationRequest"));
        writer.Narrative($"{drug.Code.Display}. {drug.Instruction}.");
        writer.Text("status"u8, visit.Day.AddDays(days) <= chart.Until ? "completed" : "active");
        writer.Text("intent"u8, "order");
        writer.Concept("medicationCodeableConcept"u8, drug.Code);
        writer.Reference("subject"u8, person.Key, person.FullName);
        writer.Reference("encounter"u8, visit.Key);
        writer.DateTime("authoredOn"u8, visit.Start);
        writer.Reference("requester"u8, person.Doctor.Key, person.Doctor.Name);
        WriteReason(writer, visit);
        writer.Single("dosageInstruction"u8);
        writer.Number("sequence"u8, 1);
        writer.Text("text"u8, drug.Instruction);
        writer.Object("timing"u8);
        writer.Object("repeat"u8);
        writer.Number("frequency"u8, drug.TimesADay);
        writer.Number("period"u8, 1);
        writer.Text("periodUnit"u8, "d");
        writer.End();
        writer.End();
        writer.Single("doseAndRate"u8);
        writer.Quantity("doseQuantity"u8, 1, new(drug.Form, "{" + drug.Form + "}"));
        writer.EndSingle();
        writer.EndSingle();
        writer.Object("dispenseRequest"u8);
        writer.Number("numberOfRepeatsAllowed"u8, days > 30 ? 3 : 0);
        writer.Quantity("expectedSupplyDuration"u8, days, new("days", "d"));
        writer.End();
        chart.Output.End();
    }

    /// <summary>One vaccine that suits the age, and often a second.</summary>
    public static void WriteImmunizations(Chart chart, Visit visit)
    {
        var age = chart.Person.AgeOn(visit.Day);
        var suitable = ClinicalCodes.Vaccines.Where(vaccine => vaccine.FromAge <= age && age < vaccine.ToAge).ToArray();
        var first = chart.Random.Pick(suitable);
        WriteImmunization(chart, visit, first);
        var second = chart.Random.Pick(suitable);
        if (second != first)
        {
            WriteImmunization(chart, visit, second);
        }
    }

    private static void WriteImmunization(Chart chart, Visit visit, Vaccine vaccine)
    {
        var (person, random, writer) = (chart.Person, chart.Random, chart.Writer);
        chart.Output.Begin(chart.NewKey("Immunization"));
        writer.Narrative($"{vaccine.Code.Display}, {visit.Start:yyyy-MM-dd}");
        writer.Text("status"u8, "completed");
        writer.Concept("vaccineCode"u8, vaccine.Code);
        writer.Reference("patient"u8, person.Key, person.FullName);
        writer.Reference("encounter"u8, visit.Key);
        writer.DateTime("occurrenceDateTime"u8, visit.Start.AddMinutes(25));
        writer.Flag("primarySource"u8, true);
        writer.Reference("location"u8, Network.Site(person.Town), Names.Hospitals[person.Town]);
        writer.Text("lotNumber"u8, $"L{random.Between(10_000, 99_999)}");
        writer.Date("expirationDate"u8, visit.Day.AddDays(random.Between(60, 500)));
        writer.Object("site"u8);
        writer.Text("text"u8, random.Pick(InjectionSites));
        writer.End();
        writer.Quantity("doseQuantity"u8, 0.5m, new("mL"));
        writer.Single("performer"u8);
        writer.Reference("actor"u8, person.Doctor.Key, person.Doctor.Name);
        writer.EndSingle();
        chart.Output.End();
        visit.Charges.Add(new(vaccine.Code, vaccine.Price));
    }

    private static void WriteAllergy(Chart chart, Allergen allergen)
    {
        var (person, random, writer) = (chart.Person, chart.Random, chart.Writer);
        chart.Output.Begin(chart.NewKey("AllergyIntolerance"));
        writer.Narrative(allergen.Code.Display);
        writer.Concept("clinicalStatus"u8, ClinicalCodes.AllergyActive);
        writer.Concept("verificationStatus"u8, ClinicalCodes.AllergyConfirmed);
        writer.Text("type"u8, "allergy");
        writer.Texts("category"u8, allergen.Category);
        writer.Text("criticality"u8, random.Chance(80) ? "low" : "high");
        writer.Concept("code"u8, allergen.Code);
        writer.Reference("patient"u8, person.Key, person.FullName);
        writer.Date("recordedDate"u8, person.Birth.AddDays(random.Between(30, person.LastDay.DayNumber - person.Birth.DayNumber)));
        writer.Reference("recorder"u8, person.Doctor.Key, person.Doctor.Name);
        writer.Single("reaction"u8);
        writer.Concepts("manifestation"u8, allergen.Reaction);
        writer.Text("severity"u8, random.Chance(75) ? "mild" : "moderate");
        writer.EndSingle();
        chart.Output.End();
    }

    private static void WriteReason(FhirWriter writer, Visit visit)
    {
        if (visit.Reason is { } reason)
        {
            writer.References("reasonReference"u8, reason.Condition, reason.Code.Display);
        }
    }
}
