namespace HealthChain.FhirServer.Generation;

/// <summary>Somebody who does not exist: who they are, what they suffer from, and how their body changes over the years.</summary>
internal sealed class Person
{
    private const double AdultAge = 18;

    private readonly Dictionary<ChronicDisease, DateOnly> _diseases = new(ReferenceEqualityComparer.Instance);
    private readonly double _height;
    private readonly double _bodyMassIndex;
    private readonly double _bodyMassIndexPerYear;
    private readonly double _systolic;
    private readonly double _systolicPerYear;
    private readonly DateOnly _reference;

    public Person(RandomSource random, long number, DateOnly until)
    {
        _reference = until;
        Number = number;
        Key = new ResourceKey("Patient", random.Uuid());
        CoverageKey = new ResourceKey("Coverage", random.Uuid());
        IsFemale = random.Chance(51);
        Given = random.Pick(IsFemale ? Names.Female : Names.Male);
        Middle = random.Pick(IsFemale ? Names.Female : Names.Male);
        Family = random.Pick(Names.Family);

        // The mean of two draws makes the middle ages the most frequent; the very young have too short a history to tell.
        var days = (random.Between(400, 34_000) + random.Between(400, 34_000)) / 2;
        Birth = until.AddDays(-days);
        Town = random.Between(0, Names.Places.Length - 1);
        Doctor = Network.DoctorsAt(Town)[random.Between(0, Network.DoctorsPerHospital - 1)];
        Insurer = random.Between(0, Names.Insurers.Length - 1);

        if (days > 26_000 && random.Chance(10))
        {
            Died = until.AddDays(-random.Between(1, 1_500));
        }

        _height = random.Normal(IsFemale ? 163 : 176, 6.5);
        _bodyMassIndex = random.Normal(26, 3);
        _bodyMassIndexPerYear = random.Normal(0.08, 0.1);
        _systolic = random.Normal(118, 5);
        _systolicPerYear = random.Normal(0.5, 0.3);
        foreach (var disease in Chronic.All)
        {
            var age = AgeOn(until);
            if (age > disease.FromAge && random.Chance(disease.Percent))
            {
                _diseases[disease] = until.AddDays(-random.Between(1, (int)((age - disease.FromAge) * 365)));
            }
        }
    }

    public long Number { get; }

    public ResourceKey Key { get; }

    public ResourceKey CoverageKey { get; }

    public bool IsFemale { get; }

    public string Given { get; }

    public string Middle { get; }

    public string Family { get; }

    public string FullName => $"{Given} {Family}";

    public DateOnly Birth { get; }

    /// <summary>Index of the town, which is also that of its hospital.</summary>
    public int Town { get; }

    public Doctor Doctor { get; }

    public int Insurer { get; }

    /// <summary>Day of death, which ends all visits.</summary>
    public DateOnly? Died { get; }

    public DateOnly LastDay => Died ?? _reference;

    /// <summary>When a disease began; only for those that the person has.</summary>
    public DateOnly Since(ChronicDisease disease) => _diseases[disease];

    public double AgeOn(DateOnly day) => (day.DayNumber - Birth.DayNumber) / 365.25;

    /// <summary>1 at birth, falling to 0 when grown up.</summary>
    public double ImmaturityOn(DateOnly day) => Math.Max(0, 1 - (AgeOn(day) / AdultAge));

    public double HeightOn(DateOnly day) => _height * (1 - (0.55 * ImmaturityOn(day)));

    public double BodyMassIndexOn(DateOnly day)
    {
        var grown = Math.Clamp(_bodyMassIndex + (_bodyMassIndexPerYear * YearsBefore(day)), 17.5, 42);
        return grown + ((16 - grown) * ImmaturityOn(day));
    }

    public double WeightOn(DateOnly day) => BodyMassIndexOn(day) * HeightOn(day) * HeightOn(day) / 10_000;

    public double SystolicOn(DateOnly day)
    {
        var sick = Has(Chronic.Hypertension, day) ? 20 : 0;
        return Math.Clamp(_systolic + (_systolicPerYear * YearsBefore(day)), 95, 135) + sick - (22 * ImmaturityOn(day));
    }

    public bool Has(ChronicDisease disease, DateOnly day) => _diseases.TryGetValue(disease, out var since) && since <= day;

    public double YearsWith(ChronicDisease disease, DateOnly day) => (day.DayNumber - _diseases[disease].DayNumber) / 365.25;

    /// <summary>Years from the end of the data, negative before it: weight and blood pressure are drawn for the last day, and the past leads there.</summary>
    private double YearsBefore(DateOnly day) => (day.DayNumber - _reference.DayNumber) / 365.25;
}
