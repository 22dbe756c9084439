namespace HealthChain.FhirServer.Generation;

/// <summary>Vital signs, laboratory values and the reports that hold them together.</summary>
internal static class Observations
{
    /// <summary>Laboratory values are there some hours after the blood was taken.</summary>
    private static readonly TimeSpan LaboratoryTime = TimeSpan.FromHours(5);

    public static void Write(Chart chart, Visit visit, Measurement measurement) =>
        Write(chart, visit, measurement, chart.NewKey("Observation"), measurement.Draw(chart.Random, chart.Person, visit.Day));

    /// <summary>Height, weight, and the index that follows from both.</summary>
    public static void WriteBody(Chart chart, Visit visit)
    {
        var height = Measurements.Height.Draw(chart.Random, chart.Person, visit.Day);
        var weight = Measurements.Weight.Draw(chart.Random, chart.Person, visit.Day);
        var index = Measurements.BodyMassIndex.Round((double)(weight * 10_000 / (height * height)));
        Write(chart, visit, Measurements.Height, chart.NewKey("Observation"), height);
        Write(chart, visit, Measurements.Weight, chart.NewKey("Observation"), weight);
        Write(chart, visit, Measurements.BodyMassIndex, chart.NewKey("Observation"), index);
    }

    public static void WriteBloodPressure(Chart chart, Visit visit)
    {
        var writer = chart.Writer;
        var systolic = Measurements.Systolic.Draw(chart.Random, chart.Person, visit.Day);
        var diastolic = Measurements.Diastolic.Draw(chart.Random, chart.Person, visit.Day);
        chart.Output.Begin(chart.NewKey("Observation"));
        WriteProfile(writer, "bp");
        writer.Narrative($"Blood pressure {systolic}/{diastolic} mmHg");
        WriteCommon(chart, visit, ClinicalCodes.VitalSigns, Measurements.BloodPressure, visit.Start);
        writer.Array("component"u8);
        Component(Measurements.Systolic, systolic);
        Component(Measurements.Diastolic, diastolic);
        writer.EndArray();
        chart.Output.End();

        void Component(Measurement measurement, decimal value)
        {
            writer.Object();
            writer.Concept("code"u8, measurement.Code);
            writer.Quantity("valueQuantity"u8, value, measurement.Unit);
            writer.End();
        }
    }

    /// <summary>The values of a panel and the report that refers to them.</summary>
    public static void WritePanel(Chart chart, Visit visit, Panel panel)
    {
        var results = new ResourceKey[panel.Members.Length];
        for (var i = 0; i < results.Length; i++)
        {
            results[i] = chart.NewKey("Observation");
            Write(chart, visit, panel.Members[i], results[i], panel.Members[i].Draw(chart.Random, chart.Person, visit.Day));
        }

        var (person, writer) = (chart.Person, chart.Writer);
        chart.Output.Begin(chart.NewKey("DiagnosticReport"));
        writer.Narrative($"{panel.Code.Display}, {visit.Start:yyyy-MM-dd}");
        writer.Text("status"u8, "final");
        writer.Concepts("category"u8, ClinicalCodes.LaboratorySection);
        writer.Concept("code"u8, panel.Code);
        writer.Reference("subject"u8, person.Key, person.FullName);
        writer.Reference("encounter"u8, visit.Key);
        writer.DateTime("effectiveDateTime"u8, visit.Start);
        writer.DateTime("issued"u8, visit.Start + LaboratoryTime);
        writer.References("performer"u8, Network.Hospital(person.Town), Names.Hospitals[person.Town]);
        writer.References("result"u8, results);
        chart.Output.End();
        visit.Charges.Add(new(panel.Code, new(1_485 * results.Length)));
    }

    private static void Write(Chart chart, Visit visit, Measurement measurement, ResourceKey key, decimal value)
    {
        var writer = chart.Writer;
        var isVital = measurement.Profile is not null;
        chart.Output.Begin(key);
        if (measurement.Profile is { } profile)
        {
            WriteProfile(writer, profile);
        }

        writer.Narrative($"{measurement.Code.Display}: {value} {measurement.Unit.Display}");
        WriteCommon(
            chart, visit, isVital ? ClinicalCodes.VitalSigns : ClinicalCodes.Laboratory, measurement.Code, isVital ? visit.Start : visit.Start + LaboratoryTime);
        writer.Quantity("valueQuantity"u8, value, measurement.Unit);
        if (!isVital)
        {
            WriteReferenceRange(writer, measurement, value);
        }

        chart.Output.End();
    }

    private static void WriteProfile(FhirWriter writer, string name)
    {
        writer.Object("meta"u8);
        writer.Texts("profile"u8, "http://hl7.org/fhir/StructureDefinition/" + name);
        writer.End();
    }

    private static void WriteCommon(Chart chart, Visit visit, Coded category, Coded code, DateTime issued)
    {
        var (person, writer) = (chart.Person, chart.Writer);
        writer.Text("status"u8, "final");
        writer.Concepts("category"u8, category);
        writer.Concept("code"u8, code);
        writer.Reference("subject"u8, person.Key, person.FullName);
        writer.Reference("encounter"u8, visit.Key);
        writer.DateTime("effectiveDateTime"u8, visit.Start);
        writer.DateTime("issued"u8, issued);
        writer.References("performer"u8, person.Doctor.Key, person.Doctor.Name);
    }

    private static void WriteReferenceRange(FhirWriter writer, Measurement measurement, decimal value)
    {
        var low = measurement.Round(measurement.Low);
        var high = measurement.Round(measurement.High);
        writer.Concepts("interpretation"u8, value < low ? ClinicalCodes.InterpretedLow
            : value > high ? ClinicalCodes.InterpretedHigh
            : ClinicalCodes.InterpretedNormal);
        writer.Single("referenceRange"u8);
        writer.Quantity("low"u8, low, measurement.Unit);
        writer.Quantity("high"u8, high, measurement.Unit);
        writer.EndSingle();
    }
}
