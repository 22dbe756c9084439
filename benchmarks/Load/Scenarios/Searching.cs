using HealthChain.Load.Data;
using HealthChain.Load.Http;

namespace HealthChain.Load.Scenarios;

/// <summary>
/// Searches: https://hl7.org/fhir/R4/search.html. Each kind once where the criteria leave few resources, and once where they leave
/// many, of which a page of 20 is asked.
/// </summary>
internal static class Searching
{
    private const int Loaded = 35_000;
    private const int Page = 20;

    // Tokens of the four codes; the bar between system and code is escaped.
    private static readonly string[] Tokens = [.. Enumerable.Range(0, Clinic.Codes).Select(code => Uri.EscapeDataString(Clinic.CodeToken(code)))];

    /// <summary>The newest 20 of a patient's 24 Observations with a code.</summary>
    public static Searches PatientAndCode(long patients) =>
        Searches.OfPatients(Tokens.Select(token => $"Observation?patient=p#######&code={token}&_sort=-date&_count={Page}"), patients, Page);

    public static Task PatientAsync(Bench bench) => RunAsync(
        bench,
        ("patient and code, by date", PatientAndCode));

    public static Task IncludeAsync(Bench bench) => RunAsync(
        bench,
        // The patient, one of two encounters for each code, the practitioner.
        ("patient and code, _include patient, encounter, performer", patients => Searches.OfPatients(
            Tokens.Select(token => $"Observation?patient=p#######&code={token}&_count={Page}&_include=Observation:patient&_include=Observation:encounter&_include=Observation:performer"),
            patients,
            Page + 3)),
        ("_include of the patient of 20 encounters", patients => Searches.OfAll(
            [$"Encounter?_count={Page}&_include=Encounter:patient"], Page + Page / 2)));

    public static Task RevIncludeAsync(Bench bench) => RunAsync(
        bench,
        ("one patient, _revinclude encounters, conditions", patients => Searches.OfPatients(
            ["Patient?_id=p#######&_revinclude=Encounter:patient&_revinclude=Condition:patient"], patients, 4)),
        ("20 patients, _revinclude conditions", patients => Searches.OfAll(
            [$"Patient?_count={Page}&_revinclude=Condition:patient"], Page + Page)));

    public static Task HasAsync(Bench bench) => RunAsync(
        bench,
        ("patients _has an observation with an identifier", patients => Searches.OfPatients(
            ["Patient?_has:Observation:patient:identifier=http://example.org/identifiers%7CN000#######00"], patients, 1)),
        ("patients _has a condition with a code", patients => Searches.OfAll(
            // A twentieth of the patients have each code.
            Enumerable.Range(0, Clinic.ConditionCodes).Select(code => $"Patient?_has:Condition:patient:code=http://example.org/conditions%7CC{code:00}&_count={Math.Min(Page, patients / Clinic.ConditionCodes)}"),
            (int)Math.Min(Page, patients / Clinic.ConditionCodes))));

    public static Task ChainAsync(Bench bench) => RunAsync(
        bench,
        ("observations of the patient with an identifier", patients => Searches.OfPatients(
            Tokens.Select(token => $"Observation?patient.identifier=http://example.org/identifiers%7CM#######&code={token}&_count={Page}"), patients, Page)),
        ("observations of patients by name, by date", patients => Searches.OfPatients(
            Tokens.Select(token => $"Observation?subject:Patient.family=dahl#######&code={token}&_sort=-date&_count={Page}"), patients, Page)));

    private static async Task RunAsync(Bench bench, params (string Row, Func<long, Searches> Workload)[] rows)
    {
        await bench.LoadAsync(bench.Options.Resources ?? Loaded);
        foreach (var (row, workload) in rows)
        {
            await bench.MeasureAsync(row, workload(bench.Patients), bench.Options.Connections ?? 32);
        }
    }
}

/// <summary>Searches that take turns, each with the same number of entries in its answer.</summary>
internal sealed class Searches : Workload
{
    private readonly Template[] _requests;
    private readonly long _patients;
    private readonly int _entries;

    private Searches(IEnumerable<string> paths, long patients, int entries)
    {
        _requests = [.. paths.Select(path => new Template(Requests.Get("/fhir/" + path)))];
        _patients = patients;
        _entries = entries;
    }

    /// <param name="paths">Each with one place for the number of a patient.</param>
    /// <param name="entries">How many an answer has, included resources too.</param>
    public static Searches OfPatients(IEnumerable<string> paths, long patients, int entries) => new(paths, patients, entries);

    /// <param name="paths">Without a place for a number.</param>
    public static Searches OfAll(IEnumerable<string> paths, int entries) => new(paths, 0, entries);

    public override ReadOnlyMemory<byte> Write(long number, byte[] buffer)
    {
        var request = _requests[number % _requests.Length];
        return buffer.AsMemory(0, _patients == 0 ? request.Write(buffer) : request.Write(buffer, 1 + Scatter(number, _patients)));
    }

    public override int Resources(long number) => _entries;

    public override void Check(long number, in Response response)
    {
        UnexpectedAnswerException.Unless(response.Status == 200, "200", response);
        if (IsSample(number))
        {
            UnexpectedAnswerException.Unless(response.Count("\"fullUrl\":"u8) == _entries, $"{_entries} entries", response);
        }
    }
}
