namespace HealthChain.FhirServer.Generation;

/// <summary>A UCUM unit, as people write it and as UCUM codes it.</summary>
internal sealed record Unit(string Display, string Code)
{
    public Unit(string code)
        : this(code, code)
    {
    }
}

/// <summary>Something that is measured, and what is expected of a person on a day.</summary>
/// <param name="Decimals">Digits after the point that the method gives.</param>
/// <param name="Low">Lower end of the reference range.</param>
/// <param name="High">Upper end of the reference range.</param>
/// <param name="Spread">Standard deviation around what is expected.</param>
/// <param name="Profile">The profile of FHIR's vital signs that the observation meets; null for laboratory values.</param>
internal sealed record Measurement(
    Coded Code, Unit Unit, int Decimals, double Low, double High, double Spread, Func<Person, DateOnly, double> Expected, string? Profile = null)
{
    public decimal Draw(RandomSource random, Person person, DateOnly day) => Round(random.Normal(Expected(person, day), Spread));

    /// <summary>Rounds as the method does and keeps the zeros at the end.</summary>
    public decimal Round(double value)
    {
        var scale = Decimals switch { 0 => 1, 1 => 10, _ => 100 };
        var scaled = Math.Max(1, (int)Math.Round(value * scale, MidpointRounding.AwayFromZero));
        return new decimal(scaled, 0, 0, isNegative: false, (byte)Decimals);
    }
}

/// <summary>Measurements that are ordered and reported together.</summary>
internal sealed record Panel(Coded Code, Measurement[] Members);

/// <summary>Vital signs (https://hl7.org/fhir/R4/observation-vitalsigns.html) and laboratory values.</summary>
internal static class Measurements
{
    private static readonly Unit MilligramPerDecilitre = new("mg/dL");
    private static readonly Unit MillimolePerLitre = new("mmol/L");
    private static readonly Unit PerMinute = new("beats/min", "/min");
    private static readonly Unit Percent = new("%");
    private static readonly Unit Mercury = new("mmHg", "mm[Hg]");

    public static readonly Measurement Height = new(
        Coded.Loinc("8302-2", "Body height"), new("cm"), 1, 45, 210, 0.3, static (person, day) => person.HeightOn(day), "bodyheight");

    public static readonly Measurement Weight = new(
        Coded.Loinc("29463-7", "Body weight"), new("kg"), 1, 2, 180, 0.6, static (person, day) => person.WeightOn(day), "bodyweight");

    public static readonly Measurement BodyMassIndex = new(
        Coded.Loinc("39156-5", "Body mass index (BMI) [Ratio]"), new("kg/m2"), 1, 18.5, 25, 0, static (person, day) => person.BodyMassIndexOn(day), "bmi");

    public static readonly Measurement HeartRate = new(
        Coded.Loinc("8867-4", "Heart rate"), PerMinute, 0, 60, 100, 7, static (person, day) => 72 + (40 * person.ImmaturityOn(day)), "heartrate");

    public static readonly Measurement RespiratoryRate = new(
        Coded.Loinc("9279-1", "Respiratory rate"), new("breaths/min", "/min"), 0, 12, 20, 1.3, static (person, day) => 15 + (14 * person.ImmaturityOn(day)), "resprate");

    public static readonly Measurement Temperature = new(
        Coded.Loinc("8310-5", "Body temperature"), new("°C", "Cel"), 1, 36.1, 37.2, 0.25, static (_, _) => 36.7, "bodytemp");

    public static readonly Measurement OxygenSaturation = new(
        Coded.Loinc("2708-6", "Oxygen saturation in Arterial blood"), Percent, 0, 95, 100, 0.6, static (_, _) => 97.6, "oxygensat");

    public static readonly Coded BloodPressure = Coded.Loinc("85354-9", "Blood pressure panel with all children optional");

    public static readonly Measurement Systolic = new(
        Coded.Loinc("8480-6", "Systolic blood pressure"), Mercury, 0, 90, 130, 5, static (person, day) => person.SystolicOn(day));

    public static readonly Measurement Diastolic = new(
        Coded.Loinc("8462-4", "Diastolic blood pressure"), Mercury, 0, 60, 85, 3.5, static (person, day) => 22 + (person.SystolicOn(day) * 0.46));

    public static readonly Measurement HemoglobinA1c = new(
        Coded.Loinc("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood"), Percent, 1, 4, 5.6, 0.15,
        static (person, day) => person.Has(Chronic.Diabetes, day) ? 6.7 + (0.08 * person.YearsWith(Chronic.Diabetes, day)) : 5.2);

