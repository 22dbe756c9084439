using System.Globalization;
using System.Text;
using HealthChain.Fhir;
using HealthChain.Fhir.Definitions;
using HealthChain.Fhir.Model;
using HealthChain.Fhir.Search;
using HealthChain.Storage;
using HealthChain.Storage.Sealing;
using HealthChain.Storage.Sqlite;

namespace HealthChain.Micro;

/// <summary>An embedded store in a temporary folder with patients of 100 resources each unless it is said otherwise, the same every time.</summary>
internal sealed class SyntheticClinic : IDisposable
{
    public const int Codes = 30;
    private const int Doctors = 20;

    private static readonly string[] Families =
        ["Smith", "Jones", "Müller", "García", "Nguyen", "Kowalski", "Rossi", "Okafor", "Yamamoto", "Dubois", "Silva", "Novák", "Hansen", "Kaya", "Ivanova"];

    private readonly string _folder = Directory.CreateTempSubdirectory("healthchain-micro-").FullName;
    private readonly KeyStore _keys;
    private readonly ClinicShape _shape;

    public SyntheticClinic(int patients, ClinicShape? shape = null)
    {
        _shape = shape ?? new ClinicShape();
        Patients = patients;
        _keys = KeyStore.Open(new KeyStoreOptions { Folder = Path.Combine(_folder, "keys"), TenantKeyFolder = Path.Combine(_folder, "tenant") });
        Store = SqliteStore.OpenAsync(new SqliteStoreOptions { Folder = Path.Combine(_folder, "store") }, _keys, Parameters, TimeProvider.System, CancellationToken.None)
            .GetAwaiter().GetResult();
    }

    public static AccessScope Everything { get; } = AccessScope.System("measuring");

    public SearchParameterSet Parameters { get; } = new(DefinitionSet.R4);

    public SqliteStore Store { get; }

    public int Patients { get; }

    public int Resources => Doctors + (Patients * (1 + _shape.Observations + _shape.Encounters + _shape.Conditions));

    /// <summary>Writes everything, a transaction for each patient, a few at a time.</summary>
    public void Fill()
    {
        Commit(Enumerable.Range(0, Doctors).Select(number => Put(
            $$"""{"resourceType":"Practitioner","id":"d{{number}}","name":[{"family":"{{Families[number % Families.Length]}}","given":["Doc{{number}}"]}]}""")));
        Parallel.For(0, Patients, new ParallelOptions { MaxDegreeOfParallelism = 8 }, patient => Commit(OfPatient(patient)));
    }

    public static Put Put(string json)
    {
        Element resource = FhirJson.Read(Encoding.UTF8.GetBytes(json)).Root;
        return new Put(new ResourceKey(resource.Type.Name, resource.Child("id").Text!), resource);
    }

    public void Commit(IEnumerable<Put> puts)
    {
        Result<CommitResult> result = Store.CommitAsync(Everything, new Transaction([.. puts], []), CancellationToken.None).AsTask().GetAwaiter().GetResult();
        _ = result.Value as Committed ?? throw new InvalidOperationException("The clinic could not be written.");
    }

    public void Dispose()
    {
        Store.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _keys.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private IEnumerable<Put> OfPatient(int patient)
    {
        var random = new Random(patient);
        yield return Put($$"""
            {"resourceType":"Patient","id":"p{{patient}}","identifier":[{"system":"http://clinic.example.org/mrn","value":"M{{patient}}"}],"active":true,
            "name":[{"use":"official","family":"{{Families[random.Next(Families.Length)]}}{{random.Next(100)}}","given":["Given{{random.Next(50)}}","Middle"]}],
            "telecom":[{"system":"phone","value":"+1 555 {{random.Next(10000, 99999)}}"}],"gender":"{{(patient % 2 == 0 ? "male" : "female")}}",
            "birthDate":"{{1930 + random.Next(90)}}-0{{1 + random.Next(9)}}-1{{random.Next(10)}}","address":[{"line":["{{random.Next(999)}} Main Street"],"city":"Springfield","postalCode":"{{random.Next(10000, 99999)}}","country":"US"}],
            "generalPractitioner":[{"reference":"Practitioner/d{{patient % Doctors}}"}]}
            """);
        for (int i = 0; i < _shape.Encounters; i++)
        {
            string day = Day(random);
            yield return Put($$"""
                {"resourceType":"Encounter","id":"e{{patient}}-{{i}}","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"},
                "type":[{"coding":[{"system":"http://snomed.info/sct","code":"185349003","display":"Encounter for check up"}]}],"subject":{"reference":"Patient/p{{patient}}"},
                "participant":[{"individual":{"reference":"Practitioner/d{{random.Next(Doctors)}}"} }],"period":{"start":"{{day}}T09:00:00Z","end":"{{day}}T09:30:00Z"} }
                """);
        }

        for (int i = 0; i < _shape.Conditions; i++)
        {
            yield return Put($$"""
                {"resourceType":"Condition","id":"c{{patient}}-{{i}}","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},
                "code":{"coding":[{"system":"http://snomed.info/sct","code":"{{4400 + random.Next(40)}}","display":"A condition"}],"text":"A condition"},"subject":{"reference":"Patient/p{{patient}}"},
                "encounter":{"reference":"Encounter/e{{patient}}-{{random.Next(_shape.Encounters)}}"},"onsetDateTime":"{{Day(random)}}","recordedDate":"{{Day(random)}}"}
                """);
        }

        for (int i = 0; i < _shape.Observations; i++)
        {
            string instant = $"{Day(random)}T{random.Next(10, 20)}:{random.Next(10, 60)}:00Z";
            string value = (random.Next(500, 2000) / 10m).ToString("F1", CultureInfo.InvariantCulture);
            yield return Put($$"""
                {"resourceType":"Observation","id":"o{{patient}}-{{i}}",{{_shape.LabelsOf(patient, i)}}"status":"final",
                "category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"{{(i % 2 == 0 ? "laboratory" : "vital-signs")}}","display":"Category"}]}],
                "code":{"coding":[{"system":"http://loinc.org","code":"{{1000 + random.Next(Codes)}}-1","display":"Some measurement in serum or plasma"}],"text":"Some measurement"},
                "subject":{"reference":"Patient/p{{patient}}"},"encounter":{"reference":"Encounter/e{{patient}}-{{random.Next(_shape.Encounters)}}"},"effectiveDateTime":"{{instant}}","issued":"{{instant}}",
                "performer":[{"reference":"Practitioner/d{{random.Next(Doctors)}}"}],"valueQuantity":{"value":{{value}},"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"},
                "referenceRange":[{"low":{"value":70,"unit":"mg/dL"},"high":{"value":100,"unit":"mg/dL"} }]}
                """);
        }
    }

    private static string Day(Random random) => new DateTime(2015, 1, 1).AddDays(random.Next(3600)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}

/// <summary>What each patient of a clinic has.</summary>
/// <param name="Labelled">So many of a hundred Observations are labelled as sensitive.</param>
internal sealed record ClinicShape(int Observations = 80, int Encounters = 10, int Conditions = 9, int Labelled = 0)
{
    private static readonly string[] Sensitivities = ["PSY", "HIV", "SUD"];

    public string LabelsOf(int patient, int observation) => ((patient * 31) + observation) % 100 is var place && place < Labelled
        ? $$"""
            "meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"{{Sensitivities[place % Sensitivities.Length]}}"},{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]},
            """
        : "";
}
