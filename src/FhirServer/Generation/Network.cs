namespace HealthChain.FhirServer.Generation;

/// <summary>A practitioner and the role in which they work at a hospital.</summary>
internal sealed record Doctor(ResourceKey Key, ResourceKey RoleKey, string Given, string Family, bool IsFemale, int Hospital, Coded Specialty)
{
    public string Name => $"Dr. {Given} {Family}";
}

/// <summary>
/// The hospitals, insurers and practitioners that all patients share. They are the same for every seed and have fixed ids, so that
/// several loads into one server meet the same organizations.
/// </summary>
internal static class Network
{
    public const int DoctorsPerHospital = 3;

    private static readonly Coded[] Specialties =
    [
        Coded.Snomed("419772000", "Family practice"), Coded.Snomed("419192003", "Internal medicine"), Coded.Snomed("394579002", "Cardiology"),
    ];

    private static readonly Coded Provider = Coded.Hl7("organization-type", "prov", "Healthcare Provider");
    private static readonly Coded Payer = Coded.Hl7("organization-type", "ins", "Insurance Company");
    private static readonly Coded Outpatient = Coded.Hl7("v3-RoleCode", "OF", "Outpatient facility");
    private static readonly Coded Building = Coded.Hl7("location-physical-type", "bu", "Building");
    private static readonly Coded Physician = Coded.Hl7("practitioner-role", "doctor", "Doctor");

    private static readonly ResourceKey[] HospitalKeys = Keys("Organization", "hospital", Names.Hospitals.Length);
    private static readonly ResourceKey[] LocationKeys = Keys("Location", "site", Names.Hospitals.Length);
    private static readonly ResourceKey[] InsurerKeys = Keys("Organization", "insurer", Names.Insurers.Length);
    private static readonly Doctor[] Doctors = HireDoctors();

    public static ResourceKey Hospital(int index) => HospitalKeys[index];

    public static ResourceKey Site(int index) => LocationKeys[index];

    public static ResourceKey Insurer(int index) => InsurerKeys[index];

    public static ReadOnlySpan<Doctor> DoctorsAt(int hospital) => Doctors.AsSpan(hospital * DoctorsPerHospital, DoctorsPerHospital);

    public static void Write(ResourceOutput output)
    {
        var random = new RandomSource(0, 0);
        output.BeginGroup();
        for (var i = 0; i < Names.Hospitals.Length; i++)
        {
            WriteOrganization(output, random, HospitalKeys[i], Names.Hospitals[i], Provider, Names.Places[i]);
            WriteLocation(output, random, i);
        }

        for (var i = 0; i < Names.Insurers.Length; i++)
        {
            WriteOrganization(output, random, InsurerKeys[i], Names.Insurers[i], Payer, Names.Places[i]);
        }

        foreach (var doctor in Doctors)
        {
            WritePractitioner(output, random, doctor);
            WriteRole(output, doctor);
        }

        output.EndGroup();
    }

    private static ResourceKey[] Keys(string type, string stem, int count) =>
        [.. Enumerable.Range(1, count).Select(number => ResourceKey.Shared(type, $"{stem}-{number}"))];

    private static Doctor[] HireDoctors()
    {
        var random = new RandomSource(0, 1);
        var people = Keys("Practitioner", "practitioner", Names.Hospitals.Length * DoctorsPerHospital);
        var roles = Keys("PractitionerRole", "role", people.Length);
        var doctors = new Doctor[people.Length];
        for (var i = 0; i < doctors.Length; i++)
        {
            var isFemale = random.Chance(50);
            var given = random.Pick(isFemale ? Names.Female : Names.Male);
            doctors[i] = new(
                people[i], roles[i], given, random.Pick(Names.Family), isFemale, i / DoctorsPerHospital, Specialties[i % Specialties.Length]);
        }

        return doctors;
    }

    private static void WriteOrganization(ResourceOutput output, RandomSource random, ResourceKey key, string name, Coded type, Place place)
    {
        output.Begin(key);
        var writer = output.Writer;
        writer.Narrative($"{name}, {place.City}");
        writer.Identifier("https://registry.example.org/organizations", key.FixedId!);
        writer.Flag("active"u8, true);
        writer.Concepts("type"u8, type);
        writer.Text("name"u8, name);
        writer.Single("telecom"u8);
        writer.Text("system"u8, "phone");
        writer.Text("value"u8, Names.Telephone(random));
        writer.Text("use"u8, "work");
        writer.EndSingle();
        writer.Single("address"u8);
        People.AddressParts(writer, random, place);
        writer.EndSingle();
        output.End();
    }

    private static void WriteLocation(ResourceOutput output, RandomSource random, int hospital)
    {
        output.Begin(LocationKeys[hospital]);
        var writer = output.Writer;
        writer.Narrative($"{Names.Hospitals[hospital]}, main building");
        writer.Text("status"u8, "active");
        writer.Text("name"u8, $"{Names.Hospitals[hospital]}, main building");
        writer.Text("mode"u8, "instance");
        writer.Concepts("type"u8, Outpatient);
        writer.Object("address"u8);
        People.AddressParts(writer, random, Names.Places[hospital]);
        writer.End();
        writer.Concept("physicalType"u8, Building);
        writer.Object("position"u8);
        // On the Atlantic, where no hospital can be mistaken for a real one, and each far enough from the next to search by distance.
        writer.Decimal("longitude"u8, -60.000m - (hospital * 0.750m));
        writer.Decimal("latitude"u8, 38.000m + (hospital * 0.500m));
        writer.End();
        writer.Reference("managingOrganization"u8, HospitalKeys[hospital], Names.Hospitals[hospital]);
        output.End();
    }

    private static void WritePractitioner(ResourceOutput output, RandomSource random, Doctor doctor)
    {
        output.Begin(doctor.Key);
        var writer = output.Writer;
        writer.Narrative(doctor.Name);
        // Real numbers begin with 1 or 2.
        writer.Identifier("http://hl7.org/fhir/sid/us-npi", $"9{random.Between(100_000_000, 999_999_999)}");
        writer.Flag("active"u8, true);
        writer.Single("name"u8);
        writer.Text("use"u8, "official");
        writer.Text("family"u8, doctor.Family);
        writer.Texts("given"u8, doctor.Given);
        writer.Texts("prefix"u8, "Dr.");
        writer.EndSingle();
        writer.Single("telecom"u8);
        writer.Text("system"u8, "email");
        writer.Text("value"u8, $"{doctor.Key.FixedId}@hospital.example.org");
        writer.Text("use"u8, "work");
        writer.EndSingle();
        writer.Text("gender"u8, doctor.IsFemale ? "female" : "male");
        output.End();
    }

    private static void WriteRole(ResourceOutput output, Doctor doctor)
    {
        output.Begin(doctor.RoleKey);
        var writer = output.Writer;
        writer.Narrative($"{doctor.Name} at {Names.Hospitals[doctor.Hospital]}");
        writer.Flag("active"u8, true);
        writer.Reference("practitioner"u8, doctor.Key, doctor.Name);
        writer.Reference("organization"u8, HospitalKeys[doctor.Hospital], Names.Hospitals[doctor.Hospital]);
        writer.Concepts("code"u8, Physician);
        writer.Concepts("specialty"u8, doctor.Specialty);
        writer.References("location"u8, LocationKeys[doctor.Hospital], Names.Hospitals[doctor.Hospital]);
        output.End();
    }
}