    public static readonly Panel Metabolic = new(Coded.Loinc("51990-0", "Basic metabolic panel - Blood"),
    [
        new(Coded.Loinc("2345-7", "Glucose [Mass/volume] in Serum or Plasma"), MilligramPerDecilitre, 0, 70, 99, 6,
            static (person, day) => person.Has(Chronic.Diabetes, day) ? 138 + (2 * person.YearsWith(Chronic.Diabetes, day)) : 87),
        new(Coded.Loinc("3094-0", "Urea nitrogen [Mass/volume] in Serum or Plasma"), MilligramPerDecilitre, 0, 7, 20, 2.4, static (_, _) => 13.5),
        new(Coded.Loinc("2160-0", "Creatinine [Mass/volume] in Serum or Plasma"), MilligramPerDecilitre, 2, 0.6, 1.3, 0.08,
            static (person, day) => (person.IsFemale ? 0.78 : 0.96) - (0.4 * person.ImmaturityOn(day)) + (0.004 * Math.Max(0, person.AgeOn(day) - 50))),
        new(Coded.Loinc("17861-6", "Calcium [Mass/volume] in Serum or Plasma"), MilligramPerDecilitre, 1, 8.5, 10.5, 0.3, static (_, _) => 9.5),
        new(Coded.Loinc("2951-2", "Sodium [Moles/volume] in Serum or Plasma"), MillimolePerLitre, 0, 136, 145, 1.6, static (_, _) => 140),
        new(Coded.Loinc("2823-3", "Potassium [Moles/volume] in Serum or Plasma"), MillimolePerLitre, 1, 3.5, 5.1, 0.25, static (_, _) => 4.3),
        new(Coded.Loinc("2075-0", "Chloride [Moles/volume] in Serum or Plasma"), MillimolePerLitre, 0, 98, 107, 1.6, static (_, _) => 102),
        new(Coded.Loinc("2028-9", "Carbon dioxide, total [Moles/volume] in Serum or Plasma"), MillimolePerLitre, 0, 22, 29, 1.3, static (_, _) => 25),
    ]);

    public static readonly Panel Lipids = new(Coded.Loinc("57698-3", "Lipid panel with direct LDL - Serum or Plasma"),
    [
        new(Coded.Loinc("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma"), MilligramPerDecilitre, 0, 100, 200, 6,
            static (person, day) => person.Has(Chronic.Hyperlipidemia, day) ? 232 : 176),
        new(Coded.Loinc("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma"), MilligramPerDecilitre, 0, 50, 150, 14,
            static (person, day) => person.Has(Chronic.Hyperlipidemia, day) ? 180 : 105),
        new(Coded.Loinc("18262-6", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by Direct assay"), MilligramPerDecilitre, 0, 50, 129, 5,
            static (person, day) => person.Has(Chronic.Hyperlipidemia, day) ? 150 : 101),
        new(Coded.Loinc("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma"), MilligramPerDecilitre, 0, 40, 80, 3.5,
            static (person, _) => person.IsFemale ? 57 : 49),
    ]);

    public static readonly Panel BloodCount = new(Coded.Loinc("58410-2", "CBC panel - Blood by Automated count"),
    [
        new(Coded.Loinc("6690-2", "Leukocytes [#/volume] in Blood by Automated count"), new("10*3/uL"), 1, 4.5, 11, 1.0, static (_, _) => 7.2),
        new(Coded.Loinc("789-8", "Erythrocytes [#/volume] in Blood by Automated count"), new("10*6/uL"), 2, 3.9, 5.7, 0.18,
            static (person, _) => person.IsFemale ? 4.5 : 5.0),
        new(Coded.Loinc("718-7", "Hemoglobin [Mass/volume] in Blood"), new("g/dL"), 1, 12, 17.5, 0.6, static (person, _) => person.IsFemale ? 13.6 : 15.1),
        new(Coded.Loinc("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count"), Percent, 1, 36, 52, 1.5,
            static (person, _) => person.IsFemale ? 40.5 : 45.2),
        new(Coded.Loinc("777-3", "Platelets [#/volume] in Blood by Automated count"), new("10*3/uL"), 0, 150, 400, 38, static (_, _) => 258),
    ]);

    public static readonly Measurement[] CheckUpVitals = [HeartRate, RespiratoryRate, Temperature, OxygenSaturation];
}
