namespace HealthChain.FhirServer.Generation;

/// <summary>What kind of visit it is: where, why, and what it costs by itself.</summary>
internal sealed record VisitKind(Coded Class, Coded Type, Cents Price, int Minutes, bool IsEmergency = false);

/// <summary>A condition that leads to a visit.</summary>
internal sealed record Reason(ResourceKey Condition, Coded Code);

/// <summary>A visit while its resources are written.</summary>
internal sealed class Visit(ResourceKey key, VisitKind kind, DateTime start, Coded billingDiagnosis, Reason? reason = null)
{
    public ResourceKey Key { get; } = key;

    public VisitKind Kind { get; } = kind;

    public DateTime Start { get; } = start;

    public DateTime End { get; } = start.AddMinutes(kind.Minutes);

    public DateOnly Day { get; } = DateOnly.FromDateTime(start);

    public Coded BillingDiagnosis { get; } = billingDiagnosis;

    /// <summary>What led to the visit; check-ups need no reason.</summary>
    public Reason? Reason { get; } = reason;

    /// <summary>What will be billed; grows while the visit is written.</summary>
    public List<Charge> Charges { get; } = [new(kind.Type, kind.Price)];
}

/// <summary>
/// A patient's history: three to twelve visits over at most eight years. Check-ups bring many measurements, the visits between them are
/// for an acute or a chronic disease.
/// </summary>
internal static class Visits
{
    private const int LongestHistoryDays = 8 * 365;

    private static readonly Coded Ambulatory = Coded.Hl7("v3-ActCode", "AMB", "ambulatory");
    private static readonly Coded Emergency = Coded.Hl7("v3-ActCode", "EMER", "emergency");
    private static readonly Coded PrimaryPerformer = Coded.Hl7("v3-ParticipationType", "PPRF", "primary performer");
    private static readonly Coded Examination = Coded.Icd10("Z00.00", "Encounter for general adult medical examination without abnormal findings");
    private static readonly Coded ChildExamination = Coded.Icd10("Z00.129", "Encounter for routine child health examination without abnormal findings");

    private static readonly VisitKind CheckUp = new(Ambulatory, Coded.Snomed("162673000", "General examination of patient"), new(18_550), 45);
    private static readonly VisitKind Symptom = new(Ambulatory, Coded.Snomed("185345009", "Encounter for symptom"), new(12_915), 20);
    private static readonly VisitKind FollowUp = new(Ambulatory, Coded.Snomed("390906007", "Follow-up encounter"), new(9_840), 15);
    private static readonly VisitKind EmergencyVisit = new(Emergency, Coded.Snomed("50849002", "Emergency room admission"), new(74_325), 150, IsEmergency: true);

    public static void Write(Chart chart)
    {
        var (person, random) = (chart.Person, chart.Random);
        var problems = Treatments.WriteProblems(chart);
        Treatments.WriteAllergies(chart);

        var lastDay = person.LastDay.DayNumber;
        var firstDay = Math.Max(person.Birth.DayNumber + 30, lastDay - LongestHistoryDays);
        var count = random.Between(3, 12);
        var gap = (lastDay - firstDay) / count;
        for (var i = 0; i < count; i++)
        {
            var day = DateOnly.FromDayNumber(firstDay + (i * gap) + random.Between(0, gap - 1));
            var start = day.ToDateTime(new TimeOnly(random.Between(8, 16), random.Between(0, 11) * 5));
            if (IsCheckUp(i, count))
            {
                WriteCheckUp(chart, start);
            }
            else if (Current(problems, day) is { Length: > 0 } current && random.Chance(50))
            {
                WriteFollowUp(chart, start, random.Pick(current));
            }
            else
            {
                WriteIllness(chart, start, random.Pick(ClinicalCodes.Acute));
            }
        }
    }

    /// <summary>The first visit and one in the middle; those who come rarely also have one at the end, so that all have a story to tell.</summary>
    private static bool IsCheckUp(int index, int count) => index == 0 || index == count / 2 || (count <= 4 && index == count - 1);

    private static Problem[] Current(List<Problem> problems, DateOnly day) => [.. problems.Where(problem => problem.Since <= day)];

    private static void WriteCheckUp(Chart chart, DateTime start)
    {
        var day = DateOnly.FromDateTime(start);
        var isAdult = chart.Person.AgeOn(day) >= 18;
        var visit = new Visit(chart.NewKey("Encounter"), CheckUp, start, isAdult ? Examination : ChildExamination);
        WriteEncounter(chart, visit);
        Observations.WriteBody(chart, visit);
        Observations.WriteBloodPressure(chart, visit);
        foreach (var vital in Measurements.CheckUpVitals)
        {
            Observations.Write(chart, visit, vital);
        }

        Observations.WritePanel(chart, visit, Measurements.Metabolic);
        Observations.WritePanel(chart, visit, isAdult ? Measurements.Lipids : Measurements.BloodCount);
        if (chart.Person.Has(Chronic.Diabetes, day))
        {
            Observations.Write(chart, visit, Measurements.HemoglobinA1c);
        }

        Treatments.WriteProcedure(chart, visit, chart.Random.Pick(ClinicalCodes.CheckUpTreatments));
        Treatments.WriteImmunizations(chart, visit);
        Money.Write(chart, visit);
    }

    private static void WriteFollowUp(Chart chart, DateTime start, Problem problem)
    {
        var reason = new Reason(problem.Key, problem.Disease.Code);
        var visit = new Visit(chart.NewKey("Encounter"), FollowUp, start, problem.Disease.BillingCode, reason);
        WriteEncounter(chart, visit);
        Observations.WriteBloodPressure(chart, visit);
        Observations.Write(chart, visit, Measurements.HeartRate);
        Observations.Write(chart, visit, Measurements.Weight);
        if (problem.Disease == Chronic.Diabetes)
        {
            Observations.Write(chart, visit, Measurements.HemoglobinA1c);
        }

        Treatments.WriteMedication(chart, visit, problem.Disease.Drug, days: 90);
        Money.Write(chart, visit);
    }

    private static void WriteIllness(Chart chart, DateTime start, AcuteDisease disease)
    {
        var condition = chart.NewKey("Condition");
        var kind = disease.IsEmergency ? EmergencyVisit : Symptom;
        var visit = new Visit(chart.NewKey("Encounter"), kind, start, disease.BillingCode, new Reason(condition, disease.Code));
        WriteEncounter(chart, visit);
        Treatments.WriteCondition(chart, visit, condition, disease);
        Observations.WriteBloodPressure(chart, visit);
        Observations.Write(chart, visit, Measurements.HeartRate);
        Observations.Write(chart, visit, Measurements.Temperature);
        if (chart.Random.Chance(60))
        {
            Treatments.WriteProcedure(chart, visit, disease.Treatment);
        }

        if (chart.Random.Chance(80))
        {
            Treatments.WriteMedication(chart, visit, disease.Drug, days: 7);
        }

        Money.Write(chart, visit);
    }

    private static void WriteEncounter(Chart chart, Visit visit)
    {
        var (person, writer) = (chart.Person, chart.Writer);
        var hospital = Names.Hospitals[person.Town];
        chart.Output.Begin(visit.Key);
        writer.Narrative($"{visit.Kind.Type.Display} at {hospital}, {visit.Start:yyyy-MM-dd}");
        writer.Text("status"u8, "finished");
        writer.Coding("class"u8, visit.Kind.Class);
        writer.Concepts("type"u8, visit.Kind.Type);
        writer.Reference("subject"u8, person.Key, person.FullName);
        writer.Single("participant"u8);
        writer.Concepts("type"u8, PrimaryPerformer);
        writer.Period("period"u8, visit.Start, visit.End);
        writer.Reference("individual"u8, person.Doctor.Key, person.Doctor.Name);
        writer.EndSingle();
        writer.Period("period"u8, visit.Start, visit.End);
        if (visit.Reason is { } reason)
        {
            writer.Concepts("reasonCode"u8, reason.Code);
            writer.Single("diagnosis"u8);
            writer.Reference("condition"u8, reason.Condition);
            writer.EndSingle();
        }

        writer.Single("location"u8);
        writer.Reference("location"u8, Network.Site(person.Town), hospital);
        writer.EndSingle();
        writer.Reference("serviceProvider"u8, Network.Hospital(person.Town), hospital);
        chart.Output.End();
    }
}
